"""Who may push: signature, timestamp, nonce, and the block of a sender who keeps failing."""

import re
import time
from collections import deque
from dataclasses import dataclass

from .settings import Settings
from .signature import is_signed

_SECONDS = re.compile(r"[0-9]{1,15}")


class NotAdmittedError(Exception):
    """A push that is refused whatever it contains."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a push shows at the gate."""

    timestamp: str
    nonce: str
    signature: str


class Gate:
    """Lets pushes in and remembers who failed.

    Every sender is on the loopback here, so one block stands for the real one's block by address.
    """

    def __init__(self) -> None:
        self._spent_nonces: set[str] = set()
        self._failures: deque[float] = deque()
        self._blocked_until = 0.0
        self.authentication_failures = 0
        self.refused_while_blocked = 0

    @property
    def blocked(self) -> bool:
        """Whether the sender is blocked now."""
        return time.time() < self._blocked_until

    @property
    def blocked_until(self) -> float | None:
        """When the block ends by itself, in epoch seconds; None when there is none."""
        return self._blocked_until if self.blocked else None

    @property
    def consecutive_failures(self) -> int:
        """How many authentication failures came since the last success, as far as they count."""
        return len(self._failures)

    def unblock(self) -> None:
        """Let the sender in again, with a clean slate."""
        self._blocked_until = 0.0
        self._failures.clear()

    def spend(self, nonce: str) -> None:
        """Take note that a nonce was used."""
        self._spent_nonces.add(nonce)

    def admit(self, credentials: Credentials, settings: Settings) -> None:
        """Let a push in.

        Raises:
            NotAdmittedError: 403 while blocked, 401 for an authentication failure.
        """
        if self.blocked:
            self.refused_while_blocked += 1
            raise NotAdmittedError(403, "Forbidden: blocked after repeated authentication failures")
        if not settings.auth:
            return
        problem = self._problem(credentials, settings)
        if problem:
            self._fail(settings)
            raise NotAdmittedError(401, f"Unauthorized: {problem}")
        self._failures.clear()
        self.spend(credentials.nonce)

    def _problem(self, credentials: Credentials, settings: Settings) -> str | None:
        timestamp, nonce, signature = (
            credentials.timestamp,
            credentials.nonce,
            credentials.signature,
        )
        if not _SECONDS.fullmatch(timestamp):
            return f"timestamp {timestamp!r} is not a number of seconds"
        if not (nonce and signature):
            return f"{'signature' if nonce else 'nonce'} is missing"
        if not is_signed(settings.key, timestamp, nonce, signature):
            return "signature is wrong"
        distance = abs(int(timestamp) - time.time())
        if settings.clock_skew_seconds and distance > settings.clock_skew_seconds:
            return f"timestamp {timestamp} is {distance:.0f} s away from now"
        if nonce in self._spent_nonces:
            return f"nonce {nonce} was used before"
        return None

    def _fail(self, settings: Settings) -> None:
        now = time.time()
        self.authentication_failures += 1
        self._failures.append(now)
        while self._failures[0] < now - settings.block_window_seconds:
            self._failures.popleft()
        if len(self._failures) >= settings.block_after:
            self._blocked_until = now + settings.block_seconds
            self._failures.clear()
