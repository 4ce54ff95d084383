"""The plan of a request: the calls to Tencent that it needs, grouped into chunks.

A call is one request to Tencent. A chunk is the unit that is queued, claimed and completed. Recipients with equal
parameters share calls of up to 200 numbers; every other recipient gets a call of their own, and a chunk holds many
of those. A recipient is identified by its position in the plan. Planning is deterministic: planning the same
recipients again gives every recipient the same position.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import NamedTuple, TypeVar

from chalicelib.domain import phones, text_lists

# The limit of sendmultisms2 (document: "no more than 200 mobile numbers"; error 1046 above it).
MAX_PER_CALL = 200
# Calls in one chunk. More of them need fewer table writes, but leave more outcomes unknown if a function is killed.
MAX_CALLS = 50

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a recipient gets no message: a code for `errCode` and a text for `message`."""

    code: str
    message: str


class Call(NamedTuple):
    """One request to Tencent: all its numbers get the same text."""

    phones: tuple[str, ...]
    params: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Calls, and recipients who are refused without a call.

    `start` is the position of the first recipient. Positions count through the numbers of the calls in order, then
    through the refused recipients. `original_forms` holds, by position, the numbers that Quick Audience wrote in a
    form other than the documented one, because receipts must repeat them in that form. `other_forms` holds the
    further forms of a recipient whom the request names in several forms.
    """

    start: int
    calls: tuple[Call, ...] = ()
    refused: tuple[tuple[str, Failure], ...] = ()
    original_forms: dict[int, str] = field(default_factory=dict)
    other_forms: dict[int, tuple[str, ...]] = field(default_factory=dict)

    @property
    def phones(self) -> list[str]:
        """Return the numbers of all recipients by position. Refused numbers are as the request wrote them."""
        return [phone for call in self.calls for phone in call.phones] + [
            phone for phone, _ in self.refused
        ]

    @property
    def first_refused(self) -> int:
        """Return the position of the first refused recipient."""
        return self.start + sum(len(call.phones) for call in self.calls)

    def call_starts(self) -> Iterator[tuple[int, Call]]:
        """Yield each call with the position of its first recipient."""
        position = self.start
        for call in self.calls:
            yield position, call
            position += len(call.phones)


Pair = tuple[str, tuple[str, ...]]
"""A stored number and the values of the template's variables: what one message consists of."""


def chunks(
    single: Mapping[tuple[str, ...], str],
    shared: Mapping[tuple[str, ...], Sequence[str]],
    forms: Mapping[Pair, tuple[str, ...]],
    refused: Mapping[str, Failure],
    start: int = 0,
) -> Iterator[Chunk]:
    """Yield the chunks of a plan: every recipient is in exactly one, at positions from `start` on.

    `single` and `shared` have the numbers by their parameters: the only one, or all. `forms` are those of recipients
    whom the request names in another form than the documented one, `refused` the reasons by the refused numbers.
    """
    for calls in _group_calls(*_calls(single, shared)):
        yield _chunk(start, calls, forms)
        start += sum([len(call.phones) for call in calls])
    for part in _slices(sorted(refused.items(), key=itemgetter(0)), MAX_PER_CALL):
        yield Chunk(start, refused=tuple(part))
        start += len(part)


def distinct(numbers: Sequence[str]) -> list[str]:
    """Return the numbers sorted, each once. Duplicates are rare, and checking for them is faster than removing them."""
    ordered = sorted(numbers)
    return list(dict.fromkeys(ordered)) if text_lists.has_duplicates(ordered) else ordered


def _calls(
    single: Mapping[tuple[str, ...], str], shared: Mapping[tuple[str, ...], Sequence[str]]
) -> tuple[list[Call], list[Call]]:
    """Return the calls with several numbers, and the calls with a single number."""
    bulk = list[Call]()
    alone = [Call((phone,), params) for params, phone in single.items()]
    for params in sorted(shared):
        mainland, others = phones.split_mainland(distinct(shared[params]))
        calls = [Call(tuple(part), params) for part in _slices(mainland, MAX_PER_CALL)]
        if calls and len(calls[-1].phones) == 1:
            alone.append(calls.pop())
        bulk.extend(calls)
        alone.extend(Call((phone,), params) for phone in others)
    return bulk, sorted(alone)


def _chunk(start: int, calls: list[Call], forms: Mapping[Pair, tuple[str, ...]]) -> Chunk:
    chunk = Chunk(start, tuple(calls))
    if forms:
        pairs = ((phone, call.params) for call in calls for phone in call.phones)
        for position, known in enumerate(map(forms.get, pairs), start):
            if known:
                chunk.original_forms[position] = known[0]
                if known[1:]:
                    chunk.other_forms[position] = known[1:]
    return chunk


def _group_calls(bulk: list[Call], single: list[Call]) -> Iterator[list[Call]]:
    """Group calls into chunks, each as full as its limits allow."""
    group, size = list[Call](), 0
    for call in bulk:
        if group and (size + len(call.phones) > MAX_PER_CALL or len(group) == MAX_CALLS):
            yield group
            group, size = [], 0
        group.append(call)
        size += len(call.phones)
    room = min(MAX_PER_CALL - size, MAX_CALLS - len(group))
    if group:
        yield group + single[:room]
    yield from _slices(single[room:] if group else single, MAX_CALLS)


def _slices(items: list[T], size: int) -> Iterator[list[T]]:
    return (items[first : first + size] for first in range(0, len(items), size))
