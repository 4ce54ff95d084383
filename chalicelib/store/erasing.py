"""Erasing a number: a placeholder takes its place in every item, so that rows keep their places and counts.

The order of the steps matters, because the partition of the number is the only index to its items, and a process may
end after each of them: `begin`, `copy`, then everything else, and `finish` last. Every step may be repeated.
"""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace

from chalicelib.domain import erased_numbers, phones
from chalicelib.domain.erased_numbers import FORM
from chalicelib.domain.messages import Message
from chalicelib.domain.planning import Call, Chunk, Failure
from chalicelib.store import batches, final_state_log, message_items, plans, table
from chalicelib.store.packing import pack, unpack
from chalicelib.store.table import Item

# An item that others change at the same time is read and changed again.
_MAX_TRIES = 50


def items_of(phone: str) -> list[Item]:
    """Return the items of a number's messages."""
    return list(table.query(f"PHONE#{phone}", consistent=True))


def begin(item: Item) -> Item | None:
    """Store the placeholder of a message in its item, unless it has one; return the item with it.

    Return None if the item does not exist any more, because another command has erased it meanwhile.
    """
    if "erased" in item:
        return item
    marked = item | {"erased": erased_numbers.placeholder()}
    # Its receipt is known, so nothing else changes the item.
    existing = table.replace_or_get(marked, "erased", None)
    return marked if existing is None else existing or None


def copy(item: Item) -> None:
    """Write a message under its placeholder: with its state and times, without number, forms and values."""
    forms = forms_of(message_items.read(item))
    receipt = dict(item["receipt"])
    others = [FORM for _ in item.get("others", ())]
    copied = item | {
        "pk": f"PHONE#{item['erased']}",
        "given": FORM,
        "others": others or None,
        "params": None,
        "erased": None,
        "receipt": receipt | {"reason": erased_numbers.without(receipt["reason"], forms)},
    }
    table.put(copied)


def forms_of(message: Message) -> set[str]:
    """Return the forms in which a message's number may be stored."""
    return {
        message.phone,
        phones.to_quick_audience(message.phone),
        message.original_form,
        *message.other_forms,
    } - {""}


def erase_from_chunk(out_id: str, item: Item) -> None:
    """Erase a message's number from the plan and the results of its chunk."""
    message = message_items.read(item)
    prefix = _chunk_of(out_id, message.origin.biz_id, message.position)
    if prefix is None:
        return
    forms = forms_of(message)
    for found in table.query(f"OUT#{out_id}", prefix, consistent=True):
        kind = str(found["sk"]).removeprefix(prefix).partition("#")[0]
        if kind == "PLAN":
            _erase_from_plan(found, int(prefix.split("#")[2]), message.position, item["erased"])
        elif kind == "RESULT":
            _erase_from_result(found, message.position, forms)


def _chunk_of(out_id: str, biz_id: str, position: int) -> str | None:
    """Return the prefix of the sort keys of the chunk that has a position; None if the chunk has expired."""
    [*found] = table.query(
        f"OUT#{out_id}",
        f"CHUNK#{biz_id}#",
        until=f"CHUNK#{biz_id}#{position:08d}#~",
        newest_first=True,
        limit=1,
        consistent=True,
    )
    return "#".join(str(found[0]["sk"]).split("#")[:3]) + "#" if found else None


def _erase_from_plan(item: Item, start: int, position: int, placeholder: str) -> None:
    for _ in range(_MAX_TRIES):
        chunk = plans.read(start, item)
        if position - start >= len(chunk.phones):
            return
        changed = item | plans.write(_without(chunk, position, placeholder))
        if changed == item or table.replace_where(
            changed, {name: item[name] for name in ("plan", "numbers")}
        ):
            return
        item = table.get(item["pk"], item["sk"], consistent=True) or item
    raise TimeoutError(f"the plan {item['sk']} was too busy to erase a number from it")


