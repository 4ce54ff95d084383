"""read: the lines of a file become recipients."""

import json
import time
from collections import Counter

import pytest

from chalicelib.delivery import file_reading
from chalicelib.errors import ConfigurationError
from chalicelib.fetching.addresses import FetchError
from chalicelib.store import due_chunks
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.file_campaigns import FileCampaigns

NUMBERS = [f"139000011{number:02d}" for number in range(20)]


@pytest.fixture
def campaigns(linked: Bridge, monkeypatch: pytest.MonkeyPatch) -> FileCampaigns:
    return FileCampaigns(linked, monkeypatch)


def plain(numbers: list[str]) -> Counter[tuple[str, tuple[str, ...]]]:
    return Counter({(f"86{number}", ()): 1 for number in numbers})


def test_every_line_is_sent_to(campaigns: FileCampaigns) -> None:
    answer = campaigns.send("\n".join(NUMBERS), campaigns.bridge.template("您好"))
    campaigns.bridge.pump.drain()
    assert campaigns.sent == plain(NUMBERS)
    file = campaigns.file(answer)
    assert (file.state, file.lines, file.line, file.position) == ("done", 20, 20, 20)
    shown = campaigns.shown()
    assert (shown["recipients"], shown["sent"], shown["failed"]) == (20, 20, 0)
    assert shown["files"][0] | {"bizId": ""} == {
        "bizId": "",
        "state": "done",
        "reason": "",
        "lines": 20,
        "read": 20,
        "repeated": 0,
        "withoutNumber": 0,
        "badLines": [],
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r\n\r\n \n"])
def test_every_encoding_and_line_break_is_read(
    campaigns: FileCampaigns, encoding: str, end: str
) -> None:
    names = ["李雷", "韩梅梅", "联通", "女", "𠮷" if encoding != "gbk" else "吉"]
    lines = [
        f"{number}{separator}{json.dumps({'name': name}, ensure_ascii=False)}"
        for number, name, separator in zip(
            NUMBERS, names, ["", ",", "\t", " | ", "; "], strict=False
        )
    ]
    campaigns.send(end.join(lines).encode(encoding), campaigns.bridge.template("您好${name}"))
    campaigns.bridge.pump.drain()
    assert campaigns.sent == Counter(
        {(f"86{number}", (name,)): 1 for number, name in zip(NUMBERS, names, strict=False)}
    )


def test_a_bad_line_does_not_affect_the_others(campaigns: FileCampaigns) -> None:
    text = "\n".join(
        [
            '13900001111 {"name":"甲"}',
            "",
            '1390000**** {"name":"乙"}',
            "手机号,姓名",
            '13900002222 {"name":',
            "13900003333",
            '+85251234567 {"name":"丁"}',
            '13900004444 abc {"name":"戊"}',
        ]
    )
    campaigns.send(text, campaigns.bridge.template("您好${name}"))
    campaigns.bridge.pump.drain()
    assert campaigns.sent == Counter({("8613900001111", ("甲",)): 1})
    assert campaigns.reported == Counter(
        {
            # A foreign number needs a template of type 3.
            ("+85251234567", "isv.MOBILE_NUMBER_ILLEGAL"): 1,
            ("13900002222", "isv.INVALID_JSON_PARAM"): 1,
            ("13900003333", "isv.TEMPLATE_MISSING_PARAMETERS"): 1,
            ("13900004444", "isv.MOBILE_NUMBER_ILLEGAL"): 1,
        }
    )
    shown = campaigns.shown()
    assert (shown["recipients"], shown["sent"], shown["failed"]) == (7, 1, 6)
    [file] = shown["files"]
    assert (file["withoutNumber"], file["lines"], file["read"]) == (2, 7, 8)
    assert sum(shown["failureReasons"].values()) == shown["failed"]
    assert [bad.partition(":")[0] for bad in file["badLines"]] == ["3", "4", "5", "6", "7", "8"]


def test_the_first_of_very_many_bad_lines_are_kept(campaigns: FileCampaigns) -> None:
    answer = campaigns.send("x\n" * 250 + NUMBERS[0], campaigns.bridge.template("您好"))
    campaigns.bridge.pump.drain()
    file = campaigns.file(answer)
    assert (len(file.bad), file.bad[-1][0], file.unreadable) == (100, 100, 250)
    assert campaigns.sent == plain(NUMBERS[:1])


def test_a_recipient_in_two_lines_is_sent_to_once(campaigns: FileCampaigns) -> None:
    def line(number: str, name: str) -> str:
        return f'{number},{{"name":"{name}"}}'

    twice = [line(number, "甲") for number in NUMBERS[:8]]
    text = [*twice, line(f"+86{NUMBERS[0]}", "甲"), line(NUMBERS[0], "乙"), "bad", *twice, "12345"]
    answer = campaigns.send("\n".join([*text, "12345"]), campaigns.bridge.template("您好${name}"))
    campaigns.bridge.pump.drain()
    expected = Counter({(f"86{number}", ("甲",)): 1 for number in NUMBERS[:8]})
    expected["86" + NUMBERS[0], ("乙",)] = 1
    assert campaigns.sent == expected
    assert campaigns.reported == Counter({("12345", "isv.MOBILE_NUMBER_ILLEGAL"): 1})
    assert campaigns.file(answer).repeated == 10


def test_with_more_lines_than_the_limit_nothing_is_sent(campaigns: FileCampaigns) -> None:
    code = campaigns.bridge.template("您好")
    answer = campaigns.send("\n".join([*NUMBERS[:6], "12345", "x"]), code, limit=7)
    campaigns.bridge.pump.drain()
    assert not campaigns.sent
    expected = {(number, "isv.MOBILE_COUNT_OVER_LIMIT"): 1 for number in NUMBERS[:6]}
    assert campaigns.reported == Counter(expected | {("12345", "isv.MOBILE_NUMBER_ILLEGAL"): 1})
    shown = campaigns.shown()
    assert (shown["recipients"], shown["failed"], shown["waiting"]) == (8, 8, 0)
    assert shown["files"][0]["state"] == "failed"
    assert "8 行, 超过 limit 允许的 7 个" in shown["files"][0]["reason"]
    # The marketer raises the limit and sends the request again.
    campaigns.clear()
    again = campaigns.ask(campaigns.oss.put("\n".join(NUMBERS[:6]), "task-1.txt"), code, limit=8)
    assert again["bizId"] != answer["bizId"]
    campaigns.bridge.pump.drain()
    assert campaigns.sent == plain(NUMBERS[:6])


@pytest.mark.parametrize("limit", [6, 7, 0, -1, None, "string"])
def test_as_many_lines_as_the_limit_are_sent(campaigns: FileCampaigns, limit: object) -> None:
    campaigns.send("\n\n".join(NUMBERS[:6]), campaigns.bridge.template("您好"), limit=limit)
    campaigns.bridge.pump.drain()
    assert campaigns.sent == plain(NUMBERS[:6])


def test_a_file_that_appears_late_is_read(campaigns: FileCampaigns) -> None:
    campaigns.oss.broken = [FetchError("读取失败")] * 20
    answer = campaigns.send(NUMBERS[0], campaigns.bridge.template("您好"))
    campaigns.bridge.pump.run()
    assert campaigns.sent == plain(NUMBERS[:1])
    assert campaigns.file(answer).reason == ""


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "文件中没有手机号"),
        (b"\r\n \r\n", "文件中没有手机号"),
        (b"\r\x0b\x0c,,\n;;", "文件中没有手机号"),
    ],
)
def test_a_file_without_a_number_fails_at_once(
    campaigns: FileCampaigns, content: bytes, why: str
) -> None:
    answer = campaigns.send(content, campaigns.bridge.template("您好"))
    campaigns.bridge.pump.drain()
    file = campaigns.file(answer)
    assert (file.state, file.reason) == ("failed", why)
    assert campaigns.shown()["recipients"] == 0


