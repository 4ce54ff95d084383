"""All that a running simulator knows."""

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from .behaviour import Misbehaviours
from .client import BridgeClient
from .gate import Gate
from .journal import Journal
from .ledger import Ledger
from .settings import Settings

logger = logging.getLogger(__name__)

_VIOLATIONS_KEPT = 1000


def _no_pushes() -> dict[str, Counter[str]]:
    return {
        name: Counter(calls=0, accepted=0, refused=0, spoilt=0, entries=0)
        for name in ("details", "reply")
    }


class Simulator:
    """Quick Audience's third-party SMS side: its accounts, its switches and its grievances."""

    def __init__(self, settings: Settings, state: Path | None = None) -> None:
        self.settings = settings
        self.gate = Gate()
        self.misbehaviours = Misbehaviours()
        self.client = BridgeClient(self.report)
        self.stopping = asyncio.Event()
        self.pushes = _no_pushes()
        self._journal = Journal(state)
        self.ledger = Ledger(self._journal)
        for nonce in self.ledger.restore():
            self.gate.spend(nonce)
        self._violations: deque[dict[str, Any]] = deque(maxlen=_VIOLATIONS_KEPT)
        self._violation_count = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def report(self, where: str, problem: str) -> None:
        """Take note of something that the document doesn't allow."""
        self._violation_count += 1
        self._violations.append({"at": time.time(), "where": where, "problem": problem})

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do something beside answering requests, at most until the simulator ends."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            logger.error("work in the background failed", exc_info=error)

    async def reset(self) -> None:
        """Forget all that happened; the settings stay."""
        await self._stop_tasks()
        self.ledger.clear()
        self.gate = Gate()
        self.misbehaviours.clear()
        self.client.forget()
        self.pushes = _no_pushes()
        self._violations.clear()
        self._violation_count = 0

    async def close(self) -> None:
        """End what is going on and give the files back."""
        self.stopping.set()
        await self._stop_tasks()
        await self.client.close()
        self._journal.close()

    async def _stop_tasks(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def as_json(self) -> dict[str, Any]:
        """Return the counts of everything."""
        client, gate, ledger = self.client, self.gate, self.ledger
        return {
            "calls": {
                "total": sum(client.calls.values()),
                "byEndpoint": dict(client.calls),
                "unsuccessful": client.unsuccessful,
                "unanswered": client.unanswered,
            },
            "pushes": {name: dict(counts) for name, counts in self.pushes.items()},
            "outIds": sum(1 for _ in ledger.campaigns()),
            "receipts": ledger.receipts_told,
            "replies": ledger.replies_told,
            "authenticationFailures": gate.authentication_failures,
            "consecutiveAuthenticationFailures": gate.consecutive_failures,
            "blocked": gate.blocked,
            "blockedUntil": gate.blocked_until,
            "refusedWhileBlocked": gate.refused_while_blocked,
            "misbehaviours": self.misbehaviours.as_json(),
            "violationCount": self._violation_count,
            "violations": list(self._violations),
        }
