"""Questions before actions, their results, and the records that they leave."""

import html
import re
import subprocess
import time
from urllib.parse import quote

import pytest

from chalicelib.store import breakers, halts, send_requests, waiting
from ops import campaign, queue_counts, waiting_counts
from tests.support.console import OUT_ID, Visitor, ask, command, dead, records
from tests.support.in_process import web
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.sends import A, B, C
from tests.support.in_process.tencent import lost


def state() -> str:
    [request] = send_requests.of_out_id(OUT_ID)
    halt = halts.get(OUT_ID, request.biz_id)
    return halt.state if halt else ""


def test_a_question_names_stage_campaign_and_count_and_focuses_cancel(
    accepted: Bridge, visitor: Visitor
) -> None:
    asked = ask(visitor, "pause", outId=OUT_ID)
    assert "badge stage-local" in asked
    assert OUT_ID in asked
    assert "<dt>尚未发送</dt><dd>2</dd>" in asked
    assert re.findall(r"<a [^>]*data-close autofocus>取消</a>", asked)
    assert asked.count("autofocus") == 1
    assert state() == ""


def test_a_campaign_is_paused_resumed_and_stopped(accepted: Bridge, visitor: Visitor) -> None:
    paused = visitor.post("/actions/pause", outId=OUT_ID)
    assert command(paused) == f"python -m ops campaign pause {OUT_ID} --yes --stage local"
    assert state() == "paused"
    accepted.pump.run(hours=0.1)
    assert accepted.tencent.sent == []
    shown = visitor.part("campaign", "account", f"?outId={OUT_ID}").text
    assert "已暂停" in shown
    assert f"/actions/resume?outId={OUT_ID}" in shown
    assert command(visitor.post("/actions/resume", outId=OUT_ID)).startswith(
        "python -m ops campaign resume"
    )
    assert state() == "sending"
    assert command(visitor.post("/actions/stop", outId=OUT_ID, typed=OUT_ID)).startswith(
        "python -m ops campaign stop"
    )
    assert state() == "stopped"
    accepted.pump.run(hours=1)
    assert accepted.tencent.sent == []
    assert campaign.show(OUT_ID)["failureReasons"] == {"STOPPED": 2}
    assert sorted(one[0] for one in records()) == [
        "campaign pause",
        "campaign resume",
        "campaign stop",
    ]


@pytest.mark.parametrize("typed", ["", "20260302", OUT_ID + "x", OUT_ID.upper()])
def test_a_stop_needs_the_campaigns_name_to_the_letter(
    accepted: Bridge, visitor: Visitor, typed: str
) -> None:
    answer = visitor.post("/actions/stop", outId=OUT_ID, typed=typed)
    assert 'role="alert"' in answer.text
    assert state() == ""
    assert records() == []


@pytest.mark.parametrize(
    "name",
    [
        "a\r\nb",
        "a  b ",
        "\u202espring",
        "spring\u200b",
        "x\u0000",
        "<b>&amp;\"'",
        "+%41 &kept=x",
        "長" * 200,
    ],
)
def test_each_campaign_can_be_stopped_and_no_other_one(
    local: Bridge, visitor: Visitor, name: str
) -> None:
    """Whatever its outId consists of: HTML changes line breaks, and invisible characters can't be typed."""
    local.link()
    code = local.template()
    twin = "".join(one for one in name if one.isprintable()).strip() or "x"
    for out_id in {name, twin}:
        local.campaign([A], {"name": "您"}, code=code, out_id=out_id)
    asked = ask(visitor, "stop", outId=quote(name, safe=""))
    typed = _attribute(asked, "data-equals")
    # As a browser reads it: HTML knows neither a carriage return nor a NUL.
    kept = _attribute(asked.replace("\r\n", "\n").replace("\x00", "\ufffd"), "value", "kept")
    if twin != name:
        assert 'role="alert"' in visitor.post("/actions/stop", kept=kept, typed=twin).text
        assert _halted(name) == ""
    done = visitor.post("/actions/stop", kept=kept, typed=typed)
    assert (done.status, done.problem) == (200, "")
    assert _halted(name) == "stopped"
    if "\0" not in name:
        # What is copied from the page names the same campaign.
        copied = " ".join(html.unescape(command(done)).split())
        words = subprocess.run(
            ["/bin/bash", "-c", f"printf '%s\\0' {copied}"],
            capture_output=True,
            check=True,
            env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
        ).stdout.decode()
        assert words.split("\0")[5] == name
    if twin != name:
        assert _halted(twin) == ""