def test_too_many_lines_fail_at_once(
    campaigns: FileCampaigns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_reading, "MAX_LINES", 5)
    answer = campaigns.send("\n".join(NUMBERS), campaigns.bridge.template("您好"))
    campaigns.bridge.pump.drain()
    assert campaigns.file(answer).reason == "文件有 20 行, 超过 5 行的上限"
    assert not campaigns.sent


def test_a_file_that_changes_between_counting_and_reading_is_not_sent_from(
    campaigns: FileCampaigns,
) -> None:
    opened = campaigns.oss.opened

    def change() -> None:
        if len(opened) == 1:
            campaigns.oss.put("\n".join(NUMBERS[10:]), "task-1.txt")

    campaigns.oss.on_part = change
    answer = campaigns.send("\n".join(NUMBERS[:10]), campaigns.bridge.template("您好"))
    campaigns.bridge.pump.run()
    assert not campaigns.sent
    assert campaigns.file(answer).reason == "文件在读取过程中被修改"


def test_with_little_time_left_another_invocation_continues(campaigns: FileCampaigns) -> None:
    bridge = campaigns.bridge
    lines = [*NUMBERS, *NUMBERS[:3], "x", *NUMBERS[10:]]
    answer = campaigns.send("\n".join(lines), bridge.template("您好"))
    campaigns.oss.on_part = lambda: bridge.clock.advance(seconds=5)
    positions = []
    for _ in range(50):
        event = bridge.pump.receive("read")
        if event is None:
            break
        bridge.restart()
        assert bridge.pump.invoke("read", event, seconds=85)
        positions.append(campaigns.file(answer).position)
    assert positions == [15, 20]
    bridge.pump.drain()
    assert campaigns.sent == plain(NUMBERS)
    file = campaigns.file(answer)
    assert (file.state, file.line, file.repeated) == ("done", 34, 13)


