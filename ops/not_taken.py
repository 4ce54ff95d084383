"""Receipts and replies that Quick Audience has not taken so far: why, how often they were tried, and when next.

A push that fails leaves a record (`store/refused_pushes.py`). Receipts that are recorded as pushed are left out here,
as far as that can be read at little cost: if SQS delivered a message twice, its record may outlive it by some days.
"""

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from chalicelib import dates
from chalicelib.delivery.pushes import SIDE
from chalicelib.domain.messages import Message
from chalicelib.domain.push_batches import PushKind
from chalicelib.store import breakers, pushed, refused_pushes
from chalicelib.store.refused_pushes import RefusedPush
from ops.findings import Finding

CHECK = "receipts not taken"
"""The doctor's name for the finding."""

Position = tuple[str, int]
"""A bizId, and the position of a recipient in its request."""

# Records that are read: of one campaign, and of all campaigns together. Each names up to 100 receipts.
_MAX_OF_CAMPAIGN = 40
_MAX_OF_ALL = 500
# Items with pushed receipts that are read of a request. If there are more, none of its receipts is left out.
_MAX_PUSHED = 10
# Campaigns that the doctor names.
_MAX_NAMED = 5
_NOUNS: Mapping[PushKind, str] = {"details": "receipts", "reply": "replies"}
_ONE: Mapping[str, str] = {"receipts": "receipt", "replies": "reply"}


@dataclass(frozen=True, slots=True)
class _Left:
    """What of a recorded push is not taken: the positions, and the number of entries without one."""

    push: RefusedPush
    positions: Collection[Position]
    others: int


def of_campaign(
    out_id: str, kind: PushKind = "details", *, exact: bool = False
) -> dict[str, Any] | None:
    """Return what of a campaign Quick Audience has not taken so far; None if there is nothing.

    `receipts` (`replies` for replies) counts them, `answer` is the last answer, `tries` the largest number of tries,
    and `next` the earliest next try in Beijing time; None if no try comes by itself. `givenUp` counts those that are
    in the dead letters. `atLeast` is true if there are more records than are read; with `exact`, all are.
    """
    if exact:
        return _summary(kind, list(refused_pushes.of_out_id(out_id, kind)), exact=True)
    found = list(refused_pushes.of_out_id(out_id, kind, limit=_MAX_OF_CAMPAIGN + 1))
    return _summary(kind, found[:_MAX_OF_CAMPAIGN], more=len(found) > _MAX_OF_CAMPAIGN)


class OfMessages:
    """Finds what is known of single receipts. The records of a campaign are read once."""

    def __init__(self) -> None:
        self._found: dict[str, list[RefusedPush]] = {}

    def of(self, message: Message) -> dict[str, Any] | None:
        """Return `answer`, `tries` and `next` of a message's receipt that is not pushed; None if it was not refused."""
        if message.receipt is None:
            return None
        out_id = message.origin.out_id
        if out_id not in self._found:
            self._found[out_id] = list(refused_pushes.of_out_id(out_id, "details"))
        biz_id, position = message.at
        matching = [one for one in self._found[out_id] if position in one.positions.get(biz_id, ())]
        return _tried(matching) if matching else None


def finding() -> Finding | str:
    """Return the doctor's finding about what Quick Audience has not taken, campaign by campaign."""
    found = list(refused_pushes.of_all(_MAX_OF_ALL + 1))
    lines = []
    for (out_id, kind), group in groupby(found[:_MAX_OF_ALL], lambda one: (one.out_id, one.kind)):
        if summary := _summary(kind, list(group)):
            lines.append(f"{out_id}: {in_words(summary)}")
    if not lines:
        return "none"
    if len(found) > _MAX_OF_ALL:
        lines[_MAX_NAMED:] = ["and more"]
    elif len(lines) > _MAX_NAMED:
        lines[_MAX_NAMED:] = [f"and {len(lines) - _MAX_NAMED} more campaigns"]
    return Finding(CHECK, "warning", "; ".join(lines))


