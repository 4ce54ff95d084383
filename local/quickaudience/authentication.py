"""Authentication of pushes: signature, timestamp, nonce, and the block after repeated failures."""

import re
import time
from collections import deque
from dataclasses import dataclass

from .settings import Settings
from .signature import is_signed

_SECONDS = re.compile(r"[0-9]{1,15}")


class AuthenticationError(Exception):
    """A push that is refused before its content is read."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Credentials:
    """The parts of a push that authenticate its sender."""

    timestamp: str
    nonce: str
    signature: str


class Authenticator:
    """Authenticates pushes and counts failures.

    Quick Audience blocks by address. Every sender is on the loopback here, so there is one block.
    """

    def __init__(self) -> None:
        self._used_nonces: set[str] = set()
        self._failures: deque[float] = deque()
        self._blocked_until = 0.0
        self.failure_count = 0
        self.refused_while_blocked = 0

    @property
    def blocked(self) -> bool:
        """Whether the sender is blocked now."""
        return time.time() < self._blocked_until

    @property
    def blocked_until(self) -> float | None:
        """When the block ends, in epoch seconds; None without a block."""
        return self._blocked_until if self.blocked else None

    @property
    def consecutive_failures(self) -> int:
        """The number of authentication failures since the last success, within the window."""
        return len(self._failures)

    def unblock(self) -> None:
        """End the block and reset the count of consecutive failures."""
        self._blocked_until = 0.0
        self._failures.clear()

    def mark_used(self, nonce: str) -> None:
        """Record that a nonce was used."""
        self._used_nonces.add(nonce)

    def authenticate(self, credentials: Credentials, settings: Settings) -> None:
        """Check a push's credentials and mark its nonce as used.

        Raises:
            AuthenticationError: 403 while the sender is blocked, 401 for invalid credentials.
        """
        if self.blocked:
            self.refused_while_blocked += 1
            raise AuthenticationError(
                403, "Forbidden: blocked after repeated authentication failures"
            )
        if not settings.auth:
            return
        problem = self._problem(credentials, settings)
        if problem:
            self._count_failure(settings)
            raise AuthenticationError(401, f"Unauthorized: {problem}")
        self._failures.clear()
        self.mark_used(credentials.nonce)

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
        if nonce in self._used_nonces:
            return f"nonce {nonce} was used before"
        return None

    def _count_failure(self, settings: Settings) -> None:
        now = time.time()
        self.failure_count += 1
        self._failures.append(now)
        while self._failures[0] < now - settings.block_window_seconds:
            self._failures.popleft()
        if len(self._failures) >= settings.block_after:
            self._blocked_until = now + settings.block_seconds
            self._failures.clear()
