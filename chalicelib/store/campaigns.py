"""What was accepted, planned, claimed, answered, pushed and replied, under its outId.

Every item is written once and never changed, so that writing it again after a crash is harmless.
"""

import functools
import hashlib
import json
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from chalicelib.campaigns.planning import Call, Chunk, Failure
from chalicelib.store import plans, table
from chalicelib.store.packing import pack, unpack
from chalicelib.store.table import Item

# A request with equal content within this time is the same request (see docs/decisions).
SAME_REQUEST_SECONDS = 12 * 3600
# Quick Audience counts a message without a receipt as failed after three days; so do we.
CLOSED_AFTER_SECONDS = 72 * 3600

Outcome = str | Failure | None
"""What came of a recipient: a sid, a refusal, or None: sent perhaps, and nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An accepted request."""

    out_id: str
    biz_id: str
    sign: str
    template_code: str
    revision: int
    tpl_id: int
    accepted_at: int
    recipients: int = 0
    refused: int = 0
    related: Mapping[str, str] | None = None

    @property
    def expires(self) -> int:
        """When DynamoDB may forget it."""
        return self.accepted_at + table.RETENTION_SECONDS


@dataclass(frozen=True, slots=True)
class Pointer:
    """Names a chunk: what the queue carries of it."""

    out_id: str
    biz_id: str
    start: int

    @property
    def sort(self) -> str:
        """How the sort keys of its items begin."""
        return f"CHUNK#{self.biz_id}#{self.start:08d}#"


@dataclass(frozen=True, slots=True)
class Progress:
    """All that is known of a chunk: its plan, who claimed it, what was answered so far."""

    plan: Chunk
    outcomes: dict[int, Outcome]
    claimed: dict[int, int]
    """Each attempt that somebody claimed, and the epoch at which its claimer is certainly dead."""
    done: frozenset[int]
    """The attempts whose result is known."""

    def waiting(self) -> list[tuple[list[int], Call]]:
        """The calls to those who have no outcome yet: their positions, and the call itself."""
        calls = []
        for start, call in self.plan.call_starts():
            left = {
                position: phone
                for position, phone in enumerate(call.phones, start)
                if position not in self.outcomes
            }
            if left:
                calls.append((list(left), Call(tuple(left.values()), call.params)))
        return calls


# --- requests ---------------------------------------------------------------------------------


def submit(digest: str, request: Request) -> tuple[Request, bool]:
    """Give this content a bizId, or find the one that it has.

    Answers the request to go on with, and whether it was accepted to the end before. A request that
    began and did not end (a killed function) is gone on with under its own bizId and revision, so
    that chunks which are queued already are not planned a second time.
    """
    item = _submission(digest, request, accepted=False)
    while not table.put_new(item):
        there = table.get(item["pk"], item["sk"], consistent=True)
        if there is None:
            continue
        first = Request(**json.loads(there["request"]))
        if first.accepted_at + SAME_REQUEST_SECONDS > request.accepted_at:
            return first, there["accepted"]
        if table.replace(item, "request", there["request"]):
            break
    return request, False


def accepted(digest: str, request: Request) -> None:
    """Keep that a request was accepted to the end: recorded and queued."""
    table.put(_submission(digest, request, accepted=True))


def withdraw(digest: str, biz_id: str) -> None:
    """Forget that this content was accepted under a bizId: the same request again is a new one.

    For a request that failed before anybody was sent to.
    """
    there = table.get(f"SUBMISSION#{digest}", "-", consistent=True)
    if there and json.loads(there["request"])["biz_id"] == biz_id:
        stale = Request(**json.loads(there["request"]) | {"accepted_at": 0})
        table.replace(_submission(digest, stale, accepted=False), "request", there["request"])


def _submission(digest: str, request: Request, *, accepted: bool) -> Item:
    return table.key(f"SUBMISSION#{digest}", "-") | {
        "request": json.dumps(asdict(request)),
        "accepted": accepted,
        "expires": request.accepted_at + SAME_REQUEST_SECONDS,
    }


def record_plan(request: Request, chunks: Sequence[Chunk]) -> list[Pointer]:
    """Keep the plan of a request, and when its chunks are closed. Safe to repeat."""
    items: list[Item] = []
    pointers = []
    hour = _hour(request.accepted_at + CLOSED_AFTER_SECONDS)
    for chunk in chunks:
        pointer = Pointer(request.out_id, request.biz_id, chunk.start)
        pointers.append(pointer)
        items.append(
            table.key(f"OUT#{request.out_id}", pointer.sort + "PLAN")
            | plans.write(chunk)
            | {"expires": request.expires}
        )
        items.append(
            table.key(f"DUE#{hour}", f"{request.biz_id}#{chunk.start:08d}")
            | {
                "outId": request.out_id,
                "bizId": request.biz_id,
                "start": chunk.start,
                "expires": request.expires,
            }
        )
    table.batch_put(items)
    return pointers


def record_request(request: Request) -> None:
    """Keep a request, for those who work on its chunks and for operators."""
    fields = asdict(request) | {"related": json.dumps(request.related or {}, ensure_ascii=False)}
    table.put(
        table.key(f"OUT#{request.out_id}", f"REQUEST#{request.biz_id}")
        | fields
        | {"expires": request.expires}
    )


def requests(out_id: str) -> list[Request]:
    """The accepted requests of an outId, oldest first."""
    items = table.query(f"OUT#{out_id}", "REQUEST#", consistent=True)
    return sorted(map(_request, items), key=lambda request: request.accepted_at)


@functools.lru_cache(maxsize=64)
def request_of(out_id: str, biz_id: str) -> Request:
    """The request of a chunk, which never changes. Raises LookupError where there is none."""
    item = table.get(f"OUT#{out_id}", f"REQUEST#{biz_id}", consistent=True)
    if item is None:
        raise LookupError(f"no request {biz_id}")
    return _request(item)


