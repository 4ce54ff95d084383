"""Files of §5 as the field sends them, and how they fail: rows of docs/cases.md."""

import gzip
import time
from collections import Counter
from typing import Any

import pytest

from chalicelib.delivery import file_reading
from chalicelib.store import send_requests, submissions, table
from ops import deadletters
from tests.support.in_process.bridge import Answer, Bridge
from tests.support.in_process.file_campaigns import FileCampaigns
from tests.support.in_process.oss import BUCKET
from tests.support.in_process.outside import FAULTS, Fault, points

A, B = "13900001111", "13900002222"
NUMBERS = [f"139000011{number:02d}" for number in range(20)]
ILLEGAL = "isv.MOBILE_NUMBER_ILLEGAL"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for dead letters: the clock stands still, so waiting would never end."""
    monkeypatch.setattr(deadletters, "_WAIT_SECONDS", 0)


@pytest.fixture
def campaigns(linked: Bridge, monkeypatch: pytest.MonkeyPatch) -> FileCampaigns:
    return FileCampaigns(linked, monkeypatch)


def sent(campaigns: FileCampaigns) -> list[str]:
    return sorted(sms.phone for sms in campaigns.bridge.tencent.sent)


def send(
    campaigns: FileCampaigns, content: str | bytes, template: str = "您好", **fields: Any
) -> Answer:
    answer = campaigns.send(content, campaigns.bridge.template(template), **fields)
    campaigns.bridge.pump.run()
    return answer


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        (f"1\t{A}\n2\t{B}", {A, B}),
        (f"{A}\n2 {B}\n85251234567\t25", {B, "85251234567"}),
        (f"{A}\n李雷,{B},x", {B}),
        (f"{A},{B}", {A, B}),
        (f"{A},{{}},{B}", {A, B}),
    ],
)
def test_field_1_each_number_on_a_bad_line_gets_a_failure_receipt(
    campaigns: FileCampaigns, text: str, reported: set[str]
) -> None:
    send(campaigns, text)
    assert set(sent(campaigns)) <= {"86" + A, "86" + B}
    assert {number for number, _ in campaigns.reported} == reported
    assert not {"86" + number for number in reported} & set(sent(campaigns))


def test_field_1_the_reason_names_the_first_column(campaigns: FileCampaigns) -> None:
    answer = send(campaigns, f"1\t{A}\n{B}")
    assert campaigns.file(answer).bad == ((1, "首列“1”不是手机号"),)


XLSX = b"PK\x03\x04\x14\x00\x06\x00" + bytes(range(256)) * 20
OSS_ERROR = b'<?xml version="1.0" encoding="UTF-8"?>\n<Error>\n13900001111\n</Error>'


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (XLSX, "xlsx"),
        (gzip.compress(f"{A}\n{B}".encode()), "gzip"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "PNG"),
        (f"<!DOCTYPE html>\n<html>\n{A}\n</html>".encode(), "网页"),
        (OSS_ERROR, "OSS"),
        (OSS_ERROR.decode().encode("utf-16"), "OSS"),
        ("李雷\n韩梅梅\n".encode(), "手机号格式错误"),
        ("姓名,电话\n李雷,1390000****".encode("gbk"), "手机号格式错误"),
        (b'{"Code":"AccessDenied","Message":"x"}', "手机号格式错误"),
    ],
    ids=["xlsx", "gzip", "png", "html", "oss-error", "oss-error-utf-16", "names", "masked", "json"],
)
def test_field_2_a_file_that_yields_nobody_fails_and_may_be_repeated(
    campaigns: FileCampaigns, content: bytes, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = campaigns.bridge.template("您好")
    first = campaigns.send(content, code)
    campaigns.bridge.pump.run()
    assert not sent(campaigns)
    file = campaigns.file(first)
    assert file.state == "failed"
    assert why in file.reason
    assert campaigns.shown()["files"][0]["reason"] == file.reason
    assert '"FilesFailed":[1' in capsys.readouterr().out.replace(" ", "")
    again = campaigns.send(f"{A}\n{B}", code)
    assert again["bizId"] != first["bizId"]
    campaigns.bridge.pump.run()
    assert sent(campaigns) == ["86" + A, "86" + B]


@pytest.mark.parametrize("mark", [False, True])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_field_3_wide_encodings_are_read(
    campaigns: FileCampaigns, encoding: str, mark: bool
) -> None:
    text = ("\ufeff" if mark else "") + f'{A},{{"name":"李雷"}}\r\n{B},{{"name":"韩梅梅"}}\r\n'
    send(campaigns, text.encode(encoding), "您好${name}")
    assert campaigns.sent == Counter({("86" + A, ("李雷",)): 1, ("86" + B, ("韩梅梅",)): 1})


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16-le", "utf-32-be"])
@pytest.mark.parametrize(
    "end", ["\r", "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\r\n", "\n"], ids=ascii
)
def test_field_4_every_line_end_is_known(campaigns: FileCampaigns, end: str, encoding: str) -> None:
    campaigns.bridge.clock.advance(seconds=1)
    send(campaigns, end.join([*NUMBERS, ""]).encode(encoding))
    assert sent(campaigns) == ["86" + number for number in NUMBERS]


def test_field_4_a_thousand_numbers_joined_by_cr(
    campaigns: FileCampaigns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_reading, "STEP", 5000)
    numbers = [f"1390001{number:04d}" for number in range(1000)]
    send(campaigns, "\r".join(numbers))
    assert sent(campaigns) == ["86" + number for number in numbers]


@pytest.mark.parametrize(
    "line",
    [
        f'{A},"{{""name"":""李雷""}}"',
        f'"{A}","{{""name"":""李雷""}}"',
        f'"{A}";"{{""name"":""李雷""}}"',
        f'"{A}"\t"{{""name"":""李雷""}}"',
        f'{A},"{{\\"name\\":\\"李雷\\"}}"',
        f'"{A}",{{"name":"李雷"}}',
        f'{A},\'{{"name":"李雷"}}\'',
        f'="{A}",{{"name":"李雷"}},,',
    ],
)
def test_field_5_cells_are_read_as_csv_quotes_them(campaigns: FileCampaigns, line: str) -> None:
    send(campaigns, line, "您好${name}")
    assert campaigns.sent == Counter({("86" + A, ("李雷",)): 1})


@pytest.mark.parametrize("line", [f'"{A}"', f"'{A}", f'="{A}"', f'"=""{A}"""', f"'{A}'", f"“{A}”"])
def test_field_6_marks_of_a_text_are_dropped(campaigns: FileCampaigns, line: str) -> None:
    send(campaigns, line)
    assert sent(campaigns) == ["86" + A]
    assert not campaigns.reported


