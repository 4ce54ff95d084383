"""A check of the logs of final states, the chains of sends and pushes, and their sums, against everything stored.

Each message with a receipt has its rows once, each attempt with a result is in its request's chain once, and nothing
else is in either. Each position is in the chain of pushes once. The tallies, and the counters of replies, are what
counting gives.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from moto.dynamodb.models import dynamodb_backends

from chalicelib.domain import tally
from chalicelib.domain.chunks import SendSums
from chalicelib.domain.messages import Message
from chalicelib.domain.position_set import PositionSet
from chalicelib.domain.tally import Tally
from chalicelib.store import final_state_log, message_items, table
from chalicelib.store.packing import unpack
from tests.support.in_process import aws

Request = tuple[str, str]
"""The outId and the bizId of a request."""
Row = tuple[str, str]
Attempt = tuple[int, int]
"""The start of a chunk, and the number of an attempt at it."""


class _Stored:
    """What is stored about one request."""

    def __init__(self) -> None:
        self.slots: list[tuple[int, list[Row], Tally | None]] = []
        self.head: table.Item = {"rows": 0}
        self.messages: list[Message] = []
        self.results: dict[Attempt, table.Item] = {}
        self.sends: list[tuple[int, list[Attempt], SendSums]] = []
        # The key is the part of the sort key after the bizId. Items of older releases have no total.
        self.pushes: dict[str, table.Item] = {}
        self.pushed_set: table.Item = {}
        self.listed = False
        self.lines = 0

    def add(self, kind: str, number: str, item: table.Item) -> None:
        """Add an item of the request. `number` is what follows the bizId in its sort key."""
        if kind == "DETAIL":
            rows = [(phone, sort) for phone, sort in unpack(item["packed"])]
            delta = tally.decode(item["delta"]) if "delta" in item else None
            self.slots.append((int(number), rows, delta))
        elif kind == "DETAILS":
            self.head = item
        elif kind == "SENT":
            attempts = [(start, attempt) for start, attempt in unpack(item["attempts"])]
            self.sends.append((int(number), attempts, SendSums(*item["sums"])))
        elif kind == "PUSHED":
            self.pushes[number] = item
        elif kind == "PUSHED_SET":
            self.pushed_set = item
        elif kind == "CHUNK" and "#RESULT#" in number:
            start, _, attempt = number.split("#")
            self.results[int(start), int(attempt)] = item
        elif kind == "REQUEST" and item.get("listed"):
            self.listed = True

    @property
    def settled(self) -> list[Message]:
        return [message for message in self.messages if message.receipt]


class _Replies:
    """What is stored about the replies under one outId."""

    def __init__(self) -> None:
        self.replies = 0
        self.counted = 0
        self.is_partial = False

    def add(self, kind: str, item: table.Item) -> None:
        """Add a reply or a counter."""
        self.replies += kind == "REPLY"
        self.counted += item.get("count", 0)
        self.is_partial |= "partial" in item


def check_logs(what: object = "") -> int:
    """Assert that every log and every chain is complete and exact, and so are their sums; return the number of logs.

    Call it when all work is done: a function that died has not appended its rows yet. The items are read from moto's
    own table, because a query for each log would be slow.
    """
    stored, replies = _stored()
    for out_id, one in replies.items():
        if not one.is_partial:
            assert one.counted == one.replies, f"{what}: the number of replies under {out_id}"
    for request, found in stored.items():
        _check_log(request, found, what)
        _check_tally(f"{what}: the tally of {request}", found)
        _check_sends(f"{what}: the sends of {request}", found)
        _check_pushes(f"{what}: the pushes of {request}", found)
        assert found.lines >= found.listed, f"{what}: {request} is not in the list of its day"
    return sum(bool(found.slots) for found in stored.values())


def _stored() -> tuple[dict[Request, _Stored], dict[str, _Replies]]:
    stored: dict[Request, _Stored] = {}
    replies: dict[str, _Replies] = {}
    lines: Counter[Request] = Counter()
    for item in stored_items():
        out_id = str(item["pk"]).removeprefix("OUT#")
        kind, _, rest = str(item["sk"]).partition("#")
        biz_id, _, number = rest.partition("#")
        if item["pk"].startswith("PHONE#"):
            message = message_items.read(item)
            request = message.origin.out_id, message.origin.biz_id
            stored.setdefault(request, _Stored()).messages.append(message)
            continue
        if item["pk"].startswith("CAMPAIGNS#"):
            lines[item["outId"], rest] += 1
            continue
        if not item["pk"].startswith("OUT#") or kind in ("COUNTED", "FILE", "RESENDS"):
            continue
        if kind in ("REPLY", "REPLIES"):
            replies.setdefault(out_id, _Replies()).add(kind, item)
            continue
        stored.setdefault((out_id, biz_id), _Stored()).add(kind, number, item)
    for request, found in stored.items():
        found.lines = lines[request]
    return stored, replies


def _check_log(request: Request, stored: _Stored, what: object) -> None:
    end = 0
    times: Counter[Row] = Counter()
    for first, rows, _ in sorted(stored.slots, key=lambda slot: slot[0]):
        assert first == end, f"{what}: a gap or an overlap at row {first} of {request}"
        end += len(rows)
        times.update(rows)
    doubled = {row: number for row, number in times.items() if number > 1}
    settled = {row for message in stored.settled for row in final_state_log.rows_of(message)}
    assert not doubled, f"{what}: rows of {request} that are there several times: {doubled}"
    assert times.keys() == settled, f"{what}: rows of {request} are missing, or have no receipt"
    assert stored.head["rows"] == end, f"{what}: the head of {request} is wrong"


def _check_tally(what: str, stored: _Stored) -> None:
    if any(delta is None for *_, delta in stored.slots):
        # An older release wrote to it.
        assert "tally" not in stored.head, what
        return
    counted = tally.of_messages(stored.settled, 0, 100_000)
    kept = tally.decode(stored.head["tally"]) if "tally" in stored.head else Tally()
    for name in ("delivered", "failed", "refused", "lost", "late", "unpriced", "withheld"):
        assert getattr(kept, name) == getattr(counted, name), f"{what}: {name}"
    # A reason that was folded may occur again later, so its stored count may be lower.
    for code, (count, _) in kept.reasons.items():
        of_code = sum(one.receipt.code[:40] == code for one in stored.settled if one.receipt)
        assert count == of_code if not kept.other_reasons else count <= of_code, f"{what}: {code}"
    assert sum(count for count, _ in kept.reasons.values()) + kept.other_reasons == kept.failed
    periods = [*kept.periods.values(), kept.other_periods]
    assert sum(delivered for delivered, _ in periods) == kept.delivered, what
    assert sum(failed for _, failed in periods) == kept.failed, what


def _check_sends(what: str, stored: _Stored) -> None:
    by_sid = {message.sid: message for message in stored.messages if message.sid}
    counted = SendSums()
    for item in stored.results.values():
        outcomes = unpack(item["outcomes"]).values()
        sids = [outcome for outcome in outcomes if isinstance(outcome, str)]
        sent = [by_sid[sid[: message_items.MAX_SID]] for sid in sids]
        adopted = sum(message.adopted for message in sent)
        unknown = sum(outcome is None for outcome in outcomes)
        fees = sum(message.fee or 0 for message in sent)
        counted = counted.plus(SendSums(len(sids) - adopted, unknown + adopted, fees))
    numbers = sorted(number for number, *_ in stored.sends)
    assert numbers == list(range(len(numbers))), f"{what}: a gap"
    times = Counter(attempt for _, attempts, _ in stored.sends for attempt in attempts)
    assert times == Counter(stored.results.keys()), f"{what}: attempts are missing, or twice there"
    newest = max(stored.sends, default=(0, [], SendSums()), key=lambda slot: slot[0])
    assert newest[2] == counted, what


def _check_pushes(what: str, stored: _Stored) -> None:
    if any("total" not in item for item in stored.pushes.values()):
        # An older release recorded some.
        return
    known: set[int] = set()
    for number, (sort, item) in enumerate(sorted(stored.pushes.items())):
        assert sort == f"!{number:08d}", f"{what}: a gap"
        if stored.pushed_set.get("slots") == number:
            _check_set(what, stored, known)
        positions = [int(position) for position in item["positions"].split(",")]
        assert not known.intersection(positions), f"{what}: a position is there twice"
        assert len(set(positions)) == len(positions), f"{what}: a position is there twice"
        known.update(positions)
        assert item["total"] == len(known), f"{what}: the count of slot {number}"
    if stored.pushed_set and stored.pushed_set["slots"] >= len(stored.pushes):
        _check_set(what, stored, known)


def _check_set(what: str, stored: _Stored, known: set[int]) -> None:
    assert stored.pushed_set["slots"] <= len(stored.pushes), f"{what}: the saved set"
    saved = PositionSet.decode(stored.pushed_set["set"])
    expected = PositionSet()
    for position in known:
        expected.add(position)
    assert saved.encode() == expected.encode(), f"{what}: the saved set"


def stored_items() -> Iterator[table.Item]:
    """Yield every item of the table, without a call."""
    backend: Any = dynamodb_backends[aws.ACCOUNT][aws.REGION]
    for items in backend.tables[aws.TABLE].items.values():
        for item in items.values():
            yield table.unpack(item.to_json()["Attributes"])
