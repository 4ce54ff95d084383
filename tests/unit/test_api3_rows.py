"""What a send of API 3.0 says about each of its numbers."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.planning import Call
from chalicelib.tencent.interface import (
    Accepted,
    CallRefusedError,
    NumberRefused,
    NumberResult,
    OutcomeUnknownError,
)
from tests.support.api3 import APP_ID, connected, error, ok, refused_row, row, sent
from tests.support.property_tests import examples

DAILY = "LimitExceeded.PhoneNumberDailyLimit"


def numbers(count: int) -> Call:
    return Call(tuple(f"86138{number:08d}" for number in range(count)), ())


ONE, TWO = numbers(1), numbers(2)


def send(call: Call, answer: Any) -> list[NumberResult]:
    return connected(answer)[0].send(call, sign="s", template_id=7)


def accepted(number: int) -> Accepted:
    return Accepted(f"5000:{number}", 1)


# --- one number ---


@pytest.mark.parametrize(
    ("found", "result"),
    [
        (row(0), Accepted("5000:0", 1)),
        (row(0, Code="OK"), Accepted("5000:0", 1)),
        (row(0, Code="ok"), Accepted("5000:0", 1)),
        (row(0, Code=" Ok "), Accepted("5000:0", 1)),
        (row(0, Fee=3), Accepted("5000:0", 3)),
        (row(0, Fee=0), Accepted("5000:0", 0)),
        (row(0, Fee=None), Accepted("5000:0", 1)),
        (row(0, SerialNo=12345678901234567890), Accepted("12345678901234567890", 1)),
        (row(0, IsoCode="", SubError="x", More=[1]), Accepted("5000:0", 1)),
        # Accepted without a SerialNo.
        (row(0, SerialNo=""), None),
        (row(0, SerialNo="", Fee=0), None),
        (row(0, SerialNo=None), None),
        (row(0, SerialNo=" "), None),
        (row(0, SerialNo=True), None),
        (row(0, SerialNo={"Id": 1}), None),
        # Refused, whatever else the row has.
        (refused_row(0, DAILY), NumberRefused(DAILY, "no")),
        (refused_row(0, DAILY, SerialNo="5000:0"), NumberRefused(DAILY, "no")),
        (refused_row(0, DAILY, Message="send success"), NumberRefused(DAILY, "send success")),
        (refused_row(0, DAILY, Fee=None, Message=None, IsoCode="DEF"), NumberRefused(DAILY, "")),
        (
            refused_row(0, "FailedOperation.Newcomer"),
            NumberRefused("FailedOperation.Newcomer", "no"),
        ),
        (refused_row(0, "Newcomer"), NumberRefused("Newcomer", "no")),
        # A contradiction.
        (refused_row(0, DAILY, Fee=1), None),
        # Not said whether it was sent.
        (refused_row(0, "InternalError.Timeout"), None),
        (refused_row(0, "InternalError.Newcomer"), None),
        (refused_row(0, "internalerror.Newcomer"), None),
        (refused_row(0, "SERVICEUNAVAILABLE.Newcomer."), None),
        (refused_row(0, "FailedOperation"), None),
        (refused_row(0, ""), None),
        (refused_row(0, None), None),
        (refused_row(0, 0), None),
        (refused_row(0, 1014), None),
    ],
)
def test_a_row_is_accepted_by_its_code_alone(found: Any, result: NumberResult) -> None:
    assert send(ONE, sent(found)) == [result]


# --- several ---


@given(st.integers(1, 30), st.randoms(use_true_random=False))
@examples(25)
def test_rows_are_matched_by_number_in_any_order(count: int, order: random.Random) -> None:
    rows = [row(number) for number in range(count)]
    order.shuffle(rows)
    assert send(numbers(count), sent(*rows)) == [accepted(number) for number in range(count)]


def test_some_numbers_are_accepted_and_some_refused() -> None:
    answer = sent(refused_row(1, DAILY), row(0))
    assert send(TWO, answer) == [accepted(0), NumberRefused(DAILY, "no")]


@pytest.mark.parametrize(
    "written",
    [
        *("+8613800000001", "8613800000001", "008613800000001", "13800000001", "+86 138-0000-0001"),
        8613800000001,
    ],
)
def test_a_number_is_found_however_it_is_written(written: Any) -> None:
    answer = sent(row(0), row(1, PhoneNumber=written))
    assert send(TWO, answer) == [accepted(0), accepted(1)]


@pytest.mark.parametrize("phone", ["85251234567", "15551234567", "4479460000000"])
def test_a_foreign_number_is_found(phone: str) -> None:
    for written in (f"+{phone}", phone, f"00{phone}"):
        found = send(Call((phone,), ()), sent(row(0, PhoneNumber=written)))
        assert found == [accepted(0)]


@pytest.mark.parametrize("written", ["+8613999999999", "", None, [], {}, "138****0001"])
def test_a_row_that_matches_no_number_is_ignored(written: Any) -> None:
    assert send(TWO, sent(row(0), row(1, PhoneNumber=written))) == [accepted(0), None]


@pytest.mark.parametrize(
    "answer",
    [
        ok(),
        ok(SendStatusSet=None),
        ok(SendStatusSet=[]),
        ok(SendStatusSet={}),
        ok(SendStatusSet="x"),
        ok(SendStatusSet=[None, 1]),
    ],
)
def test_without_rows_every_outcome_is_unknown(answer: Any) -> None:
    assert send(TWO, answer) == [None, None]


def test_of_two_rows_of_a_number_the_accepted_one_counts() -> None:
    assert send(ONE, sent(refused_row(0, DAILY), row(0))) == [accepted(0)]
    unclear = refused_row(0, "InternalError.Timeout")
    assert send(ONE, sent(refused_row(0, DAILY), unclear)) == [None]
    assert send(ONE, sent(refused_row(0, DAILY), refused_row(0, "x"))) == [
        NumberRefused(DAILY, "no")
    ]


def test_an_error_beside_accepted_rows_does_not_hide_them() -> None:
    refused = error(DAILY, SendStatusSet=[row(0)])
    assert send(TWO, refused) == [accepted(0), NumberRefused(DAILY, "no", contradicted=True)]
    unclear = error("InternalError.Timeout", SendStatusSet=[row(0)])
    assert send(TWO, unclear) == [accepted(0), None]


def test_a_refusal_beside_rows_that_may_have_been_sent_does_not_hide_them() -> None:
    for unclear in (row(0, SerialNo=""), refused_row(0, DAILY, Fee=1), refused_row(0, None)):
        for code in (DAILY, "RequestLimitExceeded"):
            refused = error(code, SendStatusSet=[unclear])
            assert send(TWO, refused) == [None, NumberRefused(code, "no", contradicted=True)]


def test_an_error_without_accepted_rows_is_the_calls() -> None:
    with pytest.raises(CallRefusedError):
        send(TWO, error(DAILY, SendStatusSet=[refused_row(0, "x")]))
    with pytest.raises(OutcomeUnknownError):
        send(TWO, error("InternalError.Timeout", SendStatusSet=None))


# --- SendMultiGlobalSms ---


def test_foreign_numbers_can_get_a_message_each() -> None:
    first = row(0, PhoneNumber="+85251234567")
    second = refused_row(1, DAILY, PhoneNumber="+15551234567", SerialNo="a-uuid")
    client, transport = connected(ok(SendMultiStatusSet=[second, first]))
    found = client.send_to_foreign([("85251234567", 8, ("a",)), ("15551234567", 9, ())])
    assert found == [accepted(0), NumberRefused(DAILY, "no")]
    assert transport.sent[0].headers["X-TC-Action"] == "SendMultiGlobalSms"
    assert transport.body() == {
        "SmsSdkAppId": APP_ID,
        "MultiSmsInfoSet": [
            {"PhoneNumber": "+85251234567", "TemplateId": "8", "TemplateParamSet": ["a"]},
            {"PhoneNumber": "+15551234567", "TemplateId": "9"},
        ],
    }