def test_field_7_rows_without_content_do_not_count(campaigns: FileCampaigns) -> None:
    blank = [",,,", "\u3000", "\u00a0", "\x1a", ";;", '"",""', "\t\t", "\ufeff", " , "]
    text = "\n".join([*NUMBERS[:3], *blank, *NUMBERS[3:5], *blank])
    answer = send(campaigns, text, limit=5)
    assert sent(campaigns) == ["86" + number for number in NUMBERS[:5]]
    file = campaigns.file(answer)
    assert (file.lines, file.unreadable, file.bad) == (5, 0, ())


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_field_8_byte_order_marks_and_invisible_characters_are_dropped(
    campaigns: FileCampaigns, encoding: str
) -> None:
    marked = [
        f"\ufeff\ufeff{NUMBERS[0]}",
        f"\u202d{NUMBERS[1]}\u202c",
        f"\ufeff{NUMBERS[2]}",
        f"\u2060{NUMBERS[3]}\u200b",
        f"\0{NUMBERS[4]}\0",
        f"\u200e{NUMBERS[5]}\u200e,{{}}",
    ]
    send(campaigns, "\n".join(marked).encode(encoding))
    assert sent(campaigns) == ["86" + number for number in NUMBERS[:6]]
    campaigns.bridge.deliver_all()
    campaigns.bridge.pump.run()
    assert {number for number, _ in campaigns.reported} == set(NUMBERS[:6])


def test_field_9_exact_fractions_are_sent(campaigns: FileCampaigns) -> None:
    send(campaigns, f"{A}.0\n1.3900002222E10\n1.39E+10\n")
    assert sent(campaigns) == ["86" + A, "86" + B]


