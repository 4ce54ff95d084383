"""Which Tencent calls a request becomes, and how they are cut into chunks.

A chunk is the unit that is queued, claimed and answered for; a call is one request to Tencent.
Recipients with equal parameters share calls of at most 200; all others go singly, many calls to a
chunk. A recipient is known by its position in the request's plan, which is the same however often
the plan is made.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import NamedTuple, TypeVar

from chalicelib.domain import phones, text_lists

# sendmultisms2 takes no more (document: "no more than 200 mobile numbers"; above it: 1046).
MAX_PER_CALL = 200
# Single calls in one chunk: what a killed function leaves unknown, against table writes per chunk.
MAX_CALLS = 50

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a recipient gets no message: a code for `errCode`, a sentence for `message`."""

    code: str
    message: str


class Call(NamedTuple):
    """One request to Tencent: every number gets the same text."""

    phones: tuple[str, ...]
    params: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some calls, and some recipients who are refused without any.

    `start` is the position of the first recipient; positions run through the calls' numbers in
    order, then through the refused. `given` holds, by position, the numbers that Quick Audience
    wrote in another form than it documents: it is told of them in the form that it knows.
    """

    start: int
    calls: tuple[Call, ...] = ()
    refused: tuple[tuple[str, Failure], ...] = ()
    original_forms: dict[int, str] = field(default_factory=dict)

    @property
    def phones(self) -> list[str]:
        """Every recipient, by position. Refused numbers stand as they were given."""
        return [phone for call in self.calls for phone in call.phones] + [
            phone for phone, _ in self.refused
        ]

    @property
    def first_refused(self) -> int:
        """The position of the first refused recipient."""
        return self.start + sum(len(call.phones) for call in self.calls)

    def call_starts(self) -> Iterator[tuple[int, Call]]:
        """Each call with the position of its first recipient."""
        position = self.start
        for call in self.calls:
            yield position, call
            position += len(call.phones)


class Recipients:
    """Who is to get what, collected from a request. Repeated pairs of number and parameters count once.

    The plan is the same in whatever order they came: a request that is made again after it was cut
    off may name them in another, and must not plan them into other chunks.
    """

    def __init__(self) -> None:
        # By parameters: who alone gets them, or all who do. Mostly everybody is alone, or nobody.
        self._single_recipient: dict[tuple[str, ...], str] = {}
        self._shared: dict[tuple[str, ...], list[str]] = {}
        self._original_form: dict[tuple[str, tuple[str, ...]], str] = {}
        self._refused: dict[str, Failure] = {}

    def add(self, phone: str, params: tuple[str, ...], given: str = "") -> None:
        """Take in a recipient: a kept number, Tencent's parameters in order, the number as it was given."""
        # Asked first, as it is true of nearly all of a hundred thousand.
        if "86" + given != phone and given != phones.to_quick_audience(phone):
            self._original_form.setdefault((phone, params), given)
        if self._shared and params in self._shared:
            self._shared[params].append(phone)
        elif (there := self._single_recipient.setdefault(params, phone)) != phone:
            del self._single_recipient[params]
            self._shared[params] = [there, phone]

    def add_all(self, kept: Sequence[str], params: tuple[str, ...]) -> None:
        """Take in kept numbers, none of which was given in a form of its own, for equal parameters."""
        everybody = self._shared.setdefault(params, [])
        if params in self._single_recipient:
            everybody.append(self._single_recipient.pop(params))
        everybody.extend(kept)

    def refuse(self, phone: str, failure: Failure) -> None:
        """Take in a recipient who gets a failure receipt instead of a message."""
        self._refused.setdefault(phone, failure)

    @property
    def accepted(self) -> int:
        """How many messages will be tried."""
        return len(self._single_recipient) + sum(
            len(_distinct(group)) for group in self._shared.values()
        )

    @property
    def refused(self) -> int:
        """How many get a failure receipt instead."""
        return len(self._refused)

    @property
    def total(self) -> int:
        """How many receipts there will be."""
        return self.accepted + self.refused

    @property
    def first_failure(self) -> Failure | None:
        """Why the first refused recipient was refused."""
        return next(iter(self._refused.values()), None)

    def chunks(self, start: int = 0) -> Iterator[Chunk]:
        """The plan: every recipient in exactly one chunk, at positions from `start` on."""
        for calls in _filled(*self._calls()):
            yield self._chunk(start, calls)
            start += sum([len(call.phones) for call in calls])
        for refused in _parts(sorted(self._refused.items(), key=itemgetter(0)), MAX_PER_CALL):
            yield Chunk(start, refused=tuple(refused))
            start += len(refused)

    def _calls(self) -> tuple[list[Call], list[Call]]:
        """Those to many, and those to one."""
        many = list[Call]()
        single = [Call((phone,), params) for params, phone in self._single_recipient.items()]
        for params in sorted(self._shared):
            mainland, others = phones.split_mainland(_distinct(self._shared[params]))
            calls = [Call(tuple(part), params) for part in _parts(mainland, MAX_PER_CALL)]
            if calls and len(calls[-1].phones) == 1:
                single.append(calls.pop())
            many.extend(calls)
            single.extend(Call((phone,), params) for phone in others)
        return many, sorted(single)

    def _chunk(self, start: int, calls: list[Call]) -> Chunk:
        chunk = Chunk(start, tuple(calls))
        if self._original_form:
            pairs = ((phone, call.params) for call in calls for phone in call.phones)
            forms = enumerate(map(self._original_form.get, pairs), start)
            chunk.original_forms.update({position: form for position, form in forms if form})
        return chunk


def _distinct(numbers: list[str]) -> list[str]:
    """Each of them once, sorted: nearly always they come so, which is seen faster than it is done."""
    ordered = sorted(numbers)
    return list(dict.fromkeys(ordered)) if text_lists.has_duplicates(ordered) else ordered


def _filled(many: list[Call], single: list[Call]) -> Iterator[list[Call]]:
    """Calls, as many together as one chunk may hold."""
    together, size = list[Call](), 0
    for call in many:
        if together and (size + len(call.phones) > MAX_PER_CALL or len(together) == MAX_CALLS):
            yield together
            together, size = [], 0
        together.append(call)
        size += len(call.phones)
    room = min(MAX_PER_CALL - size, MAX_CALLS - len(together))
    if together:
        yield together + single[:room]
    yield from _parts(single[room:] if together else single, MAX_CALLS)


def _parts(every: list[T], most: int) -> Iterator[list[T]]:
    return (every[first : first + most] for first in range(0, len(every), most))
