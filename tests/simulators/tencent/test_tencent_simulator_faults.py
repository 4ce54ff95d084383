"""Faults of whole calls, by a switch or a magic number; and the control API."""

import socket
import time
from typing import Any

import pytest
import requests

from local.tencent.behaviour import CALLS
from tests.support.simulators.tencent import MOBILE, PLAIN_TEMPLATE, Caller, Receiver, tel
from tests.support.waiting import wait_for


def accepted(simulator: Caller) -> int:
    count = simulator.inspect("state")["numbers"]["accepted"]
    assert isinstance(count, int)
    return count


@pytest.mark.parametrize("accept", [False, True])
def test_a_call_can_be_answered_with_an_error(
    simulator: Caller, receiver: Receiver, accept: bool
) -> None:
    simulator.set_switches(faults=[{"answer": "error", "code": 1008, "accept": accept, "times": 2}])
    for _ in range(2):
        answer = simulator.send_many(MOBILE)
        assert answer == {"result": 1008, "errmsg": "请求下发短信超时", "ext": ""}
    assert simulator.send_many(MOBILE)["result"] == 0
    assert accepted(simulator) == (3 if accept else 1)
    # Accepted messages get their receipts, whatever the answer said.
    wait_for(lambda: len(receiver.receipts) == accepted(simulator))


def test_an_error_can_have_its_own_text(simulator: Caller) -> None:
    simulator.set_switches(faults=[{"answer": "error", "code": 60012, "text": "?"}])
    assert simulator.call("get_sign", sign_id=1001) == {"result": 60012, "errmsg": "?"}
    simulator.set_switches(error_text_key="msg")
    assert simulator.call("get_sign", sign_id=1001) == {"result": 60012, "msg": "?"}


def test_a_call_can_be_answered_with_a_gateway_error(simulator: Caller) -> None:
    simulator.set_switches(faults=[{"answer": "gateway", "code": 60008}])
    answer = simulator.send()
    assert answer == {
        "ActionStatus": "FAIL",
        "ErrorCode": 60008,
        "ErrorInfo": "service timeout or request format error,please check and try again",
    }
    assert accepted(simulator) == 0


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_call_can_be_answered_with_an_http_error(simulator: Caller, status: int) -> None:
    simulator.set_switches(faults=[{"answer": "http", "status": status, "times": 1}])
    assert simulator.post("sendsms", {}).status_code == status
    assert simulator.send()["result"] == 0


def test_a_call_can_be_answered_with_garbage(simulator: Caller) -> None:
    simulator.set_switches(faults=[{"answer": "garbage", "accept": True}])
    answer = simulator.post(
        "sendsms",
        simulator.signed(
            "sendsms",
            {"tel": {"nationcode": "86", "mobile": MOBILE}, "tpl_id": 2002, "params": []},
        ),
    )
    assert answer.status_code == 200
    with pytest.raises(ValueError, match="Unterminated"):
        answer.json()
    assert accepted(simulator) == 1


def test_a_call_can_be_answered_slowly(simulator: Caller) -> None:
    simulator.set_switches(faults=[{"answer": "normal", "seconds": 0.2}])
    started = time.monotonic()
    assert simulator.send()["result"] == 0
    assert time.monotonic() - started >= 0.2


@pytest.mark.parametrize("accept", [False, True])
@pytest.mark.parametrize("answer", ["reset", "hang"])
def test_a_call_can_get_no_answer(simulator: Caller, answer: str, accept: bool) -> None:
    simulator.set_switches(
        faults=[{"answer": answer, "accept": accept, "seconds": 0.05, "times": 1}]
    )
    with pytest.raises(requests.ConnectionError) as raised:
        simulator.send()
    # A hang ends with an orderly close; a reset does not.
    assert ("reset by peer" in str(raised.value)) == (answer == "reset")
    assert accepted(simulator) == int(accept)
    assert simulator.send()["result"] == 0


def test_a_hanging_answer_outlasts_the_caller_s_time_out(simulator: Caller) -> None:
    simulator.set_switches(faults=[{"answer": "hang", "accept": True, "seconds": 60, "times": 1}])
    with pytest.raises(requests.ReadTimeout):
        simulator.send(timeout=0.1)
    assert accepted(simulator) == 1