def _without(chunk: Chunk, position: int, placeholder: str) -> Chunk:
    """Return a chunk with a placeholder for the number at a position.

    The values of a call that has no other recipient become empty.
    """
    calls = []
    for start, call in chunk.call_starts():
        index = position - start
        if 0 <= index < len(call.phones):
            numbers = (*call.phones[:index], placeholder, *call.phones[index + 1 :])
            alone = all(map(erased_numbers.is_erased, numbers))
            calls.append(Call(numbers, ("",) * len(call.params) if alone else call.params))
        else:
            calls.append(call)
    refused = list(chunk.refused)
    if (index := position - chunk.first_refused) >= 0:
        number, why = refused[index]
        text = erased_numbers.without(why.message, (number,))
        refused[index] = (placeholder, Failure(why.code, text))
    others = chunk.other_forms
    if position in others:
        others = others | {position: (FORM,) * len(others[position])}
    return replace(
        chunk,
        calls=tuple(calls),
        refused=tuple(refused),
        original_forms=chunk.original_forms | {position: FORM},
        other_forms=others,
    )


def _erase_from_result(item: Item, position: int, forms: Iterable[str]) -> None:
    for _ in range(_MAX_TRIES):
        outcomes = unpack(item["outcomes"])
        outcome = outcomes.get(str(position))
        if not isinstance(outcome, list):
            return
        outcomes[str(position)] = [outcome[0], erased_numbers.without(outcome[1], forms)]
        packed = pack(outcomes)
        if packed == item["outcomes"] or table.replace_where(
            item | {"outcomes": packed}, {"outcomes": item["outcomes"]}
        ):
            return
        item = table.get(item["pk"], item["sk"], consistent=True) or item
    raise TimeoutError(f"the result {item['sk']} was too busy to erase a number from it")


def erase_from_log(
    out_id: str, biz_id: str, placeholders: Mapping[final_state_log.Row, str]
) -> int:
    """Erase numbers from a request's log of final states; return how many rows had one.

    `placeholders` has the placeholder of each message, by its key. Reads the whole log.
    """
    count = 0
    for slot in table.query(f"OUT#{out_id}", f"DETAIL#{biz_id}#", consistent=True):
        rows = [(phone, sort) for phone, sort in unpack(slot["packed"])]
        changed = [_erased_row(row, placeholders) for row in rows]
        if changed == rows:
            continue
        # Slots are never changed otherwise.
        packed = {"packed": pack(changed)}
        if not table.replace_where(slot | packed, {"packed": slot["packed"]}):
            return count + erase_from_log(out_id, biz_id, placeholders)
        count += sum(old != new for old, new in zip(rows, changed, strict=True))
    return count


def _erased_row(
    row: final_state_log.Row, placeholders: Mapping[final_state_log.Row, str]
) -> final_state_log.Row:
    key, _ = final_state_log.message_of(row)
    return (placeholders[key], row[1]) if key in placeholders else row


def replies_of(out_id: str, phone: str) -> list[Item]:
    """Return the items of a number's replies under an outId."""
    return [
        item
        for item in table.query(f"OUT#{out_id}", "REPLY#", consistent=True)
        if phones.stored_form(item["phoneNum"]) == phone
    ]


def erase_reply(item: Item) -> None:
    """Write a reply under a random key, without number and text. Its key was made of both."""
    new = item | {"sk": f"REPLY#{secrets.token_hex(12)}", "phoneNum": FORM, "content": ""}
    table.exchange(table.key(item["pk"], item["sk"]), new, "phoneNum", item["phoneNum"])


def parked_of(phone: str, days: Iterable[str]) -> list[table.Key]:
    """Return the keys of the parked events of a number, by the days (Beijing time) on which they were parked."""
    return [
        (item["pk"], item["sk"])
        for day in days
        for item in table.query(f"PARKED#{day}", f"{phone}#", consistent=True)
    ]


def delete_parked(keys: Iterable[table.Key]) -> None:
    """Delete parked events."""
    batches.delete(list(keys))


def finish(item: Item) -> None:
    """Delete a message's original item, after everything else of it is erased."""
    table.delete(item["pk"], item["sk"])