def _attribute(text: str, attribute: str, name: str = "") -> str:
    before = f'name="{name}" ' if name else ""
    found = re.search(rf'{before}{attribute}="([^"]*)"', text)
    assert found
    return html.unescape(found[1])


def _halted(out_id: str) -> str:
    [request] = send_requests.of_out_id(out_id)
    halt = halts.get(out_id, request.biz_id)
    return halt.state if halt else ""


def test_a_refusal_asks_again_with_the_reason(accepted: Bridge, visitor: Visitor) -> None:
    answer = visitor.post("/actions/resume", outId=OUT_ID)
    assert "is not paused" in answer.text
    assert '<form method="post" action="/actions/resume"' in answer.text


def test_a_campaign_that_does_not_exist_is_a_problem_and_no_crash(
    local: Bridge, visitor: Visitor
) -> None:
    assert visitor.get("/campaign?outId=none").problem == "refused"
    assert visitor.part("campaign", "account", "?outId=none").status == 400
    for name in ("pause", "receipts"):
        assert visitor.get(f"/actions/{name}?outId=none").problem == "refused"
        assert visitor.post(f"/actions/{name}", outId="none").problem == "refused"


def test_closing_a_breaker_says_what_a_401_costs(local: Bridge, visitor: Visitor) -> None:
    breakers.trip("quickaudience", "401", int(time.time()))
    asked = ask(visitor, "close", breaker="quickaudience")
    assert "401" in asked
    assert "封禁" in asked
    done = visitor.post("/actions/close", breaker="quickaudience")
    assert command(done) == "python -m ops breaker close quickaudience --stage local"
    assert breakers.get_open("quickaudience") is None
    assert records() == [("breaker close", {"name": "quickaudience"}, "done")]


@pytest.mark.parametrize(("messages", "shown"), [(1, "1"), (2, "2+"), (3, "2+")])
def test_a_count_that_ends_early_is_shown_as_the_least(
    local: Bridge, visitor: Visitor, monkeypatch: pytest.MonkeyPatch, messages: int, shown: str
) -> None:
    monkeypatch.setattr(waiting_counts, "MAX_COUNT", 2)
    breakers.trip("tencent", "no answer", int(time.time()))
    waiting.put("tencent", "sends", {str(number): "{}" for number in range(messages)})
    assert f"<dd>{shown}</dd>" in ask(visitor, "close", breaker="tencent")


@pytest.mark.parametrize(
    ("form", "left", "options"),
    [
        ({"queue": "receipts", "one": "1"}, 1, "--queue receipts --limit 1"),
        ({"queue": "receipts"}, 0, "--queue receipts"),
        ({"queue": "receipts", "outId": OUT_ID}, 1, f"--queue receipts --out-id {OUT_ID}"),
    ],
)
def test_dead_letters_are_replayed(
    local: Bridge, visitor: Visitor, form: dict[str, str], left: int, options: str
) -> None:
    bodies = [
        f'{{"kind": "details", "outId": "{one}", "entries": []}}' for one in (OUT_ID, "other")
    ]
    dead("receipts", *bodies)
    ask(visitor, "replay", **form)
    done = visitor.post("/actions/replay", **form)
    assert command(done) == f"python -m ops deadletters replay {options} --stage local"
    assert queue_counts.count("receipts-dead") == left
    assert queue_counts.count("receipts") == 2 - left


