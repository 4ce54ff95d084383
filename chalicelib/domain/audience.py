"""The recipients that a request names: numbers with their parameters, sorted into one canonical order.

A repeated request may name its recipients in another order. It must still be recognised as the same request and
be planned into the same chunks.
"""

import hashlib
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any

from chalicelib.domain import parameters, phones, text_lists
from chalicelib.domain.destinations import Destinations
from chalicelib.domain.planning import Failure
from chalicelib.domain.recipients import Recipients

# How many characters of an invalid number are kept, because its failure receipt repeats it.
_MAX_INVALID_NUMBER = 40
_ANYWHERE = Destinations()


class Audience:
    """Numbers as the request gives them, and their parameters: an object for each number, or one or none for all."""

    def __init__(self, numbers: list[str], objects: list[dict[str, Any]]) -> None:
        params = parameters.collect(objects or [{}])
        if len(objects) <= 1:
            self._numbers, self._params = sorted(numbers), params
            return
        order = sorted(range(len(numbers)), key=numbers.__getitem__)
        self._numbers = text_lists.copy_contiguous([numbers[index] for index in order])
        if text_lists.has_duplicates(self._numbers):
            order.sort(key=lambda index: (numbers[index], params.key(index)))
        self._params = params.in_order(order)

    def digest(self) -> bytes:
        """Return a digest that only an equal audience has.

        One parameter object for all numbers has the same digest as that object for each number.
        """
        digest = hashlib.sha256(f"{len(self._numbers)} ".encode())
        digest.update(_encode_numbers(self._numbers))
        digest.update(self._params.encoded())
        return digest.digest()

    def recipients(
        self, names: Sequence[str], destinations: Destinations = _ANYWHERE
    ) -> Recipients:
        """Return the recipients of a template with these variables, each with their values.

        A number that can't be sent to, or a missing variable, fails that recipient only.
        """
        recipients = Recipients()
        numbers = self._numbers
        values: Iterable[parameters.Values] = self._params.values(names)
        if len(self._params) == 1:
            # The shared object is read once: it may be as long as the list of numbers.
            [params] = values
            if destinations.all_mainland and not isinstance(params, Failure):
                plain, numbers = phones.parse_plain(numbers)
                recipients.add_all(plain, params)
            values = repeat(params)
        resolved = destinations.resolve_all(numbers)
        if len(self._params) == 1 and not isinstance(params, Failure):
            numbers, resolved = _add_foreign(recipients, numbers, resolved, params)
        for number, phone, params in zip(numbers, resolved, values, strict=False):
            if isinstance(phone, Failure):
                recipients.refuse(number[:_MAX_INVALID_NUMBER], phone)
            elif isinstance(params, Failure):
                recipients.refuse(number, params, phone)
            else:
                recipients.add(phone, params, number)
        return recipients


def _add_foreign(
    recipients: Recipients,
    numbers: list[str],
    resolved: list[str | Failure],
    params: tuple[str, ...],
) -> tuple[list[str], list[str | Failure]]:
    """Add the foreign numbers in the documented form, which is the stored one, together; return the others."""
    same = [phone for number, phone in zip(numbers, resolved, strict=True) if phone == number]
    foreign = [phone for phone in same if isinstance(phone, str) and not phones.is_mainland(phone)]
    if not foreign:
        return numbers, resolved
    # Copied, because the numbers of a request lie anywhere in memory, and sorting and grouping them would take longer.
    recipients.add_all(text_lists.copy_contiguous(foreign), params)
    known = set(foreign)
    left = [pair for pair in zip(numbers, resolved, strict=True) if pair[0] not in known]
    return [number for number, _ in left], [phone for _, phone in left]


def _encode_numbers(numbers: list[str]) -> bytes:
    """Encode numbers so that different lists have different encodings.

    One number per line, or Python's representation of the list if a number contains a line break.
    """
    lines = "\n".join([*numbers, ""])
    return lines.encode() if lines.count("\n") == len(numbers) else repr(numbers).encode()
