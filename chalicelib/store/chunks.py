"""Chunks of a request: their plans, the claims to send them, and the results.

Every item is written once and never changed, so that writing it again after a crash is harmless.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence

from chalicelib.domain.chunks import ChunkKey, ChunkProgress, Outcome
from chalicelib.domain.planning import Chunk, Failure
from chalicelib.domain.send_request import SendRequest
from chalicelib.store import due_chunks, plans, table
from chalicelib.store.packing import pack, unpack
from chalicelib.store.table import Item


def record_plan(request: SendRequest, chunks: Sequence[Chunk]) -> list[ChunkKey]:
    """Store the plan of a request and when each chunk is due to be closed. Safe to repeat."""
    items: list[Item] = []
    keys = [ChunkKey(request.out_id, request.biz_id, chunk.start) for chunk in chunks]
    for key, chunk in zip(keys, chunks, strict=True):
        plan = table.key(f"OUT#{key.out_id}", key.sort + "PLAN") | plans.write(chunk)
        items += [plan | {"expires": request.expires}, due_chunks.item(request, key)]
    table.batch_put(items)
    return keys


def claim(key: ChunkKey, attempt: int, until: int, expires: int) -> bool:
    """Take the right to make a chunk's calls, for one attempt, given once.

    `until` is when the claimer is certainly dead: from then on, an attempt without a result is of
    unknown outcome.
    """
    return table.put_new(_claim(key, attempt, until, expires))


def reclaim(key: ChunkKey, attempt: int, dead_since: int, until: int, expires: int) -> bool:
    """Take over from a dead claimer, in order to take stock: given to one at a time."""
    return table.replace(_claim(key, attempt, until, expires), "until", dead_since)


def _claim(key: ChunkKey, attempt: int, until: int, expires: int) -> Item:
    return table.key(f"OUT#{key.out_id}", f"{key.sort}CLAIM#{attempt:04d}") | {
        "until": until,
        "token": uuid.uuid4().hex,
        "expires": expires,
    }


def record_result(
    key: ChunkKey, attempt: int, outcomes: Mapping[int, Outcome], expires: int
) -> None:
    """Keep what came of one attempt: by position; positions that are left out wait for another."""
    packed = {
        str(position): [outcome.code, outcome.message] if isinstance(outcome, Failure) else outcome
        for position, outcome in outcomes.items()
    }
    table.put(
        table.key(f"OUT#{key.out_id}", f"{key.sort}RESULT#{attempt:04d}")
        | {"outcomes": pack(packed), "expires": expires}
    )


def progress(key: ChunkKey) -> ChunkProgress | None:
    """All that is known of a chunk, or None where there is no such chunk."""
    found = list(_progresses(table.query(f"OUT#{key.out_id}", key.sort, consistent=True)))
    return found[0][1] if found else None


def all_progress(out_id: str, biz_id: str) -> Iterator[tuple[ChunkKey, ChunkProgress]]:
    """The chunks of a request, by position."""
    for (_, start), progress in _progresses(table.query(f"OUT#{out_id}", f"CHUNK#{biz_id}#")):
        yield ChunkKey(out_id, biz_id, start), progress


def _progresses(items: Iterable[Item]) -> Iterator[tuple[tuple[str, int], ChunkProgress]]:
    """Fold items in the order of their keys: CLAIM, PLAN and RESULT of one chunk stand together."""
    chunk: tuple[str, int] | None = None
    facts: list[tuple[str, Item]] = []
    for item in items:
        _, biz_id, start, fact = str(item["sk"]).split("#", 3)
        if (biz_id, int(start)) != chunk:
            yield from _fold(chunk, facts)
            chunk, facts = (biz_id, int(start)), []
        facts.append((fact, item))
    yield from _fold(chunk, facts)


def _fold(
    chunk: tuple[str, int] | None, facts: list[tuple[str, Item]]
) -> Iterator[tuple[tuple[str, int], ChunkProgress]]:
    plan: Chunk | None = None
    outcomes: dict[int, Outcome] = {}
    claimed: dict[int, int] = {}
    done: set[int] = set()
    for fact, item in facts:
        kind, _, attempt = fact.partition("#")
        if kind == "PLAN" and chunk:
            plan = plans.read(chunk[1], item)
        elif kind == "CLAIM":
            claimed[int(attempt)] = item["until"]
        elif kind == "RESULT":
            done.add(int(attempt))
            for position, outcome in unpack(item["outcomes"]).items():
                outcomes[int(position)] = (
                    Failure(*outcome) if isinstance(outcome, list) else outcome
                )
    if chunk and plan:
        yield chunk, ChunkProgress(plan, outcomes, claimed, frozenset(done))
