"""Halts of requests (`domain/halts.py`), and the list of those that `release` looks at.

The entry in the list is written before the halt, so that no halt changes without `release` knowing. Every write
of an entry sets a new token, and it is deleted only with the token that was read.
"""

import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from chalicelib.domain.halts import Halt, HaltState
from chalicelib.domain.send_request import SendRequest
from chalicelib.errors import BridgeError
from chalicelib.store import table
from chalicelib.store.table import Item

LIST = "HALTS"
"""The partition of the entries."""


class StoppedError(BridgeError):
    """A stopped request can't be paused or resumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A request whose halt changed. `at` is the epoch of the change.

    `queued` says that all of its chunks were queued after it was stopped. The field names are stored.
    """

    out_id: str
    biz_id: str
    at: int
    token: str
    queued: bool = False


def get(out_id: str, biz_id: str, *, consistent: bool = True) -> Halt | None:
    """Return the halt of a request; None if it was never halted. Unless `consistent`, as it was a second ago."""
    item = table.get(f"OUT#{out_id}", f"HALT#{biz_id}", consistent=consistent)
    return table.read_as(Halt, item) if item else None


def of_out_id(out_id: str) -> dict[str, Halt]:
    """Return the halts of an outId's requests by bizId, as they were a second ago."""
    items = table.query(f"OUT#{out_id}", "HALT#")
    return {halt.biz_id: halt for halt in (table.read_as(Halt, item) for item in items)}


def is_stopped(out_id: str, biz_id: str) -> bool:
    """Return whether a request was stopped."""
    halt = get(out_id, biz_id)
    return halt is not None and halt.state == "stopped"


def change(request: SendRequest, state: HaltState, now: int) -> tuple[Halt | None, Entry]:
    """Give a request's halt a state; return the halt that it had before, and its entry in the list.

    A halt that has the state already stays as it is. The entry is written in any case, so that a command that died
    can be repeated. Raises StoppedError if the request is stopped, and another state is wanted.
    """
    while True:
        current = get(request.out_id, request.biz_id)
        if current and current.state == "stopped" and state != "stopped":
            raise StoppedError(f"the request {request.biz_id} is stopped, which is final")
        entry = _list(request, now)
        if current and current.state == state:
            return current, entry
        item = _halt_item(_new(request, state, now), request.expires)
        if table.replace(item, "token", current.token) if current else table.put_new(item):
            return current, entry


def pause_once(request: SendRequest, now: int, why: str) -> bool:
    """Pause a request that was never halted, and say why; return whether it was paused now.

    A request that an operator resumed has a halt, and so has one that was paused in this way before. So it happens
    once to a request, whatever happens at the same moment.
    """
    if get(request.out_id, request.biz_id):
        return False
    _list(request, now)
    return table.put_new(_halt_item(_new(request, "paused", now, why), request.expires))


def changed() -> Iterator[Entry]:
    """Yield the entries of the list: of requests that are paused, or whose halt changed a short time ago."""
    for item in table.query(LIST, consistent=True):
        yield table.read_as(Entry, item)


def mark_queued(entry: Entry, request: SendRequest) -> None:
    """Record that all chunks of a stopped request were queued. Does nothing if its entry was written again."""
    queued = Entry(**asdict(entry) | {"queued": True})
    table.replace_where(_entry_item(queued, request.expires), {"token": entry.token})


def remove(entry: Entry) -> None:
    """Delete an entry, unless it was written again."""
    table.delete_where(LIST, entry.biz_id, "token", entry.token)


def _list(request: SendRequest, now: int) -> Entry:
    """Write a new entry of a request, and return it."""
    entry = Entry(out_id=request.out_id, biz_id=request.biz_id, at=now, token=uuid.uuid4().hex)
    table.put(_entry_item(entry, request.expires))
    return entry


def _new(request: SendRequest, state: HaltState, now: int, why: str = "") -> Halt:
    return Halt(
        out_id=request.out_id,
        biz_id=request.biz_id,
        state=state,
        at=now,
        token=uuid.uuid4().hex,
        why=why,
    )


def _entry_item(entry: Entry, expires: int) -> Item:
    return table.key(LIST, entry.biz_id) | asdict(entry) | {"expires": expires}


def _halt_item(halt: Halt, expires: int) -> Item:
    return (
        table.key(f"OUT#{halt.out_id}", f"HALT#{halt.biz_id}") | asdict(halt) | {"expires": expires}
    )
