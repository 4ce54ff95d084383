"""Ask Tencent about messages without a receipt ("Pull SMS Status of a Single Mobile No.").

Receipts get lost: a callback fails three times, a pull gets no answer. So 6, 24 and 48 hours after a chunk was
accepted, this function asks Tencent about each of its phones that waits for a receipt or is of unknown outcome.
The statuses that it finds take the same path as every callback, so that nothing is settled twice.

Once in each run, this function also publishes what is left of the account's packages.

The progress through each hour's chunks is stored: if a run ends early, the next one continues there. If
pullstatus4mobile is not enabled, the first answer says so and the run ends.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from chalicelib.delivery import package_balance, phone_queries
from chalicelib.delivery.phone_queries import TRIES, QueryRun
from chalicelib.delivery.pulled import queue_stored
from chalicelib.domain.chunks import ChunkKey, ChunkProgress
from chalicelib.domain.messages import Message
from chalicelib.domain.send_request import SendRequest
from chalicelib.logs import log, mask
from chalicelib.queues import batching, sending
from chalicelib.queues.bodies import Event
from chalicelib.store import chunks, due_chunks, inquiries, messages, send_requests
from chalicelib.store.inquiries import Inquiry
from chalicelib.store.message_items import MAX_SID
from chalicelib.tencent import api
from chalicelib.tencent.error_codes import CodeClass, is_http_status, is_not_enabled, lacks_policy
from chalicelib.tencent.events import sid_of
from chalicelib.tencent.interface import (
    CallRefusedError,
    TencentApi,
    TencentError,
    TooManyCallsError,
)
from chalicelib.tencent.throttle import Pace

# Hours after acceptance at which Tencent is asked. After 72 hours, `sweep` closes what is left.
AGES = (6, 24, 48)
# Calls of one run. Tencent publishes no limit for this call; that of its successor is 20 a second.
MAX_CALLS = 5000
_PARALLEL = 4
# Calls a second once Tencent has refused one for its rate; `settle` may be making the same call
# (`delivery/outcome_queries.py`).
_SLOW_PER_SECOND = 10
# A call begins with at least this much time left: for the call (20 s), and for queueing its statuses.
_SECONDS_FOR_A_CALL = 60


def handle(seconds_left: float) -> None:
    """Ask about every chunk whose time has come, until the time is used up; the next run continues."""
    deadline = time.time() + seconds_left
    queue_stored()
    package_balance.publish(api.client())
    hour_now = int(time.time()) // 3600
    known = inquiries.by_hour()
    inquired: list[Inquiry] = []
    with ThreadPoolExecutor(_PARALLEL) as pool:
        run = InquiryRun(api.client(), deadline, pool)
        # Oldest first, because these chunks are closed soonest.
        for hour in range(hour_now - 72, hour_now - AGES[0]):
            # The largest age that all of that hour's chunks have reached.
            age = max(age for age in AGES if age < hour_now - hour)
            inquiry = known.get(hour)
            if inquiry is None or inquiry.age != age:
                inquiry = Inquiry(hour=hour, age=age)
            if inquiry.done:
                continue
            inquired.append(run.inquire(inquiry))
            if not inquired[-1].done:
                break
    inquiries.record(inquired)
    log.info(
        "inquired",
        extra={
            "calls": run.calls,
            "found": run.found,
            "unanswered": run.failures,
            "refused": run.refused,
        },
    )


class InquiryRun:
    """The calls of one run, and their counts: calls made, statuses found, calls without an answer, phones refused."""

    def __init__(self, client: TencentApi, deadline: float, pool: ThreadPoolExecutor) -> None:
        self.calls = 0
        self.found = 0
        self.failures = 0
        self.refused = 0
        self._client = client
        self._pool = pool
        self._run = QueryRun(deadline, _SECONDS_FOR_A_CALL)
        self._answered = False
        # Set by the first refusal for the rate.
        self._pace: Pace | None = None
        self._lock = threading.Lock()

    def inquire(self, inquiry: Inquiry) -> Inquiry:
        """Ask about the rest of an hour's chunks; return the progress, which is not `done` if the run must end."""
        for sort_key, key in due_chunks.accepted_in(inquiry.hour, inquiry.after):
            calls_before = self.calls
            if not self._inquire_chunk(key):
                return inquiry
            inquiry = replace(inquiry, after=sort_key)
            if self.calls > calls_before:
                inquiries.record([inquiry])
        return replace(inquiry, done=True)

    def _inquire_chunk(self, key: ChunkKey) -> bool:
        """Ask about a chunk's recipients and queue the statuses found; return False if the run must end."""
        try:
            request = send_requests.get(key.out_id, key.biz_id)
        except LookupError:
            # The chunk was planned, but its request was never accepted: nothing was sent.
            return True
        progress = chunks.progress(key)
        waiting = _without_receipt(request, progress) if progress else {}
        if not waiting:
            return True
        if self.calls + len(waiting) > MAX_CALLS:
            self._run.stop("this run has made its maximum of calls, the next run continues")
            return False
        found = self._ask_all(waiting)
        sending.send("callbacks", batching.of_events(found, []))
        self.found += len(found)
        return not self._run.stopped

    def _ask_all(self, waiting: Mapping[str, Sequence[Message]]) -> list[Event]:
        """Ask about phones, each with its messages that wait for a receipt; return the statuses found."""
        questions = list(waiting.items())
        found: list[Event] = []
        if not self._answered:
            # One call alone first: its answer shows whether pullstatus4mobile is enabled.
            found += self._ask(questions.pop(0))
        for events in self._pool.map(self._ask, questions):
            found += events
        return found

    def _ask(self, question: tuple[str, Sequence[Message]]) -> list[Event]:
        """Ask about one phone; return those of its statuses that may belong to its waiting messages."""
        phone, waiting = question
        events = self._events(phone, min(message.origin.sent_at for message in waiting))
        if events is None:
            return []
        self._answered = True
        self._run.answered()
        if any(message.unknown for message in waiting):
            # A message of unknown outcome has no sid to compare. From all the phone's statuses, `settle` gives it
            # one that belongs to no other message.
            return events
        sids = {message.sid for message in waiting}
        found = [event for event in events if sid_of(event)[:MAX_SID] in sids]
        if found:
            log.info("receipt found", extra={"phone": mask(phone), "statuses": len(found)})
        return found

    def _events(self, phone: str, sent_at: int) -> list[Event] | None:
        """Ask about one phone, in turn; return its statuses since `sent_at`, or None if there is no answer."""
        for further in reversed(range(TRIES)):
            if self._run.stopped:
                return None
            left = self._run.seconds_left
            if left < 0 or (self._pace and not self._pace.wait(left)):
                self._run.stop("the time of this run is used up, the next run continues")
                return None
            with self._lock:
                self.calls += 1
            try:
                return phone_queries.statuses_since(self._client, phone, sent_at)
            except TencentError as error:
                # Before the first answer, it is not the rate of this run that is refused.
                if not (self._answered and _is_too_fast(error)):
                    self._count_failure(error)
                    return None
                self._slow_down()
                if not further:
                    self._count_unanswered(error)
        return None

    def _slow_down(self) -> None:
        with self._lock:
            self._pace = self._pace or Pace(_SLOW_PER_SECOND)
            phone_queries.rest(self._pace)

    def _count_failure(self, error: TencentError) -> None:
        """Count a failed call; end the run if further calls would fail, too.

        A call that Tencent refuses for its phone is answered: it says nothing about other phones.
        """
        if isinstance(error, CallRefusedError) and not is_http_status(error.code):
            if is_not_enabled(error.code):
                self._run.stop(
                    "Tencent has not enabled pullstatus4mobile for this application: messages without a "
                    "receipt are not asked about"
                )
            elif lacks_policy(error.code):
                self._run.stop(
                    "No policy allows the key of TENCENT_SECRET_ID to ask about a phone: grant it the action "
                    "sms:PullSmsSendStatusByPhoneNumber in Tencent's access management (CAM)",
                    why=str(error),
                )
            elif error.meaning.kind in (CodeClass.CONFIG, CodeClass.WAIT):
                self._run.stop("Tencent refuses pullstatus4mobile", why=str(error))
            with self._lock:
                self.refused += 1
            self._run.answered()
            return
        self._count_unanswered(error)

    def _count_unanswered(self, error: TencentError) -> None:
        with self._lock:
            self.failures += 1
        self._run.unanswered(
            "too many calls to pullstatus4mobile got no answer, the next run continues",
            why=str(error),
        )


def _is_too_fast(error: TencentError) -> bool:
    """Return whether Tencent refused a call for the rate of calls."""
    if isinstance(error, CallRefusedError):
        return error.meaning.kind is CodeClass.WAIT
    return isinstance(error, TooManyCallsError)


def _without_receipt(request: SendRequest, progress: ChunkProgress) -> dict[str, list[Message]]:
    """Return a chunk's messages that were or may have been sent and have no receipt, by phone."""
    by_phone: dict[str, list[Message]] = {}
    for message in messages.of_chunk(request.biz_id, progress).values():
        if message.receipt is None:
            by_phone.setdefault(message.phone, []).append(message)
    return by_phone
