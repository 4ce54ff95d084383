"""The chunks of a request: their plans, the claims to send them, and the results.

Plans and results are written once and never changed, so writing them again after a crash is harmless. A claim is
written conditionally, and changed only when another function takes over from its dead claimer.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from chalicelib.domain import periods
from chalicelib.domain.chunks import ChunkKey, ChunkProgress, Outcome, SendSums
from chalicelib.domain.planning import Chunk, Failure
from chalicelib.domain.send_request import SendRequest
from chalicelib.store import batches, due_chunks, plans, table
from chalicelib.store.packing import pack, unpack
from chalicelib.store.table import Item

# Plans that are deleted in one go.
_REMOVED_AT_ONCE = 100


def record_plan(request: SendRequest, chunks: Sequence[Chunk]) -> list[ChunkKey]:
    """Store the chunks of a request, and the hour in which each is due to be closed. Safe to repeat."""
    items: list[Item] = []
    keys = [ChunkKey(request.out_id, request.biz_id, chunk.start) for chunk in chunks]
    for key, chunk in zip(keys, chunks, strict=True):
        plan = table.key(f"OUT#{key.out_id}", key.sort + "PLAN") | plans.write(chunk)
        items += [plan | {"expires": request.expires}, due_chunks.item(request, key)]
    batches.put(items)
    return keys


def claim(key: ChunkKey, attempt: int, until: int, expires: int, only: int | None = None) -> bool:
    """Claim the right to make the calls of a chunk in one attempt; return whether this caller got it.

    Each attempt is claimed only once. `until` is the epoch from which the claimer is certainly dead: if the attempt
    has no result by then, its outcome is unknown. `only` is the position of the one recipient that the attempt calls,
    if it is a probe, or NO_CALLS.
    """
    return table.put_new(_claim(key, attempt, until, expires, only))


def reclaim(
    key: ChunkKey,
    attempt: int,
    dead_since: int,
    until: int,
    expires: int,
    only: int | None = None,
) -> bool:
    """Take over the claim of a dead claimer, to recover its outcomes; return whether this caller got it.

    `dead_since` is the `until` of the dead claimer, `only` as it claimed it. Only one caller at a time gets the claim.
    """
    return table.replace(_claim(key, attempt, until, expires, only), "until", dead_since)


def _claim(key: ChunkKey, attempt: int, until: int, expires: int, only: int | None) -> Item:
    return table.key(f"OUT#{key.out_id}", f"{key.sort}CLAIM#{attempt:04d}") | {
        "until": until,
        "token": uuid.uuid4().hex,
        "only": only,
        "expires": expires,
    }


def record_result(
    key: ChunkKey,
    attempt: int,
    outcomes: Mapping[int, Outcome],
    expires: int,
    sent: SendSums | None = None,
) -> None:
    """Store the outcomes of one attempt by position, and what it sent.

    Positions without an outcome are left to the next attempt.
    """
    packed = {
        str(position): [outcome.code, outcome.message] if isinstance(outcome, Failure) else outcome
        for position, outcome in outcomes.items()
    }
    table.put(
        table.key(f"OUT#{key.out_id}", f"{key.sort}RESULT#{attempt:04d}")
        | {
            "outcomes": pack(packed),
            "sent": list(sent) if sent else None,
            "expires": expires,
        }
    )


def has_calls(out_id: str, biz_id: str) -> bool:
    """Return whether a chunk of a request is planned that sends to somebody."""
    for item in table.query(f"OUT#{out_id}", f"CHUNK#{biz_id}#", consistent=True):
        if str(item["sk"]).endswith("#PLAN") and plans.read(0, item).calls:
            return True
    return False


def planned(keys: Iterable[ChunkKey]) -> Iterator[tuple[ChunkKey, Chunk]]:
    """Yield the plans of many chunks, in no particular order."""
    by_item = {(f"OUT#{key.out_id}", f"{key.sort}PLAN"): key for key in keys}
    for at, item in batches.get(by_item, consistent=True).items():
        yield by_item[at], plans.read(by_item[at].start, item)


def progress(key: ChunkKey) -> ChunkProgress | None:
    """Return everything that is stored about a chunk; None if there is no such chunk."""
    chunks = list(_fold_chunks(table.query(f"OUT#{key.out_id}", key.sort, consistent=True)))
    return chunks[0][1] if chunks else None


def all_progress(
    out_id: str, biz_id: str, *, consistent: bool = False
) -> Iterator[tuple[ChunkKey, ChunkProgress]]:
    """Yield the chunks of a request, in the order of their positions.

    Unless `consistent`, what was stored within the last second may be missing.
    """
    items = table.query(f"OUT#{out_id}", f"CHUNK#{biz_id}#", consistent=consistent)
    for (_, start), progress in _fold_chunks(items):
        yield ChunkKey(out_id, biz_id, start), progress


def of_out_id(out_id: str) -> Iterator[tuple[ChunkKey, ChunkProgress]]:
    """Yield the chunks of all requests of an outId, also of requests that were never accepted completely."""
    items = table.query(f"OUT#{out_id}", "CHUNK#", consistent=True)
    for (biz_id, start), progress in _fold_chunks(items):
        yield ChunkKey(out_id, biz_id, start), progress


def biz_ids(out_id: str) -> Iterator[str]:
    """Yield the bizIds of an outId that have chunks, also of requests that were never accepted completely.

    Reads one item of each.
    """
    first = "CHUNK#"
    while True:
        found = table.query(f"OUT#{out_id}", first, until="CHUNK#~", limit=1, consistent=True)
        item = next(found, None)
        if item is None:
            return
        biz_id = str(item["sk"]).split("#")[1]
        yield biz_id
        # "$" comes after "#": the next item is another request's.
        first = f"CHUNK#{biz_id}$"


def planned_at(key: ChunkKey) -> int:
    """Return when the request of a chunk was accepted, as an epoch, by its plan; 0 if there is none."""
    plan = table.get(f"OUT#{key.out_id}", key.sort + "PLAN", consistent=True)
    return int(plan["expires"]) - periods.RETENTION_SECONDS if plan else 0


def remove_plans(out_id: str, biz_id: str, accepted_at: int) -> None:
    """Delete the chunks of a request that was planned and never accepted, so that nothing of it was queued."""
    found = table.query(f"OUT#{out_id}", f"CHUNK#{biz_id}#", consistent=True)
    while batch := [str(item["sk"]) for item in islice(found, _REMOVED_AT_ONCE)]:
        starts = dict.fromkeys(int(sort.split("#")[2]) for sort in batch)
        due = [due_chunks.key_of(accepted_at, ChunkKey(out_id, biz_id, start)) for start in starts]
        batches.delete([*((f"OUT#{out_id}", sort) for sort in batch), *due])


def _fold_chunks(items: Iterable[Item]) -> Iterator[tuple[tuple[str, int], ChunkProgress]]:
    """Yield each chunk's (bizId, start) and its progress, from items in the order of their sort keys.

    In that order, the CLAIM, PLAN and RESULT items of one chunk are adjacent.
    """
    chunk: tuple[str, int] | None = None
    of_chunk: list[tuple[str, Item]] = []
    for item in items:
        _, biz_id, start, suffix = str(item["sk"]).split("#", 3)
        if (biz_id, int(start)) != chunk:
            yield from _fold(chunk, of_chunk)
            chunk, of_chunk = (biz_id, int(start)), []
        of_chunk.append((suffix, item))
    yield from _fold(chunk, of_chunk)


def _fold(
    chunk: tuple[str, int] | None, items: list[tuple[str, Item]]
) -> Iterator[tuple[tuple[str, int], ChunkProgress]]:
    plan: Chunk | None = None
    outcomes: dict[int, Outcome] = {}
    claimed: dict[int, int] = {}
    only: dict[int, int] = {}
    done: set[int] = set()
    sent: dict[int, SendSums] = {}
    for suffix, item in items:
        kind, _, attempt = suffix.partition("#")
        if kind == "PLAN" and chunk:
            plan = plans.read(chunk[1], item)
        elif kind == "CLAIM":
            claimed[int(attempt)] = item["until"]
            if "only" in item:
                only[int(attempt)] = item["only"]
        elif kind == "RESULT":
            done.add(int(attempt))
            found = _outcomes(item)
            outcomes |= found
            sent[int(attempt)] = _sent(item, found)
    if chunk and plan:
        yield chunk, ChunkProgress(plan, outcomes, claimed, frozenset(done), only, sent)


def _outcomes(result: Item) -> dict[int, Outcome]:
    return {
        int(position): Failure(*outcome) if isinstance(outcome, list) else outcome
        for position, outcome in unpack(result["outcomes"]).items()
    }


def _sent(result: Item, outcomes: Mapping[int, Outcome]) -> SendSums:
    """Return what the attempt of a result sent. A release that did not store it did not store the fees either."""
    if stored := result.get("sent"):
        return SendSums(*stored[: len(SendSums._fields)])
    found = outcomes.values()
    return SendSums(sum(isinstance(one, str) for one in found), sum(one is None for one in found))
