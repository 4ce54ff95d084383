"""Receipts that would contradict another one: failures of a phone that has a delivery under the same outId.

A campaign may send several messages with different texts to one phone, in one request or in several. Quick Audience
keys receipts by outId and phone, so a failure that arrives after a delivery would replace it. Such a failure is not
pushed, and counts as pushed. The check is made right before a push, because a receipt may wait on its queue for hours.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from chalicelib.domain import push_batches
from chalicelib.domain.push_batches import Entry
from chalicelib.logs import log, sample
from chalicelib.store import pushed

# Queries at once: a batch may hold the failures of hundreds of phones.
_PARALLEL = 10


def drop(out_id: str, entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries of an outId to push, and record the others as pushed.

    This costs a query for each phone that has a failure.
    """
    failed = dict.fromkeys(entry.failed_phone for entry in entries if entry.failed_phone)
    if not failed:
        return list(entries)
    from chalicelib.store import messages  # noqa: PLC0415 -- not needed for deliveries, and the import takes time

    with ThreadPoolExecutor(_PARALLEL) as pool:
        found = pool.map(lambda phone: messages.delivered_forms(phone, out_id), failed)
        delivered = dict(zip(failed, found, strict=True))
    left: list[Entry] = []
    dropped: list[Entry] = []
    for entry in entries:
        forms = delivered.get(entry.failed_phone, frozenset())
        (dropped if entry.fields["phoneNum"] in forms else left).append(entry)
    if dropped:
        positions = push_batches.positions(dropped)
        pushed.record_pushed(out_id, positions)
        log.info(
            "failures not pushed: another message to the phone was delivered",
            extra={"entries": len(dropped), "bizIds": sample(positions)},
        )
    return left
