"""Which Tencent calls a request becomes, and how they are cut into chunks.

A chunk is the unit that is queued, claimed and answered for; a call is one request to Tencent.
Recipients with equal parameters share calls of at most 200; all others go singly, many calls to a
chunk. A recipient is known by its position in the request's plan, which is the same however often
the plan is made.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from chalicelib.campaigns import phones

# sendmultisms2 takes no more (document: "no more than 200 mobile numbers"; above it: 1046).
MOST_PER_CALL = 200
# Single calls in one chunk: what a killed function leaves unknown, against table writes per chunk.
MOST_CALLS = 50


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a recipient gets no message: a code for `errCode`, a sentence for `message`."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Call:
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
    given: dict[int, str] = field(default_factory=dict)

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
        self._groups: dict[tuple[str, ...], dict[str, str]] = {}
        self._forms = False
        self._refused: dict[str, Failure] = {}

    def add(self, phone: str, params: tuple[str, ...], given: str = "") -> None:
        """Take in a recipient: a kept number, Tencent's parameters in order, the number as it was given."""
        form = ""
        # Asked first, as it is true of nearly all of a hundred thousand.
        if "86" + given != phone and given != phones.to_quick_audience(phone):
            form, self._forms = given, True
        self._groups.setdefault(params, {}).setdefault(phone, form)

    def add_plain(self, given: list[str], params: tuple[str, ...]) -> list[str]:
        """Take in, of numbers as they were given, those in plain form, all for equal parameters.

        Answers the others, which are to be looked at one by one.
        """
        plain, others = given, list[str]()
        if not phones.all_plain(given):
            plain = list(filter(phones.PLAIN.fullmatch, given))
            others = [number for number in given if not phones.PLAIN.fullmatch(number)]
        taken = dict.fromkeys(["86" + number for number in plain], "")
        taken.update(self._groups.get(params, {}))
        self._groups[params] = taken
        return others

    def refuse(self, phone: str, failure: Failure) -> None:
        """Take in a recipient who gets a failure receipt instead of a message."""
        self._refused.setdefault(phone, failure)

    @property
    def accepted(self) -> int:
        """How many messages will be tried."""
        return sum(len(group) for group in self._groups.values())

    @property
    def total(self) -> int:
        """How many receipts there will be."""
        return self.accepted + len(self._refused)

    @property
    def first_failure(self) -> Failure | None:
        """Why the first refused recipient was refused."""
        return next(iter(self._refused.values()), None)

    def calls(self) -> Iterator[Call]:
        """The Tencent calls, those to many first."""
        groups = self._groups.items()
        single = [
            Call((phone,), params) for params, group in groups if len(group) == 1 for phone in group
        ]
        for params in sorted(params for params, group in groups if len(group) > 1):
            mainland, others = phones.split_mainland(sorted(self._groups[params]))
            for first in range(0, len(mainland), MOST_PER_CALL):
                call = Call(tuple(mainland[first : first + MOST_PER_CALL]), params)
                if len(call.phones) == 1:
                    single.append(call)
                else:
                    yield call
            single.extend(Call((phone,), params) for phone in others)
        yield from sorted(single, key=lambda call: (call.phones, call.params))

    def chunks(self, start: int = 0) -> Iterator[Chunk]:
        """The plan: every recipient in exactly one chunk, at positions from `start` on."""
        waiting, size = list[Call](), 0
        for call in self.calls():
            if waiting and (size + len(call.phones) > MOST_PER_CALL or len(waiting) == MOST_CALLS):
                yield self._chunk(start, waiting)
                start, waiting, size = start + size, [], 0
            waiting.append(call)
            size += len(call.phones)
        if waiting:
            yield self._chunk(start, waiting)
            start += size
        refused = sorted(self._refused.items(), key=lambda one: one[0])
        for first in range(0, len(refused), MOST_PER_CALL):
            yield Chunk(start + first, refused=tuple(refused[first : first + MOST_PER_CALL]))

    def _chunk(self, start: int, calls: list[Call]) -> Chunk:
        if not self._forms:
            return Chunk(start, tuple(calls))
        pairs = ((call.params, phone) for call in calls for phone in call.phones)
        forms = {
            position: self._groups[params][phone]
            for position, (params, phone) in enumerate(pairs, start)
        }
        given = {position: form for position, form in forms.items() if form}
        return Chunk(start, tuple(calls), given=given)
