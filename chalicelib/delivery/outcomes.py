"""Find out what became of sends that got no answer, from Tencent's records (docs/decisions/0055).

    ask for the records of each phone ─▶ pair them with its messages ─▶ assign the sids ─▶ store and report receipts
      │
      └── nothing found: ask for the statuses of the phone, and queue them as if they had been pushed

Nothing is ever sent again because of what a record says or does not say. One invocation at a time asks, because
Tencent's limits hold for the whole account. What is not done when its time is used up is queued again.
"""

import hashlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple, TypeVar

from chalicelib import metrics, settings
from chalicelib.delivery import final_states, waiting
from chalicelib.delivery.tencent_calls import waits
from chalicelib.domain import retries, send_records
from chalicelib.domain.messages import Message, Receipt, failure_receipt, read_status
from chalicelib.domain.planning import Failure
from chalicelib.logs import log, mask
from chalicelib.queues import bodies, sending
from chalicelib.queues.bodies import CallbackBody, Event, OutcomeInquiry
from chalicelib.queues.receiving import DONE, Record, Result, again, later
from chalicelib.store import chunks, leases, messages, send_requests, templates
from chalicelib.store.message_items import MAX_SID
from chalicelib.tencent import api
from chalicelib.tencent.answers import SendRecord, SendRecords, SendStatus
from chalicelib.tencent.error_codes import (
    CodeClass,
    explain,
    is_not_enabled,
    lacks_policy,
    meaning,
    synonyms,
)
from chalicelib.tencent.events import sid_of
from chalicelib.tencent.interface import CallRefusedError, PullType, TencentApi, TencentError
from chalicelib.tencent.throttle import Pace

# Tencent allows 10 and 20 calls a second to the whole account, and counts them as they arrive.
RECORDS_PER_SECOND = 9
STATUSES_PER_SECOND = 18
_PARALLEL = 4
# The run ends after this number of calls without an answer in a row.
_MAX_FAILURES = 10
# Tries of a call that Tencent refuses for its rate, and the seconds between them.
_TRIES = 3
_RATE_PAUSE = 1
# Codes of refusals that are HTTP statuses: something in between refused the call, not Tencent.
_HTTP_STATUSES = range(300, 500)
# A call begins with at least this much time left: for the call (20 s) and the writes after it.
SECONDS_FOR_A_CALL = 25
# Receipts are stored and reported in groups of this many.
_MESSAGES_PER_WRITE = 20
# The lease of the invocation that asks, and the seconds after which another one tries to get it.
_LEASE = "records"
_BUSY_SECONDS = 10
# After this many seconds `inquire` asks for statuses, so that this module asks for records alone.
_STATUSES_UNTIL = 5 * 3600
_STATUS_TOLERANCE_SECONDS = 600
# A round that got no answers is continued for this many seconds after the send; then the next round follows.
_CONTINUED_SECONDS = 3600

T = TypeVar("T")


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
    run = _Run(client, deadline)
    with ThreadPoolExecutor(_PARALLEL) as pool, ThreadPoolExecutor(_PARALLEL) as status_pool:
        for record, body in asked:
            results.append((record, _work(run, record, body, pool, status_pool)))
    if not run.stopped:
        # Otherwise it ends by itself, so that no invocation asks for a while.
        leases.release(lease)
    return results


def _work(
    run: "_Run",
    record: Record,
    body: CallbackBody,
    pool: ThreadPoolExecutor,
    status_pool: ThreadPoolExecutor,
) -> Result:
    if body.inquiry is None:
        return DONE
    if not run.has_time:
        return later(_BUSY_SECONDS)
    try:
        _Inquiry(run, body.id, body.inquiry).make(pool, status_pool)
    except Exception:
        log.exception("inquiry failed", extra={"bizId": body.inquiry.chunk.biz_id})
        return again(record, retries.CALLBACK)
    return DONE


