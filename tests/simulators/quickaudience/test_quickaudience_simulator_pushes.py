"""The two push endpoints: validation, authentication and blocks; and the control API."""

import json
import time
from typing import Any

import pytest

from local.quickaudience.settings import DEFAULT_KEY
from local.quickaudience.signature import SIGNATURE_HEADER, new_timestamp
from tests.support.simulators.quickaudience import (
    DETAILS,
    REPLY,
    Simulator,
    detail,
    details,
    replies,
    reply,
)
from tests.support.waiting import wait_for


def test_a_receipt_is_accepted_and_listed(simulator: Simulator) -> None:
    answer = simulator.push(DETAILS, details(detail(), detail(phoneNum="85261234567")))
    assert answer.status_code == 200
    assert answer.json() == {"code": "200", "message": "OK"}
    shown = simulator.get("receipts", outId="out-1", phoneNum="13800000000")
    assert shown["total"] == 1
    receipt = shown["receipts"][0]
    assert abs(receipt.pop("toldAt") - time.time()) < 60
    assert receipt == {**detail(), "call": 1}
    assert simulator.receipt_count() == 2
    assert simulator.get("receipts", outId="another")["total"] == 0
    assert simulator.get("state")["violationCount"] == 0


def test_a_reply_is_accepted_and_listed(simulator: Simulator) -> None:
    answer = simulator.push(REPLY, replies(reply(), reply(outId="out-2", content="你好")))
    assert answer.json() == {"code": "200", "message": "OK"}
    shown = simulator.get("replies", phoneNum="13800000000")
    assert [entry["content"] for entry in shown["replies"]] == ["T", "你好"]
    assert simulator.get("replies", outId="out-2")["total"] == 1
    assert simulator.get("state")["pushes"]["reply"] == {
        "calls": 1,
        "accepted": 1,
        "refused": 0,
        "spoilt": 0,
        "entries": 2,
    }


@pytest.mark.parametrize("code", ["OK", 200])
def test_the_code_of_a_success_can_be_chosen(simulator: Simulator, code: object) -> None:
    simulator.post("settings", {"successCode": code})
    assert simulator.push(DETAILS, details(detail())).json()["code"] == code


@pytest.mark.parametrize(
    "entry",
    [
        detail(sendStatus="2"),
        detail(sendStatus="1", errCode="MK:0001", message="空号"),
        {k: v for k, v in detail().items() if k not in ("errCode", "message")},
        detail(receiveDate=detail()["sendDate"]),
    ],
)
def test_allowed_variants_of_receipts_are_accepted(
    simulator: Simulator, entry: dict[str, Any]
) -> None:
    assert simulator.push(DETAILS, details(entry)).status_code == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"sendStatus": 0}, "sendStatus"),
        ({"sendStatus": 3}, "sendStatus"),
        ({"sendStatus": True}, "sendStatus"),
        ({"sendStatus": 2.0}, "sendStatus"),
        ({"sendStatus": "ok"}, "sendStatus"),
        ({"sendDate": "2026-11-21T10:00:00"}, "sendDate"),
        ({"sendDate": "2026-02-30 10:00:00"}, "sendDate"),
        ({"sendDate": None}, "sendDate"),
        ({"receiveDate": ""}, "receiveDate"),
        ({"receiveDate": "2026-11-21 09:59:59"}, "receiveDate"),
        ({"phoneNum": "+86 13800000000"}, "phoneNum"),
        ({"phoneNum": "１３８００００００００"}, "phoneNum"),
        ({"phoneNum": "13800000000\n"}, "phoneNum"),
        ({"phoneNum": 13800000000}, "phoneNum"),
        ({"outId": ""}, "outId"),
        ({"outId": 7}, "outId"),
        ({"message": None}, "message"),
        ({"sendStatus": 1, "errCode": ""}, "errCode"),
        ({"bizId": "1"}, "bizId"),
    ],
)
def test_an_invalid_receipt_is_refused_with_the_field(
    simulator: Simulator, change: dict[str, Any], field: str
) -> None:
    answer = simulator.push(DETAILS, details(detail(), {**detail(), **change}))
    assert answer.status_code == 400
    assert answer.json()["code"] == "400"
    assert field in answer.json()["message"]
    assert "thirdSmsSendDetailModelList[1]" in answer.json()["message"]
    assert simulator.receipt_count() == 0
    assert simulator.get("state")["violationCount"] == 1


