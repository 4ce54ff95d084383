"""A call to Quick Audience and the record that it was taken; and what is done where one entry spoils it."""

import random
import time
from collections.abc import Callable, Sequence
from typing import Any

from chalicelib import metrics
from chalicelib.campaigns import receipts, retries
from chalicelib.campaigns.receipts import Kind
from chalicelib.logs import log
from chalicelib.queues import sending
from chalicelib.quickaudience import push as quick_audience
from chalicelib.quickaudience.push import EntriesRefusedError, PushError
from chalicelib.store import campaigns

Entries = Sequence[dict[str, Any]]

# What a call (25 s) and the records after it may take.
SECONDS_FOR_A_CALL = 30
# Calls for one message that is taken apart: enough to find two bad entries among a hundred.
_MOST_CALLS = 30
# As long as nothing was taken: down to a single entry of a hundred, and some more, should that be the bad one.
_MOST_IN_VAIN = 10


def push(kind: Kind, entries: Entries) -> None:
    """Push entries of one outId and keep whose receipts were taken. Raises PushError."""
    shown = [{name: value for name, value in entry.items() if name != "at"} for entry in entries]
    quick_audience.push(kind, shown)
    metrics.count(Pushed=len(entries))
    if kind == "details":
        positions: dict[str, list[int]] = {}
        for entry in entries:
            biz_id, position = entry["at"]
            positions.setdefault(biz_id, []).append(position)
        campaigns.record_pushed(entries[0]["outId"], positions)


def take_apart(
    push: Callable[[Kind, Entries], None], kind: Kind, entries: Entries, deadline: float
) -> bool:
    """Push entries, refused together, in parts by `push`; answers whether any was taken.

    If so, the refusal was for the sake of single entries: what is left is queued in parts of its own,
    so that the good are not held up by the bad. If not, nothing has changed: the refusal was meant
    for all of them, and after a few parts nobody is bothered any further.
    """
    parts = [list(entries)]
    # Where the bad entry stands is not known: next time, other parts come first.
    random.shuffle(parts[0])
    refused: list[Entries] = []
    taken = False
    for made in range(_MOST_CALLS):
        if not taken and made > _MOST_IN_VAIN:
            break
        if not parts or deadline - time.time() < SECONDS_FOR_A_CALL:
            break
        part = parts.pop()
        if len(part) < len(entries):
            try:
                push(kind, part)
            except EntriesRefusedError:
                pass
            except PushError:
                parts.append(part)
                break
            else:
                taken = True
                continue
        if len(part) == 1:
            refused.append(part)
        else:
            middle = len(part) // 2
            parts += [part[middle:], part[:middle]]
    if taken:
        out_id = entries[0]["outId"]
        left = (list(part) for part in [*refused, *parts])
        messages = (message for part in left for message in receipts.pack(kind, out_id, part))
        sending.send("receipts", messages, delay=retries.push_delay(1))
        log.warning("refused for the sake of single entries", extra={"refused": len(refused)})
    return taken