def in_words(summary: Mapping[str, Any]) -> str:
    """Return a summary of `of_campaign` or `OfMessages` in words."""
    counted = [
        f"{'at least ' if summary['atLeast'] else ''}{count:,} {noun if count != 1 else _ONE[noun]}: "
        for noun in _NOUNS.values()
        if (count := summary.get(noun))
    ]
    tries = summary["tries"]
    tried = f"{tries} {'try' if tries == 1 else 'tries'}" if tries else "not tried yet"
    when = f"next try {summary['next']} Beijing time" if summary["next"] else "given up"
    given_up = summary.get("givenUp", 0)
    some = f", {given_up:,} given up" if given_up and summary["next"] else ""
    remedy = " (ops deadletters list)" if given_up or not summary["next"] else ""
    return f"{''.join(counted)}{summary['answer']}; {tried}, {when}{some}{remedy}"


class Refused:
    """The records of a campaign's refused pushes, while an operator queues its receipts or replies again.

    Each new message gets a record of its own if it is refused. So an old record goes, once all of its receipts are
    queued again or are known to be pushed: its message may be a dead letter, which nobody queues any more.
    """

    def __init__(self, out_id: str, kind: PushKind = "details") -> None:
        self._recorded = list(refused_pushes.of_out_id(out_id, kind))
        self._named = {at for one in self._recorded for at in _positions(one)}
        self._queued: set[Position] = set()

    def queued(self, found: Iterable[Message]) -> None:
        """Note messages whose receipts are queued again or are known to be pushed."""
        if self._named:
            self._queued |= self._named.intersection(one.at for one in found)

    def forget_queued(self) -> None:
        """Remove the records of which nothing else is left."""
        self._forget(
            one
            for one in self._recorded
            if not one.others and self._queued.issuperset(_positions(one))
        )

    def forget_all(self) -> None:
        """Remove all records."""
        self._forget(self._recorded)

    @staticmethod
    def _forget(recorded: Iterable[RefusedPush]) -> None:
        if keys := [one.key for one in recorded]:
            refused_pushes.remove(keys)


def _summary(
    kind: PushKind, found: Sequence[RefusedPush], *, more: bool = False, exact: bool = False
) -> dict[str, Any] | None:
    left = _left(found, exact=exact)
    if not left:
        return None
    given_up = [one for one in left if one.push.place == "dead letters"]
    return {
        _NOUNS[kind]: _count(left),
        **_tried([one.push for one in left]),
        "givenUp": _count(given_up),
        "atLeast": more,
    }


def _tried(found: Sequence[RefusedPush]) -> dict[str, Any]:
    """Return the last answer, the largest number of tries, and the earliest next try."""
    last = max(found, key=lambda one: one.tried_at)
    times = [one.next_try for one in found if one.next_try]
    if any(one.place == "table" for one in found):
        times.append(_release())
    return {
        "answer": last.answer,
        "tries": max(one.tries for one in found),
        "next": dates.to_beijing(min(times)) if times else None,
    }


def _release() -> int:
    """Return when the first of the messages that wait for pushes to be accepted is queued again."""
    now = int(time.time())
    breaker = breakers.get_open(SIDE)
    return max(now, breaker.release_at) if breaker else now


def _left(found: Sequence[RefusedPush], *, exact: bool) -> list[_Left]:
    """Return what of recorded pushes is not taken."""
    requests = {(one.out_id, biz_id) for one in found for biz_id in one.positions}
    known = {
        (biz_id, position)
        for out_id, biz_id in requests
        for position in _pushed(out_id, biz_id, exact=exact)
    }
    left = [_Left(one, set(_positions(one)) - known, one.others) for one in found]
    return [one for one in left if one.positions or one.others]


def _pushed(out_id: str, biz_id: str, *, exact: bool) -> set[int]:
    if exact:
        return pushed.pushed_positions(out_id, biz_id)
    return pushed.of_few_items(out_id, biz_id, _MAX_PUSHED) or set()


def _count(left: Iterable[_Left]) -> int:
    several = list(left)
    distinct = {at for one in several for at in one.positions}
    return len(distinct) + sum(one.others for one in several)


def _positions(one: RefusedPush) -> list[Position]:
    return [(biz_id, number) for biz_id, numbers in one.positions.items() for number in numbers]
