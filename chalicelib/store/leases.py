"""Leases: a lease lets only one invocation of a scheduled function run, although two may be started at once."""

import uuid
from dataclasses import dataclass

from chalicelib.store import table


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that is held. `until` is the epoch at which its holder is certainly dead."""

    name: str
    until: int
    token: str


def acquire(name: str, now: int, until: int) -> Lease | None:
    """Acquire a lease that has no current holder; return None if it has one."""
    lease = Lease(name, until, uuid.uuid4().hex)
    current = table.get("LEASE", name, consistent=True)
    if current is None:
        return lease if table.put_new(_item(lease)) else None
    if current["until"] > now:
        return None
    return lease if table.replace(_item(lease), "token", current["token"]) else None


def release(lease: Lease) -> None:
    """Release a lease, so that the next invocation can acquire it at once. Does nothing if another one holds it now."""
    table.replace(_item(Lease(lease.name, 0, lease.token)), "token", lease.token)


def _item(lease: Lease) -> table.Item:
    return table.key("LEASE", lease.name) | {"until": lease.until, "token": lease.token}
