"""The state of a running simulator."""

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from .authentication import Authenticator
from .behaviour import Misbehaviours
from .client import BridgeClient
from .journal import Journal
from .ledger import Ledger
from .settings import Settings

logger = logging.getLogger(__name__)

_VIOLATIONS_KEPT = 1000


def _zero_push_counts() -> dict[str, Counter[str]]:
    return {
        name: Counter(calls=0, accepted=0, refused=0, spoilt=0, entries=0)
        for name in ("details", "reply")
    }


class Simulator:
    """Quick Audience's third-party SMS side: settings, accounts, rules and recorded violations."""

    def __init__(self, settings: Settings, state: Path | None = None) -> None:
        self.settings = settings
        self.authenticator = Authenticator()
        self.misbehaviours = Misbehaviours()
        self.client = BridgeClient(self.report)
        self.stopping = asyncio.Event()
        self.pushes = _zero_push_counts()
        self._journal = Journal(state)
        self.ledger = Ledger(self._journal)
        for nonce in self.ledger.restore():
            self.authenticator.mark_used(nonce)
        self._violations: deque[dict[str, Any]] = deque(maxlen=_VIOLATIONS_KEPT)
        self._violation_count = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def report(self, where: str, problem: str) -> None:
        """Record a violation of the document."""
        self._violation_count += 1
        self._violations.append({"at": time.time(), "where": where, "problem": problem})

    def start_task(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a coroutine in the background. It is cancelled when the simulator stops."""
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._task_finished)
        return task

    def _task_finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            logger.error("a background task failed", exc_info=error)

    async def reset(self) -> None:
        """Delete all data; the settings stay."""
        await self._stop_tasks()
        self.ledger.clear()
        self.authenticator = Authenticator()
        self.misbehaviours.clear()
        self.client.reset_counts()
        self.pushes = _zero_push_counts()
        self._violations.clear()
        self._violation_count = 0

    async def close(self) -> None:
        """Stop all work and close the files."""
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
        """Return all counts, as the control API shows them."""
        client, authenticator, ledger = self.client, self.authenticator, self.ledger
        return {
            "calls": {
                "total": sum(client.calls.values()),
                "byEndpoint": dict(client.calls),
                "unsuccessful": client.unsuccessful,
                "unanswered": client.unanswered,
            },
            "pushes": {name: dict(counts) for name, counts in self.pushes.items()},
            "outIds": sum(1 for _ in ledger.accounts()),
            "receipts": ledger.receipt_count,
            "replies": ledger.reply_count,
            "authenticationFailures": authenticator.failure_count,
            "consecutiveAuthenticationFailures": authenticator.consecutive_failures,
            "blocked": authenticator.blocked,
            "blockedUntil": authenticator.blocked_until,
            "refusedWhileBlocked": authenticator.refused_while_blocked,
            "misbehaviours": self.misbehaviours.as_json(),
            "violationCount": self._violation_count,
            "violations": list(self._violations),
        }
