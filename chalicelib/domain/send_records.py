"""Pair Tencent's records of sends with messages of unknown outcome (docs/decisions/0055).

A record names a phone, a text and a time, but neither an outId nor a bizId. So it is paired with a message only where
the two leave no other reading: the records of one phone that belong to no known message, and the messages of unknown
outcome to that phone with the same sign and the same template. Nothing is concluded from a record that is missing.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol, TypeVar

from chalicelib.domain import sign_names, template_text

CLOCK_TOLERANCE_SECONDS = 300
"""How far Tencent's clock may differ from this one. API 3.0 refuses a greater difference."""


class Record(Protocol):
    """Tencent's record of one message. `sent_at` is an epoch, `content` the text with its sign, partly masked."""

    @property
    def sid(self) -> str:
        """Return Tencent's id of the message; "" if it has none, because it was refused."""

    @property
    def sent_at(self) -> int:
        """Return the epoch at which it was sent."""

    @property
    def content(self) -> str:
        """Return the text with its sign. Parts of the values of variables may be masked."""


AnyRecord = TypeVar("AnyRecord", bound=Record)


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """A message that the bridge sent to the phone, whose sid is not known.

    `key` identifies it. `sign` and `text` are those it was sent with; the text is the template's, in Tencent's
    notation, or "" if it is no longer stored. It was sent between the epochs `began` and `ended`; `sent_at` is
    stored as the time of its send.
    """

    key: tuple[str, int]
    out_id: str
    sign: str
    text: str
    sent_at: int
    began: int
    ended: int

    @property
    def form(self) -> tuple[str, str]:
        """Return what makes two messages look alike in a record: the sign and the template's text."""
        return sign_names.normal(self.sign), self.text

    def fits(self, record: Record) -> bool:
        """Return whether a record may be that of this message, by its time and its text."""
        return self.includes(record.sent_at) and fits(record.content, self.sign, self.text)

    def includes(self, moment: int) -> bool:
        """Return whether Tencent may have written this moment down as the time of the send."""
        earliest = self.began - CLOCK_TOLERANCE_SECONDS
        return earliest <= moment <= self.ended + CLOCK_TOLERANCE_SECONDS


def fits(content: str, sign: str, text: str) -> bool:
    """Return whether a record's content begins with a sign and has the constant parts of a template in their order.

    Tencent writes a sign in 【】, and abroad in []. The values of variables are not compared, because parts of them are
    masked. White space is not compared either.
    """
    rest = _compact(content)
    name = _compact(sign_names.without_brackets(sign))
    first, *others = map(_compact, template_text.constants(text))
    if not rest.startswith((f"【{name}】{first}", f"[{name}]{first}")):
        return False
    at = len(f"[{name}]{first}")
    for part in others:
        found = rest.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return True


def pair(
    records: Iterable[AnyRecord],
    sends: Sequence[Send],
    *,
    known_sids: Collection[str] = frozenset(),
    refused: Sequence[Send] = (),
    since: int = 0,
    horizon: int,
    complete: bool = True,
) -> dict[tuple[str, int], AnyRecord]:
    """Return the records of one phone that certainly belong to messages of unknown outcome, by the messages' keys.

    `sends` are all messages of unknown outcome to the phone, `known_sids` the sids of its other messages, `refused`
    those that Tencent refused, whose records have no sid. The records are those since the epoch `since`, so a message
    that was sent before has none here. A record from the epoch `horizon` on may belong to a message that is being sent
    at this moment, so neither it nor a message that was sent from then on counts. If the records are not `complete`,
    Tencent has more than it lists, and nothing is decided.
    """
    if not complete:
        return {}
    left: list[AnyRecord] = []
    seen: set[str] = set()
    for record in records:
        if record.sent_at >= horizon or record.sid in known_sids or record.sid in seen:
            continue
        if record.sid:
            seen.add(record.sid)
        elif any(one.fits(record) for one in refused):
            continue
        left.append(record)
    forms: dict[tuple[str, str], list[Send]] = {}
    for send in sends:
        if send.began < horizon and send.ended + CLOCK_TOLERANCE_SECONDS >= since:
            forms.setdefault(send.form, []).append(send)
    candidates: dict[tuple[str, str], list[AnyRecord]] = {form: [] for form in forms}
    ambiguous: set[tuple[str, str]] = set()
    for record in left:
        fitting = [form for form, group in forms.items() if any(one.fits(record) for one in group)]
        for form in fitting:
            candidates[form].append(record)
        if len(fitting) > 1:
            ambiguous.update(fitting)
    found: dict[tuple[str, int], AnyRecord] = {}
    for form, group in forms.items():
        # A message without a text can't be recognized in a record. The record may be its own all the same, so no other
        # message that fits gets it.
        if form not in ambiguous and form[1]:
            found |= _pair_group(candidates[form], group)
    return found


def _pair_group(
    records: Sequence[AnyRecord], sends: Sequence[Send]
) -> Mapping[tuple[str, int], AnyRecord]:
    """Pair the records that may belong to messages with equal sign and text.

    As many records as messages are paired in order of time. Within one outId, fewer are paired, too, because Quick
    Audience knows a message by outId and phone: there it does not matter which of them a record belongs to. Across
    outIds, the messages must have been sent one after the other, since otherwise their order is not known. All others
    are left open.
    """
    in_order = sorted(records, key=lambda record: record.sent_at)
    waiting = sorted(sends, key=lambda send: (send.began, send.sent_at, send.key))
    if len(in_order) > len(waiting):
        return {}
    if len({send.out_id for send in waiting}) > 1 and (
        len(in_order) < len(waiting)
        or any(one.ended >= following.began for one, following in pairwise(waiting))
    ):
        return {}
    found: dict[tuple[str, int], AnyRecord] = {}
    for record in in_order:
        send = next((one for one in waiting if one.includes(record.sent_at)), None)
        if send is None or (len(records) == len(sends) and send is not waiting[0]):
            # In order of time, the record would belong to a message that was sent at another time.
            return {}
        waiting.remove(send)
        found[send.key] = record
    return found


def _compact(text: str) -> str:
    return "".join(text.split())
