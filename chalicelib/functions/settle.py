"""Turn Tencent's statuses and replies into receipts and replies for Quick Audience.

    find the message of a status ─▶ store its receipt ─▶ report it
      │
      └── not found: look again later ─▶ adopt a message of unknown outcome ─▶ park the status

    ask Tencent about sends that got no answer (`delivery/outcomes.py`)

A receipt is stored under the id of the queue's message. If a function dies between storing and reporting, SQS
delivers that message again, and the id shows which receipts it still has to report. A status may arrive before
the answer of the send that caused it. So a status without a message stays on the queue and is looked up again.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal

from chalicelib import dates, metrics, settings
from chalicelib.delivery import final_states, waiting
from chalicelib.domain import reported_times, retries
from chalicelib.domain.messages import Message, read_status
from chalicelib.domain.planning import MAX_PER_CALL
from chalicelib.domain.push_batches import Entry
from chalicelib.logs import log, mask, sample
from chalicelib.queues import bodies, receiving, sending
from chalicelib.queues.bodies import CallbackBody, Event, UnreadableBodyError
from chalicelib.queues.receiving import DEAD_LETTER, DONE, Record, Result, again
from chalicelib.store import messages, replies
from chalicelib.store.message_items import MAX_SID
from chalicelib.tencent import events

# Characters of a reply that are pushed. A person's longest message has some 700.
_MAX_REPLY = 2000


def handle(event: Mapping[str, Any], seconds_left: float) -> dict[str, list[dict[str, str]]] | None:
    """Work through an SQS event of the `callbacks` queue: all events together, or one by one if that fails.

    Inquiries follow, because they take time. Return what the handler returns to Lambda. `seconds_left` are those until
    Lambda ends the function.
    """
    deadline = time.time() + seconds_left
    records = receiving.records(event)
    inquiries = _inquiries(records)
    asking = {record.handle for record, _ in inquiries}
    callbacks = [record for record in records if record.handle not in asking]
    results: list[tuple[Record, Result]] = [(record, DONE) for record in callbacks]
    try:
        _settle(callbacks)
    except Exception:
        log.exception("callbacks failed together, they are tried one by one")
        results = _one_by_one(callbacks)
    if inquiries:
        results += _inquire(inquiries, deadline)
    return receiving.finish("callbacks", results)


def _inquiries(records: Sequence[Record]) -> list[tuple[Record, CallbackBody]]:
    """Return those messages of the queue that hold inquiries, decoded. What can't be read is left to `_settle`."""
    found: list[tuple[Record, CallbackBody]] = []
    for record in records:
        if CallbackBody.may_inquire(record.body):
            with suppress(UnreadableBodyError):
                body = CallbackBody.decode(record.body)
                found += [(record, body)] if body.inquiry else []
    return found


def _inquire(
    inquiries: Sequence[tuple[Record, CallbackBody]], deadline: float
) -> list[tuple[Record, Result]]:
    # Imported only here: few messages are of unknown outcome, and Tencent's client takes time to import.
    from chalicelib.delivery import outcomes  # noqa: PLC0415

    try:
        return outcomes.settle_unknown(inquiries, deadline)
    except Exception:
        log.exception("inquiries failed")
        return [(record, again(record, retries.CALLBACK)) for record, _ in inquiries]


def _one_by_one(records: Sequence[Record]) -> list[tuple[Record, Result]]:
    results: list[tuple[Record, Result]] = []
    for record in records:
        try:
            _settle([record])
            results.append((record, DONE))
        except UnreadableBodyError:
            log.exception("message can't be read", extra={"tries": record.tries})
            results.append((record, DEAD_LETTER))
        except Exception:
            log.exception("callbacks failed", extra={"tries": record.tries})
            results.append((record, again(record, retries.CALLBACK)))
    return results


def _settle(records: Sequence[Record]) -> None:
    statuses: list[_Status] = []
    for record in records:
        body = CallbackBody.decode(record.body)
        since = int(record.sent_at) if body.since is None else body.since
        statuses += [_Status(event, body.id, body.looks, since) for event in body.statuses]
        for reply in body.replies:
            _settle_reply(reply, body.id, body.looks, since)
    _settle_statuses(statuses)


class _Status:
    """A status as Tencent sent it, and how it was queued.

    `by` is the id of the queue's message; `looks` counts how often the status's message was looked up before;
    `since` is the epoch at which the status arrived. `phones` are the phones that it may be about, likeliest first.
    """

    def __init__(self, event: Event, by: str, looks: int, since: int) -> None:
        self.event = event
        self.by = by
        self.looks = looks
        self.since = since
        self.phones = events.phones_of(event)
        self.sid = events.sid_of(event)[:MAX_SID]


