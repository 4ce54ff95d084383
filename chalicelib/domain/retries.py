"""What is tried again: after which pause, for how long, and what then. docs/guarantees.md shows it as a table.

A pause grows with the tries and never exceeds the age of what is tried, so that receives that SQS counts
without a try (a throttled function, a killed one) do not lengthen it.
"""

import random
from dataclasses import dataclass

from chalicelib.domain.periods import CLOSED_AFTER_SECONDS

_JITTER = 0.2


@dataclass(frozen=True, slots=True)
class Retry:
    """A rule for trying again. All times are seconds.

    The first pause is `first`; each pause doubles it, up to `longest`; nothing is tried again `end` after the
    message was queued.
    """

    first: int
    longest: int
    end: int = CLOSED_AFTER_SECONDS

    def pause(self, tries: int, age: float) -> int | None:
        """Return the pause after this number of tries, with a jitter of a fifth; None once it is over.

        `age` is how long ago the message was queued.
        """
        if age >= self.end:
            return None
        # Doubling pauses add up to the next one: at this age, no rule would pause for longer.
        most = min(self.longest, age + self.first)
        pause = min(most, self.first << min(max(tries, 1) - 1, 20))
        return max(1, round(pause * random.uniform(1 - _JITTER, 1 + _JITTER)))  # noqa: S311 -- spread, not secrecy


PUSH = Retry(5, 3600)
"""A receipt or reply that Quick Audience did not accept. Then: `receipts-dead`."""
CHUNK = Retry(30, 900)
"""A chunk whose function failed (DynamoDB, SQS, the parameter store). Then: `sends-dead`; by then `sweep` has
reported its recipients NOT_SENT."""
CALLBACK = Retry(30, 900)
"""Statuses or replies whose function failed. Then: `callbacks-dead`."""
FILE = Retry(60, 900)
"""A file whose function failed. Then: `files-dead`."""

# A status that no message is known for yet: seconds until it is looked up again. A callback may overtake the
# answer of its own send by seconds; or find a function killed between the two, which is noticed when the queue
# delivers the chunk again, 30 minutes later. Together 109 minutes.
SETTLE_DELAYS = (5, 10, 20, 40, 60, 120, 300, 600, 900, 900, 900, 900, 900, 900)
# Until then the function that made its own send may still be writing (its time-out in .chalice/config.json), and
# the status must not be taken for that of an earlier send of unknown outcome.
ADOPT_AFTER_SECONDS = 300
# A call that Tencent refused for now: multiplied by the attempts so far, up to the longest. It ends with
# `sweep`, which reports the recipients NOT_SENT 72 hours after acceptance.
_REFUSED_FIRST = 30
_REFUSED_LONGEST = 900


def refused_pause(attempts: int) -> int:
    """Return the seconds until a call that certainly sent nothing is made again, after this number of attempts."""
    return min(_REFUSED_LONGEST, _REFUSED_FIRST * attempts)


def settle_delay(tries: int) -> int | None:
    """Return the seconds until a status without a message is tried again; None after the last try."""
    return SETTLE_DELAYS[tries] if tries < len(SETTLE_DELAYS) else None