def test_a_fault_can_apply_to_some_calls(simulator: Caller) -> None:
    fault = {"answer": "error", "code": 1007, "endpoints": ["sendmultisms2", "get_sign"]}
    simulator.set_switches(faults=[fault])
    assert simulator.send()["result"] == 0
    assert simulator.send_many(MOBILE)["result"] == 1007
    assert simulator.call("get_sign", sign_id=1001)["result"] == 1007
    simulator.set_switches(faults=[])
    assert simulator.call("get_sign", sign_id=1001)["result"] == 0


@pytest.mark.parametrize("call", CALLS)
def test_every_call_can_be_made_to_fail(simulator: Caller, call: str) -> None:
    simulator.set_switches(faults=[{"answer": "error", "code": 1007, "endpoints": [call]}])
    assert simulator.post(call, {}).json()["result"] == 1007


def test_the_first_matching_fault_is_applied(simulator: Caller) -> None:
    simulator.set_switches(
        faults=[
            {"answer": "error", "code": 1, "endpoints": ["get_sign"]},
            {"answer": "error", "code": 2, "times": 1},
            {"answer": "error", "code": 3, "times": 1},
        ]
    )
    assert [simulator.send()["result"] for _ in range(3)] == [2, 3, 0]


def test_a_fault_can_apply_to_a_share_of_calls(simulator: Caller) -> None:
    simulator.set_switches(faults=[{"answer": "error", "code": 1007, "share": 0.5}], seed=3)
    results = [simulator.call("get_sign", sign_id=1001)["result"] for _ in range(40)]
    assert 8 < results.count(1007) < 32


def test_the_details_of_a_bulk_answer_can_be_shuffled(simulator: Caller) -> None:
    simulator.set_switches(shuffle_detail=True)
    mobiles = [f"138{number:08}" for number in range(100)]
    detail = simulator.send_many(*mobiles)["detail"]
    answered = [row["mobile"] for row in detail]
    assert answered != mobiles
    assert sorted(answered) == mobiles


@pytest.mark.parametrize(
    ("style", "start", "written"),
    [
        ("escaped", b"{", b'"errmsg":"OK'),
        ("bom", b"\xef\xbb\xbf{", b'"errmsg":"OK'),
        ("gb18030", b"{", b'"errmsg":"OK'),
        ("line-feeds", b"{", b'"errmsg":"\nOK'),
    ],
)
def test_answers_can_be_encoded_carelessly(
    simulator: Caller, style: str, start: bytes, written: bytes
) -> None:
    simulator.set_switches(json_style=style)
    body = {"tel": tel(MOBILE), "tpl_id": PLAIN_TEMPLATE, "params": []}
    answer = simulator.post("sendsms", simulator.signed("sendsms", body))
    assert answer.content.startswith(start)
    assert written in answer.content


@pytest.mark.parametrize(
    ("style", "written"),
    [
        ("plain", "13900001111"),
        ("prefixed", "8613900001111"),
        ("plus", "+8613900001111"),
        ("masked", "139****1111"),
    ],
)
def test_the_mobiles_of_details_and_receipts_can_be_spelled_differently(
    simulator: Caller, receiver: Receiver, style: str, written: str
) -> None:
    simulator.set_switches(mobile_style=style)
    detail = simulator.send_many("13900001111", MOBILE)["detail"]
    assert detail[0]["mobile"] == written
    wait_for(lambda: len(receiver.receipts) == 2)
    pushed = "13900001111" if style == "masked" else written
    assert pushed in [receipt["mobile"] for receipt in receiver.receipts]


# magic numbers


def test_a_magic_number_makes_the_call_be_refused(simulator: Caller) -> None:
    answer = simulator.send_many(MOBILE, "13800009918", ext="e")
    assert answer == {"result": 1016, "errmsg": "手机号格式错误", "ext": "e"}
    assert accepted(simulator) == 0


