"""From queued receipts and replies to Quick Audience, at least once.

    breaker open? ─▶ everything put back
         │
    one call alone ─▶ 401, 403: open the breaker, everything put back
         │
    the others at once

Quick Audience blocks an address that fails to authenticate repeatedly. So the first 401 or 403 stops the
pushes of all functions (`store/breakers.py`), and one call at a time finds out when they may go on.
"""

import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum, auto
from threading import Event
from typing import Any

from chalicelib import metrics
from chalicelib.campaigns import receipts, retries
from chalicelib.campaigns.receipts import Kind
from chalicelib.errors import ConfigurationError
from chalicelib.functions import pushing
from chalicelib.logs import log, some
from chalicelib.queues import receiving
from chalicelib.queues.receiving import Record
from chalicelib.quickaudience.push import EntriesRefusedError, LockedOutError, PushError
from chalicelib.store import breakers

# Calls to Quick Audience at once, by one function: as many as an event can make, so that all of them
# may take their longest (25 s, after the 25 s of the first) and the function (60 s) ends by itself.
_PARALLEL = 10
# A call whose entries were refused is taken apart at every third try: most refusals pass by themselves.
_TRIES_BEFORE_TAKING_APART = 3
_SIDE: breakers.Name = "quickaudience"


class _Came(Enum):
    DONE = auto()
    LATER = auto()
    BACK = auto()
    """To be put back: not called at all, or locked out."""


@dataclass(frozen=True, slots=True)
class _Call:
    kind: Kind
    records: Sequence[Record]
    entries: list[dict[str, Any]]

    @property
    def tries(self) -> int:
        return max(record.tries for record in self.records)


def handle(event: Mapping[str, Any], seconds_left: float) -> None:
    """Work through an SQS event of the `receipts` queue: up to 100 entries of an outId in one call."""
    if seconds_left <= pushing.SECONDS_FOR_A_CALL:
        raise ConfigurationError(
            f"push has {seconds_left:.0f} s: set its lambda_timeout in .chalice/config.json to more than "
            f"{pushing.SECONDS_FOR_A_CALL} s, better 60"
        )
    deadline = time.time() + seconds_left
    records = receiving.records(event)
    breaker = breakers.look(_SIDE)
    if breaker and not breakers.take_probe(breaker, int(time.time())):
        _put_back(records, breaker)
        return
    calls, later = _calls(records)
    run = _Run(deadline, probing=breaker is not None)
    came: list[_Came] = [run.make(call) for call in calls[:1]]
    with ThreadPoolExecutor(_PARALLEL) as pool:
        came += pool.map(run.make, calls[1:])
    by_end: dict[_Came, list[Record]] = {end: [] for end in _Came}
    for call, end in zip(calls, came, strict=True):
        by_end[end] += call.records
    if back := by_end[_Came.BACK]:
        _put_back(back, breakers.look(_SIDE))
    later |= {record: retries.push_delay(record.tries) for record in by_end[_Came.LATER]}
    receiving.finish("receipts", by_end[_Came.DONE] + back, later)


def _calls(records: Sequence[Record]) -> tuple[list[_Call], dict[Record, int]]:
    """The calls to make; and the messages that can't be read, with the seconds until they come again."""
    entries: dict[Record, list[dict[str, Any]]] = {}
    parts: list[tuple[Record, Kind, str, int]] = []
    later: dict[Record, int] = {}
    for record in records:
        try:
            body = json.loads(record.body)
            entries[record] = body["entries"]
            parts.append((record, body["kind"], body["outId"], len(body["entries"])))
        except (ValueError, LookupError, TypeError):
            log.exception("a message that nobody understands")
            later[record] = retries.push_delay(record.tries)
    calls = [
        _Call(kind, joined, [entry for record in joined for entry in entries[record]])
        for kind, joined in receipts.calls(parts)
    ]
    return calls, later


def _put_back(records: Sequence[Record], breaker: breakers.Breaker | None) -> None:
    """Have messages come when the breaker is to be looked at again; none of their tries is spent."""
    receiving.put_back("receipts", records, breaker.delay(int(time.time())) if breaker else 1)
    metrics.count(BreakerOpen=1)
    log.warning(
        "Quick Audience is not called for now: it answered 401 or 403",
        extra={"messages": len(records), "why": breaker.why if breaker else ""},
    )


class _Run:
    """One invocation's calls."""

    def __init__(self, deadline: float, *, probing: bool) -> None:
        self._deadline = deadline
        self._probing = probing
        self._stopped = Event()

    def make(self, call: _Call) -> _Came:
        """Make a call, unless an earlier one says that none is to be made, or it might not end in time."""
        if self._stopped.is_set():
            return _Came.BACK
        if self._deadline - time.time() < pushing.SECONDS_FOR_A_CALL:
            return _Came.LATER
        end = self._make(call)
        if self._probing:
            if end is _Came.DONE and not self._stopped.is_set():
                self._probing = False
                self._close()
            else:
                # Nobody knows yet whether we are let in: the others wait for the next try.
                self._stopped.set()
        return end

    def _make(self, call: _Call) -> _Came:
        shown: dict[str, Any] = {
            "kind": call.kind,
            "entries": len(call.entries),
            "tries": call.tries,
        }
        try:
            shown["bizIds"] = some(entry["at"][0] for entry in call.entries if "at" in entry)
            self._push(call.kind, call.entries)
        except LockedOutError:
            return _Came.BACK
        except PushError as error:
            metrics.count(PushesRefused=1)
            log.warning("not pushed", extra=shown | {"why": str(error)})
            apart = isinstance(error, EntriesRefusedError) and self._may_take_apart(call)
            if apart and pushing.take_apart(self._push, call.kind, call.entries, self._deadline):
                return _Came.DONE
            return _Came.BACK if self._stopped.is_set() else _Came.LATER
        except Exception:
            log.exception("push failed", extra=shown)
            return _Came.LATER
        log.info("pushed", extra=shown)
        return _Came.DONE

    def _push(self, kind: Kind, entries: pushing.Entries) -> None:
        """Push, unless another call was locked out meanwhile. Raises PushError; being locked out stops everybody."""
        if self._stopped.is_set():
            raise LockedOutError(f"{kind}: not called, as another call was locked out")
        try:
            pushing.push(kind, entries)
        except LockedOutError as error:
            self._stopped.set()
            self._open(str(error))
            raise

    # What was pushed stays pushed, whether the breaker can be written or not.

    @staticmethod
    def _open(why: str) -> None:
        log.error("locked out by Quick Audience: pushing stops", extra={"why": why})
        try:
            breakers.trip(_SIDE, why, int(time.time()))
        except Exception:
            log.exception("the breaker could not be opened")

    @staticmethod
    def _close() -> None:
        log.info("Quick Audience takes pushes again")
        try:
            breakers.close(_SIDE, int(time.time()))
        except Exception:
            log.exception("the breaker could not be closed")

    @staticmethod
    def _may_take_apart(call: _Call) -> bool:
        return len(call.entries) > 1 and call.tries % _TRIES_BEFORE_TAKING_APART == 0
