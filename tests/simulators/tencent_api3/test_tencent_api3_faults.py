"""Faults and magic numbers in API 3.0, and what the official SDK makes of them."""

import time

import pytest

from local.tencent import magic
from local.tencent.api3.codes import code_of
from local.tencent.api3.switches import ACTIONS
from tests.support.simulators.tencent import Caller, Receiver
from tests.support.simulators.tencent_api3 import PHONE, SEND, RawCaller, Sdk, refusal
from tests.support.waiting import wait_for


def accepted(simulator: Caller) -> int:
    count = simulator.inspect("state")["numbers"]["accepted"]
    assert isinstance(count, int)
    return count


@pytest.mark.parametrize("accept", [False, True])
@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"answer": "error", "code": "InternalError.Timeout"}, "InternalError.Timeout"),
        ({"answer": "error", "code": 1008}, "InternalError.SendAndRecvFail"),
        ({"answer": "gateway", "code": 60008}, "InternalError.Timeout"),
        ({"answer": "http", "status": 503}, "ServerNetworkError"),
        ({"answer": "garbage"}, "JSONDecodeError"),
        ({"answer": "reset"}, "ClientNetworkError"),
        ({"answer": "hang", "seconds": 0.05}, "ClientNetworkError"),
    ],
)
def test_a_call_can_fail_obeyed_or_not(
    sdk: Sdk,
    simulator: Caller,
    receiver: Receiver,
    fault: dict[str, object],
    code: str,
    accept: bool,
) -> None:
    simulator.set_switches(faults=[{**fault, "accept": accept, "times": 1}])
    assert refusal(sdk.send) == code
    assert accepted(simulator) == int(accept)
    assert sdk.codes() == ["Ok"]
    # Accepted messages get their receipts, whatever the answer said.
    wait_for(lambda: len(receiver.receipts) == accepted(simulator))


def test_a_call_can_be_answered_slowly(sdk: Sdk, simulator: Caller) -> None:
    simulator.set_switches(faults=[{"answer": "normal", "seconds": 0.2, "times": 1}])
    started = time.monotonic()
    assert sdk.codes() == ["Ok"]
    assert time.monotonic() - started >= 0.2


@pytest.mark.parametrize("action", ACTIONS)
def test_every_call_can_be_made_to_fail(raw: RawCaller, simulator: Caller, action: str) -> None:
    fault = {"answer": "error", "code": "InternalError.OtherError", "endpoints": [action]}
    simulator.set_switches(faults=[fault])
    assert raw.refusal(action, {}) == "InternalError.OtherError"
    others = [other for other in ACTIONS if other != action]
    assert raw.refusal(others[0], {}) == "MissingParameter"


def test_a_fault_has_its_number_in_v5(simulator: Caller) -> None:
    code = "LimitExceeded.PhoneNumberDailyLimit"
    simulator.set_switches(faults=[{"answer": "error", "code": code, "times": 1}])
    assert simulator.send()["result"] == 1025
    simulator.set_switches(faults=[{"answer": "gateway", "code": "RequestLimitExceeded"}])
    assert simulator.send()["ErrorCode"] == 1007


def test_an_error_can_have_its_own_text(raw: RawCaller, simulator: Caller) -> None:
    fault = {"answer": "error", "code": "FailedOperation", "text": "？"}
    simulator.set_switches(faults=[fault])
    assert raw.post("SendSms", SEND)["Error"] == {"Code": "FailedOperation", "Message": "？"}


@pytest.mark.parametrize("accept", [False, True])
def test_an_error_can_stand_in_each_row(
    sdk: Sdk, simulator: Caller, receiver: Receiver, accept: bool
) -> None:
    code = "LimitExceeded.DeliveryFrequencyLimit"
    fault = {"answer": "error", "code": code, "level": "row", "accept": accept, "times": 1}
    simulator.set_switches(faults=[fault])
    rows = sdk.send(PHONE, "+8613800000002")
    assert [(row.Code, row.Fee, bool(row.SerialNo)) for row in rows] == [
        (code, int(accept), accept)
    ] * 2
    assert accepted(simulator) == 2 * accept
    assert sdk.codes() == ["Ok"]


