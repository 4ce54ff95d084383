"""The operator's commands, on the bridge's own table and queues."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from chalicelib import aws
from chalicelib.domain import breaker
from chalicelib.queues import sending
from chalicelib.store import breakers, signs
from tests.support.in_process import tencent, web
from tests.support.in_process.bridge import ENVIRONMENT, SIGN, SIGN_ID, TOKEN, Bridge
from tests.support.in_process.operator import answer, counts, ops
from tests.support.in_process.sends import A, accept_every_state
from tests.support.in_process.tencent import lost, refused


def offer(bridge: Bridge, **fields: Any) -> None:
    bridge.tencent.signs[SIGN_ID] = {"id": SIGN_ID, "text": SIGN, "status": 0, "reply": ""} | fields


@pytest.mark.parametrize("written", [SIGN, f"【{SIGN}】"])
def test_linking_a_sign_makes_it_usable(local: Bridge, written: str) -> None:
    offer(local)
    linked = answer("sign", "link", written, str(SIGN_ID))
    assert (linked["name"], linked["signId"], linked["status"]) == (SIGN, SIGN_ID, "approved")
    assert local.ask("GET", f"/sms/smsSign/{SIGN}")["signStatus"] == 1
    assert local.campaign([A], {"name": "您"}, code=local.template()).code == "OK"


def test_a_sign_that_tencent_does_not_have_is_not_linked(local: Bridge) -> None:
    result = ops("sign", "link", SIGN, "999")
    assert result.exit_code == 1
    assert "999" in result.output
    assert signs.get(SIGN) is None


@pytest.mark.v5_only("3.0 links names that differ")
def test_a_sign_of_another_name_is_not_linked(local: Bridge) -> None:
    offer(local, text="另一品牌")
    result = ops("sign", "link", SIGN, str(SIGN_ID))
    assert result.exit_code == 1
    assert "另一品牌" in result.output
    assert signs.get(SIGN) is None


@pytest.mark.parametrize("behaviour", [lost(web.never_connected, sent=False), refused(1001, "sig")])
def test_linking_without_tencent_says_why(local: Bridge, behaviour: tencent.Behaviour) -> None:
    local.tencent.next("get_sign", behaviour)
    result = ops("sign", "link", SIGN, str(SIGN_ID))
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert isinstance(result.exception, SystemExit)


def test_the_list_has_every_sign(local: Bridge) -> None:
    assert answer("sign", "list") == []
    local.link()
    local.link("另一品牌", 502, status=2)
    assert {(one["name"], one["signId"], one["status"]) for one in answer("sign", "list")} == {
        (SIGN, SIGN_ID, "approved"),
        ("另一品牌", 502, "rejected"),
    }
    assert "另一品牌" in ops("sign", "list").stdout


@pytest.mark.counts("probes")
def test_a_campaign_is_counted_correctly_at_every_moment(local: Bridge) -> None:
    accept_every_state(local)
    found = counts()
    assert (found["recipients"], found["waiting"], found["sent"]) == (5, 5, 0)
    # Two calls without an answer: the other chunk is sent at the next probe, after ten seconds.
    local.pump.run("deliver", "push", hours=20 / 3600)
    found = counts()
    assert {name: found[name] for name in ("delivered", "failed", "waiting", "unknown")} == {
        "delivered": 0,
        "failed": 2,
        "waiting": 2,
        "unknown": 1,
    }
    assert (found["sent"], found["pushed"]) == (1, 2)
    local.pump.run("deliver", hours=1)
    local.deliver_all()
    local.callback(tencent.reply("86" + A, "好", SIGN))
    local.pump.run("settle", "push", hours=1)
    found = counts()
    assert {name: found[name] for name in ("delivered", "failed", "waiting", "unknown")} == {
        "delivered": 3,
        "failed": 2,
        "waiting": 0,
        "unknown": 0,
    }
    assert (found["sent"], found["pushed"], found["replies"]) == (3, 5, 1)


def test_recipients_waiting_for_a_send_and_for_a_receipt_are_counted_separately(
    local: Bridge,
) -> None:
    accept_every_state(local)
    found = counts()
    assert (found["waiting"], found["unsent"], found["unreported"]) == (5, 5, 0)
    # As above: A has a sid, and the chunk of one recipient waits for Tencent.
    local.pump.run("deliver", "push", hours=20 / 3600)
    found = counts()
    assert (found["waiting"], found["unsent"], found["unreported"]) == (2, 1, 1)
    shown = rows(ops("campaign", "show", "task-1").stdout)
    assert (shown["not sent yet"], shown["no receipt yet"]) == ("1", "1")
    assert "waiting" not in shown


def test_the_output_for_people_is_in_words(local: Bridge) -> None:
    accept_every_state(local)
    local.pump.run("deliver", hours=1)
    [sms] = local.tencent.sent_to("86" + A)
    local.callback([tencent.status(sms, "FAIL")])
    local.pump.run("settle", "push", hours=1)
    table = ops("campaign", "show", "task-1").stdout
    assert "accepted (Beijing time)" in table
    assert unfolded("isv.MOBILE_NUMBER_ILLEGAL: the number is not valid") in unfolded(table)
    account = answer("campaign", "show", "task-1")
    failures = {one["code"]: one for one in account["failures"]}
    assert {code: one["recipients"] for code, one in failures.items()} == account["failureReasons"]
    reported = failures["MK:0001"]
    [row] = answer("message", "find", A)
    assert reported["reason"] == row["reason"] != ""
    assert unfolded(f"MK:0001: {reported['reason']}") in unfolded(table)
    for command in (["campaign", "show", "task-1"], ["message", "find", A], ["breaker", "show"]):
        labels = " ".join(rows(ops(*command).stdout))
        assert not re.search(r"[a-z][A-Z]", labels.replace("outId", "").replace("bizId", ""))


def unfolded(table: str) -> str:
    """Return the text of a table without its line breaks."""
    return re.sub(r"[\s│]", "", table)


def rows(table: str) -> dict[str, str]:
    """Return the labels and values of a printed table with two columns."""
    cells = (line.strip("│").split("│") for line in table.splitlines() if line.count("│") == 3)
    return {label.strip(): value.strip() for label, value in cells}


def test_an_out_id_with_brackets_is_shown_unchanged(local: Bridge) -> None:
    local.link()
    local.campaign([A], {"name": "您"}, code=local.template(), out_id="[/b]")
    assert "Campaign [/b]" in ops("campaign", "show", "[/b]").stdout


def test_a_swept_campaign_is_counted(local: Bridge) -> None:
    accept_every_state(local)
    local.pump.drain("deliver")
    local.clock.advance(hours=73)
    local.pump.sweep()
    local.pump.drain("push")
    found = counts()
    assert (found["failed"], found["pushed"], found["waiting"], found["unknown"]) == (5, 5, 0, 0)


def test_two_requests_of_an_out_id_are_counted_together(local: Bridge) -> None:
    accept_every_state(local)
    second = local.campaign([A], {"name": "再"}, code="7000")
    shown = answer("campaign", "show", "task-1")
    assert shown["requests"] == len(shown["bizIds"]) == 2
    assert second["bizId"] in shown["bizIds"]
    assert counts()["recipients"] == 6


def test_an_unknown_campaign_is_an_error(local: Bridge) -> None:
    result = ops("campaign", "show", "unknown")
    assert result.exit_code == 1
    assert "unknown" in result.output


@pytest.mark.parametrize("written", [A, "+86" + A, "0086 139-1111 1111"])
def test_a_message_is_found_by_its_phone(local: Bridge, written: str) -> None:
    local.link()
    code = local.template()
    local.campaign(["13911111111", A], {"name": "您"}, code=code)
    local.pump.drain("deliver")
    wanted = "13911111111" if "-" in written else A
    (before,) = answer("message", "find", written)
    assert (before["state"], before["pushed"], before["outId"]) == ("waiting", False, "task-1")
    (sms,) = local.tencent.sent_to("86" + wanted)
    local.callback([tencent.status(sms)])
    local.pump.drain("settle", "push")
    (after,) = answer("message", "find", written)
    assert (after["state"], after["pushed"], after["sid"]) == ("delivered", True, sms.sid)
    assert "delivered" in ops("message", "find", written).stdout


def test_an_invalid_number_is_an_error(local: Bridge) -> None:
    assert ops("message", "find", "hello").exit_code == 1
    assert answer("message", "find", A) == []


def checks() -> dict[str, str]:
    result = ops("doctor", "--json")
    return {one["check"]: one["state"] for one in json.loads(result.stdout)}


def test_a_healthy_stage_has_no_error(local: Bridge) -> None:
    local.link()
    local.configure(PUBLIC_BASE_URL="https://sms.example.cn/api")
    result = ops("doctor", "--json")
    assert result.exit_code == 0, result.output
    assert {one["state"] for one in json.loads(result.stdout)} == {"ok"}
    assert "https://sms.example.cn/api" in result.stdout
    assert tencent.APP_KEY not in result.stdout
    assert ops("doctor").exit_code == 0


def test_the_token_is_shown_only_when_asked_for(local: Bridge) -> None:
    local.configure(PUBLIC_BASE_URL="https://sms.example.cn/api")
    for output in ([], ["--json"]):
        masked = unfolded(ops("doctor", *output).stdout)
        assert TOKEN not in masked
        assert "--show-token" in masked
        shown = unfolded(ops("doctor", "--show-token", *output).stdout)
        assert f"https://sms.example.cn/api/tencent/{TOKEN}/callback" in shown


def test_missing_queues_are_one_finding_in_words(local: Bridge) -> None:
    state = Path(local.state)
    gone = {"environment": {**ENVIRONMENT, "BRIDGE_QUEUE_PREFIX": "gone-"}}
    (state / "stack.json").write_text(json.dumps(gone))
    local.restart()
    result = ops("doctor", "--json")
    assert result.exit_code == 1
    errors = [one for one in json.loads(result.stdout) if one["state"] == "error"]
    assert [one["check"] for one in errors] == ["queues"]
    assert errors[0]["found"].startswith("none of the stage's queues exists: ")
    assert "QueueDoesNotExist" not in result.stdout
    listed = ops("deadletters", "list")
    assert (listed.exit_code, "the stage's queues do not exist" in listed.stderr) == (1, True)


def test_a_single_missing_queue_is_named(local: Bridge) -> None:
    aws.sqs().delete_queue(QueueUrl=sending.url("files-dead"))
    found = {one["check"]: one["found"] for one in json.loads(ops("doctor", "--json").stdout)}
    assert found["queues"].startswith("missing: files-dead: ")
    assert "dead letters of files" not in found
    assert found["queue files"] == "0 waiting, 0 in flight, 0 delayed"


def test_the_doctor_finds_wrong_credentials(local: Bridge) -> None:
    for call in ("get_template", "get_sign"):
        local.tencent.next(call, refused(1001, "sig check failed"))
    assert ops("doctor").exit_code == 1
    for call in ("get_template", "get_sign"):
        local.tencent.next(call, lost(web.connect_timeout, sent=False))
    assert "error" in checks().values()


def test_the_doctor_finds_dead_letters(local: Bridge) -> None:
    local.pump.put("receipts-dead", "{}")
    assert checks()["dead letters of receipts"] == "warning"
    assert "ops deadletters list" in ops("doctor").stdout


@pytest.mark.parametrize("name", ["quickaudience", "tencent"])
def test_the_doctor_finds_an_open_breaker(local: Bridge, name: breaker.BreakerName) -> None:
    assert checks()[f"breaker {name}"] == "ok"
    breakers.trip(name, "HTTP 401", int(time.time()))
    result = ops("doctor")
    assert result.exit_code == 1
    assert "HTTP 401" in result.stdout
    assert [check for check, state in checks().items() if state == "error"] == [f"breaker {name}"]


def test_the_doctor_finds_a_missing_table(local: Bridge) -> None:
    state = Path(local.state)
    missing = {"environment": {**ENVIRONMENT, "BRIDGE_TABLE": "nowhere"}}
    (state / "stack.json").write_text(json.dumps(missing))
    local.restart()
    result = ops("doctor", "--json")
    assert result.exit_code == 1
    assert "nowhere" not in ENVIRONMENT.values()


def test_without_a_local_stack_the_commands_say_what_to_do(local: Bridge) -> None:
    (Path(local.state) / "stack.json").unlink()
    result = ops("doctor")
    assert result.exit_code == 1
    assert "make up" in result.output
