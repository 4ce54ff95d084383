"""Conversion between a chunk's plan and the attributes of its item."""

from itertools import chain, islice
from typing import Any

from chalicelib.domain.planning import Call, Chunk, Failure
from chalicelib.store.packing import pack, pack_numbers, unpack, unpack_numbers
from chalicelib.store.table import Item


def write(chunk: Chunk) -> Item:
    """Return the attributes of a plan without its start. All its calls must have the same number of parameters."""
    plan: dict[str, Any] = {
        "params": [text for call in chunk.calls for text in call.params],
        "calls": [len(call.phones) for call in chunk.calls],
        "refused": [[phone, why.code, why.message] for phone, why in chunk.refused],
        "given": chunk.original_forms,
    }
    if chunk.other_forms:
        plan["others"] = chunk.other_forms
    return {
        "numbers": pack_numbers(chain.from_iterable(call.phones for call in chunk.calls)),
        # A request has hundreds of chunks, and its caller waits for the answer.
        "plan": pack(plan, quickly=True),
    }


def read(start: int, item: Item) -> Chunk:
    """Return the chunk with this start from the attributes of its item."""
    plan, numbers = unpack(item["plan"]), iter(unpack_numbers(item["numbers"]))
    params, calls = iter(plan["params"]), plan["calls"]
    each = len(plan["params"]) // max(len(calls), 1)
    return Chunk(
        start,
        tuple(Call(tuple(islice(numbers, count)), tuple(islice(params, each))) for count in calls),
        tuple((phone, Failure(code, message)) for phone, code, message in plan["refused"]),
        {int(position): given for position, given in plan["given"].items()},
        {int(position): tuple(forms) for position, forms in plan.get("others", {}).items()},
    )
