"""The two push endpoints: what they refuse, whom they block, and how they misbehave."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from local.quickaudience.background import running
from local.quickaudience.settings import DEFAULT_KEY, Settings
from local.quickaudience.signature import SIGNATURE_HEADER, new_nonce, new_timestamp, sign

DETAILS = "details"
REPLY = "reply"


class Simulator:
    """A running simulator, seen from a platform that pushes to it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()

    def push(
        self,
        endpoint: str,
        body: Any,
        *,
        key: str = DEFAULT_KEY,
        timestamp: str | None = None,
        nonce: str | None = None,
        headers: dict[str, str] | None = None,
        timeout: float = 5,
    ) -> requests.Response:
        timestamp = timestamp or new_timestamp()
        nonce = new_nonce() if nonce is None else nonce
        return self.session.post(
            f"{self.url}/restapi/marketing2/third/sms/callback/send/{endpoint}",
            params={"timestamp": timestamp, "nonce": nonce},
            data=body if isinstance(body, (str, bytes)) else json.dumps(body),
            headers={
                "Content-Type": "application/json",
                SIGNATURE_HEADER: sign(key, timestamp, nonce),
                **(headers or {}),
            },
            timeout=timeout,
        )

    def get(self, path: str, **params: str) -> Any:
        answer = self.session.get(f"{self.url}/_sim/{path}", params=params, timeout=5)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, *, status: int = 200) -> Any:
        answer = self.session.post(f"{self.url}/_sim/{path}", json=body or {}, timeout=5)
        assert answer.status_code == status, answer.text
        return answer.json()

    def receipts(self) -> int:
        total = self.get("receipts")["total"]
        assert isinstance(total, int)
        return total


@pytest.fixture(scope="module")
def running_simulator() -> Iterator[Simulator]:
    with running() as url:
        simulator = Simulator(url)
        yield simulator
        simulator.session.close()


@pytest.fixture
def simulator(running_simulator: Simulator) -> Simulator:
    running_simulator.post("reset")
    running_simulator.post("settings", Settings().model_dump(by_alias=True))
    return running_simulator


def detail(**changes: Any) -> dict[str, Any]:
    return {
        "outId": "out-1",
        "phoneNum": "13800000000",
        "sendStatus": 2,
        "sendDate": "2026-11-21 10:00:00",
        "receiveDate": "2026-11-21 10:00:03",
        "errCode": "DELIVERED",
        "message": "",
        **changes,
    }


def reply(**changes: Any) -> dict[str, Any]:
    return {
        "outId": "out-1",
        "phoneNum": "13800000000",
        "sendTime": "2026-11-21 10:05:00",
        "content": "T",
        **changes,
    }


def details(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"thirdSmsSendDetailModelList": list(entries)}


def replies(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"thirdSmsSendReplyModelList": list(entries)}


def test_receipt_is_taken_and_shown(simulator: Simulator) -> None:
    answer = simulator.push(DETAILS, details(detail(), detail(phoneNum="85261234567")))
    assert answer.status_code == 200
    assert answer.json() == {"code": "200", "message": "OK"}
    shown = simulator.get("receipts", outId="out-1", phoneNum="13800000000")
    assert shown["total"] == 1
    receipt = shown["receipts"][0]
    assert abs(receipt.pop("toldAt") - time.time()) < 60
    assert receipt == {**detail(), "call": 1}
    assert simulator.receipts() == 2
    assert simulator.get("receipts", outId="another")["total"] == 0
    assert simulator.get("state")["violationCount"] == 0


def test_reply_is_taken_and_shown(simulator: Simulator) -> None:
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
def test_success_can_be_said_otherwise(simulator: Simulator, code: object) -> None:
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
def test_tolerated_receipts(simulator: Simulator, entry: dict[str, Any]) -> None:
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
def test_bad_receipts_are_refused_by_field(
    simulator: Simulator, change: dict[str, Any], field: str
) -> None:
    answer = simulator.push(DETAILS, details(detail(), {**detail(), **change}))
    assert answer.status_code == 400
    assert answer.json()["code"] == "400"
    assert field in answer.json()["message"]
    assert "thirdSmsSendDetailModelList[1]" in answer.json()["message"]
    assert simulator.receipts() == 0
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
def test_bad_bodies_are_refused(
    simulator: Simulator, endpoint: str, body: Any, message: str
) -> None:
    answer = simulator.push(endpoint, body)
    assert answer.json()["code"] == "400"
    assert message in answer.json()["message"]


def test_content_type_must_be_json(simulator: Simulator) -> None:
    answer = simulator.push(DETAILS, details(detail()), headers={"Content-Type": "text/plain"})
    assert answer.json()["code"] == "400"
    assert "Content-Type" in answer.json()["message"]
    with_charset = {"Content-Type": "application/json; charset=utf-8"}
    assert simulator.push(DETAILS, details(detail()), headers=with_charset).status_code == 200


def test_number_of_entries_can_be_chosen(simulator: Simulator) -> None:
    simulator.post("settings", {"maxEntries": 1})
    assert simulator.push(DETAILS, details(detail())).status_code == 200
    assert simulator.push(DETAILS, details(detail(), detail())).status_code == 400


