"""Settle statuses of Tencent: each becomes the receipt of its message, which is reported.

    find the message of a status ─▶ store its receipt ─▶ report it
      │
      └── not found: look again later ─▶ adopt a message of unknown outcome ─▶ park the status

A receipt is stored under the id of the queue's message. If a function dies between storing and reporting, SQS
delivers that message again, and the id shows which receipts it still has to report. A status may arrive before
the answer of the send that caused it. So a status without a message stays on the queue and is looked up again.
"""

import time
from collections.abc import Iterable, Sequence

from chalicelib import metrics
from chalicelib.delivery import final_states
from chalicelib.delivery.unmatched_events import adopts_in, look_again
from chalicelib.domain.messages import Message, read_status
from chalicelib.domain.planning import MAX_PER_CALL
from chalicelib.logs import log, mask, sample
from chalicelib.queues.bodies import Event
from chalicelib.store import messages
from chalicelib.store.message_items import MAX_SID
from chalicelib.tencent import events


class Status:
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


def settle_statuses(statuses: list[Status]) -> None:
    """Find the messages of statuses, store their receipts and report them. A status without a message waits."""
    now = int(time.time())
    found = _find(statuses)
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
        look_again("statuses", without_message, looks, since)
    log.info(
        "statuses settled",
        extra={
            "statuses": len(statuses),
            "settled": len(reported),
            "bizIds": sample(message.origin.biz_id for message in reported),
        },
    )
    final_states.count(reported)
    metrics.count(Adopted=adoption.adopted)


def _find(statuses: Sequence[Status]) -> dict[tuple[str, str], Message]:
    """Return the messages of statuses, by phone and sid.

    Those that a cheap read misses are read consistently. Work that failed is repeated at once, and a message that it
    has just adopted must be found: its receipt names this work, so no other work reports it.
    """
    found = messages.find(_keys(statuses))
    missing = [one for one in statuses if found.keys().isdisjoint(_keys([one]))]
    return found | messages.find(_keys(missing), consistent=True) if missing else found


def _keys(statuses: Iterable[Status]) -> list[tuple[str, str]]:
    return [(phone, status.sid) for status in statuses if status.sid for phone in status.phones]


class _Adoption:
    """Gives statuses without a message to messages of unknown outcome of their phones, if there are any.

    Each phone is looked up once, however many statuses of it are here. A status adopts a message only once the answer
    of its own send can no longer arrive.
    """

    def __init__(self, now: int) -> None:
        self.adopted = 0
        self._now = now
        self._unknown: dict[str, list[Message]] = {}

    def adopt(self, status: Status) -> Message | None:
        """Return the message that got the sid of a status; None if there is none."""
        if not status.sid:
            return None
        context = events.context_of(status.event)
        if context is None and adopts_in(status.since, self._now) > 0:
            return None
        for phone in status.phones:
            if phone not in self._unknown:
                self._unknown[phone] = messages.unknown_of_phone(phone)
            unknown = self._unknown[phone]
            candidates = unknown if context is None else self._of_call(context, status, unknown)
            if candidates and (message := messages.adopt(phone, status.sid, candidates)):
                # `adopt` removes it from the candidates only.
                self._unknown[phone] = [one for one in unknown if one.at != message.at]
                self.adopted += 1
                log_fields = {"phone": mask(phone), "bizId": message.origin.biz_id}
                log.info("unknown outcome settled", extra=log_fields)
                return message
        return None

    def _of_call(
        self, context: tuple[str, int], status: Status, unknown: Sequence[Message]
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
        return [message] if adopts_in(since, self._now) <= 0 else []