def test_an_error_can_stand_in_some_rows(sdk: Sdk, simulator: Caller) -> None:
    fault = {"answer": "error", "code": 1033, "level": "row", "rows": 0.5}
    simulator.set_switches(faults=[fault])
    codes = sdk.codes(*[f"+86138{number:08}" for number in range(100)])
    assert 10 < codes.count("UnauthorizedOperation.ServiceSuspendDueToArrears") < 90
    assert codes.count("Ok") == accepted(simulator)


def test_an_error_of_rows_leaves_other_calls_alone(sdk: Sdk, simulator: Caller) -> None:
    simulator.set_switches(faults=[{"answer": "error", "code": 1033, "level": "row", "times": 1}])
    assert sdk.call("DescribeSmsSignList", International=0).DescribeSignListStatusSet
    assert simulator.send()["result"] == 0
    assert [sdk.codes(), sdk.codes()] == [[code_of(1033)], ["Ok"]]
    simulator.control("behaviour", {"faults": [{"answer": "reset", "level": "row"}]}, status=400)


ROWS = {
    ending: treatment.refusal
    for ending, treatment in magic.TREATMENTS.items()
    if treatment.refusal is not None
}


@pytest.mark.parametrize(("ending", "number"), ROWS.items())
def test_a_magic_number_is_refused_in_its_row(
    sdk: Sdk, simulator: Caller, ending: str, number: int
) -> None:
    assert sdk.codes(PHONE, f"+861380000{ending}") == ["Ok", code_of(number)]
    simulator.set_switches(magic=False)
    assert sdk.codes(f"+861380000{ending}") == ["Ok"]


@pytest.mark.parametrize(
    ("ending", "code", "sent"),
    [
        ("9918", "InvalidParameterValue.IncorrectPhoneNumber", False),
        ("9921", "ClientNetworkError", True),
        ("9923", "InternalError.SendAndRecvFail", True),
        ("9924", "InternalError.Timeout", False),
        ("9925", "ServerNetworkError", False),
    ],
)
def test_a_magic_number_s_fault_hits_the_whole_call(
    sdk: Sdk, simulator: Caller, ending: str, code: str, sent: bool
) -> None:
    assert refusal(lambda: sdk.send(PHONE, f"+861380000{ending}")) == code
    assert accepted(simulator) == 2 * sent


def test_a_receipt_can_come_before_the_answer(
    sdk: Sdk, simulator: Caller, receiver: Receiver
) -> None:
    (row,) = sdk.send("+8613800009933")
    assert [receipt["sid"] for receipt in receiver.receipts] == [row.SerialNo]
    simulator.set_switches(early_receipts=True)
    (row,) = sdk.send()
    assert receiver.receipts[-1]["sid"] == row.SerialNo


@pytest.mark.parametrize(("ending", "errmsg"), [("9902", "MK:0001"), ("9908", "CJ：0006")])
def test_a_magic_number_has_its_receipt(
    sdk: Sdk, receiver: Receiver, ending: str, errmsg: str
) -> None:
    sdk.send(f"+861380000{ending}")
    (receipt,) = wait_for(lambda: receiver.receipts)
    assert (receipt["report_status"], receipt["errmsg"]) == ("FAIL", errmsg)


@pytest.mark.parametrize(
    "switches", [{"api3": {"rates": {"Nope": 1}}}, {"api3": {"x": 1}}, {"api3": 1}]
)
def test_wrong_switches_are_refused(simulator: Caller, switches: dict[str, object]) -> None:
    simulator.control("behaviour", switches, status=400)


def test_switches_of_api_3_that_are_not_given_stay(simulator: Caller) -> None:
    simulator.set_switches(api3={"ok_code": "ok"})
    switches = simulator.set_switches(api3={"sub_errors": True})["api3"]
    assert (switches["ok_code"], switches["sub_errors"]) == ("ok", True)
