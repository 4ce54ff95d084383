"""The pushes of delivery receipts and replies to the callback URL."""

import asyncio
import json
import logging
import time
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

import aiohttp

from local.tencent.behaviour import Behaviour
from local.tencent.formats import encode, spell
from local.tencent.pulling import receipt_fields, reply_fields
from local.tencent.records import DeliveryReceipt, PushStatus, Reply
from local.tencent.timeline import Timeline
from local.tencent.traffic import Traffic

_MAX_ATTEMPTS = 3
_SHUTDOWN_SECONDS = 0.5
_HEADERS = {"Content-Type": "application/json;charset=utf-8"}
_UNSUBSCRIBE_TEXTS = frozenset({"T", "N", "TD", "R", "退订", "T退订", "QX", "0000"})

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Push:
    """One request to the callback URL, with several receipts or one reply."""

    receipts: list[DeliveryReceipt]
    reply: Reply | None = None
    attempts: int = 0

    def body(self, behaviour: Behaviour, traffic: Traffic) -> bytes:
        """Return the request's body: an array of receipts, or an object with one reply."""
        events = (
            _statuses(self.receipts, behaviour, traffic)
            if self.reply is None
            else [reply_fields(self.reply)]
        )
        # A masked number in a callback would belong to no message.
        style = "plain" if behaviour.mobile_style == "masked" else behaviour.mobile_style
        for event in events:
            event["mobile"] = spell(event["nationcode"], event["mobile"], style)
        return encode(events if self.reply is None else events[0], behaviour.json_style)


def _statuses(
    receipts: list[DeliveryReceipt], behaviour: Behaviour, traffic: Traffic
) -> list[dict[str, Any]]:
    """Return receipts as they are pushed, with the fields that are enabled."""
    statuses = [receipt_fields(receipt) for receipt in receipts]
    if behaviour.api3.session_context_enabled:
        contexts = traffic.contexts(receipts)
        for status in statuses:
            status["ext"] = contexts.get(status["sid"], "")
    if behaviour.api3.sub_errors:
        for status in statuses:
            if status["report_status"] == "FAIL":
                status["sub_error"] = status["errmsg"]
                status["sub_error_desc"] = status["description"]
    return statuses