class _Run:
    """The calls to Tencent of one invocation. Safe to use from several threads."""

    def __init__(self, client: TencentApi, deadline: float) -> None:
        self.client = client
        self.stopped = False
        self.records = _Source(self, "DescribeSendRecordList", RECORDS_PER_SECOND)
        self.statuses = _Source(self, "PullSmsSendStatusByPhoneNumber", STATUSES_PER_SECOND)
        self._deadline = deadline
        self._failures = 0
        self._lock = threading.Lock()

    @property
    def seconds_left(self) -> float:
        """Return the seconds within which another call may begin."""
        return self._deadline - SECONDS_FOR_A_CALL - time.time()

    @property
    def has_time(self) -> bool:
        """Return whether another call may be made."""
        return not self.stopped and self.seconds_left > 0

    def answered(self) -> None:
        """Record that a call was answered."""
        with self._lock:
            self._failures = 0

    def failed(self, name: str, error: TencentError) -> None:
        """Record that a call got no answer; after too many in a row, end the run."""
        with self._lock:
            self._failures += 1
            if self._failures < _MAX_FAILURES or self.stopped:
                return
            self.stopped = True
        log.warning(
            "too many calls to Tencent got no answer, the inquiry continues later",
            extra={"call": name, "why": str(error)},
        )


class _Source:
    """One of the two calls that ask about a phone: how often it may be made, and whether it is offered."""

    def __init__(self, run: _Run, name: str, per_second: float) -> None:
        self._run = run
        self._name = name
        self._offered = True
        self._pace = Pace(per_second)
        # The previous run may have made a call a moment ago.
        self._pace.rest(time.monotonic() + 1 / per_second)
        self._lock = threading.Lock()

    def ask(self, call: Callable[[], T], nothing: T) -> T | None:
        """Make a call in its turn and return the answer: `nothing` if Tencent gives none, None if there was no time."""
        for _ in range(_TRIES):
            if not self._offered:
                return nothing
            if not self._run.has_time or not self._pace.wait(self._run.seconds_left):
                return None
            try:
                answer = call()
            except CallRefusedError as error:
                if error.meaning.kind is CodeClass.WAIT:
                    self._pace.rest(time.monotonic() + _RATE_PAUSE)
                    continue
                if error.code in _HTTP_STATUSES:
                    self._run.failed(self._name, error)
                elif error.meaning.kind is CodeClass.CONFIG:
                    self._not_offered(error)
                return nothing
            except TencentError as error:
                self._run.failed(self._name, error)
                return nothing
            self._run.answered()
            return answer
        return None

    def _not_offered(self, error: CallRefusedError) -> None:
        """Ask no more in this run, and log once what the operator can do."""
        with self._lock:
            if not self._offered:
                return
            self._offered = False
        if "InvalidAction" in synonyms(error.code):
            remedy = "Tencent does not offer this call to the account: ask its support"
        elif lacks_policy(error.code):
            remedy = (
                "No policy allows the key of TENCENT_SECRET_ID to make this call: grant it the action "
                f"sms:{self._name} in Tencent's access management (CAM)"
            )
        elif is_not_enabled(error.code):
            remedy = "Tencent has not enabled this call for the application: ask its support"
        else:
            remedy = "Tencent refuses this call"
        log.warning(
            f"{remedy}. Sends of unknown outcome wait for their callbacks",
            extra={"call": self._name, "why": str(error)},
        )


class _Found(NamedTuple):
    """The records of a phone. Those from the epoch `horizon` on may belong to messages that are being sent."""

    records: SendRecords
    horizon: int


