"""Leases: what only one invocation may do at a time, although its schedule may call it twice at once."""

import uuid
from dataclasses import dataclass

from chalicelib.store import table


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that is held. `until` is the epoch at which its holder is certainly dead."""

    name: str
    until: int
    token: str


def take(name: str, now: int, until: int) -> Lease | None:
    """Take a lease that nobody holds; None if somebody does."""
    lease = Lease(name, until, uuid.uuid4().hex)
    there = table.get("LEASE", name, consistent=True)
    if there is None:
        return lease if table.put_new(_item(lease)) else None
    if there["until"] > now:
        return None
    return lease if table.replace(_item(lease), "token", there["token"]) else None


def give_back(lease: Lease) -> None:
    """Let the next invocation take it at once. Does nothing if another one holds it by now."""
    table.replace(_item(Lease(lease.name, 0, lease.token)), "token", lease.token)


def _item(lease: Lease) -> table.Item:
    return table.key("LEASE", lease.name) | {"until": lease.until, "token": lease.token}