def _request(item: Item) -> Request:
    fields = {name: item[name] for name in Request.__dataclass_fields__ if name in item}
    return Request(**fields | {"related": json.loads(item["related"])})


# --- chunks -----------------------------------------------------------------------------------


def claim(pointer: Pointer, attempt: int, until: int, expires: int) -> bool:
    """Take the right to make a chunk's calls, for one attempt, given once.

    `until` is when the claimer is certainly dead: from then on, an attempt without a result is of
    unknown outcome.
    """
    return table.put_new(_claim(pointer, attempt, until, expires))


def reclaim(pointer: Pointer, attempt: int, dead_since: int, until: int, expires: int) -> bool:
    """Take over from a dead claimer, in order to take stock: given to one at a time."""
    return table.replace(_claim(pointer, attempt, until, expires), "until", dead_since)


def _claim(pointer: Pointer, attempt: int, until: int, expires: int) -> Item:
    return table.key(f"OUT#{pointer.out_id}", f"{pointer.sort}CLAIM#{attempt:04d}") | {
        "until": until,
        "token": uuid.uuid4().hex,
        "expires": expires,
    }


def record_result(
    pointer: Pointer, attempt: int, outcomes: Mapping[int, Outcome], expires: int
) -> None:
    """Keep what came of one attempt: by position; positions that are left out wait for another."""
    packed = {
        str(position): [outcome.code, outcome.message] if isinstance(outcome, Failure) else outcome
        for position, outcome in outcomes.items()
    }
    table.put(
        table.key(f"OUT#{pointer.out_id}", f"{pointer.sort}RESULT#{attempt:04d}")
        | {"outcomes": pack(packed), "expires": expires}
    )


def progress(pointer: Pointer) -> Progress | None:
    """All that is known of a chunk, or None where there is no such chunk."""
    found = list(_progresses(table.query(f"OUT#{pointer.out_id}", pointer.sort, consistent=True)))
    return found[0][1] if found else None


def all_progress(out_id: str, biz_id: str) -> Iterator[tuple[Pointer, Progress]]:
    """The chunks of a request, by position."""
    for (_, start), progress in _progresses(table.query(f"OUT#{out_id}", f"CHUNK#{biz_id}#")):
        yield Pointer(out_id, biz_id, start), progress


def _progresses(items: Iterable[Item]) -> Iterator[tuple[tuple[str, int], Progress]]:
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
) -> Iterator[tuple[tuple[str, int], Progress]]:
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
        yield chunk, Progress(plan, outcomes, claimed, frozenset(done))


# --- closing ----------------------------------------------------------------------------------


def due(now: int, hours_back: int) -> Iterator[tuple[int, Pointer]]:
    """The chunks that were to be closed in the last hours, oldest first, each with its hour."""
    for hour in range(_hour(now) - hours_back, _hour(now)):
        for item in table.query(f"DUE#{hour}", consistent=True):
            yield hour, Pointer(item["outId"], item["bizId"], item["start"])


def accepted_in(hour: int, after: str = "") -> Iterator[tuple[str, Pointer]]:
    """The chunks that were accepted in an hour (an epoch's) and are not closed yet, each with its sort key.

    `after` leaves out those up to a sort key.
    """
    due_hour = hour + CLOSED_AFTER_SECONDS // 3600
    # "!" stands before every character of a longer key, "~" after all of them.
    for item in table.query(f"DUE#{due_hour}", f"{after}!", until="~", consistent=True):
        yield str(item["sk"]), Pointer(item["outId"], item["bizId"], item["start"])


def closed(hour: int, pointer: Pointer) -> None:
    """Take a chunk off the list of those to be closed."""
    table.delete(f"DUE#{hour}", f"{pointer.biz_id}#{pointer.start:08d}")


def _hour(epoch: int) -> int:
    return epoch // 3600


# --- pushed receipts and replies ---------------------------------------------------------------


def record_pushed(out_id: str, positions: Mapping[str, Sequence[int]]) -> None:
    """Keep which positions of which requests Quick Audience has taken the receipts of."""
    expires = int(time.time()) + table.RETENTION_SECONDS
    for biz_id, numbers in positions.items():
        text = ",".join(map(str, sorted(set(numbers))))
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        table.put(
            table.key(f"OUT#{out_id}", f"PUSHED#{biz_id}#{digest}")
            | {"positions": text, "expires": expires}
        )


def pushed(out_id: str, biz_id: str) -> set[int]:
    """The positions of a request whose receipts Quick Audience has."""
    return {
        int(position)
        for item in table.query(f"OUT#{out_id}", f"PUSHED#{biz_id}#")
        for position in item["positions"].split(",")
    }


def reply_key(phone: str, content: str, time: int) -> str:
    """What makes two replies the same one."""
    return hashlib.sha256(f"{phone}\n{time}\n{content}".encode()).hexdigest()[:24]


def record_reply(out_id: str, key: str, reply: Mapping[str, Any], by: str, now: int) -> bool:
    """Keep a reply, unless it is kept already; answers whether it is for `by` to tell.

    `by` names the piece of work, which finds its own name there when it is repeated after a crash.
    """
    item = table.key(f"OUT#{out_id}", f"REPLY#{key}") | dict(reply) | {"by": by}
    if table.put_new(item | {"expires": now + table.RETENTION_SECONDS}):
        return True
    there = table.get(item["pk"], item["sk"], consistent=True)
    return there is not None and there["by"] == by


def replies(out_id: str) -> list[Item]:
    """The replies to an outId's messages."""
    return list(table.query(f"OUT#{out_id}", "REPLY#"))
