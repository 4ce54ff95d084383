"""Find out the outcomes of sends that got no answer, from Tencent's records (docs/decisions/0055).

    ask for the records of each phone ─▶ settle its messages by them (`record_settling`)
      │
      └── some stay unknown: ask for the statuses of the phone, and queue them as if they had been pushed

Nothing is ever sent again because of what a record says or does not say. One invocation at a time asks, because
Tencent's limits hold for the whole account. What is not done when its time is used up is queued again.
"""

import hashlib
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

from chalicelib import metrics, settings
from chalicelib.delivery import waiting
from chalicelib.delivery.outcome_queries import OutcomeQueries
from chalicelib.delivery.record_settling import Found, RecordSettling
from chalicelib.domain import retries
from chalicelib.logs import log
from chalicelib.queues import batching, sending
from chalicelib.queues.bodies import CallbackBody, Event
from chalicelib.queues.outcome_inquiry import OutcomeInquiry
from chalicelib.queues.receiving import DONE, Record, Result, again, later
from chalicelib.store import leases
from chalicelib.store.message_items import MAX_SID
from chalicelib.tencent import api
from chalicelib.tencent.events import sid_of

_PARALLEL = 4
# Receipts are stored and reported in groups of this many.
_MESSAGES_PER_WRITE = 20
# The lease of the invocation that asks, and the seconds after which another one tries to get it.
_LEASE = "records"
_BUSY_SECONDS = 10
# After this many seconds `inquire` asks for statuses, so that this module asks for records alone.
_STATUSES_UNTIL = 5 * 3600
# A round that got no answers is continued for this many seconds after the send; then the next round follows.
_CONTINUED_SECONDS = 3600


def settle_unknown(
    asked: Sequence[tuple[Record, CallbackBody]], deadline: float
) -> list[tuple[Record, Result]]:
    """Work through messages of the queue that hold inquiries; return each with its result.

    `deadline` is the epoch at which Lambda ends the function.
    """
    client = api.client()
    if not client.keeps_records:
        log.warning(
            "this API keeps no records: callbacks may settle what is unknown",
            extra={"api": client.name},
        )
        return [(record, DONE) for record, _ in asked]
    lease = leases.acquire(_LEASE, int(time.time()), int(deadline) + 1)
    if lease is None:
        return [(record, later(_BUSY_SECONDS)) for record, _ in asked]
    results: list[tuple[Record, Result]] = []
    queries = OutcomeQueries(client, deadline)
    with ThreadPoolExecutor(_PARALLEL) as pool, ThreadPoolExecutor(_PARALLEL) as status_pool:
        for record, body in asked:
            results.append((record, _work(queries, record, body, pool, status_pool)))
    if not queries.stopped:
        # Otherwise it ends by itself, so that no invocation asks for a while.
        leases.release(lease)
    return results


def _work(
    queries: OutcomeQueries,
    record: Record,
    body: CallbackBody,
    pool: ThreadPoolExecutor,
    status_pool: ThreadPoolExecutor,
) -> Result:
    if body.inquiry is None:
        return DONE
    if not queries.has_time:
        return later(_BUSY_SECONDS)
    try:
        _Inquiry(queries, body.id, body.inquiry).make(pool, status_pool)
    except Exception:
        log.exception("inquiry failed", extra={"bizId": body.inquiry.chunk.biz_id})
        return again(record, retries.CALLBACK)
    return DONE


