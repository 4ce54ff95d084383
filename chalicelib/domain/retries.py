"""The delays until something is tried again."""

import random

# Pushes to Quick Audience: after the first try 5 s, then doubling, up to an hour. Even with the smallest jitter,
# the 99 pauses between 100 tries (the queue's maxReceiveCount) take more than 72 hours.
_FIRST_PUSH_DELAY = 5
_MAX_PUSH_DELAY = 3600
MAX_PUSH_TRIES = 100

# Seconds until a status whose message isn't stored yet is tried again. A callback can arrive seconds before the
# answer to its own send. Or the function was killed between sending and storing, which is noticed when the queue
# delivers the chunk again, 30 minutes later. The delays add up to 109 minutes.
SETTLE_DELAYS = (5, 10, 20, 40, 60, 120, 300, 600, 900, 900, 900, 900, 900, 900)
# Until this many seconds after a status arrived, the answer to its own send may still arrive (the client waits 20 s
# for it). Only then may the status be assigned to an earlier send of unknown outcome.
ADOPT_AFTER_SECONDS = 30


def push_delay(tries: int) -> int:
    """Return the seconds until a push is tried again after `tries` failures, with a jitter of ±20%."""
    delay = min(_MAX_PUSH_DELAY, _FIRST_PUSH_DELAY << min(tries - 1, 20))
    return max(1, round(delay * random.uniform(0.8, 1.2)))  # noqa: S311 -- to spread retries, not for secrecy


def settle_delay(tries: int) -> int | None:
    """Return the seconds until a status without a message is tried again; None after the last try."""
    return SETTLE_DELAYS[tries] if tries < len(SETTLE_DELAYS) else None
