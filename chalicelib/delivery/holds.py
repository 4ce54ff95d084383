"""The holds that one invocation of deliver knows to be open (`domain/holds.py`)."""

import time
from collections.abc import Collection, Iterable, Mapping
from threading import Lock

from chalicelib import metrics
from chalicelib.domain.breaker import Breaker, Hold, opened
from chalicelib.domain.holds import hold_on_kind, holds_on
from chalicelib.domain.planning import Call
from chalicelib.logs import log
from chalicelib.store import breakers
from chalicelib.tencent.error_codes import Code, Scope, meaning

_ACCOUNT: Hold = "tencent-account"


def opened_by(code: Code, call: Call) -> Hold | None:
    """Return the hold that Tencent's refusal of a call opens; None if it concerns the call alone."""
    match meaning(code).scope:
        case Scope.ACCOUNT:
            return _ACCOUNT
        case Scope.KIND:
            return hold_on_kind(call)
        case Scope.CALL:
            return None


class OpenHolds:
    """The holds that were open when the invocation began, and those that it opens itself.

    Safe to use from several threads. A table that can't be written must not lose the outcome of a call, so `open` and
    `close` only log such errors.
    """

    def __init__(self, found: Mapping[Hold, Breaker]) -> None:
        self._open = dict(found)
        self._lock = Lock()

    def __bool__(self) -> bool:
        return bool(self._open)

    def on(self, call: Call) -> list[Hold]:
        """Return the open holds that stop a call."""
        return [hold for hold in holds_on(call) if hold in self._open]

    def gate(self, calls: Collection[Call]) -> Hold | None:
        """Return the hold at which calls wait together if each of them is stopped, else None."""
        stopped = [self.on(call) for call in calls]
        return stopped[0][0] if stopped and all(stopped) else None

    def take_probes(self, call: Call) -> frozenset[Hold]:
        """Claim the right to probe the holds that stop a call; return them, or nothing if one isn't due."""
        now = int(time.time())
        with self._lock:
            stopping = {hold: self._open[hold] for hold in self.on(call)}
        due = all(now >= breaker.probe_at for breaker in stopping.values())
        if due and all(breakers.take_probe(breaker, now) for breaker in stopping.values()):
            return frozenset(stopping)
        return frozenset()

    def open(self, hold: Hold, code: Code, why: str) -> None:
        """Open a hold because of a refusal. If it is open already, its reason changes.

        A refusal that concerns one kind of sends shows that Tencent accepts the account.
        """
        if hold != _ACCOUNT:
            self.close({_ACCOUNT})
        now = int(time.time())
        with self._lock:
            known = self._open.get(hold)
            if known and known.code == code:
                return
            self._open[hold] = opened(hold, why, now, known, code)
        log.error("Tencent refuses the account: sending is held", extra={"hold": hold, "why": why})
        metrics.count(SendsHeld=1)
        try:
            tripped = breakers.trip(hold, why, now, code)
        except Exception:
            log.exception("the hold could not be opened")
        else:
            with self._lock:
                self._open[hold] = tripped

    def close(self, holds: Iterable[Hold]) -> None:
        """Close those of these holds that are open."""
        for hold in holds:
            with self._lock:
                if self._open.pop(hold, None) is None:
                    continue
            log.info("Tencent accepts sends again", extra={"hold": hold})
            try:
                breakers.close(hold, int(time.time()))
            except Exception:
                # The next probe tries again.
                log.exception("the hold could not be closed")
