"""Misbehaviour of the two push endpoints on demand."""

import time

import pytest
import requests

from tests.support.simulators.quickaudience import (
    DETAILS,
    REPLY,
    Simulator,
    detail,
    details,
    replies,
    reply,
)


@pytest.mark.parametrize("status", [500, 429, 401, 403, 404])
@pytest.mark.parametrize("kind", ["status", "code"])
def test_a_misbehaviour_answers_pushes_with_an_error(
    simulator: Simulator, kind: str, status: int
) -> None:
    simulator.post("behaviour", {"kind": kind, "status": status, "times": 2})
    for _ in range(2):
        answer = simulator.push(DETAILS, details(detail()))
        assert answer.status_code == (status if kind == "status" else 200)
        assert answer.json()["code"] == str(status)
    assert simulator.receipt_count() == 0
    assert simulator.push(DETAILS, details(detail())).json()["code"] == "200"
    state = simulator.get("state")
    assert state["misbehaviours"][0]["done"] == 2
    assert state["pushes"]["details"]["spoilt"] == 2
    assert not state["blocked"]


@pytest.mark.parametrize("record", [False, True])
@pytest.mark.parametrize("kind", ["status", "code", "reset", "truncate", "empty", "garbage"])
def test_the_entries_of_a_spoilt_push_count_only_if_recorded(
    simulator: Simulator, kind: str, record: bool
) -> None:
    status = {"status": 500} if kind in ("status", "code") else {}
    simulator.post("behaviour", {"kind": kind, "record": record, **status})
    try:
        simulator.push(DETAILS, details(detail()))
    except requests.RequestException:
        assert kind in ("reset", "truncate")
    assert simulator.receipt_count() == int(record)


def test_a_connection_can_be_reset(simulator: Simulator) -> None:
    simulator.post("behaviour", {"kind": "reset"})
    with pytest.raises(requests.ConnectionError, match="reset"):
        simulator.push(DETAILS, details(detail()))


def test_an_answer_can_be_truncated(simulator: Simulator) -> None:
    simulator.post("behaviour", {"kind": "truncate"})
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        simulator.push(DETAILS, details(detail()))


def test_an_answer_can_be_empty(simulator: Simulator) -> None:
    simulator.post("behaviour", {"kind": "empty"})
    answer = simulator.push(DETAILS, details(detail()))
    assert (answer.status_code, answer.content) == (200, b"")


def test_an_answer_can_be_html(simulator: Simulator) -> None:
    simulator.post("behaviour", {"kind": "garbage"})
    answer = simulator.push(DETAILS, details(detail()))
    assert answer.status_code == 200
    assert "<html>" in answer.text


def test_a_careless_answer_is_a_success(simulator: Simulator) -> None:
    simulator.post("behaviour", {"kind": "careless"})
    answer = simulator.push(DETAILS, details(detail()))
    assert answer.content == b'\xef\xbb\xbf{"code": 200.0, "message": "done\n"}'
    assert simulator.receipt_count() == 1


def test_a_slow_answer_is_a_success(simulator: Simulator) -> None:
    simulator.post("behaviour", {"kind": "slow", "seconds": 0.3})
    started = time.monotonic()
    assert simulator.push(DETAILS, details(detail())).json()["code"] == "200"
    assert time.monotonic() - started >= 0.3
    assert simulator.receipt_count() == 1


def test_a_push_can_get_no_answer(simulator: Simulator) -> None:
    simulator.post("behaviour", {"kind": "hang"})
    with pytest.raises(requests.ReadTimeout):
        simulator.push(DETAILS, details(detail()), timeout=0.3)


def test_a_misbehaviour_can_apply_to_one_endpoint(simulator: Simulator) -> None:
    simulator.post("behaviour", {"kind": "status", "status": 500, "endpoint": "reply"})
    assert simulator.push(DETAILS, details(detail())).status_code == 200
    assert simulator.push(REPLY, replies(reply())).status_code == 500


def test_a_misbehaviour_can_apply_to_a_repeatable_share_of_pushes(simulator: Simulator) -> None:
    def statuses() -> list[int]:
        simulator.post("reset")
        simulator.post("behaviour", {"kind": "status", "status": 500, "share": 0.3, "seed": 7})
        return [simulator.push(DETAILS, details(detail())).status_code for _ in range(40)]

    first = statuses()
    assert 0 < first.count(500) < 30
    assert statuses() == first


def test_misbehaviours_apply_in_order_until_cleared(simulator: Simulator) -> None:
    simulator.post("behaviour", {"kind": "status", "status": 500, "times": 1})
    simulator.post("behaviour", {"kind": "status", "status": 429})
    pushed = [simulator.push(DETAILS, details(detail())).status_code for _ in range(3)]
    assert pushed == [500, 429, 429]
    simulator.session.delete(f"{simulator.url}/_sim/behaviour", timeout=60)
    assert simulator.push(DETAILS, details(detail())).status_code == 200
    assert simulator.get("behaviour") == {"misbehaviours": []}