@pytest.mark.parametrize("between", [0, 20], ids=["near", "far"])
@pytest.mark.parametrize("first", [A, "+86" + A])
def test_field_11_each_spelling_in_a_file_gets_a_receipt(
    campaigns: FileCampaigns, between: int, first: str
) -> None:
    spellings = [first, *({A, "+86" + A, f"86-{A}"} - {first})]
    numbers = [spellings[0], *NUMBERS[12 : 12 + between], *spellings[1:]]
    send(campaigns, "\n".join(numbers))
    assert Counter(sent(campaigns))["86" + A] == 1
    campaigns.bridge.deliver_all()
    campaigns.bridge.pump.run()
    assert set(campaigns.reported) == {(number, "DELIVERED") for number in numbers}
    rows = campaigns.bridge.ask("POST", "/sms/sendDetails", {"outId": "task-1"})
    assert rows["totalCount"] == len(set(numbers))
    assert {one["phoneNum"] for one in rows["sendDetailDTOs"]} == set(numbers)


@pytest.mark.parametrize("between", [0, 15])
@pytest.mark.parametrize("good_first", [True, False])
def test_review_11_a_line_that_is_sent_decides_in_a_file(
    campaigns: FileCampaigns, between: int, good_first: bool
) -> None:
    good, bad = f'{A},{{"name":"甲"}}', f"{A},{{}}"
    others = [f'{number},{{"name":"乙"}}' for number in NUMBERS[:between] if number != A]
    pair = (good, bad) if good_first else (bad, good)
    send(campaigns, "\n".join([pair[0], *others, pair[1]]), "您好${name}")
    assert Counter(sent(campaigns))["86" + A] == 1
    assert not campaigns.reported


def test_security_11_values_of_a_file_are_cleaned(campaigns: FileCampaigns) -> None:
    send(campaigns, f'{A},{{"name":"】【中国银行】\\u202e"}}', "您好${name}")
    assert campaigns.sent == Counter({("86" + A, ("〕〔中国银行〕",)): 1})


def test_field_12_a_foreign_number_in_a_file_needs_an_international_template(
    campaigns: FileCampaigns,
) -> None:
    send(campaigns, f"{A}\n+85251234567")
    assert sent(campaigns) == ["86" + A]
    assert campaigns.reported == Counter({("+85251234567", ILLEGAL): 1})


def test_security_7_a_file_goes_to_allowed_countries_only(campaigns: FileCampaigns) -> None:
    campaigns.bridge.configure(ALLOWED_COUNTRIES="86,852")
    code = campaigns.bridge.template("Hello", 3)
    campaigns.send("+85251234567\n+13125550123", code)
    campaigns.bridge.pump.run()
    assert sent(campaigns) == ["85251234567"]
    assert campaigns.reported == Counter({("+13125550123", ILLEGAL): 1})


# --- how a file fails ---

URL = f"{BUCKET}/task-1.txt"


def fail_to_fetch(campaigns: FileCampaigns, code: str) -> Answer:
    """Send a request whose file does not exist, and let it fail."""
    answer = campaigns.ask(URL, code)
    campaigns.bridge.pump.run()
    assert campaigns.file(answer).state == "failed"
    return answer


def test_a_failed_file_is_not_read_again_because_its_message_is_delivered_twice(
    campaigns: FileCampaigns,
) -> None:
    """Only a message that was queued after the failure is a replay."""
    bridge = campaigns.bridge
    code = bridge.template("您好")
    answer = campaigns.ask(URL, code)
    while campaigns.file(answer).state != "failed":
        bridge.clock.advance(hours=1)
        if event := bridge.pump.receive("read"):
            bridge.pump.invoke("read", event)
    assert event
    campaigns.oss.put(A, "task-1.txt")
    bridge.pump.invoke("read", event)
    bridge.pump.run()
    assert campaigns.file(answer).state == "failed"
    assert not sent(campaigns)
    # The marketer may repeat the request, and a dead letter is left to replay.
    assert bridge.pump.count("files-dead") > 0
    assert campaigns.ask(URL, code)["bizId"] != answer["bizId"]
    replay(campaigns)
    assert sent(campaigns) == ["86" + A]


def replay(campaigns: FileCampaigns) -> None:
    deadletters.replay("files", every=True)
    campaigns.bridge.pump.run()