class _Inquiry:
    """One inquiry: the messages to some recipients of a chunk. `by` identifies it in the receipts that it stores."""

    def __init__(self, queries: OutcomeQueries, by: str, inquiry: OutcomeInquiry) -> None:
        self._queries = queries
        self._by = by
        self._inquiry = inquiry
        self._settling = RecordSettling(by, inquiry)
        self._over = False

    def make(self, pool: ThreadPoolExecutor, status_pool: ThreadPoolExecutor) -> None:
        """Ask about every phone, settle what is found, and queue what is left for later."""
        try:
            self._make(pool, status_pool)
        finally:
            # After an error, the calls that have not been made would be in vain.
            self._over = True

    def _make(self, pool: ThreadPoolExecutor, status_pool: ThreadPoolExecutor) -> None:
        unasked: set[int] = set()
        unsettled = set(self._inquiry.unsettled)
        asked_for_statuses: dict[Future[list[Event] | None], set[int]] = {}
        phones = self._settling.waiting()
        found = pool.map(self._records, phones)
        for (phone, positions), records in zip(phones.items(), found, strict=True):
            if records is None:
                unasked |= positions
                continue
            still, known = self._settling.settle_phone(phone, positions, records)
            if still and time.time() - self._inquiry.ended < _STATUSES_UNTIL:
                asked_for_statuses[status_pool.submit(self._statuses, phone, known)] = still
            else:
                unsettled |= still
            self._settling.report(at_least=_MESSAGES_PER_WRITE)
        self._settling.report()
        events: list[Event] = []
        for future, positions in asked_for_statuses.items():
            statuses = future.result()
            if statuses is None:
                unasked |= positions
            else:
                unsettled |= positions
                events += statuses
        sending.send("callbacks", batching.of_events(events, []))
        self._queue(unasked, unsettled, progressed=len(unasked) < len(self._inquiry.positions))
        log.info(
            "asked for the outcomes of sends",
            extra={
                "bizId": self._inquiry.chunk.biz_id,
                "start": self._inquiry.chunk.start,
                "round": self._inquiry.round,
                "recipients": len(self._inquiry.positions),
                "settled": self._settling.settled,
                "adopted": self._settling.adopted,
                "statuses": len(events),
                "unasked": len(unasked),
                "unsettled": len(unsettled),
            },
        )

    def _records(self, phone: str) -> Found | None:
        """Ask for the records of a phone; return None if there was no time for it."""
        if self._over:
            return None
        # Before the call, so that a send that begins meanwhile began after it.
        horizon = int(time.time()) - settings.load().adopt_after
        found = self._queries.records(phone, self._settling.since)
        return None if found is None else Found(found, horizon)

    def _statuses(self, phone: str, known: frozenset[str]) -> list[Event] | None:
        """Ask for the statuses of a phone, without those of known sids; return None if there was no time for it."""
        found = self._queries.statuses(phone, self._inquiry.began)
        if found is None:
            return None
        return [event for event in found if sid_of(event)[:MAX_SID] not in known]

    def _queue(self, unasked: set[int], unsettled: set[int], *, progressed: bool) -> None:
        """Queue the rest of this round, or else the next one about what is still unknown."""
        now, inquiry = int(time.time()), self._inquiry
        metrics.count(Adopted=self._settling.adopted)
        if unasked and (progressed or now - inquiry.ended < _CONTINUED_SECONDS):
            rest = replace(
                inquiry,
                positions=tuple(sorted(unasked)),
                unsettled=tuple(sorted(unsettled)),
            )
            pause = 0 if progressed else _BUSY_SECONDS
            if self._queries.stopped:
                pause = retries.OUTCOME_PAUSE
            self._queue_later(self._by, rest, now + pause)
            return
        left = unasked | unsettled
        following = retries.next_round(inquiry.ended, inquiry.round, now) if left else None
        if following:
            number, due = following
            later_round = replace(
                inquiry, positions=tuple(sorted(left)), unsettled=(), round=number
            )
            # If this inquiry is delivered twice, both queue the same message, and the table holds it once.
            name = hashlib.sha256(f"{self._by} {number}".encode()).hexdigest()[:16]
            self._queue_later(name, later_round, due)

    @staticmethod
    def _queue_later(name: str, inquiry: OutcomeInquiry, due: int) -> None:
        """Queue an inquiry for an epoch. It counts as waiting from then on, so that no alarm finds it late."""
        body = CallbackBody(id=name, inquiry=inquiry, since=due)
        waiting.queue_later("callbacks", [body], max(0, due - int(time.time())))
