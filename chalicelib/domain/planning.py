"""The plan of a request: the calls to Tencent that it needs, grouped into chunks.

A call is one request to Tencent. A chunk is the unit that is queued, claimed and completed. Recipients with equal
parameters share calls of up to 200 numbers; every other recipient gets a call of their own, and a chunk holds many
of those. A recipient is identified by its position in the plan. Planning is deterministic: planning the same
recipients again gives every recipient the same position.
"""

from collections.abc import Iterator, Sequence
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
    form other than the documented one, because receipts must repeat them in that form.
    """

    start: int
    calls: tuple[Call, ...] = ()
    refused: tuple[tuple[str, Failure], ...] = ()
    original_forms: dict[int, str] = field(default_factory=dict)

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


class Recipients:
    """The recipients of a request. A repeated pair of number and parameters counts once.

    The plan does not depend on the order in which they are added: a request that is repeated after it was cut off may
    name its recipients in another order, and must not plan them into other chunks.
    """

    def __init__(self) -> None:
        # By parameters: the only recipient who has them, or all who share them. Most requests use only one of the two.
        self._single_recipient: dict[tuple[str, ...], str] = {}
        self._shared: dict[tuple[str, ...], list[str]] = {}
        self._original_form: dict[tuple[str, tuple[str, ...]], str] = {}
        self._refused: dict[str, Failure] = {}

    def add(self, phone: str, params: tuple[str, ...], original: str = "") -> None:
        """Add a recipient: the stored form of the number, the values in order, and the number as the request has it."""
        # The first comparison is the cheap one, and decides for nearly all recipients.
        if "86" + original != phone and original != phones.to_quick_audience(phone):
            self._original_form.setdefault((phone, params), original)
        if self._shared and params in self._shared:
            self._shared[params].append(phone)
        elif (other := self._single_recipient.setdefault(params, phone)) != phone:
            del self._single_recipient[params]
            self._shared[params] = [other, phone]

    def add_all(self, stored: Sequence[str], params: tuple[str, ...]) -> None:
        """Add recipients with equal parameters, whose numbers the request wrote in the documented form."""
        group = self._shared.setdefault(params, [])
        if params in self._single_recipient:
            group.append(self._single_recipient.pop(params))
        group.extend(stored)

    def refuse(self, phone: str, failure: Failure) -> None:
        """Add a recipient who gets a failure receipt instead of a message."""
        self._refused.setdefault(phone, failure)

    @property
    def accepted(self) -> int:
        """Return the number of messages that will be sent."""
        return len(self._single_recipient) + sum(
            len(_distinct(group)) for group in self._shared.values()
        )

    @property
    def refused(self) -> int:
        """Return the number of recipients who get a failure receipt instead of a message."""
        return len(self._refused)

    @property
    def total(self) -> int:
        """Return the number of recipients, each of whom gets a receipt."""
        return self.accepted + self.refused

    @property
    def first_failure(self) -> Failure | None:
        """Return the reason why the first refused recipient was refused; None if none was."""
        return next(iter(self._refused.values()), None)

    def chunks(self, start: int = 0) -> Iterator[Chunk]:
        """Yield the chunks of the plan: every recipient is in exactly one, at positions from `start` on."""
        for calls in _group_calls(*self._calls()):
            yield self._chunk(start, calls)
            start += sum([len(call.phones) for call in calls])
        for refused in _slices(sorted(self._refused.items(), key=itemgetter(0)), MAX_PER_CALL):
            yield Chunk(start, refused=tuple(refused))
            start += len(refused)

    def _calls(self) -> tuple[list[Call], list[Call]]:
        """Return the calls with several numbers, and the calls with a single number."""
        bulk = list[Call]()
        single = [Call((phone,), params) for params, phone in self._single_recipient.items()]
        for params in sorted(self._shared):
            mainland, others = phones.split_mainland(_distinct(self._shared[params]))
            calls = [Call(tuple(part), params) for part in _slices(mainland, MAX_PER_CALL)]
            if calls and len(calls[-1].phones) == 1:
                single.append(calls.pop())
            bulk.extend(calls)
            single.extend(Call((phone,), params) for phone in others)
        return bulk, sorted(single)

    def _chunk(self, start: int, calls: list[Call]) -> Chunk:
        chunk = Chunk(start, tuple(calls))
        if self._original_form:
            pairs = ((phone, call.params) for call in calls for phone in call.phones)
            forms = enumerate(map(self._original_form.get, pairs), start)
            chunk.original_forms.update({position: form for position, form in forms if form})
        return chunk


def _distinct(numbers: list[str]) -> list[str]:
    """Return the numbers sorted, each once. Duplicates are rare, and checking for them is faster than removing them."""
    ordered = sorted(numbers)
    return list(dict.fromkeys(ordered)) if text_lists.has_duplicates(ordered) else ordered


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
