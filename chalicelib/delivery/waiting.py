"""Messages that wait outside their queue: stored in the table, and queued again by the function `release`.

Whenever messages may be queued again and again for more than a few minutes, they go through the table. A schedule
triggers `release`, not a queue, so its messages begin a new chain for Lambda's detection of recursive loops.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from chalicelib import metrics
from chalicelib.domain.breaker import HOLDS, NAMES, BreakerName
from chalicelib.domain.queue_names import QueueName
from chalicelib.logs import log
from chalicelib.queues import sending
from chalicelib.queues.bodies import Body, SendBody, UnreadableBodyError, since_of
from chalicelib.queues.receiving import DONE, Action, Record, Result, later
from chalicelib.queues.sending import MAX_DELAY
from chalicelib.store import breakers, waiting
from chalicelib.store.waiting import Waiting

# With a delay of up to these seconds, a message waits on its queue, because `release` runs only once a minute.
_MAX_ON_QUEUE = 100
_PAUSED: Mapping[BreakerName, str] = {
    "quickaudience": "pushing is paused: Quick Audience answered 401 or 403",
    "tencent": "sending is paused: Tencent did not answer",
}
# Seconds after which a message that could not be set aside comes again.
_NOT_SET_ASIDE = 60
# Messages that are queued again together, and the least seconds that have to be left for that.
_BATCH = 100
_SECONDS_FOR_A_BATCH = 15


def set_aside(
    queue: QueueName, results: Sequence[tuple[Record, Result]]
) -> list[tuple[Record, Result]]:
    """Store the messages to put back in the table, each at its gate; return the results, in which they are done.

    Log and count why they wait. They keep all their tries, because `release` queues them as new messages. If they
    can't be stored, they come again after a minute.
    """
    by_gate: dict[str, dict[str, str]] = {}
    since: dict[str, int] = {}
    for record, result in results:
        if result.action is Action.PUT_BACK:
            # SQS gives a message that is queued again another id.
            by_gate.setdefault(result.gate, {})[record.id] = record.body
            since[record.id] = int(record.since)
    _report({gate: len(texts) for gate, texts in by_gate.items()})
    replaced: dict[str, Result] = {}
    for gate, texts in by_gate.items():
        try:
            waiting.put(gate, queue, texts, since=since)
            replaced[gate] = DONE
        except Exception:
            extra = {"gate": gate, "messages": len(texts)}
            log.exception("messages can't be set aside", extra=extra)
            replaced[gate] = later(_NOT_SET_ASIDE)
    return [
        (record, replaced[result.gate] if result.action is Action.PUT_BACK else result)
        for record, result in results
    ]


def _report(messages: Mapping[str, int]) -> None:
    """Log and count the messages that wait at breakers, given by their number."""
    for name in NAMES:
        if name not in messages:
            continue
        metrics.count(**{"SendsHeld" if name in HOLDS else "BreakerOpen": 1})
        try:
            breaker = breakers.get_open(name)
        except Exception:
            log.exception("the breaker can't be read", extra={"gate": name})
            breaker = None
        fields = {"messages": messages[name], "gate": name, "why": breaker.why if breaker else ""}
        log.warning(_PAUSED.get(name, "sending is held: Tencent refuses the account"), extra=fields)


def queue_at(gate: str, queue: QueueName, bodies: Iterable[Body], delay: int) -> None:
    """Store messages of a queue at a gate. If they can't be stored, queue them with a delay of `delay` seconds."""
    texts = [body.encode() for body in bodies]
    try:
        waiting.put_at(gate, queue, texts, since=_since(texts))
    except Exception:
        log.exception("messages can't be set aside, they wait on the queue", extra={"gate": gate})
        sending.send_texts(queue, texts, delay=min(delay, MAX_DELAY))


def queue_later(queue: QueueName, bodies: Iterable[Body], delay: int) -> None:
    """Queue messages with a delay of `delay` seconds: a short one on the queue, a long one through the table."""
    texts = [body.encode() for body in bodies]
    if delay > _MAX_ON_QUEUE:
        try:
            due = int(time.time()) + delay
            waiting.put_until(due, queue, texts, since=_since(texts))
        except Exception:
            log.exception("messages can't be set aside, they wait on the queue")
        else:
            return
    sending.send_texts(queue, texts, delay=min(delay, MAX_DELAY))


def park(gate: str, queue: QueueName, record: Record) -> None:
    """Store a message at a gate at once, not at the end of the invocation. Safe to repeat."""
    waiting.put(gate, queue, {record.id: record.body}, since={record.id: int(record.since)})


def open_gate(gate: str, deadline: float, *, report: bool = True) -> int:
    """Queue all messages that wait at a gate, as `queue_again` does."""
    return queue_again(waiting.at(gate), deadline, report=report)


def queue_again(found: Iterable[Waiting], deadline: float, *, report: bool = True) -> int:
    """Queue messages that waited and delete them from the table, as long as time is left; return their number.

    With `report`, report the longest of their waits. It is left out where sends were meant to wait: their work waits
    from now on.
    """
    queued = 0
    for batch in _batches(found):
        if deadline - time.time() < _SECONDS_FOR_A_BATCH:
            log.warning("the time of this run is used up, the next run continues")
            break
        if report:
            report_waits(batch)
        by_queue: dict[QueueName, list[str]] = {}
        for one in batch:
            text = one.text if report else _from_now_on(one.text)
            by_queue.setdefault(one.queue, []).append(text)
        for queue, texts in by_queue.items():
            sending.send_texts(queue, texts)
        waiting.remove(batch)
        queued += len(batch)
    return queued


def _from_now_on(text: str) -> str:
    """Return a message of the queue `sends` whose work waits from now on."""
    try:
        return replace(SendBody.decode(text), since=int(time.time())).encode()
    except UnreadableBodyError:
        # `deliver` makes it a dead letter.
        return text


def report_waits(found: Iterable[Waiting]) -> None:
    """Report the longest wait of the messages in the table, by queue."""
    since: dict[QueueName, int] = {}
    for one in found:
        since[one.queue] = min(one.since, since.get(one.queue, one.since))
    for queue, oldest in since.items():
        metrics.longest_wait(queue, time.time() - oldest)


def move(found: Sequence[Waiting], gate: str) -> None:
    """Move messages from the gates at which they wait to another one."""
    by_queue: dict[QueueName, list[Waiting]] = {}
    for one in found:
        by_queue.setdefault(one.queue, []).append(one)
    for queue, messages in by_queue.items():
        # Another name for each: under the same one, a message that comes back could be deleted with this one.
        named = {f"{one.gate}-{one.sort}": one for one in messages}
        texts = {name: one.text for name, one in named.items()}
        waiting.put(gate, queue, texts, since={name: one.since for name, one in named.items()})
    waiting.remove(found)


def _batches(found: Iterable[Waiting]) -> Iterator[list[Waiting]]:
    rest = iter(found)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def _since(texts: Iterable[str]) -> int | None:
    """Return the epoch since which the oldest of these messages waits; None if no message says so."""
    return min(filter(None, map(since_of, texts)), default=None)
