"""The recipients of a request, and what becomes of each: a message, or a refusal.

The request may name one recipient several times, in several forms, and be wrong about them in some places only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chalicelib.domain import phones, planning
from chalicelib.domain.planning import Chunk, Failure, Pair

# The spellings of one number that a request may have. The limit bounds the size of a plan, because blanks and hyphens
# can be written in thousands of ways.
MAX_FORMS = 20

_TOO_MANY_FORMS = Failure("isv.MOBILE_NUMBER_ILLEGAL", f"同一号码的写法超过 {MAX_FORMS} 种")


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
            len(planning.distinct(group)) for group in resolved.shared.values()
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
        found = self._resolve()
        return planning.chunks(found.single, found.shared, found.forms, found.refused, start)

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
        for pair in sorted(self._forms):
            phone, params = pair
            known = (
                phone in documented.get(params, ()) or self._single_recipient.get(params) == phone
            )
            plain = [phones.to_quick_audience(phone)] if known else []
            ordered = sorted(self._forms[pair])
            resolved.forms[pair] = (*ordered[:MAX_FORMS], *plain)
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