@pytest.mark.parametrize(
    ("endpoint", "body", "message"),
    [
        (DETAILS, "", "not JSON"),
        (DETAILS, b"\xff\xfe", "not JSON"),
        (DETAILS, [], "valid dictionary"),
        (DETAILS, {}, "thirdSmsSendDetailModelList"),
        (DETAILS, details(), "thirdSmsSendDetailModelList"),
        (DETAILS, {**details(detail()), "more": 1}, "more"),
        (DETAILS, replies(reply()), "thirdSmsSendDetailModelList"),
        (DETAILS, details(detail(), detail(outId="out-2")), "outId"),
        (DETAILS, details(*[detail()] * 101), "at most 100"),
        (DETAILS, details({k: v for k, v in detail().items() if k != "receiveDate"}), "receive"),
        (REPLY, replies(), "thirdSmsSendReplyModelList"),
        (REPLY, replies(reply(sendTime="21.11.2026")), "sendTime"),
        (REPLY, replies(reply(content=None)), "content"),
        (REPLY, replies(reply(sign="x")), "sign"),
    ],
)
def test_an_invalid_body_is_refused_with_the_problem(
    simulator: Simulator, endpoint: str, body: Any, message: str
) -> None:
    answer = simulator.push(endpoint, body)
    assert answer.json()["code"] == "400"
    assert message in answer.json()["message"]


def test_the_content_type_must_be_json(simulator: Simulator) -> None:
    answer = simulator.push(DETAILS, details(detail()), headers={"Content-Type": "text/plain"})
    assert answer.json()["code"] == "400"
    assert "Content-Type" in answer.json()["message"]
    with_charset = {"Content-Type": "application/json; charset=utf-8"}
    assert simulator.push(DETAILS, details(detail()), headers=with_charset).status_code == 200


def test_the_maximum_number_of_entries_can_be_chosen(simulator: Simulator) -> None:
    simulator.post("settings", {"maxEntries": 1})
    assert simulator.push(DETAILS, details(detail())).status_code == 200
    assert simulator.push(DETAILS, details(detail(), detail())).status_code == 400


def test_unknown_paths_and_methods_are_refused_with_a_code(simulator: Simulator) -> None:
    answer = simulator.push("nothing", {})
    assert (answer.status_code, answer.json()["code"]) == (404, "404")
    wrong_method = simulator.session.get(
        f"{simulator.url}/restapi/marketing2/third/sms/callback/send/details", timeout=60
    )
    assert (wrong_method.status_code, wrong_method.json()["code"]) == (405, "405")


def seconds_ago(seconds: int) -> str:
    return str(int(time.time()) - seconds)


@pytest.mark.parametrize(
    ("push", "message"),
    [
        ({"key": "another"}, "signature is wrong"),
        ({"headers": {SIGNATURE_HEADER: ""}}, "signature is missing"),
        ({"nonce": ""}, "nonce is missing"),
        ({"timestamp": "now"}, "not a number of seconds"),
        ({"timestamp": "1" * 5000}, "not a number of seconds"),
        ({"timestamp": seconds_ago(2000)}, "away from now"),
        ({"timestamp": seconds_ago(-2000)}, "away from now"),
        ({"timestamp": new_timestamp() + "000"}, "away from now"),
    ],
)
def test_invalid_credentials_are_a_401(
    simulator: Simulator, push: dict[str, Any], message: str
) -> None:
    answer = simulator.push(DETAILS, details(detail()), **push)
    assert (answer.status_code, answer.json()["code"]) == (401, "401")
    assert message in answer.json()["message"]
    assert simulator.receipt_count() == 0
    assert simulator.get("state")["authenticationFailures"] == 1


def test_the_allowed_clock_skew_can_be_chosen_and_turned_off(simulator: Simulator) -> None:
    simulator.post("settings", {"clockSkewSeconds": 5000})
    old = seconds_ago(2000)
    assert simulator.push(DETAILS, details(detail()), timestamp=old).status_code == 200
    simulator.post("settings", {"clockSkewSeconds": 0})
    assert simulator.push(DETAILS, details(detail()), timestamp="1").status_code == 200


def test_a_nonce_can_be_used_once(simulator: Simulator) -> None:
    assert simulator.push(DETAILS, details(detail()), nonce="n" * 32).status_code == 200
    again = simulator.push(DETAILS, details(detail()), nonce="n" * 32)
    assert again.status_code == 401
    assert "used before" in again.json()["message"]
    assert simulator.receipt_count() == 1


def test_a_nonce_is_used_even_if_the_answer_was_an_error(simulator: Simulator) -> None:
    simulator.post("behaviour", {"kind": "status", "status": 500, "times": 1})
    assert simulator.push(DETAILS, details(detail()), nonce="n" * 32).status_code == 500
    assert simulator.push(DETAILS, details(detail()), nonce="n" * 32).status_code == 401


def test_refusals_can_be_an_http_200_with_a_code(simulator: Simulator) -> None:
    simulator.post("settings", {"refusals": "body"})
    unauthorized = simulator.push(DETAILS, details(detail()), key="another")
    assert (unauthorized.status_code, unauthorized.json()["code"]) == (200, "401")
    bad = simulator.push(DETAILS, details())
    assert (bad.status_code, bad.json()["code"]) == (200, "400")