def test_a_magic_number_makes_the_connection_be_reset(
    simulator: Caller, receiver: Receiver
) -> None:
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        simulator.send_many(MOBILE, "13800009921")
    wait_for(lambda: len(receiver.receipts) == 2)


def test_a_magic_number_makes_the_call_hang(simulator: Caller, receiver: Receiver) -> None:
    with pytest.raises(requests.ReadTimeout):
        simulator.send("13800009922", timeout=0.1)
    wait_for(lambda: receiver.receipts)


def test_a_magic_number_makes_the_answer_a_time_out(simulator: Caller, receiver: Receiver) -> None:
    assert simulator.send("13800009923")["result"] == 1008
    wait_for(lambda: receiver.receipts)


def test_a_magic_number_makes_the_gateway_fail(simulator: Caller) -> None:
    assert simulator.send("13800009924")["ErrorCode"] == 60008
    assert accepted(simulator) == 0


def test_a_magic_number_makes_the_answer_an_http_error(simulator: Caller) -> None:
    with pytest.raises(AssertionError, match="simulated error"):
        simulator.send("13800009925")
    assert accepted(simulator) == 0


# the control API


@pytest.mark.parametrize(
    ("path", "body", "complaint"),
    [
        ("behaviour", {"nonsense": 1}, "nonsense"),
        ("behaviour", {"magic": "yes"}, "magic"),
        ("behaviour", {"fail_share": 1.5}, "fail_share"),
        ("behaviour", {"report_delay": [2, 1]}, "report_delay"),
        ("behaviour", {"report_delay": 1}, "report_delay"),
        ("behaviour", {"callback_url": "nowhere"}, "URL"),
        ("behaviour", {"callback_url": "ftp://127.0.0.1/"}, "URL"),
        ("behaviour", {"review": "soon"}, "review"),
        ("behaviour", {"faults": {}}, "faults"),
        ("behaviour", {"faults": [{}]}, "faults.0.answer"),
        ("behaviour", {"faults": [{"answer": "explode"}]}, "faults.0.answer"),
        ("behaviour", {"faults": [{"answer": "error"}]}, "code"),
        ("behaviour", {"faults": [{"answer": "reset", "code": 1}]}, "code"),
        ("behaviour", {"faults": [{"answer": "reset", "text": "x"}]}, "text"),
        ("behaviour", {"faults": [{"answer": "http"}]}, "status"),
        ("behaviour", {"faults": [{"answer": "http", "status": 200}]}, "status"),
        ("behaviour", {"faults": [{"answer": "hang"}]}, "seconds"),
        ("behaviour", {"faults": [{"answer": "reset", "endpoints": ["x"]}]}, "endpoints"),
        ("behaviour", {"faults": [{"answer": "reset", "times": 0}]}, "times"),
        ("reply", {"text": "x"}, "mobile"),
        ("reply", {"mobile": "+8613800000001", "text": "x"}, "mobile"),
        ("reply", {"mobile": "1", "text": "x", "delay": -1}, "delay"),
        ("receipt", {"mobile": "1", "report_status": "OK"}, "report_status"),
        ("review", {"status": 0}, "either"),
        ("review", {"status": 0, "tpl_id": 1, "sign_id": 1}, "either"),
        ("review", {"status": 3, "tpl_id": 1}, "status"),
        ("review", {"status": 0, "tpl_id": 1}, "no such"),
        ("review", {"status": 0, "sign_id": 1}, "no such"),
        ("reset", {"keep_templates": 1}, "keep_templates"),
        ("reset", [1], "object"),
    ],
)
def test_an_invalid_control_body_changes_nothing(
    simulator: Caller, path: str, body: Any, complaint: str
) -> None:
    before = simulator.inspect("behaviour")
    assert complaint in simulator.control(path, body, status=400)["error"]
    assert simulator.inspect("behaviour") == before


@pytest.mark.parametrize("raw", [b"{", b"\xff", b"[" * 100_000])
def test_a_control_body_must_be_json(simulator: Caller, raw: bytes) -> None:
    answer = simulator.session.post(f"{simulator.url}/_sim/behaviour", data=raw, timeout=60)
    assert answer.status_code == 400
    assert "JSON" in answer.json()["error"]