def _settle_statuses(statuses: list[_Status]) -> None:
    """Find the messages of statuses, store their receipts and report them. A status without a message waits."""
    now = int(time.time())
    found = messages.find(
        (phone, status.sid) for status in statuses if status.sid for phone in status.phones
    )
    adoption = _Adoption(now)
    settled: dict[tuple[str, str], Message] = {}
    unmatched: dict[tuple[int, int], list[Event]] = {}
    for status in statuses:
        keys = [(phone, status.sid) for phone in status.phones]
        message = next((found[key] for key in keys if key in found), None)
        message = message or adoption.adopt(status)
        if message is None:
            unmatched.setdefault((status.looks, status.since), []).append(status.event)
            continue
        key = (message.phone, message.sid)
        # If the same status is here twice, the second must not adopt another message.
        found[key] = message
        if key not in settled and (not message.receipt or message.receipt.by == status.by):
            # The first status of a message is its final one; Tencent may push it several times. A receipt that
            # this very message of the queue stored may not have been reported yet.
            settled[key] = message.with_receipt(read_status(status.event, now, status.by))
    reported = final_states.record_and_report(list(settled.values()))
    for (looks, since), without_message in unmatched.items():
        _wait("statuses", without_message, looks, since)
    log.info(
        "statuses settled",
        extra={
            "statuses": len(statuses),
            "settled": len(reported),
            "bizIds": sample(message.origin.biz_id for message in reported),
        },
    )
    delivered = sum(message.state == "delivered" for message in reported)
    metrics.count(Delivered=delivered, Failed=len(reported) - delivered)
    metrics.count(Adopted=adoption.adopted)


class _Adoption:
    """Gives statuses without a message to messages of unknown outcome of their phones, if there are any.

    Each phone is looked up once, however many statuses of it are here. A status adopts a message only once the answer
    of its own send can no longer arrive.
    """

    def __init__(self, now: int) -> None:
        self.adopted = 0
        self._now = now
        self._unknown: dict[str, list[Message]] = {}

    def adopt(self, status: _Status) -> Message | None:
        """Return the message that got the sid of a status; None if there is none."""
        if not status.sid:
            return None
        context = events.context_of(status.event)
        if context is None and _adopts_in(status.since, self._now) > 0:
            return None
        for phone in status.phones:
            if phone not in self._unknown:
                self._unknown[phone] = messages.unknown_of_phone(phone)
            unknown = self._unknown[phone]
            candidates = unknown if context is None else self._of_call(context, status, unknown)
            if candidates and (message := messages.adopt(phone, status.sid, candidates)):
                # Of two lists the other one has it, too.
                self._unknown[phone] = [one for one in unknown if one.at != message.at]
                self.adopted += 1
                log_fields = {"phone": mask(phone), "bizId": message.origin.biz_id}
                log.info("unknown outcome settled", extra=log_fields)
                return message
        return None

    def _of_call(
        self, context: tuple[str, int], status: _Status, unknown: Sequence[Message]
    ) -> list[Message]:
        """Return the message of unknown outcome that a status with a context belongs to, if it may adopt that now.

        The context names a call, in which the phone stands once. If the message is the call's first, it is certainly
        this one, and it waits only until the function that stored it can no longer store it again. Otherwise the phone
        may have a message in another call whose answer is about to be stored, so the status waits like any other.
        """
        biz_id, first = context
        of_request = [
            one
            for one in unknown
            if one.origin.biz_id == biz_id and first <= one.position < first + MAX_PER_CALL
        ]
        message = min(of_request, key=lambda one: one.position, default=None)
        if message is None:
            return []
        since = message.origin.sent_at if message.position == first else status.since
        return [message] if _adopts_in(since, self._now) <= 0 else []


def _adopts_in(since: int, now: int) -> int:
    """Return the seconds until a status that arrived at `since` may adopt a message; 0 or less if it may now."""
    return since + settings.load().adopt_after - now


def _settle_reply(reply: Event, by: str, looks: int, since: int) -> None:
    """Report a reply under the outId of the newest message with its phone and sign.

    A reply names neither a sid nor an outId ("SMS Reply"). `by`, `looks` and `since` are those of `_Status`.
    """
    message = _answered(reply)
    if message is None:
        _wait("replies", [reply], looks, since)
        return
    out_id = message.origin.out_id
    content = str(reply.get("text") or "")[:_MAX_REPLY]
    written = reported_times.read(reply.get("time"))
    sent = since if written is None else min(written, since)
    entry = {
        "outId": out_id,
        "phoneNum": message.phone_num,
        "sendTime": dates.to_beijing(sent),
        "content": content,
    }
    identity = replies.ReplyIdentity(message.phone, content, time=written, arrived=since)
    if not replies.record_reply(out_id, identity, entry, by, int(time.time())):
        return
    sending.send("receipts", bodies.of_entries("reply", out_id, [Entry(entry, message.at)]))
    log_fields = {"phone": mask(message.phone), "looks": looks, "bizId": message.origin.biz_id}
    log.info("reply matched", extra=log_fields)


def _answered(reply: Event) -> Message | None:
    """Return the message that a reply most likely answers: of the likeliest of its phones that has any."""
    sign = str(reply.get("sign") or "")
    found = (messages.newest_of_sign(phone, sign) for phone in events.phones_of(reply))
    return next(filter(None, found), None)


def _wait(
    kind: Literal["statuses", "replies"], waiting_events: list[Event], looks: int, since: int
) -> None:
    """Queue events again, to look up their messages later.

    After the last look, park them: they belong to no message of the bridge.
    """
    delay = retries.settle_delay(looks, adopt_in=_adopts_in(since, int(time.time())))
    if delay is None:
        for event in waiting_events:
            messages.park(events.phone_of(event), kind, event, int(time.time()))
        metrics.count(Parked=len(waiting_events))
        log.warning(
            "parked: no message of the bridge matches",
            extra={"kind": kind, "count": len(waiting_events)},
        )
        return
    next_look = CallbackBody(
        statuses=waiting_events if kind == "statuses" else [],
        replies=waiting_events if kind == "replies" else [],
        looks=looks + 1,
        since=since,
    )
    waiting.queue_later("callbacks", [next_look], delay)