class _Inquiry:
    """One inquiry: the messages to some recipients of a chunk. `by` identifies it in the receipts that it stores."""

    def __init__(self, run: _Run, by: str, inquiry: OutcomeInquiry) -> None:
        self._run = run
        self._by = by
        self._inquiry = inquiry
        self._begin = inquiry.began - send_records.CLOCK_TOLERANCE_SECONDS
        self._texts: dict[tuple[str, str], str] = {}
        self._settled: list[Message] = []
        self._counts = {"settled": 0, "adopted": 0}
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
        waiting_phones = self._waiting()
        found = pool.map(self._records, waiting_phones)
        for (phone, positions), records in zip(waiting_phones.items(), found, strict=True):
            if records is None:
                unasked |= positions
                continue
            still, known = self._settle_phone(phone, positions, records)
            if still and time.time() - self._inquiry.ended < _STATUSES_UNTIL:
                asked_for_statuses[status_pool.submit(self._statuses, phone, known)] = still
            else:
                unsettled |= still
            if len(self._settled) >= _MESSAGES_PER_WRITE:
                self._report()
        self._report()
        events: list[Event] = []
        for future, positions in asked_for_statuses.items():
            statuses = future.result()
            if statuses is None:
                unasked |= positions
            else:
                unsettled |= positions
                events += statuses
        sending.send("callbacks", bodies.of_events(events, []))
        self._queue(unasked, unsettled, progressed=len(unasked) < len(self._inquiry.positions))
        log.info(
            "asked for the outcomes of sends",
            extra={
                "bizId": self._inquiry.chunk.biz_id,
                "start": self._inquiry.chunk.start,
                "round": self._inquiry.round,
                "recipients": len(self._inquiry.positions),
                **self._counts,
                "statuses": len(events),
                "unasked": len(unasked),
                "unsettled": len(unsettled),
            },
        )

    def _waiting(self) -> dict[str, set[int]]:
        """Return the positions that are not settled, by phone. What this inquiry settled before is reported again."""
        progress = chunks.progress(self._inquiry.chunk)
        if progress is None:
            return {}
        wanted: dict[str, set[int]] = {}
        phones, start = progress.plan.phones, progress.plan.start
        for position in self._inquiry.positions:
            if 0 <= position - start < len(phones):
                wanted.setdefault(phones[position - start], set()).add(position)
        found: dict[str, set[int]] = {}
        for phone, positions in wanted.items():
            for message in self._own(messages.of_phone(phone), positions):
                if message.receipt is None:
                    found.setdefault(phone, set()).add(message.position)
                elif message.receipt.by == self._by:
                    self._settled.append(message)
        return found

    def _own(self, stored: Sequence[Message], positions: set[int]) -> list[Message]:
        biz_id = self._inquiry.chunk.biz_id
        return [one for one in stored if one.origin.biz_id == biz_id and one.position in positions]

    def _records(self, phone: str) -> _Found | None:
        """Ask for the records of a phone; return None if there was no time for it."""
        if self._over:
            return None
        # Before the call, so that a send that begins meanwhile began after it.
        horizon = int(time.time()) - settings.load().adopt_after
        found = self._run.records.ask(
            lambda: self._run.client.send_records(phone, self._begin), SendRecords([], False)
        )
        return None if found is None else _Found(found, horizon)

    def _statuses(self, phone: str, known: frozenset[str]) -> list[Event] | None:
        """Ask for the statuses of a phone, without those of known sids; return None if there was no time for it."""
        begin = self._inquiry.began - _STATUS_TOLERANCE_SECONDS
        nothing: list[Event] = []
        found = self._run.statuses.ask(
            lambda: self._run.client.events_of_phone(
                PullType.STATUSES, phone, begin, int(time.time()) + _STATUS_TOLERANCE_SECONDS
            ),
            nothing,
        )
        if found is None:
            return None
        return [event for event in found if sid_of(event)[:MAX_SID] not in known]

    def _settle_phone(
        self, phone: str, positions: set[int], found: _Found
    ) -> tuple[set[int], frozenset[str]]:
        """Settle the messages to a phone as far as its records show their outcome.

        Return the positions that stay unknown, and the sids of the phone's messages that have their receipts. The
        messages are read after the records, so that a sid in the records that is not among them is no older one's.
        """
        stored = messages.of_phone(phone)
        own = self._own(stored, positions)
        records = [_plain(record) for record in found.records.records if _concerns(record)]
        by_sid = {record.sid: record for record in records if record.sid}
        for message in own:
            if message.sid and not message.receipt and message.sid in by_sid:
                # Adopted before, by this inquiry or by another one.
                self._settle(message, by_sid[message.sid])
        own_keys = {message.at for message in own}
        pairs = send_records.pair(
            records,
            [self._send(one, own=one.at in own_keys) for one in stored if one.unknown],
            known_sids={one.sid for one in stored if one.sid},
            refused=[
                self._send(one, own=False) for one in stored if not one.sid and not one.unknown
            ],
            since=self._begin,
            horizon=found.horizon,
            complete=found.records.complete,
        )
        still: set[int] = set()
        for message in own:
            # Those of other inquiries are left to them, because each reports what it stored.
            if message.unknown and not message.receipt:
                record = pairs.get(message.at)
                if record is None or not self._assign(message, record):
                    still.add(message.position)
        return still, frozenset(one.sid for one in stored if one.sid and one.receipt)

    def _send(self, message: Message, *, own: bool) -> send_records.Send:
        """Return what is known of the send of a message. A function lives no longer than `adopt_after`."""
        origin = message.origin
        began, ended = origin.sent_at, origin.sent_at + settings.load().adopt_after
        if own:
            began, ended = self._inquiry.began, self._inquiry.ended
        return send_records.Send(
            key=message.at,
            out_id=origin.out_id,
            sign=origin.sign,
            text=self._text(origin.out_id, origin.biz_id),
            sent_at=origin.sent_at,
            began=began,
            ended=ended,
        )

    def _text(self, out_id: str, biz_id: str) -> str:
        """Return the text of the template that a request was sent with; "" if it is not stored any more."""
        key = out_id, biz_id
        if key not in self._texts:
            try:
                request = send_requests.get(out_id, biz_id)
            except LookupError:
                self._texts[key] = ""
            else:
                revision = templates.get(request.template_code, request.revision)
                self._texts[key] = revision.text if revision else ""
        return self._texts[key]

    def _assign(self, message: Message, record: SendRecord) -> bool:
        """Give a message of unknown outcome its record; return False if it stays unknown.

        It stays unknown if its record does not say whether it was sent, or if another piece of work settles it at
        this moment.
        """
        if not record.sid:
            return self._settle(message, record)
        adopted = messages.adopt(message.phone, record.sid, [message])
        if adopted is None:
            return False
        self._counts["adopted"] += 1
        log.info(
            "unknown outcome settled by a record",
            extra={"phone": mask(message.phone), "bizId": message.origin.biz_id},
        )
        self._settle(adopted, record)
        return True

    def _settle(self, message: Message, record: SendRecord) -> bool:
        """Settle a message if its record has a final state; return whether it has."""
        receipt = _receipt(record, time.time(), self._by)
        if receipt is None:
            return False
        self._settled.append(message.with_receipt(receipt))
        return True

    def _report(self) -> None:
        """Store the receipts of the settled messages and report them."""
        reported = final_states.record_and_report(self._settled)
        self._settled.clear()
        self._counts["settled"] += len(reported)
        delivered = sum(message.state == "delivered" for message in reported)
        metrics.count(Delivered=delivered, Failed=len(reported) - delivered)

    def _queue(self, unasked: set[int], unsettled: set[int], *, progressed: bool) -> None:
        """Queue the rest of this round, or else the next one about what is still unknown."""
        now, inquiry = int(time.time()), self._inquiry
        metrics.count(Adopted=self._counts["adopted"])
        if unasked and (progressed or now - inquiry.ended < _CONTINUED_SECONDS):
            rest = replace(
                inquiry,
                positions=tuple(sorted(unasked)),
                unsettled=tuple(sorted(unsettled)),
            )
            pause = 0 if progressed else _BUSY_SECONDS
            if self._run.stopped:
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


