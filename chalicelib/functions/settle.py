"""From Tencent's statuses and replies to receipts for Quick Audience.

A message that is found gets its receipt first and is reported second, under the id of the queue's message: if
a function dies in between, the message comes again and finds by that id what it still has to report. What is
not found waits on the queue and is looked for again: a callback may overtake the answer of the very send that
caused it.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from chalicelib import dates, metrics
from chalicelib.delivery import final_states
from chalicelib.domain import retries, sign_names
from chalicelib.domain.messages import Message, read_status
from chalicelib.domain.push_batches import Entry
from chalicelib.logs import log, mask, sample
from chalicelib.queues import bodies, receiving, sending
from chalicelib.queues.bodies import CallbackBody, Event
from chalicelib.queues.receiving import DONE, Record, Result, later
from chalicelib.store import messages, replies
from chalicelib.tencent.events import phone_of

_NEXT_CENTURY = 4_102_444_800


def handle(event: Mapping[str, Any]) -> None:
    """Work through an SQS event of the `callbacks` queue, all of it at once; one by one where that fails."""
    records = receiving.records(event)
    try:
        _settle(records)
    except Exception:
        log.exception("callbacks failed together, trying them one by one")
        _one_by_one(records)


def _one_by_one(records: Sequence[Record]) -> None:
    results: list[tuple[Record, Result]] = []
    for record in records:
        try:
            _settle([record])
            results.append((record, DONE))
        except Exception:
            log.exception("callbacks failed", extra={"tries": record.tries})
            results.append((record, later(30 * record.tries)))
    receiving.finish("callbacks", results)


def _settle(records: Sequence[Record]) -> None:
    statuses: list[_Status] = []
    for record in records:
        body = CallbackBody.decode(record.body)
        since = int(record.sent_at) if body.since is None else body.since
        statuses += [_Status(report, body.id, body.looks, since) for report in body.statuses]
        for reply in body.replies:
            _reply(reply, body.id, body.looks, since)
    _statuses(statuses)


class _Status:
    """A report, the queue's message that has it, and how often it was looked for since when."""

    def __init__(self, report: Event, by: str, looks: int, since: int) -> None:
        self.report = report
        self.by = by
        self.looks = looks
        self.since = since
        self.phone = phone_of(report)
        self.sid = str(report.get("sid") or "")[: messages.MAX_SID]


def _statuses(statuses: list[_Status]) -> None:
    """Settle what is known, adopt what is of unknown outcome, let the rest wait."""
    now = int(time.time())
    found = messages.find((status.phone, status.sid) for status in statuses if status.sid)
    settled: dict[tuple[str, str], Message] = {}
    waiting: dict[tuple[int, int], list[Event]] = {}
    for status in statuses:
        key = (status.phone, status.sid)
        message = found.get(key) or _adopt(status, now)
        if message:
            # The same status may stand there twice, and takes no second mark.
            found[key] = message
        if message is None:
            waiting.setdefault((status.looks, status.since), []).append(status.report)
        elif key not in settled and (not message.receipt or message.receipt.by == status.by):
            # The first status of a message is its final one; Tencent may push it several times. One
            # that this very queue's message settled may not have been reported.
            settled[key] = message.with_receipt(read_status(status.report, now, status.by))
    reported = final_states.record_and_report(list(settled.values()))
    for (looks, since), reports in waiting.items():
        _wait("statuses", reports, looks, since)
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


def _adopt(status: _Status, now: int) -> Message | None:
    if not status.sid or now - status.since < retries.ADOPT_AFTER_SECONDS:
        return None
    message = messages.adopt(status.phone, status.sid)
    if message:
        shown = {"phone": mask(status.phone), "bizId": message.origin.biz_id}
        log.info("unknown outcome settled", extra=shown)
    return message


def _reply(reply: Event, by: str, looks: int, since: int) -> None:
    """Give a reply to the newest message of its phone and sign ("SMS Reply"; it names neither sid nor outId)."""
    phone = phone_of(reply)
    message = messages.newest_of_sign(phone, sign_names.normal(str(reply.get("sign") or "")))
    now = int(time.time())
    if message is None:
        _wait("replies", [reply], looks, since)
        return
    out_id = message.origin.out_id
    content, sent = str(reply.get("text") or ""), _epoch(reply.get("time"), since)
    key = replies.reply_key(phone, content, sent)
    entry = {
        "outId": out_id,
        "phoneNum": message.phone_num,
        "sendTime": dates.to_beijing(sent),
        "content": content,
    }
    if not replies.record_reply(out_id, key, entry, by, now):
        return
    sending.send("receipts", bodies.of_entries("reply", out_id, [Entry(entry, message.at)]))
    shown = {"phone": mask(phone), "looks": looks, "bizId": message.origin.biz_id}
    log.info("reply matched", extra=shown)


def _epoch(value: Any, otherwise: int) -> int:
    """A reply's `time`, a unix time in seconds; `otherwise` where it is no time of this century."""
    try:
        seconds = int(value)
    except (TypeError, ValueError, OverflowError):
        return otherwise
    return seconds if 0 < seconds < _NEXT_CENTURY else otherwise


def _wait(
    kind: Literal["statuses", "replies"], events: list[Event], looks: int, since: int
) -> None:
    """Look again later. After enough looks, park them: they belong to no message of the bridge."""
    delay = retries.settle_delay(looks)
    if delay is None:
        for event in events:
            messages.park(phone_of(event), kind, event, int(time.time()))
        metrics.count(Parked=len(events))
        log.warning(
            "parked: belongs to no message of ours", extra={"kind": kind, "count": len(events)}
        )
        return
    statuses, answers = (events, []) if kind == "statuses" else ([], events)
    again = CallbackBody(statuses=statuses, replies=answers, looks=looks + 1, since=since)
    sending.send("callbacks", [again], delay=delay)
