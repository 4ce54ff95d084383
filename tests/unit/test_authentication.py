import pytest
import time_machine

from chalicelib.errors import Unauthorized
from chalicelib.quickaudience import authentication, signature
from tests.support.chalice_requests import request
from tests.support.settings import Configure

KEY, NOW, NONCE = "123456789", 1631865523, "2e6eceb5737b473284c930c8ef79090e"
at_the_time = time_machine.travel(NOW, tick=False)


def check(configure: Configure, timestamp: str, nonce: str = NONCE, **changes: str) -> str | None:
    signed = signature.make(KEY, timestamp, nonce)
    credentials = authentication.check(
        request(
            query={"timestamp": timestamp, "nonce": nonce, "more": "x"},
            headers={"x-qa-hmac-signature": signed},
        ),
        configure(**changes),
    )
    if credentials:
        assert credentials.signature == signed
    return credentials.nonce if credentials else None


@at_the_time
@pytest.mark.parametrize(
    "timestamp",
    [NOW, NOW - 900, NOW + 900, NOW * 1000, (NOW - 900) * 1000 + 999, NOW * 1000 + 900_000],
)
def test_a_signed_request_within_the_tolerance_is_accepted(
    configure: Configure, timestamp: int
) -> None:
    assert check(configure, str(timestamp)) == NONCE


@at_the_time
@pytest.mark.parametrize(
    "timestamp", [NOW - 901, NOW + 901, (NOW - 901) * 1000, (NOW + 901) * 1000, 0, 10**11, 10**14]
)
def test_a_request_outside_the_tolerance_is_refused(configure: Configure, timestamp: int) -> None:
    with pytest.raises(Unauthorized, match="from now"):
        check(configure, str(timestamp))


@at_the_time
@pytest.mark.parametrize(
    "timestamp",
    [
        "now",
        "1631865523.0",
        "-1631865523",
        "+1631865523",
        "1_631_865_523",
        "１６３１８６５５２３",
        "1" * 16,
        "²",
    ],
)
def test_a_timestamp_that_is_no_number_is_refused(configure: Configure, timestamp: str) -> None:
    with pytest.raises(Unauthorized, match="seconds since 1970"):
        check(configure, timestamp)


@pytest.mark.parametrize("timestamp", ["0", "now", "9" * 30, "密"])
def test_without_a_tolerance_any_timestamp_is_accepted(
    configure: Configure, timestamp: str
) -> None:
    assert check(configure, timestamp, QA_CLOCK_SKEW_SECONDS="0") == NONCE


@at_the_time
@pytest.mark.parametrize("nonce", ["1", "x" * 500, "随机"])
def test_a_nonce_may_have_any_length(configure: Configure, nonce: str) -> None:
    assert check(configure, str(NOW), nonce) == nonce


@at_the_time
@pytest.mark.parametrize("nonce", ["ab", " ab", "a b", "a\tb\n"])
def test_white_space_in_a_nonce_is_ignored_because_it_is_not_signed(
    configure: Configure, nonce: str
) -> None:
    assert check(configure, str(NOW), nonce) == "ab"


@at_the_time
@pytest.mark.parametrize(
    ("query", "headers", "why"),
    [
        (None, {}, "timestamp and nonce"),
        ({}, {}, "timestamp and nonce"),
        ({"timestamp": str(NOW)}, {}, "timestamp and nonce"),
        ({"timestamp": "", "nonce": NONCE}, {}, "timestamp and nonce"),
        ({"timestamp": str(NOW), "nonce": NONCE}, {}, "header"),
        ({"timestamp": str(NOW), "nonce": NONCE}, {signature.HEADER: ""}, "header"),
        ({"timestamp": str(NOW), "nonce": NONCE}, {signature.HEADER: " "}, "wrong signature"),
        ({"timestamp": str(NOW), "nonce": NONCE}, {signature.HEADER: "0" * 64}, "wrong signature"),
    ],
)
def test_a_missing_or_wrong_parameter_is_named(
    configure: Configure, query: dict[str, str] | None, headers: dict[str, str], why: str
) -> None:
    with pytest.raises(Unauthorized, match=why) as caught:
        authentication.check(request(query=query, headers=headers), configure())
    assert (caught.value.http_status, caught.value.code) == (401, "401")
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("query", [None, {}, {"timestamp": "", "nonce": ""}], ids=str)
def test_without_authentication_no_parameter_is_checked(
    configure: Configure, query: dict[str, str] | None
) -> None:
    made = request(query=query, headers={signature.HEADER: "nonsense"})
    assert authentication.check(made, configure(QA_AUTH="off")) is None