def test_a_send_of_unknown_outcome_is_settled(local: Bridge, visitor: Visitor) -> None:
    local.link()
    code = local.template()
    local.tencent.next("86" + C, lost(web.read_timeout, sent=False))
    local.campaign([C], {"name": "您"}, code=code, out_id=OUT_ID)
    local.pump.run(hours=1)
    handle = visitor.handle("86" + C)
    asked = ask(visitor, "settle", outId=OUT_ID, number=handle)
    assert C not in asked
    form = {"outId": OUT_ID, "number": handle}
    assert 'role="alert"' in visitor.post("/actions/settle", **form).text
    done = visitor.post("/actions/settle", **form, state="failed", reason="空号")
    assert C not in done.text
    assert "--as failed" in command(done)
    shown = campaign.show(OUT_ID)
    assert (shown["unknown"], shown["failureReasons"]) == (0, {"SETTLED_BY_HAND": 1})


def test_receipts_are_counted_before_they_are_queued_again(
    accepted: Bridge, visitor: Visitor
) -> None:
    accepted.pump.run(hours=1)
    accepted.deliver_all()
    accepted.pump.run(hours=1)
    asked = ask(visitor, "receipts", outId=OUT_ID)
    assert "<dt>已有最终结果</dt><dd>2</dd>" in asked
    assert "<dt>将重新入队</dt><dd>0</dd>" in asked
    assert command(visitor.post("/actions/receipts", outId=OUT_ID)).endswith(
        f"--out-id {OUT_ID} --stage local"
    )


def test_a_number_is_revealed_with_a_record(accepted: Bridge, visitor: Visitor) -> None:
    answer = visitor.post("/reveal", number=visitor.handle("86" + A))
    assert A in answer.text
    assert records() == [("console reveal", {"phone": f"…{A[-4:]}"}, "done")]


def test_an_export_has_every_recipient_and_a_record(accepted: Bridge, visitor: Visitor) -> None:
    accepted.pump.run(hours=1)
    answer = visitor.post("/export", outId=OUT_ID)
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{OUT_ID}.csv"'
    assert A in answer.text
    assert B in answer.text
    assert records() == [("campaign export", {"outId": OUT_ID}, "done")]
    assert visitor.post("/export", outId="none").status == 400


def test_a_number_is_erased_after_its_digits_were_typed(accepted: Bridge, visitor: Visitor) -> None:
    accepted.pump.run(hours=1)
    accepted.deliver_all()
    accepted.pump.run(hours=1)
    handle = visitor.handle("86" + A)
    asked = ask(visitor, "erase", number=handle)
    assert A not in asked
    assert 'role="alert"' in visitor.post("/actions/erase", number=handle, typed="x").text
    done = visitor.post("/actions/erase", number=handle, typed=A[-4:])
    assert A not in done.text
    assert "message erase" in command(done)
    assert visitor.get(f"/phone?number={handle}").text.count("<article") == 0


def test_a_refusal_does_not_show_the_whole_number(accepted: Bridge, visitor: Visitor) -> None:
    """It is under way, and nothing of it is of unknown outcome."""
    accepted.pump.run(hours=1)
    handle = visitor.handle("86" + A)
    for path in (
        f"/actions/erase?number={handle}",
        f"/actions/settle?outId={OUT_ID}&number={handle}",
    ):
        refused = visitor.get(path)
        assert refused.problem == "refused"
        assert A not in refused.text
        assert f"…{A[-4:]}" in refused.text
    form = {"outId": OUT_ID, "number": handle, "typed": A[-4:], "state": "failed", "reason": "空号"}
    for name in ("erase", "settle"):
        assert A not in visitor.post(f"/actions/{name}", **form).text
    assert records() == []


def test_the_dialog_of_a_failure_has_a_title_and_can_be_closed(visitor: Visitor) -> None:
    failed = visitor.get("/actions/stop?outId=none")
    assert failed.problem == "refused"
    assert 'id="dialog-title"' in failed.text
    assert "data-close" in failed.text


def test_changes_are_listed_in_the_audit_log(accepted: Bridge, visitor: Visitor) -> None:
    visitor.post("/actions/pause", outId=OUT_ID)
    page = visitor.get("/audit").text
    assert "ops campaign pause" in page
    assert OUT_ID in page
    assert "这个月没有更改" in visitor.get("/audit?month=2026-01").text
    assert visitor.get("/audit?month=2026-99").problem == ""


def test_an_unknown_action_is_not_found(visitor: Visitor) -> None:
    assert visitor.get("/actions/destroy").status == 404