def test_a_function_without_time_for_a_step_does_not_start(campaigns: FileCampaigns) -> None:
    bridge = campaigns.bridge
    campaigns.send(NUMBERS[0], bridge.template("您好"))
    event = bridge.pump.receive("read")
    assert event
    assert not bridge.pump.invoke("read", event, seconds=59)
    assert isinstance(bridge.pump.failures[-1], ConfigurationError)


def test_a_template_that_is_gone_fails_the_file(
    campaigns: FileCampaigns, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = campaigns.send(NUMBERS[0], campaigns.bridge.template("您好"))
    monkeypatch.setattr("chalicelib.store.templates.get", lambda *_: None)
    campaigns.bridge.pump.drain("read")
    file = campaigns.file(answer)
    assert file.state == "failed"
    assert "已不存在" in file.reason


def test_an_unreadable_message_ends_in_the_dead_letters(campaigns: FileCampaigns) -> None:
    campaigns.bridge.pump.put("files", '{"outId": "unknown", "bizId": "x"}')
    campaigns.bridge.pump.run("read")
    assert campaigns.bridge.pump.count("files-dead") == 1


def test_recipients_planned_late_are_closed_with_the_rest(campaigns: FileCampaigns) -> None:
    bridge = campaigns.bridge
    answer = campaigns.send("\n".join(NUMBERS[:4]), bridge.template("您好"))
    bridge.clock.advance(hours=70)
    bridge.pump.drain()
    bridge.clock.advance(hours=4)
    bridge.pump.sweep()
    bridge.pump.drain()
    assert campaigns.reported == Counter(
        dict.fromkeys([(one, "NO_RECEIPT") for one in NUMBERS[:4]], 1)
    )
    assert list(due_chunks.due(int(time.time()), 200)) == []
    assert campaigns.file(answer).state == "done"


def test_a_file_that_is_read_after_72_hours_sends_nothing(campaigns: FileCampaigns) -> None:
    """A message is replayed late from the dead letters: the sweep has run, so receipts would never be reported."""
    bridge = campaigns.bridge
    answer = campaigns.send(NUMBERS[0], bridge.template("您好"))
    bridge.clock.advance(hours=72.1)
    bridge.pump.drain()
    assert not bridge.tencent.sent
    file = campaigns.file(answer)
    assert (file.state, file.position) == ("failed", 0)
    assert "72小时" in file.reason


@pytest.mark.parametrize("body", ["not JSON", '{"outId":"nobody","bizId":"x"}'])
def test_a_message_that_can_never_be_read_is_a_dead_letter_at_once(
    linked: Bridge, body: str
) -> None:
    linked.pump.put("files", body)
    assert linked.pump.invoke_once("read") is True
    assert linked.pump.count("files") == 0
    assert linked.pump.count("files-dead") == 1
