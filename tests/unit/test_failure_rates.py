"""The failure rate of a request, while it is sent and afterwards."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import failure_rates
from chalicelib.domain.chunks import SendSums
from chalicelib.domain.failure_rates import FailureRate
from chalicelib.domain.tally import Tally

MINIMUM = 100
counts = st.integers(0, 300)


def estimate(
    *, refused: int = 0, withheld: int = 0, failed: int = 0, delivered: int = 0, **sent: int
) -> FailureRate:
    """Return the rate of a request. `failed` are those of the accepted ones, `refused` has no withheld ones."""
    tally = Tally()
    tally.delivered = delivered
    tally.failed = failed + refused + withheld
    tally.refused = refused + withheld
    tally.withheld = withheld
    tally.alongside = sent.pop("alongside", 0)
    return failure_rates.estimate(tally, SendSums(**sent), MINIMUM)


@pytest.mark.parametrize(
    ("rate", "percent"),
    [
        (estimate(delivered=80, failed=20), 20),
        (estimate(delivered=81, failed=19), 19),
        (estimate(refused=100), 100),
        (estimate(refused=20, delivered=80), 20),
        # Of half that are accepted, half fail.
        (estimate(refused=100, delivered=50, failed=50), 75),
    ],
)
def test_the_rate_of_what_is_final(rate: FailureRate, percent: int) -> None:
    assert rate.percent == percent
    assert rate.reaches(percent, 100)
    assert not rate.reaches(percent + 1, 100)


def test_a_rate_counts_from_a_minimum_of_final_states_on() -> None:
    assert not estimate(refused=99).reaches(20, MINIMUM)
    assert not estimate(failed=50, delivered=49).reaches(20, MINIMUM)
    assert estimate(refused=50, failed=50).reaches(20, MINIMUM)
    assert not estimate().reaches(1, 1)


def test_what_was_stopped_or_not_sent_in_time_is_no_failure() -> None:
    assert not estimate(withheld=1000).reaches(1, 1)
    rate = estimate(withheld=1000, refused=10, delivered=90)
    assert (rate.percent, rate.failed, rate.known) == (10, 10, 100)


def test_refusals_are_not_taken_for_all_while_deliveries_are_not_known_yet() -> None:
    """Of 10,000, 500 are refused at once, and no status has come."""
    assert estimate(refused=500, sent=9500).percent == 5
    assert estimate(refused=500, sent=9000, unknown=500).percent == 5
    # The invocation that sends has not added up yet.
    assert estimate(refused=500, alongside=9500).percent == 5


def test_few_statuses_say_nothing_about_the_others() -> None:
    # The first status is a failure, but not all will be.
    assert not estimate(refused=100, failed=1, sent=9900).reaches(20, MINIMUM)
    assert estimate(refused=100, failed=60, delivered=60, sent=9900).reaches(50, MINIMUM)


def test_a_wrong_template_is_seen_at_once() -> None:
    assert estimate(refused=100).reaches(20, MINIMUM)
    assert estimate(refused=250, sent=750).reaches(20, MINIMUM)


@given(refused=counts, failed=counts, delivered=counts, sent=counts, more=counts)
def test_a_rate_with_less_that_is_known_to_be_sent_is_no_lower(
    refused: int, failed: int, delivered: int, sent: int, more: int
) -> None:
    known = {"refused": refused, "failed": failed, "delivered": delivered}
    first, second = (estimate(**known, sent=number) for number in (sent, sent + more))
    if first.denominator and second.denominator:
        assert _fraction(first) >= _fraction(second)


@given(refused=counts, failed=counts, delivered=counts, withheld=counts)
def test_once_everything_is_final_the_rate_is_the_share_of_failures(
    refused: int, failed: int, delivered: int, withheld: int
) -> None:
    of = refused + failed + delivered
    rate = estimate(
        refused=refused,
        failed=failed,
        delivered=delivered,
        withheld=withheld,
        sent=failed + delivered,
    )
    assert (rate.failed, rate.known) == (refused + failed, of)
    if of:
        assert _fraction(rate) == Fraction(refused + failed, of)


def _fraction(rate: FailureRate) -> Fraction:
    return Fraction(rate.numerator, rate.denominator)
