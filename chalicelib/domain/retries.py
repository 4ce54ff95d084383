"""The rules for retries: after which pause, for how long, and what happens then. docs/guarantees.md has a table.

A pause grows with the number of tries, but is never longer than about the age of the message. SQS also counts receives
without a try (a throttled or a killed function); that limit keeps them from lengthening the pause.
"""

import random
from dataclasses import dataclass

from chalicelib.domain.periods import CLOSED_AFTER_SECONDS

_JITTER = 0.2


@dataclass(frozen=True, slots=True)
class Retry:
    """A rule for retries. All times are in seconds.

    The first pause is `first`. Each further pause is twice as long, up to `longest`. Retries stop `end` seconds after
    the message was queued.
    """

    first: int
    longest: int
    end: int = CLOSED_AFTER_SECONDS

    def pause(self, tries: int, age: float) -> int | None:
        """Return the pause after this number of tries, with a jitter of ±20%; None when retries stop.

        `age` is the time since the message was queued.
        """
        if age >= self.end:
            return None
        # The sum of doubling pauses is the next pause less the first: at this age, the rule pauses for no longer.
        limit = min(self.longest, age + self.first)
        pause = min(limit, self.first << min(max(tries, 1) - 1, 20))
        return max(1, round(pause * random.uniform(1 - _JITTER, 1 + _JITTER)))  # noqa: S311 -- to spread retries, not for secrecy


PUSH = Retry(5, 3600)
"""A receipt or reply that Quick Audience did not accept. At the end it goes to `receipts-dead`."""
CHUNK = Retry(30, 900)
"""A chunk whose function failed (DynamoDB, SQS, the parameter store). At the end it goes to `sends-dead`.

By then `sweep` has reported its recipients as NOT_SENT.
"""
CALLBACK = Retry(30, 900)
"""Statuses or replies whose function failed. At the end they go to `callbacks-dead`."""
FETCH = Retry(30, 900, end=6 * 3600)
"""A file that can't be fetched. At the end its request has failed, and its message goes to `files-dead`.

Within half of the time in which a repeated request counts as the same (`periods.SAME_REQUEST_SECONDS`).
"""
FILE = Retry(60, 900)
"""A file whose function failed. At the end it goes to `files-dead`."""

# Seconds until a status whose message isn't stored yet is tried again. A callback can arrive seconds before the
# answer to its own send. Or the function was killed between sending and storing, which is noticed when the queue
# delivers the chunk again, 30 minutes later. The delays add up to 109 minutes.
SETTLE_DELAYS = (5, 10, 20, 40, 60, 120, 300, 600, 900, 900, 900, 900, 900, 900)
# Seconds after a send that got no answer, at which Tencent's records of it are asked for. The first round begins as
# soon as a status may adopt the message (BRIDGE_ADOPT_AFTER); these are the further ones. Tencent keeps records for
# 72 hours.
OUTCOME_ROUNDS = (600, 3600, 6 * 3600, 24 * 3600, 48 * 3600, 71 * 3600)
# Seconds until a round that got no answers continues.
OUTCOME_PAUSE = 300
# Seconds until a call that Tencent refused for now is made again: the first, multiplied by the attempts so far, up to
# the longest. Retries end when `sweep` reports the recipients as NOT_SENT, 72 hours after acceptance.
_REFUSED_FIRST = 30
_REFUSED_LONGEST = 900


def refused_pause(attempts: int) -> int:
    """Return the seconds until a call that certainly sent nothing is made again, after this number of attempts."""
    return min(_REFUSED_LONGEST, _REFUSED_FIRST * attempts)


def next_round(ended: int, rounds: int, now: int) -> tuple[int, int] | None:
    """Return the number and the epoch of the next round about a send that ended at an epoch; None after the last one.

    `rounds` is the number of rounds so far. Rounds whose time has passed are left out.
    """
    for number, age in enumerate(OUTCOME_ROUNDS[rounds:], rounds + 1):
        if ended + age > now:
            return number, ended + age
    return None


def settle_delay(tries: int, *, adopt_in: int = 0) -> int | None:
    """Return the seconds until a status without a message is tried again; None after the last try.

    `adopt_in` are the seconds until the status may be assigned to an earlier send of unknown outcome. If that time is
    still to come, the pause does not go beyond it.
    """
    if tries >= len(SETTLE_DELAYS):
        return None
    return min(SETTLE_DELAYS[tries], adopt_in) if adopt_in > 0 else SETTLE_DELAYS[tries]