@pytest.mark.parametrize("query", ["after=x", "after=-1", "limit=" + "9" * 30])
def test_a_control_query_must_have_numbers(simulator: Caller, query: str) -> None:
    answer = simulator.session.get(f"{simulator.url}/_sim/messages?{query}", timeout=60)
    assert answer.status_code == 400


def test_switches_can_be_restored(simulator: Caller) -> None:
    before = simulator.inspect("behaviour")
    changed = simulator.set_switches(fail_share=0.5)
    assert changed == before | {"fail_share": 0.5}
    answer = simulator.session.delete(f"{simulator.url}/_sim/behaviour", timeout=60)
    assert answer.json() == before


def test_the_last_calls_are_listed(simulator: Caller) -> None:
    simulator.send_many(MOBILE, "13800000002")
    simulator.send(tpl_id=1)
    simulator.set_switches(faults=[{"answer": "http", "status": 500}])
    simulator.post("get_sign", {})
    calls = simulator.inspect("calls")["calls"]
    assert [(c["endpoint"], c["recipients"], c["result"], c["fault"]) for c in calls] == [
        ("sendmultisms2", 2, 0, None),
        ("sendsms", 1, 1014, None),
        ("get_sign", 0, None, "http"),
    ]
    assert len(simulator.inspect("calls", limit=1)["calls"]) == 1
    assert simulator.inspect("calls", limit=0)["calls"] == []
    assert simulator.inspect("state")["calls"] == {"sendmultisms2": 1, "sendsms": 1, "get_sign": 1}


def test_accepted_messages_are_listed_in_pages(simulator: Caller) -> None:
    simulator.send_many(MOBILE, "13800000002")
    simulator.send(ext="e", tpl_id=2001, params=["验", "1", "2"])
    simulator.wait_until_idle()
    everything = simulator.inspect("messages")
    assert [row["mobile"] for row in everything["messages"]] == [MOBILE, "13800000002", MOBILE]
    last = everything["messages"][-1]
    assert (last["tpl_id"], last["params"], last["ext"]) == (2001, ["验", "1", "2"], "e")
    assert (last["sign"], last["nationcode"], last["endpoint"]) == ("测试签名", "86", "sendsms")
    first = simulator.inspect("messages", limit=1)
    rest = simulator.inspect("messages", after=first["next_after"])
    assert first["messages"] + rest["messages"] == everything["messages"]
    end = simulator.inspect("messages", after=everything["next_after"])
    assert end == {"messages": [], "next_after": everything["next_after"]}
    assert len(simulator.messages()) == 2


def test_a_reset_deletes_everything_but_the_templates_to_keep(simulator: Caller) -> None:
    tpl_id = simulator.add_approved_template("您好")
    simulator.set_switches(report_delay=[60, 60], fail_share=0.5)
    simulator.send()
    simulator.control("reset", {"keep_templates": True})
    assert simulator.template(tpl_id)["status"] == 0
    state = simulator.inspect("state")
    assert state["idle"]
    assert state["numbers"] == {"accepted": 0, "refused": 0}
    assert simulator.inspect("behaviour")["fail_share"] == 0
    assert simulator.messages() == []
    simulator.control("reset")
    assert simulator.call("get_template", tpl_id=tpl_id)["count"] == 0
    assert simulator.send()["result"] == 0


def test_a_reset_cancels_a_push_in_flight(simulator: Caller, receiver: Receiver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        simulator.set_switches(callback_url=f"http://127.0.0.1:{deaf.getsockname()[1]}/")
        simulator.send()
        wait_for(lambda: simulator.inspect("state")["queues"]["pushes_under_way"])
        simulator.control("reset")
        state = simulator.wait_until_idle()
    assert state["pushes"] == {"made": 0, "failed": 0}
    simulator.set_switches(callback_url=receiver.url)
    simulator.send("13800000002")
    simulator.wait_until_idle()
    assert [receipt["mobile"] for receipt in receiver.receipts] == ["13800000002"]
