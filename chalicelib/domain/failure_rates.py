"""The failure rate of a request, from the counts that are kept (docs/decisions/0062).

Failures come in two ways. Tencent refuses recipients when it is called, so these are known at once. Others fail after
Tencent accepted them, which its statuses say seconds to hours later, as they say of the delivered ones. So while a
campaign is being sent, most of its failures may be known and hardly any of its deliveries. The rate therefore is

    refused / tried  +  accepted / tried  x  failed / answered

where `answered` are those of the accepted ones that have a final state.
"""

from typing import NamedTuple

from chalicelib.domain.chunks import SendSums
from chalicelib.domain.tally import Tally


class FailureRate(NamedTuple):
    """A failure rate as a fraction, and the final states that are known: how many, and how many of them failed.

    What no call was made to (STOPPED, NOT_SENT) is in none of them.
    """

    numerator: int
    denominator: int
    failed: int
    known: int

    def reaches(self, percent: int, minimum: int) -> bool:
        """Return whether the rate is `percent` or more, with at least `minimum` final states."""
        return self.known >= minimum and 100 * self.numerator >= percent * self.denominator

    @property
    def percent(self) -> int:
        """Return the rate in percent, rounded down."""
        return 100 * self.numerator // self.denominator if self.denominator else 0


def estimate(tally: Tally, sent: SendSums, minimum: int) -> FailureRate:
    """Return the failure rate of a request.

    `sent` is what its attempts sent, as far as it is known: less makes the rate higher, never lower. With fewer than
    `minimum` final states of accepted recipients, nothing is concluded from them for the others.
    """
    refused = tally.refused - tally.withheld
    answered = tally.delivered + tally.failed - tally.refused
    failed_later = tally.failed - tally.refused
    accepted = max(sent.sent + sent.unknown, answered, tally.alongside)
    # Of how many accepted ones the later failures are.
    of = answered if answered >= minimum else accepted
    return FailureRate(
        # Both are multiplied by `of`, so that the fraction is exact.
        numerator=refused * of + accepted * failed_later if of else refused,
        denominator=(refused + accepted) * of if of else refused,
        failed=tally.failed - tally.withheld,
        known=tally.delivered + tally.failed - tally.withheld,
    )
