"""Push calls to Quick Audience: record what it accepted, and divide a call that it refuses for a single entry.

Quick Audience blocks an address that fails to authenticate repeatedly. So the first 401 or 403 stops the
pushes of all functions (`domain/breaker.py`). Until pushes are accepted again, one call at a time probes.
"""

import random
import time
from collections.abc import Sequence
from threading import Event
from typing import Any

from chalicelib import metrics
from chalicelib.delivery.push_calls import PushCall, PushFailure
from chalicelib.domain import push_batches, retries
from chalicelib.domain.breaker import BreakerName
from chalicelib.domain.push_batches import Entry
from chalicelib.logs import log, sample
from chalicelib.queues import sending
from chalicelib.queues.bodies import EarlierTries, ReceiptBody
from chalicelib.queues.receiving import DONE, Result, later, put_back
from chalicelib.quickaudience import client
from chalicelib.quickaudience.client import EntriesRefusedError, LockedOutError, PushError
from chalicelib.store import breakers, pushed

# A call begins with at least this much time left: for the call (25 s) and the writes after it.
SECONDS_FOR_A_CALL = 30
SIDE: BreakerName = "quickaudience"
PUT_BACK = put_back(SIDE)
# A refused call is divided at every third try only, because most refusals are temporary.
_TRIES_BEFORE_DIVIDING = 3
# Calls for the parts of one divided call: enough to find two bad entries among a hundred.
_MAX_CALLS = 30
# The same while no part was accepted: enough to get down to a single entry of a hundred, and a few more in case
# that one is bad.
_MAX_CALLS_IN_VAIN = 10
NOT_ACCEPTED = later(0)
"""The result of a call whose messages come again: `functions/push.py` sets each one's pause, by its own tries."""


class _NotCalledError(LockedOutError):
    """No call was made, because another one of the same invocation was locked out."""


class PushSession:
    """The calls of one invocation. Safe to use from several threads.

    With `probing`, the breaker is open: make one call alone. Only if Quick Audience accepts it are others made.
    `failures` has the calls that were not accepted, except for those that were left out for lack of time.
    """

    def __init__(self, deadline: float, *, probing: bool) -> None:
        self.failures: dict[PushCall, PushFailure] = {}
        self._deadline = deadline
        self._probing = probing
        self._stopped = Event()
        self._stopped_by = ""

    def send(self, call: PushCall) -> Result:
        """Make a call, unless an earlier call has stopped the session or too little time is left."""
        if self._stopped.is_set():
            self.failures[call] = PushFailure(self._stopped_by, called=False)
            return PUT_BACK
        if self._deadline - time.time() < SECONDS_FOR_A_CALL:
            return NOT_ACCEPTED
        result = self._send(call)
        if self._probing:
            if result is DONE and not self._stopped.is_set():
                self._probing = False
                _close_breaker()
            else:
                # Whether pushes are accepted is still unknown: the other calls wait for the next probe.
                self._stop(self.failures[call].answer if call in self.failures else "")
        return result

    def _send(self, call: PushCall) -> Result:
        log_fields: dict[str, Any] = {
            "kind": call.kind,
            "entries": len(call.entries),
            "tries": call.tries,
            "bizIds": sample(entry.at[0] for entry in call.entries if entry.at),
        }
        try:
            self._push(call, call.entries)
        except LockedOutError as error:
            called = not isinstance(error, _NotCalledError)
            self.failures[call] = PushFailure(error.answer, called=called)
            return PUT_BACK
        except PushError as error:
            metrics.count(PushesRefused=1)
            self.failures[call] = PushFailure(error.answer)
            log.warning("not pushed", extra=log_fields | {"why": str(error)})
            refused = isinstance(error, EntriesRefusedError)
            if refused and _may_divide(call) and self._push_divided(call):
                del self.failures[call]
                return DONE
            return PUT_BACK if self._stopped.is_set() else NOT_ACCEPTED
        except Exception as error:
            self.failures[call] = PushFailure(f"the bridge failed: {type(error).__name__}")
            log.exception("push failed", extra=log_fields)
            return NOT_ACCEPTED
        log.info("pushed", extra=log_fields)
        return DONE

    def _push(self, call: PushCall, entries: Sequence[Entry]) -> None:
        """Push entries and record whose receipts were accepted.

        Raises PushError. A LockedOutError stops every call of this session.
        """
        if self._stopped.is_set():
            text = f"{call.kind}: not called, as another call was locked out"
            raise _NotCalledError(text, self._stopped_by)
        try:
            client.push(call.kind, [entry.fields for entry in entries])
        except LockedOutError as error:
            self._stop(error.answer)
            _open_breaker(str(error))
            raise
        metrics.count(Pushed=len(entries))
        if call.kind == "details":
            pushed.record_pushed(call.out_id, push_batches.positions(entries))

    def _stop(self, answer: str) -> None:
        """Let no further call be made, because of an answer."""
        self._stopped_by = answer
        self._stopped.set()

    def _push_divided(self, call: PushCall) -> bool:
        """Push the entries of a refused call in parts; return whether Quick Audience accepted any part.

        If so, single entries were the reason. The rest is then queued in smaller messages, so that bad entries do
        not hold up good ones. If not, the refusal concerned all entries: after a few calls, nothing has changed.
        """
        parts: list[Sequence[Entry]] = [_shuffled(call.entries)]
        refused: list[Sequence[Entry]] = []
        accepted = False
        for step in range(_MAX_CALLS):
            if not accepted and step > _MAX_CALLS_IN_VAIN:
                break
            if not parts or self._deadline - time.time() < SECONDS_FOR_A_CALL:
                break
            part = parts.pop()
            if len(part) < len(call.entries):
                try:
                    self._push(call, part)
                except EntriesRefusedError:
                    pass
                except PushError:
                    parts.append(part)
                    break
                else:
                    accepted = True
                    continue
            if len(part) == 1:
                refused.append(part)
            else:
                middle = len(part) // 2
                parts += [part[middle:], part[:middle]]
        if accepted:
            # Each is recorded as not accepted at its next try, in a few seconds.
            earlier = EarlierTries(call.earlier + call.tries)
            left = [
                ReceiptBody(call.kind, call.out_id, part, earlier) for part in [*refused, *parts]
            ]
            sending.send("receipts", left, delay=retries.PUSH.first)
            log.warning("push refused because of single entries", extra={"refused": len(refused)})
        return accepted


def _shuffled(entries: Sequence[Entry]) -> list[Entry]:
    """Return entries in random order: a bad entry may be anywhere, so each try should begin with other parts."""
    order = list(entries)
    random.shuffle(order)
    return order


def _may_divide(call: PushCall) -> bool:
    return len(call.entries) > 1 and call.tries % _TRIES_BEFORE_DIVIDING == 0


# A breaker that can't be written must not change the result of a call, so these two only log errors.


def _open_breaker(why: str) -> None:
    log.error("locked out by Quick Audience: pushing stops", extra={"why": why})
    try:
        breakers.trip(SIDE, why, int(time.time()))
    except Exception:
        log.exception("the breaker could not be opened")


def _close_breaker() -> None:
    log.info("Quick Audience accepts pushes again")
    try:
        breakers.close(SIDE, int(time.time()))
    except Exception:
        log.exception("the breaker could not be closed")