def _concerns(record: SendRecord) -> bool:
    """Return whether a record can be that of a message of unknown outcome.

    A recipient who waits (for its rate limit, or at a hold) has no message yet, so a refusal for such a reason may be
    that recipient's.
    """
    if record.status is not SendStatus.NOT_SENT:
        return True
    kind = meaning(record.request_code).kind
    return kind is not CodeClass.CONFIG and not waits(record.request_code)


def _plain(record: SendRecord) -> SendRecord:
    """Return a record with its sid as it is stored. The sid of a message that was not sent is no message's."""
    return record._replace(sid="" if record.status is SendStatus.NOT_SENT else record.sid[:MAX_SID])


def _receipt(record: SendRecord, now: float, by: str) -> Receipt | None:
    """Return the receipt that a record shows; None if it shows no final state."""
    reports: Mapping[SendStatus, str] = {
        SendStatus.DELIVERED: "SUCCESS",
        SendStatus.FAILED: "FAIL",
    }
    if record.status in reports and record.sid:
        report = {
            "report_status": reports[record.status],
            "errmsg": record.status_code,
            "user_receive_time": record.received_at,
            "sub_error": record.sub_error,
            "sub_error_desc": record.sub_error_desc,
        }
        return read_status(report, now, by)
    code = record.request_code
    if record.status is SendStatus.NOT_SENT and meaning(code).kind is not CodeClass.UNKNOWN:
        return failure_receipt(Failure(meaning(code).aliyun, explain(code, "")), now, by)
    return None
