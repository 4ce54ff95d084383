"""Whom a request names: numbers, and parameters for them, in one order, however they came.

A request that is made again may name them in another order, and must be known again, and planned into
the same chunks.
"""

import hashlib
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any

from chalicelib.domain import parameters, phones, text_lists
from chalicelib.domain.planning import Failure, Recipients

# Of what is no number: Quick Audience is told of it, so much of it is kept.
_MAX_SHOWN = 40


class Audience:
    """Numbers as they were given, with an object of parameters each, or with one or none for all."""

    def __init__(self, numbers: list[str], objects: list[dict[str, Any]]) -> None:
        params = parameters.collect(objects or [{}])
        if len(objects) <= 1:
            self._numbers, self._params = sorted(numbers), params
            return
        order = sorted(range(len(numbers)), key=numbers.__getitem__)
        self._numbers = text_lists.copy_contiguous([numbers[place] for place in order])
        if text_lists.has_duplicates(self._numbers):
            order.sort(key=lambda place: (numbers[place], params.key(place)))
        self._params = params.in_order(order)

    def digest(self) -> bytes:
        """Equal for equal audiences alone. One object for all is the same as that object for each."""
        digest = hashlib.sha256(f"{len(self._numbers)} ".encode())
        digest.update(_lines(self._numbers))
        digest.update(self._params.text())
        return digest.digest()

    def recipients(self, names: Sequence[str]) -> Recipients:
        """Who gets what of a template with these variables.

        A bad number or a missing variable is that recipient's failure alone.
        """
        recipients = Recipients()
        numbers = self._numbers
        each: Iterable[parameters.Values] = self._params.values(names)
        if len(self._params) == 1:
            # Read once: it may be as long as the list of those who get it.
            [params] = each
            if not isinstance(params, Failure):
                plain, numbers = phones.parse_plain(numbers)
                recipients.add_all(plain, params)
            each = repeat(params)
        for given, phone, params in zip(numbers, phones.parse_all(numbers), each, strict=False):
            if phone is None:
                failure = Failure("isv.MOBILE_NUMBER_ILLEGAL", "手机号格式错误")
                recipients.refuse(given[:_MAX_SHOWN], failure)
            elif isinstance(params, Failure):
                recipients.refuse(given, params)
            else:
                recipients.add(phone, params, given)
        return recipients


def _lines(numbers: list[str]) -> bytes:
    """Numbers, so that no others come to the same.

    A line each, or Python's own form of the list where one of them has lines of its own.
    """
    lines = "\n".join([*numbers, ""])
    return lines.encode() if lines.count("\n") == len(numbers) else repr(numbers).encode()
