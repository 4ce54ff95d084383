"""A chunk's plan as the attributes of its item, and back."""

from itertools import chain, islice
from typing import Any

from chalicelib.domain.planning import Call, Chunk, Failure
from chalicelib.store.packing import pack, pack_numbers, unpack, unpack_numbers
from chalicelib.store.table import Item


def write(chunk: Chunk) -> Item:
    """The attributes that hold a plan, but for where it starts. All its calls have as many parameters."""
    plan: dict[str, Any] = {
        "params": [text for call in chunk.calls for text in call.params],
        "calls": [len(call.phones) for call in chunk.calls],
        "refused": [[phone, why.code, why.message] for phone, why in chunk.refused],
        "given": chunk.original_forms,
    }
    return {
        "numbers": pack_numbers(chain.from_iterable(call.phones for call in chunk.calls)),
        # A request has hundreds of chunks, and is waited for.
        "plan": pack(plan, quickly=True),
    }


def read(start: int, item: Item) -> Chunk:
    """The chunk that starts there."""
    plan, numbers = unpack(item["plan"]), iter(unpack_numbers(item["numbers"]))
    params, calls = iter(plan["params"]), plan["calls"]
    each = len(plan["params"]) // max(len(calls), 1)
    return Chunk(
        start,
        tuple(Call(tuple(islice(numbers, count)), tuple(islice(params, each))) for count in calls),
        tuple((phone, Failure(code, message)) for phone, code, message in plan["refused"]),
        {int(position): given for position, given in plan["given"].items()},
    )