class Pusher:
    """Pushes receipts and replies when they are due, several requests at a time."""

    def __init__(self, traffic: Traffic, timeline: Timeline, behaviour: Behaviour) -> None:
        self._traffic = traffic
        self._timeline = timeline
        self.behaviour = behaviour
        self.counts: Counter[str] = Counter()
        self._receipts: deque[DeliveryReceipt] = deque()
        self._pushes: deque[Push] = deque()
        self._in_flight: set[asyncio.Task[None]] = set()
        self._waiting_for_retry = 0
        self._stopping = False
        self._session: aiohttp.ClientSession | None = None

    def start(self) -> None:
        """Open the connections, and schedule what an earlier run did not push."""
        self._session = aiohttp.ClientSession(headers=_HEADERS)
        for receipt in self._traffic.receipts_to_push():
            self.schedule_receipt(receipt)
        for reply in self._traffic.replies_to_push():
            self.schedule_reply(reply)

    async def stop(self) -> None:
        """Wait half a second for requests in flight, then cancel them."""
        self._stopping = True
        if self._in_flight:
            _, late = await asyncio.wait(self._in_flight, timeout=_SHUTDOWN_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def clear(self) -> None:
        """Delete everything that is not pushed yet, and cancel requests in flight."""
        self._receipts.clear()
        self._pushes.clear()
        self._waiting_for_retry = 0
        for task in self._in_flight:
            task.cancel()
        self.counts.clear()

    def queue_lengths(self) -> dict[str, int]:
        """Return the numbers of items that are due and not pushed yet."""
        return {
            "ready_receipts": len(self._receipts),
            "ready_pushes": len(self._pushes),
            "pushes_under_way": len(self._in_flight),
            "pushes_waiting_for_retry": self._waiting_for_retry,
        }

    # receipts and replies that are due

    def schedule_receipt(self, receipt: DeliveryReceipt) -> None:
        """Schedule the push of a receipt."""
        self._timeline.add(receipt.due, self._receipt_is_due, receipt)

    def schedule_reply(self, reply: Reply) -> None:
        """Schedule the push of a reply."""
        self._timeline.add(reply.due, self._reply_is_due, reply)

    def _receipt_is_due(self, receipt: DeliveryReceipt) -> None:
        self.counts["receipts_made"] += 1
        self._receipts.append(receipt)
        # Runs after everything else that is due now, so that one push has all of it.
        asyncio.get_running_loop().call_soon(self.start_pushes)

    def _reply_is_due(self, reply: Reply) -> None:
        self.counts["replies_made"] += 1
        if reply.text.strip().upper() in _UNSUBSCRIBE_TEXTS:
            self._traffic.block(reply.nationcode, reply.mobile)
        self._pushes.append(Push([], reply))
        asyncio.get_running_loop().call_soon(self.start_pushes)

    def _retry_is_due(self, push: Push) -> None:
        self._waiting_for_retry -= 1
        self._pushes.append(push)
        self.start_pushes()

    async def push_at_once(self, receipts: list[DeliveryReceipt]) -> None:
        """Push receipts and wait until the first attempt ends."""
        self.counts["receipts_made"] += len(receipts)
        if self.behaviour.callbacks_paused:
            self._receipts.extend(receipts)
            return
        await asyncio.wait([self._start(Push(receipts))])

    # requests

    def start_pushes(self) -> None:
        """Start requests until ``push_parallel`` of them are in flight."""
        while (
            not self._stopping
            and not self.behaviour.callbacks_paused
            and len(self._in_flight) < self.behaviour.push_parallel
        ):
            if self._pushes:
                self._start(self._pushes.popleft())
            elif self._receipts:
                count = min(len(self._receipts), self.behaviour.push_size)
                self._start(Push([self._receipts.popleft() for _ in range(count)]))
            else:
                return

    def _start(self, push: Push) -> asyncio.Task[None]:
        task = asyncio.create_task(self._attempt(push))
        self._in_flight.add(task)
        task.add_done_callback(self._push_ended)
        return task

    def _push_ended(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        self.start_pushes()

    async def _attempt(self, push: Push) -> None:
        url = self.behaviour.callback_url
        if url is None:
            self._finish(push, PushStatus.NO_URL)
            return
        push.attempts += 1
        self.counts["pushes"] += 1
        problem = await self._post(url, push.body(self.behaviour, self._traffic))
        if problem is None:
            self._finish(push, PushStatus.DONE)
            return
        self.counts["failed_pushes"] += 1
        _log.warning("push to %s failed (attempt %d): %s", url, push.attempts, problem)
        if push.attempts >= _MAX_ATTEMPTS:
            self._finish(push, PushStatus.GIVEN_UP)
        else:
            self._waiting_for_retry += 1
            retry_at = time.time() + self.behaviour.retry_seconds
            self._timeline.add(retry_at, self._retry_is_due, push)

    async def _post(self, url: str, body: bytes) -> str | None:
        """Send the request; return the problem of the answer, or None."""
        assert self._session is not None, "not started"  # noqa: S101 - start() sets it
        timeout = aiohttp.ClientTimeout(total=self.behaviour.push_timeout)
        try:
            async with self._session.post(
                url, data=body, timeout=timeout, allow_redirects=False
            ) as answer:
                content = await answer.read()
        except TimeoutError:
            return "no answer in time"
        except (aiohttp.ClientError, OSError) as error:
            return f"{type(error).__name__} {error}"
        if answer.status != 200:
            return f"HTTP {answer.status}"
        try:
            acknowledgement = json.loads(content)
        except ValueError:
            return "the answer is not JSON"
        if not isinstance(acknowledgement, dict) or acknowledgement.get("result") != 0:
            return "the answer's result is not 0"
        return None

    def _finish(self, push: Push, status: PushStatus) -> None:
        suffix = status.name.lower()
        if push.reply is not None:
            self._traffic.mark_reply(push.reply, status)
            self.counts[f"replies_{suffix}"] += 1
        else:
            self._traffic.mark_receipts(push.receipts, status)
            self.counts[f"receipts_{suffix}"] += len(push.receipts)
