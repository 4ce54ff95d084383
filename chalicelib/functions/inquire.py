"""Asking Tencent about messages without a receipt ("Pull SMS Status of a Single Mobile No.").

Receipts get lost: a callback that failed three times, a pull without an answer. 6, 24 and 48 hours
after a chunk was accepted, Tencent is asked about each of its phones that still waits or is of unknown
outcome. What it says goes the way of every callback, so that nothing is settled twice.

How far each hour's chunks were asked about is kept: a run that ends early is gone on with by the next.
Where pullstatus4mobile is not enabled, the first answer says so and the run ends.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from chalicelib.delivery.pulled import NOT_ENABLED, queue_kept
from chalicelib.domain.chunks import ChunkKey, ChunkProgress
from chalicelib.domain.messages import Message
from chalicelib.domain.send_request import SendRequest
from chalicelib.logs import log, mask
from chalicelib.queues import bodies, sending
from chalicelib.queues.bodies import Event
from chalicelib.store import chunks, due_chunks, inquiries, messages, send_requests
from chalicelib.store.inquiries import Inquiry
from chalicelib.tencent import v5
from chalicelib.tencent.error_codes import CodeClass
from chalicelib.tencent.interface import CallRefusedError, PullType, TencentError

# Hours after acceptance at which Tencent is asked. After 72, `sweep` closes what is left.
AGES = (6, 24, 48)
# By one run. Tencent publishes no limit for this call; its successor's is 20 a second.
MAX_CALLS = 5000
_PARALLEL = 4
# So many phones may stay without an answer before the run ends: there will be another.
_MAX_FAILURES = 10
# A call begins with this much time left: what it may take (20 s), and queueing what was found.
_SECONDS_FOR_A_CALL = 60
# Tencent's clock and ours may differ by ten minutes (1021).
_CLOCKS_SECONDS = 600


def handle(seconds_left: float) -> None:
    """Ask about every chunk whose time has come, as far as the time allows; the next run goes on."""
    deadline = time.time() + seconds_left
    queue_kept()
    hour_now = int(time.time()) // 3600
    known = inquiries.by_hour()
    ended: list[Inquiry] = []
    with ThreadPoolExecutor(_PARALLEL) as pool:
        run = InquiryRun(v5.client(), deadline, pool)
        # Oldest first: for them it is the last chance.
        for hour in range(hour_now - 72, hour_now - AGES[0]):
            # Whole hours since the last of that hour's chunks was accepted.
            age = max(age for age in AGES if age < hour_now - hour)
            inquiry = known.get(hour)
            if inquiry is None or inquiry.age != age:
                inquiry = Inquiry(hour=hour, age=age)
            if inquiry.done:
                continue
            ended.append(run.inquire(inquiry))
            if not ended[-1].done:
                break
    inquiries.record(ended)
    log.info("inquired", extra={"calls": run.calls, "found": run.found, "unanswered": run.failures})


class InquiryRun:
    """One run, and what it has asked so far."""

    def __init__(self, client: v5.Client, deadline: float, pool: ThreadPoolExecutor) -> None:
        self.calls = 0
        self.found = 0
        self.failures = 0
        self._client = client
        self._deadline = deadline
        self._pool = pool
        self._answered = False
        self._stopped = False
        self._lock = threading.Lock()

    def inquire(self, inquiry: Inquiry) -> Inquiry:
        """Ask about the rest of an hour's chunks; answers how far it got, not done where the run has to end."""
        for sort, key in due_chunks.accepted_in(inquiry.hour, inquiry.after):
            calls = self.calls
            if not self._chunk(key):
                return inquiry
            inquiry = replace(inquiry, after=sort)
            if self.calls > calls:
                inquiries.record([inquiry])
        return replace(inquiry, done=True)

    def _chunk(self, key: ChunkKey) -> bool:
        """Ask about a chunk's recipients and queue what is found; answers False where the run has to end."""
        try:
            request = send_requests.get(key.out_id, key.biz_id)
        except LookupError:
            # Planned and then not accepted: there is nobody to ask about.
            return True
        progress = chunks.progress(key)
        waiting = _waiting(request, progress) if progress else {}
        if not waiting:
            return True
        if self.calls + len(waiting) > MAX_CALLS:
            self._stop("asked often enough for one run, the next goes on")
            return False
        found = self._ask_all(waiting)
        sending.send("callbacks", bodies.of_events(found, []))
        self.found += len(found)
        return not self._stopped

    def _ask_all(self, waiting: Mapping[str, Sequence[Message]]) -> list[Event]:
        asked = list(waiting.items())
        found: list[Event] = []
        if not self._answered:
            # Alone, to hear whether it is enabled at all.
            found += self._ask(asked.pop(0))
        for events in self._pool.map(self._ask, asked):
            found += events
        return found

    def _ask(self, asked: tuple[str, Sequence[Message]]) -> list[Event]:
        """The statuses of one phone that may be of its waiting messages."""
        phone, waiting = asked
        if self._stopped:
            return []
        if self._deadline - time.time() < _SECONDS_FOR_A_CALL:
            self._stop("not all asked in time, the next run goes on")
            return []
        with self._lock:
            self.calls += 1
        begin = min(message.origin.sent_at for message in waiting) - _CLOCKS_SECONDS
        try:
            events = self._client.pullstatus4mobile(
                PullType.STATUSES, phone, begin, int(time.time()) + _CLOCKS_SECONDS
            )
        except TencentError as error:
            self._failed(error)
            return []
        self._answered = True
        if any(message.unknown for message in waiting):
            # Its sid is not known: settle finds out which of them is nobody's.
            return events
        sids = {message.sid for message in waiting}
        found = [event for event in events if str(event.get("sid") or "") in sids]
        if found:
            log.info("receipt found", extra={"phone": mask(phone), "statuses": len(found)})
        return found

    def _failed(self, error: TencentError) -> None:
        if isinstance(error, CallRefusedError):
            if error.code == NOT_ENABLED:
                self._stop(
                    "Tencent has not enabled pullstatus4mobile for this application: messages without a "
                    "receipt are not asked about"
                )
                return
            if error.meaning.kind in (CodeClass.CONFIG, CodeClass.WAIT):
                self._stop("Tencent refuses to be asked about receipts", error)
                return
        with self._lock:
            self.failures += 1
        if self.failures >= _MAX_FAILURES:
            self._stop("Tencent leaves too many questions unanswered, the next run goes on", error)

    def _stop(self, why: str, error: Exception | None = None) -> None:
        """End the run: said once, by whoever finds out first."""
        with self._lock:
            if self._stopped:
                return
            self._stopped = True
        log.warning(why, extra={"why": str(error)} if error else {})


def _waiting(request: SendRequest, progress: ChunkProgress) -> dict[str, list[Message]]:
    """A chunk's messages that may have been sent and have no receipt, by phone."""
    by_phone: dict[str, list[Message]] = {}
    for message in messages.of_chunk(request.biz_id, progress).values():
        if message.receipt is None:
            by_phone.setdefault(message.phone, []).append(message)
    return by_phone
