"""Messages that wait off their queue: set aside in the table, and queued again by `release`.

Every loop of the bridge that may last longer than a few minutes goes through the table. `release` is called by
a schedule and not by a queue, so that what it queues begins a new chain for Lambda's detection of recursive loops.
"""

import time
from collections.abc import Iterable, Sequence

from chalicelib.domain.queue_names import QueueName
from chalicelib.logs import log
from chalicelib.queues import sending
from chalicelib.queues.bodies import Body
from chalicelib.queues.receiving import DONE, PUT_BACK, Record, Result, later
from chalicelib.queues.sending import MAX_DELAY
from chalicelib.store import waiting

# Up to this delay a message waits on its queue; `release`, which runs each minute, would be too coarse.
_MAX_ON_QUEUE = 100
# Seconds until a message that could not be set aside is received again.
_NOT_SET_ASIDE = 60


def set_aside(
    gate: str, queue: QueueName, results: Sequence[tuple[Record, Result]]
) -> list[tuple[Record, Result]]:
    """Store the messages that are to be put back at a gate; return the results with these messages done.

    None of their tries is spent: `release` queues them again as new messages. Where they can't be stored, they
    come again after a minute.
    """
    back = [record for record, result in results if result is PUT_BACK]
    if not back:
        return list(results)
    try:
        waiting.put(gate, queue, (record.body for record in back))
        replaced = DONE
    except Exception:
        log.exception("messages can't be set aside", extra={"gate": gate, "messages": len(back)})
        replaced = later(_NOT_SET_ASIDE)
    return [(record, replaced if result is PUT_BACK else result) for record, result in results]


def queue_later(queue: QueueName, bodies: Iterable[Body], delay: int) -> None:
    """Queue messages that are received after `delay` seconds: short waits on the queue, long ones in the table."""
    made = list(bodies)
    if delay > _MAX_ON_QUEUE:
        try:
            waiting.put(
                waiting.TIME, queue, (body.encode() for body in made), int(time.time()) + delay
            )
        except Exception:
            log.exception("messages can't be set aside, they wait on the queue")
        else:
            return
    sending.send(queue, made, delay=min(delay, MAX_DELAY))
