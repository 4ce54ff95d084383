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
# The forms of one number that are told apart in a request. It bounds the size of a plan: blanks and hyphens can be
# written in thousands of ways.
MAX_FORMS = 20
# Calls in one chunk. More of them need fewer table writes, but leave more outcomes unknown if a function is killed.
MAX_CALLS = 50

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a recipient gets no message: a code for `errCode` and a text for `message`."""

    code: str
    message: str


_TOO_MANY_FORMS = Failure("isv.MOBILE_NUMBER_ILLEGAL", f"同一号码的写法超过 {MAX_FORMS} 种")


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


class Recipients:
    """The recipients of a request. A repeated pair of number and parameters counts once.

    The plan does not depend on the order in which they are added: a request that is repeated after it was cut off may
    name its recipients in another order, and must not plan them into other chunks.
    """

    def __init__(self) -> None:
        # By parameters: the only recipient who has them, or all who share them. Most requests use only one of the two.
        self._single_recipient: dict[tuple[str, ...], str] = {}
        self._shared: dict[tuple[str, ...], list[str]] = {}
        # The forms of recipients who are named in a form other than the documented one. They are not in the two above.
        self._forms: dict[Pair, set[str]] = {}
        self._refused: dict[str, Failure] = {}
        # The stored number of refused recipients, where it is known.
        self._refused_phones: dict[str, str] = {}
        self._resolved: _Resolved | None = None

    def add(self, phone: str, params: tuple[str, ...], original: str = "") -> None:
        """Add a recipient: the stored form of the number, the values in order, and the number as the request has it."""
        # The first comparison is the cheap one, and decides for nearly all recipients.
        if "86" + original != phone and original != phones.to_quick_audience(phone):
            self._forms.setdefault((phone, params), set()).add(original)
        elif self._shared and params in self._shared:
            self._shared[params].append(phone)
        elif (other := self._single_recipient.setdefault(params, phone)) != phone:
            del self._single_recipient[params]
            self._shared[params] = [other, phone]
        self._resolved = None

    def add_all(self, stored: Sequence[str], params: tuple[str, ...]) -> None:
        """Add recipients with equal parameters, whose numbers the request wrote in the documented form."""
        group = self._shared.setdefault(params, [])
        if params in self._single_recipient:
            group.append(self._single_recipient.pop(params))
        group.extend(stored)
        self._resolved = None

    def refuse(self, original: str, failure: Failure, phone: str = "") -> None:
        """Add a recipient who gets a failure receipt instead of a message: the number as the request has it.

        `phone` is its stored form, if it has one. If a message is sent to that phone, the receipts of that message
        are the only ones: a refusal beside it would contradict them.
        """
        self._refused.setdefault(original, failure)
        if phone:
            self._refused_phones.setdefault(original, phone)
        self._resolved = None

    @property
    def accepted(self) -> int:
        """Return the number of messages that will be sent."""
        resolved = self._resolve()
        return len(resolved.single) + sum(
            len(_distinct(group)) for group in resolved.shared.values()
        )

    @property
    def refused(self) -> int:
        """Return the number of recipients who get a failure receipt instead of a message."""
        return len(self._resolve().refused)

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
        resolved = self._resolve()
        for calls in _group_calls(*_calls(resolved)):
            yield _chunk(start, calls, resolved.forms)
            start += sum([len(call.phones) for call in calls])
        for refused in _slices(sorted(resolved.refused.items(), key=itemgetter(0)), MAX_PER_CALL):
            yield Chunk(start, refused=tuple(refused))
            start += len(refused)

    def _resolve(self) -> "_Resolved":
        if self._resolved is None:
            self._resolved = _Resolved(self._single_recipient, self._shared, {}, self._refused)
            if self._forms:
                self._add_forms(self._resolved)
            if self._refused_phones:
                self._drop_refusals(self._resolved)
        return self._resolved

    def _add_forms(self, resolved: "_Resolved") -> None:
        """Add the recipients in other forms to those in the documented one."""
        resolved.single = dict(self._single_recipient)
        resolved.shared = {params: [*group] for params, group in self._shared.items()}
        documented = {params: set(group) for params, group in self._shared.items()}
        for (phone, params), forms in sorted(self._forms.items()):
            known = documented.get(params) or {self._single_recipient.get(params, "")}
            plain = [phones.to_quick_audience(phone)] if phone in known else []
            ordered = sorted(forms)
            resolved.forms[phone, params] = (*ordered[:MAX_FORMS], *plain)
            if rest := ordered[MAX_FORMS:]:
                resolved.refused = {**resolved.refused, **dict.fromkeys(rest, _TOO_MANY_FORMS)}
            if plain:
                continue
            if params in resolved.shared:
                resolved.shared[params].append(phone)
            elif other := resolved.single.pop(params, ""):
                resolved.shared[params] = [other, phone]
            else:
                resolved.single[params] = phone

    def _drop_refusals(self, resolved: "_Resolved") -> None:
        """Drop the refusals of phones that a message is sent to; that message's receipts name their forms, too."""
        sent = dict[str, tuple[str, ...]]()
        for params, phone in resolved.single.items():
            sent[phone] = min(params, sent.get(phone, params))
        for params, group in resolved.shared.items():
            for phone in group:
                sent[phone] = min(params, sent.get(phone, params))
        dropped = {form: phone for form, phone in self._refused_phones.items() if phone in sent}
        resolved.refused = {
            form: failure for form, failure in resolved.refused.items() if form not in dropped
        }
        for form, phone in sorted(dropped.items()):
            pair = (phone, sent[phone])
            plain = phones.to_quick_audience(phone)
            known = resolved.forms.get(pair, (plain,))
            if form in known:
                continue
            if len(known) > MAX_FORMS:
                resolved.refused[form] = self._refused[form]
            else:
                resolved.forms[pair] = (form, *known) if known == (plain,) else (*known, form)


@dataclass(slots=True)
class _Resolved:
    """The recipients of a plan, with everything known that the request says about each.

    `forms` are the forms in which a recipient is named, if they are not just the documented one.
    """

    single: dict[tuple[str, ...], str]
    shared: dict[tuple[str, ...], list[str]]
    forms: dict[Pair, tuple[str, ...]]
    refused: dict[str, Failure]


def _calls(resolved: _Resolved) -> tuple[list[Call], list[Call]]:
    """Return the calls with several numbers, and the calls with a single number."""
    bulk = list[Call]()
    single = [Call((phone,), params) for params, phone in resolved.single.items()]
    for params in sorted(resolved.shared):
        mainland, others = phones.split_mainland(_distinct(resolved.shared[params]))
        calls = [Call(tuple(part), params) for part in _slices(mainland, MAX_PER_CALL)]
        if calls and len(calls[-1].phones) == 1:
            single.append(calls.pop())
        bulk.extend(calls)
        single.extend(Call((phone,), params) for phone in others)
    return bulk, sorted(single)


def _chunk(start: int, calls: list[Call], known: dict[Pair, tuple[str, ...]]) -> Chunk:
    chunk = Chunk(start, tuple(calls))
    if known:
        pairs = ((phone, call.params) for call in calls for phone in call.phones)
        for position, forms in enumerate(map(known.get, pairs), start):
            if forms:
                chunk.original_forms[position] = forms[0]
                if forms[1:]:
                    chunk.other_forms[position] = forms[1:]
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
