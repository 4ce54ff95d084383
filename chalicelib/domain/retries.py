"""When something is tried again."""

import random

# Pushes to Quick Audience, by the number of tries so far: 5 s, doubling, an hour at most. With the
# jitter at its least, the 99 pauses between 100 tries (the queue's maxReceiveCount) last 72 hours.
_PUSH_FIRST = 5
_PUSH_MOST = 3600
MAX_PUSH_TRIES = 100

# A status that no message is known for yet: seconds until it is looked at again. A callback may
# overtake the answer of its own send, by seconds; or find a function killed between the two, which
# is noticed when the queue delivers the chunk again, 30 minutes later. Together 109 minutes.
SETTLE_DELAYS = (5, 10, 20, 40, 60, 120, 300, 600, 900, 900, 900, 900, 900, 900)
# Until then the answer of its own send may still be on its way (the client waits 20 s for it), and
# the status must not be taken for that of an earlier send of unknown outcome.
ADOPT_AFTER_SECONDS = 30


def push_delay(tries: int) -> int:
    """Seconds until a push is tried again after `tries` failures, with jitter of a fifth."""
    delay = min(_PUSH_MOST, _PUSH_FIRST << min(tries - 1, 20))
    return max(1, round(delay * random.uniform(0.8, 1.2)))  # noqa: S311 -- spread, not secrecy


def settle_delay(looks: int) -> int | None:
    """Seconds until a status without a message is looked for again; None when it was looked for long enough."""
    return SETTLE_DELAYS[looks] if looks < len(SETTLE_DELAYS) else None