def test_disabled_authentication_checks_nothing(simulator: Simulator) -> None:
    simulator.post("settings", {"auth": False})
    url = f"{simulator.url}/restapi/marketing2/third/sms/callback/send/details"
    answer = simulator.session.post(
        url, json=details(detail()), headers={SIGNATURE_HEADER: ""}, timeout=60
    )
    assert answer.status_code == 200


def fail_authentication(simulator: Simulator, times: int) -> None:
    for _ in range(times):
        assert simulator.push(DETAILS, details(detail()), key="another").status_code == 401


def test_five_failures_block_the_sender_until_unblocked(simulator: Simulator) -> None:
    fail_authentication(simulator, 5)
    state = simulator.get("state")
    assert state["blocked"]
    assert state["blockedUntil"] > time.time()
    for endpoint, body in ((DETAILS, details(detail())), (REPLY, replies(reply()))):
        refused = simulator.push(endpoint, body)
        assert (refused.status_code, refused.json()["code"]) == (403, "403")
    assert simulator.get("state")["refusedWhileBlocked"] == 2
    simulator.post("unblock")
    assert simulator.push(DETAILS, details(detail())).status_code == 200
    assert not simulator.get("state")["blocked"]


def test_a_block_ends_after_its_time(simulator: Simulator) -> None:
    simulator.post("settings", {"blockSeconds": 0.2, "blockAfter": 1})
    fail_authentication(simulator, 1)
    wait_for(lambda: not simulator.get("state")["blocked"])
    assert simulator.push(DETAILS, details(detail())).status_code == 200


def test_only_consecutive_failures_block(simulator: Simulator) -> None:
    fail_authentication(simulator, 4)
    assert simulator.push(DETAILS, details(detail())).status_code == 200
    fail_authentication(simulator, 4)
    assert not simulator.get("state")["blocked"]
    assert simulator.get("state")["consecutiveAuthenticationFailures"] == 4


def test_failures_outside_the_window_do_not_block(simulator: Simulator) -> None:
    simulator.post("settings", {"blockWindowSeconds": 0.05, "blockAfter": 2})
    fail_authentication(simulator, 1)
    started = time.monotonic()
    wait_for(lambda: time.monotonic() - started > 0.1)
    fail_authentication(simulator, 1)
    assert not simulator.get("state")["blocked"]


def test_invalid_content_does_not_block(simulator: Simulator) -> None:
    for _ in range(10):
        assert simulator.push(DETAILS, details()).status_code == 400
    assert not simulator.get("state")["blocked"]


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("behaviour", {}, "kind"),
        ("behaviour", {"kind": "explode"}, "kind"),
        ("behaviour", {"kind": "status"}, "status: required"),
        ("behaviour", {"kind": "status", "status": 200}, "status"),
        ("behaviour", {"kind": "slow"}, "seconds: required"),
        ("behaviour", {"kind": "reset", "times": 0}, "times"),
        ("behaviour", {"kind": "reset", "share": 2}, "share"),
        ("settings", {"maxEntries": "100"}, "maxEntries"),
        ("settings", {"bridgeUrl": "127.0.0.1"}, "bridgeUrl"),
        ("settings", {"colour": "red"}, "colour"),
        ("request", {"path": "sms"}, "path"),
    ],
)
def test_an_invalid_control_body_is_refused_with_the_field(
    simulator: Simulator, path: str, body: Any, message: str
) -> None:
    assert message in simulator.post(path, body, status=400)["error"]


def test_control_bodies_must_be_json_objects(simulator: Simulator) -> None:
    for raw in ("[]", "{"):
        answer = simulator.session.post(f"{simulator.url}/_sim/behaviour", data=raw, timeout=60)
        assert answer.status_code == 400
        assert "body" in answer.json()["error"]


def test_the_settings_do_not_show_the_key(simulator: Simulator) -> None:
    assert DEFAULT_KEY not in json.dumps(simulator.get("settings"))


def test_a_list_is_limited_and_its_total_is_not(simulator: Simulator) -> None:
    phones = [str(13800000000 + number) for number in range(5)]
    simulator.push(DETAILS, details(*(detail(phoneNum=phone) for phone in phones)))
    shown = simulator.get("receipts", limit="2")
    assert (shown["total"], len(shown["receipts"])) == (5, 2)


def test_ten_thousand_receipts_are_accepted_in_ten_seconds_of_cpu(simulator: Simulator) -> None:
    started = time.process_time()
    for call in range(100):
        first = 13800000000 + call * 100
        body = details(*(detail(phoneNum=str(first + number)) for number in range(100)))
        assert simulator.push(DETAILS, body).status_code == 200
    assert time.process_time() - started < 10
    assert simulator.get("campaigns/out-1")["told"] == 10_000
