"""A check of the logs of final states: each message with a receipt has its rows once, and nothing else has one."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from moto.dynamodb.models import dynamodb_backends

from chalicelib.store import final_state_log, message_items, table
from chalicelib.store.packing import unpack
from tests.support.in_process import aws

Request = tuple[str, str]
"""The outId and the bizId of a request."""
Row = tuple[str, str]


def check_logs(what: object = "") -> int:
    """Assert that no log has a row twice or lacks one, and that its counter is exact; return the number of logs.

    Call it when all work is done: a function that died has not appended its rows yet. The items are read from moto's
    own table, because a query for each log would be slow.
    """
    slots: dict[Request, list[tuple[int, list[Row]]]] = {}
    counters: dict[Request, int] = {}
    settled: dict[Request, set[Row]] = {}
    for item in _items():
        kind, _, rest = str(item["sk"]).partition("#")
        if item["pk"].startswith("PHONE#") and item["receipt"]:
            rows = final_state_log.rows_of(message_items.read(item))
            settled.setdefault((item["outId"], item["bizId"]), set()).update(rows)
        elif kind == "DETAIL":
            biz_id, _, first = rest.rpartition("#")
            rows = [(phone, sort) for phone, sort in unpack(item["packed"])]
            request = (item["pk"].removeprefix("OUT#"), biz_id)
            slots.setdefault(request, []).append((int(first), rows))
        elif kind == "DETAILS":
            counters[item["pk"].removeprefix("OUT#"), rest] = item["rows"]
    for request in settled.keys() | slots.keys() | counters.keys():
        _check_log(request, sorted(slots.get(request, [])), settled.get(request, set()), what)
        length = sum(len(rows) for _, rows in slots.get(request, []))
        assert counters.get(request, 0) == length, f"{what}: the counter of {request} is wrong"
    return len(slots)


def _check_log(
    request: Request, slots: list[tuple[int, list[Row]]], settled: set[Row], what: object
) -> None:
    end = 0
    times: Counter[Row] = Counter()
    for first, rows in slots:
        assert first == end, f"{what}: a gap or an overlap at row {first} of {request}"
        end += len(rows)
        times.update(rows)
    doubled = {row: number for row, number in times.items() if number > 1}
    assert not doubled, f"{what}: rows of {request} that are there several times: {doubled}"
    assert times.keys() == settled, f"{what}: rows of {request} are missing, or have no receipt"


def _items() -> Iterator[table.Item]:
    backend: Any = dynamodb_backends[aws.ACCOUNT][aws.REGION]
    for items in backend.tables[aws.TABLE].items.values():
        for item in items.values():
            yield table.unpack(item.to_json()["Attributes"])