def test_review_3_a_file_that_cannot_be_fetched_is_tried_for_hours(
    campaigns: FileCampaigns, capsys: pytest.CaptureFixture[str]
) -> None:
    code = campaigns.bridge.template("您好")
    began = time.time()
    answer = fail_to_fetch(campaigns, code)
    assert 5 * 3600 < time.time() - began < 12 * 3600
    assert 10 < len(campaigns.oss.opened) < 100
    assert campaigns.file(answer).reason == "文件不存在 (HTTP 404)"
    assert campaigns.bridge.pump.count("files-dead") == 1
    assert '"FilesFailed":[1' in capsys.readouterr().out.replace(" ", "")


def test_review_3_its_dead_letter_can_be_replayed(campaigns: FileCampaigns) -> None:
    code = campaigns.bridge.template("您好")
    answer = fail_to_fetch(campaigns, code)
    campaigns.oss.put(A, "task-1.txt")
    replay(campaigns)
    assert sent(campaigns) == ["86" + A]
    assert campaigns.file(answer).state == "done"
    # The repetition comes second.
    assert campaigns.ask(URL, code)["bizId"] == answer["bizId"]
    campaigns.bridge.clock.advance(seconds=11 * 3600)
    assert campaigns.ask(URL, code)["bizId"] == answer["bizId"]
    campaigns.bridge.pump.run()
    assert sent(campaigns) == ["86" + A]


@pytest.mark.parametrize("hours", [0, 20])
def test_review_2_a_replay_after_the_repetition_is_refused(
    campaigns: FileCampaigns, hours: int
) -> None:
    code = campaigns.bridge.template("您好")
    first = fail_to_fetch(campaigns, code)
    campaigns.oss.put(A, "task-1.txt")
    second = campaigns.ask(URL, code)
    assert second["bizId"] != first["bizId"]
    campaigns.bridge.pump.run()
    campaigns.bridge.clock.advance(hours=hours)
    if hours:
        # DynamoDB deletes what has expired.
        for item in list(table.query(f"SUBMISSION#{campaigns.file(first).digest}")):
            table.delete(item["pk"], item["sk"])
    replay(campaigns)
    assert sent(campaigns) == ["86" + A]
    file = campaigns.file(first)
    assert (file.state, file.replayable) == ("failed", False)
    assert "已重新受理" in file.reason
    assert campaigns.bridge.pump.count("files-dead") == 0


def test_review_2_a_request_whose_chunks_were_queued_is_not_withdrawn(
    campaigns: FileCampaigns,
) -> None:
    bridge = campaigns.bridge
    code = bridge.template("您好")
    first = campaigns.ask(campaigns.oss.put("\n".join(NUMBERS[:5]), "task-1.txt"), code)
    names = bridge.pump.watch("read")
    bridge.pump.run()
    assert sent(campaigns) == ["86" + number for number in NUMBERS[:5]]
    campaigns.clear()
    # The same again, but the function dies after it queued the first step, and then the file is gone.
    url = campaigns.oss.put("\n".join(NUMBERS[5:10]), "task-2.txt")
    second = campaigns.ask(url, code, "task-2")
    bridge.pump.watch("read", names.index("sqs SendMessageBatch"), "killed after")
    del campaigns.oss.files[f"{BUCKET}/task-2.txt"]
    bridge.pump.run()
    file = campaigns.file(second, "task-2")
    assert (file.state, file.position) == ("failed", 0)
    assert len(sent(campaigns)) == 3
    campaigns.oss.put("\n".join(NUMBERS[5:10]), "task-2.txt")
    assert campaigns.ask(url, code, "task-2")["bizId"] == second["bizId"]
    bridge.pump.run()
    assert len(sent(campaigns)) == 3
    # A replay goes on where it was.
    replay(campaigns)
    assert sent(campaigns) == ["86" + number for number in NUMBERS[5:10]]
    assert first["bizId"] != second["bizId"]


def test_review_6_a_withdrawal_during_the_acceptance_stays(campaigns: FileCampaigns) -> None:
    code = campaigns.bridge.template("您好")
    first = campaigns.ask(campaigns.oss.put("李雷", "task-1.txt"), code)
    campaigns.bridge.pump.run()
    file = campaigns.file(first)
    # The function that accepted it was slow: its last write comes after the file has failed.
    submissions.mark_accepted(file.digest, send_requests.get("task-1", file.biz_id))
    campaigns.oss.put(A, "task-1.txt")
    assert campaigns.ask(URL, code)["bizId"] != first["bizId"]