def test_unknown_paths_are_404_in_the_envelope(simulator: Simulator) -> None:
    answer = simulator.push("nothing", {})
    assert (answer.status_code, answer.json()["code"]) == (404, "404")
    wrong_method = simulator.session.get(
        f"{simulator.url}/restapi/marketing2/third/sms/callback/send/details", timeout=5
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
def test_authentication_failures(simulator: Simulator, push: dict[str, Any], message: str) -> None:
    answer = simulator.push(DETAILS, details(detail()), **push)
    assert (answer.status_code, answer.json()["code"]) == (401, "401")
    assert message in answer.json()["message"]
    assert simulator.receipts() == 0
    assert simulator.get("state")["authenticationFailures"] == 1


def test_timestamp_window_can_be_chosen_and_turned_off(simulator: Simulator) -> None:
    simulator.post("settings", {"clockSkewSeconds": 5000})
    old = seconds_ago(2000)
    assert simulator.push(DETAILS, details(detail()), timestamp=old).status_code == 200
    simulator.post("settings", {"clockSkewSeconds": 0})
    assert simulator.push(DETAILS, details(detail()), timestamp="1").status_code == 200


def test_nonce_is_good_for_one_use(simulator: Simulator) -> None:
    assert simulator.push(DETAILS, details(detail()), nonce="n" * 32).status_code == 200
    again = simulator.push(DETAILS, details(detail()), nonce="n" * 32)
    assert again.status_code == 401
    assert "used before" in again.json()["message"]
    assert simulator.receipts() == 1


def test_nonce_is_spent_even_if_no_answer_came(simulator: Simulator) -> None:
    simulator.post("behaviour", {"kind": "status", "status": 500, "times": 1})
    assert simulator.push(DETAILS, details(detail()), nonce="n" * 32).status_code == 500
    assert simulator.push(DETAILS, details(detail()), nonce="n" * 32).status_code == 401


def test_refusals_can_hide_in_an_http_200(simulator: Simulator) -> None:
    simulator.post("settings", {"refusals": "body"})
    unauthorized = simulator.push(DETAILS, details(detail()), key="another")
    assert (unauthorized.status_code, unauthorized.json()["code"]) == (200, "401")
    bad = simulator.push(DETAILS, details())
    assert (bad.status_code, bad.json()["code"]) == (200, "400")


def test_disabled_authentication_asks_for_nothing(simulator: Simulator) -> None:
    simulator.post("settings", {"auth": False})
    url = f"{simulator.url}/restapi/marketing2/third/sms/callback/send/details"
    answer = simulator.session.post(
        url, json=details(detail()), headers={SIGNATURE_HEADER: ""}, timeout=5
    )
    assert answer.status_code == 200


def fail_authentication(simulator: Simulator, times: int) -> None:
    for _ in range(times):
        assert simulator.push(DETAILS, details(detail()), key="another").status_code == 401


def test_repeated_failures_block_until_unblocked(simulator: Simulator) -> None:
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


def test_block_ends_by_itself(simulator: Simulator, wait: "Wait") -> None:
    simulator.post("settings", {"blockSeconds": 0.2, "blockAfter": 1})
    fail_authentication(simulator, 1)
    wait(lambda: not simulator.get("state")["blocked"])
    assert simulator.push(DETAILS, details(detail())).status_code == 200


def test_only_failures_in_a_row_block(simulator: Simulator) -> None:
    fail_authentication(simulator, 4)
    assert simulator.push(DETAILS, details(detail())).status_code == 200
    fail_authentication(simulator, 4)
    assert not simulator.get("state")["blocked"]
    assert simulator.get("state")["consecutiveAuthenticationFailures"] == 4


def test_failures_long_past_do_not_block(simulator: Simulator, wait: "Wait") -> None:
    simulator.post("settings", {"blockWindowSeconds": 0.05, "blockAfter": 2})
    fail_authentication(simulator, 1)
    started = time.monotonic()
    wait(lambda: time.monotonic() - started > 0.1)
    fail_authentication(simulator, 1)
    assert not simulator.get("state")["blocked"]


def test_bad_content_does_not_block(simulator: Simulator) -> None:
    for _ in range(10):
        assert simulator.push(DETAILS, details()).status_code == 400
    assert not simulator.get("state")["blocked"]


@pytest.mark.parametrize("status", [500, 429, 401, 403, 404])
@pytest.mark.parametrize("kind", ["status", "code"])
def test_simulated_failures(simulator: Simulator, kind: str, status: int) -> None:
    simulator.post("behaviour", {"kind": kind, "status": status, "times": 2})
    for _ in range(2):
        answer = simulator.push(DETAILS, details(detail()))
        assert answer.status_code == (status if kind == "status" else 200)
        assert answer.json()["code"] == str(status)
    assert simulator.receipts() == 0
    assert simulator.push(DETAILS, details(detail())).json()["code"] == "200"
    state = simulator.get("state")
    assert state["misbehaviours"][0]["done"] == 2
    assert state["pushes"]["details"]["spoilt"] == 2
    assert not state["blocked"]


@pytest.mark.parametrize("record", [False, True])
@pytest.mark.parametrize("kind", ["status", "code", "reset", "truncate", "empty", "garbage"])
def test_a_spoilt_push_counts_if_wanted(simulator: Simulator, kind: str, record: bool) -> None:
    status = {"status": 500} if kind in ("status", "code") else {}
    simulator.post("behaviour", {"kind": kind, "record": record, **status})
    try:
        simulator.push(DETAILS, details(detail()))
    except requests.RequestException:
        assert kind in ("reset", "truncate")
    assert simulator.receipts() == int(record)


def test_reset_connection(simulator: Simulator) -> None:
    simulator.post("behaviour", {"kind": "reset"})
    with pytest.raises(requests.ConnectionError, match="reset"):
        simulator.push(DETAILS, details(detail()))


def test_half_an_answer(simulator: Simulator) -> None:
    simulator.post("behaviour", {"kind": "truncate"})
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        simulator.push(DETAILS, details(detail()))


def test_empty_answer(simulator: Simulator) -> None:
    simulator.post("behaviour", {"kind": "empty"})
    answer = simulator.push(DETAILS, details(detail()))
    assert (answer.status_code, answer.content) == (200, b"")


def test_garbage_answer(simulator: Simulator) -> None:
    simulator.post("behaviour", {"kind": "garbage"})
    answer = simulator.push(DETAILS, details(detail()))
    assert answer.status_code == 200
    assert "<html>" in answer.text


def test_slow_answer_is_a_good_one(simulator: Simulator) -> None:
    simulator.post("behaviour", {"kind": "slow", "seconds": 0.3})
    started = time.monotonic()
    assert simulator.push(DETAILS, details(detail())).json()["code"] == "200"
    assert time.monotonic() - started >= 0.3
    assert simulator.receipts() == 1


def test_hanging_answer(simulator: Simulator) -> None:
    simulator.post("behaviour", {"kind": "hang"})
    with pytest.raises(requests.ReadTimeout):
        simulator.push(DETAILS, details(detail()), timeout=0.3)


def test_misbehaviour_at_one_endpoint(simulator: Simulator) -> None:
    simulator.post("behaviour", {"kind": "status", "status": 500, "endpoint": "reply"})
    assert simulator.push(DETAILS, details(detail())).status_code == 200
    assert simulator.push(REPLY, replies(reply())).status_code == 500


def test_misbehaviour_in_a_repeatable_share(simulator: Simulator) -> None:
    def statuses() -> list[int]:
        simulator.post("reset")
        simulator.post("behaviour", {"kind": "status", "status": 500, "share": 0.3, "seed": 7})
        return [simulator.push(DETAILS, details(detail())).status_code for _ in range(40)]

    first = statuses()
    assert 0 < first.count(500) < 30
    assert statuses() == first


def test_misbehaviours_queue_up_and_clear(simulator: Simulator) -> None:
    simulator.post("behaviour", {"kind": "status", "status": 500, "times": 1})
    simulator.post("behaviour", {"kind": "status", "status": 429})
    pushed = [simulator.push(DETAILS, details(detail())).status_code for _ in range(3)]
    assert pushed == [500, 429, 429]
    simulator.session.delete(f"{simulator.url}/_sim/behaviour", timeout=5)
    assert simulator.push(DETAILS, details(detail())).status_code == 200
    assert simulator.get("behaviour") == {"misbehaviours": []}


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
def test_bad_control_bodies(simulator: Simulator, path: str, body: Any, message: str) -> None:
    assert message in simulator.post(path, body, status=400)["error"]


def test_control_bodies_must_be_objects(simulator: Simulator) -> None:
    for raw in ("[]", "{"):
        answer = simulator.session.post(f"{simulator.url}/_sim/behaviour", data=raw, timeout=5)
        assert answer.status_code == 400
        assert "body" in answer.json()["error"]


def test_the_key_is_not_shown(simulator: Simulator) -> None:
    assert DEFAULT_KEY not in json.dumps(simulator.get("settings"))


def test_listing_is_bounded(simulator: Simulator) -> None:
    phones = [str(13800000000 + number) for number in range(5)]
    simulator.push(DETAILS, details(*(detail(phoneNum=phone) for phone in phones)))
    shown = simulator.get("receipts", limit="2")
    assert (shown["total"], len(shown["receipts"])) == (5, 2)


def test_ten_thousand_receipts_come_in_quickly(simulator: Simulator) -> None:
    started = time.monotonic()
    for call in range(100):
        first = 13800000000 + call * 100
        body = details(*(detail(phoneNum=str(first + number)) for number in range(100)))
        assert simulator.push(DETAILS, body).status_code == 200
    assert time.monotonic() - started < 10
    assert simulator.get("campaigns/out-1")["told"] == 10_000


Wait = Callable[[Callable[[], object]], None]


@pytest.fixture
def wait() -> Wait:
    def until(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.01)

    return until
