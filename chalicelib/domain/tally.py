"""The tally of final states: what some rows of the log add, or the sum of such additions (docs/decisions/0057).

A tally is small: it keeps the most frequent reasons and the busiest periods, and folds the others together. The same
additions in the same order always give the same tally.
"""

import json
from collections.abc import Iterable

from chalicelib.compact_json import COMPACT_JSON
from chalicelib.domain.messages import NOT_SENT, STOPPED, Message

PERIOD_SECONDS = 300
"""The length of a period for which final states are counted."""
MAX_REASONS = 8
MAX_PERIODS = 12
# Characters of a failure's text that are kept, and of its code.
_MAX_TEXT = 24
_MAX_CODE = 40
_COUNTS = ("delivered", "failed", "refused", "lost", "late", "unpriced", "withheld", "alongside")
# The failures of recipients to whom no call was made.
_WITHHELD = frozenset((NOT_SENT.code, STOPPED.code))


class Tally:
    """Counts of messages with a final state.

    `refused` of the `failed` ones were never sent, and of the `lost` ones it never became known. `late` are those that
    Tencent accepted, which became known only after the send. `unpriced` were sent, and their fee was not stored.
    `withheld` of the `refused` ones were stopped, or could not be sent in time: no call was made to them. `alongside`
    are those that Tencent accepted, or perhaps accepted, as far as they became known together with refused ones.
    `reasons` has the failed ones by code, each with the beginning of a text; `periods` has the delivered and the failed
    ones by the period in which they were learned (epoch // PERIOD_SECONDS). `other_reasons` and `other_periods` are
    those that were folded together.
    """

    __slots__ = (*_COUNTS, "other_periods", "other_reasons", "periods", "reasons")

    def __init__(self) -> None:
        self.delivered = 0
        self.failed = 0
        self.refused = 0
        self.lost = 0
        self.late = 0
        self.unpriced = 0
        self.withheld = 0
        self.alongside = 0
        self.reasons: dict[str, tuple[int, str]] = {}
        self.other_reasons = 0
        self.periods: dict[int, tuple[int, int]] = {}
        self.other_periods = (0, 0)

    def add(self, other: "Tally", max_bytes: int) -> None:
        """Add another tally, and fold the sum."""
        for name in _COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for code, (count, text) in other.reasons.items():
            known, first_text = self.reasons.get(code, (0, text))
            self.reasons[code] = known + count, first_text or text
        self.other_reasons += other.other_reasons
        for period, counts in other.periods.items():
            self.periods[period] = _sum(self.periods.get(period, (0, 0)), counts)
        self.other_periods = _sum(self.other_periods, other.other_periods)
        self.fold(max_bytes)

    def fold(self, max_bytes: int) -> None:
        """Fold until the encoded tally takes `max_bytes` at most, if folding can do that."""
        while len(self.reasons) > MAX_REASONS:
            self._fold_reason()
        while len(self.periods) > MAX_PERIODS:
            self._fold_period()
        while len(self.encode()) > max_bytes:
            if self.reasons:
                self._fold_reason()
            elif self.periods:
                self._fold_period()
            else:
                break

    def _fold_reason(self) -> None:
        """Fold the smallest reason into the others; of equal ones, the last in the order of their codes."""
        smallest = min(sorted(self.reasons, reverse=True), key=lambda code: self.reasons[code][0])
        self.other_reasons += self.reasons.pop(smallest)[0]

    def _fold_period(self) -> None:
        """Fold the smallest period into the others, but not the newest, which still grows; of equals, the oldest."""
        older = sorted(self.periods)[:-1] or list(self.periods)
        smallest = min(older, key=lambda period: sum(self.periods[period]))
        self.other_periods = _sum(self.other_periods, self.periods.pop(smallest))

    def encode(self) -> bytes:
        """Return the tally as it is stored."""
        periods = [[period, *counts] for period, counts in sorted(self.periods.items())]
        first = periods[0][0] if periods else 0
        fields = [
            [getattr(self, name) for name in _COUNTS],
            [[code, *reason] for code, reason in sorted(self.reasons.items())],
            self.other_reasons,
            first,
            [[period - first, delivered, failed] for period, delivered, failed in periods],
            self.other_periods,
        ]
        return COMPACT_JSON.encode(fields).encode()


def decode(stored: bytes) -> Tally:
    """Read what `Tally.encode` returns. What a newer release has added behind it is ignored."""
    counts, reasons, other_reasons, first, periods, other_periods = json.loads(stored)[:6]
    tally = Tally()
    for name, count in zip(_COUNTS, counts, strict=False):
        setattr(tally, name, count)
    tally.reasons = {code: (count, text) for code, count, text in reasons}
    tally.other_reasons = other_reasons
    tally.periods = {first + offset: (done, failed) for offset, done, failed in periods}
    tally.other_periods = (other_periods[0], other_periods[1])
    return tally


def of_messages(settled: Iterable[Message], now: int, max_bytes: int, alongside: int = 0) -> Tally:
    """Return the tally of messages that have receipts, learned at the epoch `now`, and `alongside` other ones."""
    tally = Tally()
    tally.alongside = alongside
    for message in settled:
        _count(tally, message)
    tally.periods[now // PERIOD_SECONDS] = (tally.delivered, tally.failed)
    tally.fold(max_bytes)
    return tally


def _count(tally: Tally, message: Message) -> None:
    receipt = message.receipt
    if receipt is None:
        raise ValueError(f"position {message.position} of {message.origin.biz_id} has no receipt")
    if receipt.state == "delivered":
        tally.delivered += 1
    else:
        tally.failed += 1
        code = receipt.code[:_MAX_CODE]
        count, text = tally.reasons.get(code, (0, receipt.reason[:_MAX_TEXT]))
        tally.reasons[code] = count + 1, text
    if message.adopted or (message.unknown and receipt.state == "delivered"):
        tally.late += 1
    elif message.unknown:
        tally.lost += 1
    elif not message.sid:
        tally.refused += 1
        tally.withheld += receipt.code in _WITHHELD
    elif message.fee is None:
        tally.unpriced += 1


def _sum(one: Iterable[int], other: Iterable[int]) -> tuple[int, int]:
    (first, second), (third, fourth) = one, other
    return first + third, second + fourth