def test_review_13_a_withdrawn_submission_expires_now(campaigns: FileCampaigns) -> None:
    answer = send(campaigns, "李雷")
    [item] = table.query(f"SUBMISSION#{campaigns.file(answer).digest}")
    assert abs(item["expires"] - time.time()) < 3600


@pytest.mark.parametrize("how", FAULTS)
def test_review_2_a_replay_that_dies_sends_once(campaigns: FileCampaigns, how: Fault) -> None:
    bridge = campaigns.bridge
    code = bridge.template("您好")
    fail_to_fetch(campaigns, code)
    campaigns.oss.put(A, "task-1.txt")
    deadletters.replay("files", every=True)
    names = bridge.pump.watch("read")
    bridge.pump.run()
    assert sent(campaigns) == ["86" + A]
    for number, name in points(names):
        campaigns.clear()
        out_id = f"{how}-{number}".replace(" ", "-")
        url = f"{BUCKET}/{out_id}.txt"
        campaigns.ask(url, code, out_id)
        bridge.pump.run()
        campaigns.oss.put(A, f"{out_id}.txt")
        deadletters.replay("files", every=True)
        bridge.pump.watch("read", number, how)
        bridge.pump.run()
        campaigns.ask(url, code, out_id)
        bridge.pump.run()
        assert sent(campaigns) == ["86" + A], f"{how} {name}"


# --- DAILY_LIMIT ---


def test_security_7_a_list_beyond_the_daily_limit_is_refused(linked: Bridge) -> None:
    linked.configure(DAILY_LIMIT="3")
    code = linked.template("您好")
    first = linked.campaign([A, B], code=code)
    assert first.code == "OK"
    refused = linked.campaign(NUMBERS[:2], code=code, out_id="task-2")
    assert (refused.status, refused.code) == (200, "isv.DAY_LIMIT_CONTROL")
    assert linked.campaign([A, B], code=code)["bizId"] == first["bizId"]
    assert linked.campaign(NUMBERS[:1], code=code, out_id="task-3").code == "OK"
    linked.pump.drain()
    assert len(linked.tencent.sent) == 3
    # Beijing's next day.
    linked.clock.advance(hours=24)
    assert linked.campaign(NUMBERS[:2], code=code, out_id="task-2").code == "OK"


@pytest.mark.parametrize("how", FAULTS)
def test_security_7_a_request_whose_function_died_counts_once(linked: Bridge, how: Fault) -> None:
    linked.configure(DAILY_LIMIT="2")
    code = linked.template("您好")
    linked.restart()
    with linked.outside.watched():
        linked.campaign([A, B], code=code, out_id="dry")
    names = list(linked.outside.names)
    linked.pump.drain()
    for number, name in points(names):
        linked.clock.advance(hours=24)
        linked.tencent.sent.clear()
        linked.restart()
        with linked.outside.watched(number, how):
            linked.campaign([A, B], code=code, out_id=f"{how}-{number}")
        linked.restart()
        assert linked.campaign([A, B], code=code, out_id=f"{how}-{number}").code == "OK", name
        linked.pump.drain()
        assert len(linked.tencent.sent) == 2, name
        refused = linked.campaign([A], code=code, out_id=f"more-{how}-{number}")
        assert refused.code == "isv.DAY_LIMIT_CONTROL", name


def test_security_7_a_file_beyond_the_daily_limit_fails_as_a_whole(
    campaigns: FileCampaigns,
) -> None:
    campaigns.bridge.configure(DAILY_LIMIT="3")
    code = campaigns.bridge.template("您好")
    text = "\n".join([*NUMBERS[:4], "x", NUMBERS[0]])
    first = campaigns.send(text, code)
    campaigns.bridge.pump.run()
    assert not sent(campaigns)
    assert campaigns.reported == Counter(
        dict.fromkeys([(number, "isv.DAY_LIMIT_CONTROL") for number in NUMBERS[:4]], 1)
    )
    file = campaigns.file(first)
    assert file.state == "failed"
    assert "DAILY_LIMIT" in file.reason
    # Repeated and invalid lines don't count.
    campaigns.clear()
    again = campaigns.send("\n".join([*NUMBERS[:3], "x", NUMBERS[0]]), code)
    assert again["bizId"] != first["bizId"]
    campaigns.bridge.pump.run()
    assert sent(campaigns) == ["86" + number for number in NUMBERS[:3]]
