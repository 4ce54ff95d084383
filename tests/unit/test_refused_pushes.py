"""The items of refused pushes: their content, and when they expire."""

from typing import Any

import pytest

from chalicelib.domain.push_batches import PushKind
from chalicelib.store import batches, refused_pushes, table
from chalicelib.store.refused_pushes import Place, RefusedPush

NOW = 1_772_416_800
DAY = 24 * 3600


def push(**changes: Any) -> RefusedPush:
    fields: dict[str, Any] = {
        "out_id": "task-1",
        "kind": "details",
        "name": "m1",
        "positions": {"b1": [3, 7]},
        "others": 0,
        "answer": "HTTP 500, code busy: 系统繁忙",
        "tries": 2,
        "tried_at": NOW,
        "next_try": NOW + 10,
        "place": "queue",
    }
    return RefusedPush(**fields | changes)


@pytest.fixture
def items(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The written items, by sort key."""
    written: dict[str, Any] = {}

    def put(found: Any) -> None:
        keys = [one["sk"] for one in found]
        assert len(set(keys)) == len(keys), "a batch names an item once"
        written.update({one["sk"]: table.unpack(table.pack(one)) for one in found})

    def query(_: str, prefix: str = "", *, limit: int | None = None) -> Any:
        keys = [sort for sort in sorted(written) if sort.startswith(prefix)]
        return (written[sort] for sort in keys[:limit])

    monkeypatch.setattr(batches, "put", put)
    monkeypatch.setattr(table, "query", query)
    return written


def test_a_push_is_read_as_it_was_written(items: dict[str, Any]) -> None:
    several = [
        push(),
        push(name="m2", positions={}, others=4, next_try=0, place="table"),
        push(name="m3", positions={"b1": list(range(100)), "b2": [1]}),
    ]
    refused_pushes.record(several)
    assert list(refused_pushes.of_out_id("task-1", "details")) == several
    assert list(refused_pushes.of_all(2)) == several[:2]
    assert set(items) == {one.key[1] for one in several}


def test_a_later_try_replaces_the_earlier_one(items: dict[str, Any]) -> None:
    refused_pushes.record([push()])
    refused_pushes.record([push(tries=3), push(tries=4)])
    assert list(refused_pushes.of_all(10)) == [push(tries=4)]


@pytest.mark.parametrize("out_id", ["task", "task-1#", "task-1#details#m", "", "长" * 2000])
@pytest.mark.parametrize("kind", ["details", "reply"])
def test_campaigns_and_kinds_are_kept_apart(
    items: dict[str, Any], out_id: str, kind: PushKind
) -> None:
    refused_pushes.record([push(), push(kind="reply"), push(out_id=out_id, kind=kind)])
    assert [one.out_id for one in refused_pushes.of_out_id(out_id, kind)] == [out_id]
    assert list(refused_pushes.of_out_id("task-1", "details")) == [push()]
    # A sort key has at most 1,024 bytes.
    assert all(len(sort.encode()) < 200 for sort in items)


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        ("HTTP 200, code X: …1111 is no recipient", "HTTP 200, code X: … is no recipient"),
        ("…1, …12345", "…, …"),
        ("13900001111, 139-0000-1111", "…, …"),
        ("two\nlines \x1b[31m", "two lines  [31m"),
        ("x" * 1000, "x" * refused_pushes.MAX_ANSWER),
    ],
)
def test_an_answer_is_kept_without_masked_digits(
    items: dict[str, Any], answer: str, kept: str
) -> None:
    refused_pushes.record([push(answer=answer)])
    assert [one.answer for one in refused_pushes.of_all(1)] == [kept]


@pytest.mark.parametrize(("place", "days"), [("queue", 4), ("table", 32), ("dead letters", 14)])
def test_an_item_expires_when_its_message_is_gone(
    items: dict[str, Any], place: Place, days: int
) -> None:
    refused_pushes.record([push(place=place)])
    assert [one["expires"] for one in items.values()] == [NOW + days * DAY]


def test_a_full_message_fits_into_two_kilobytes(items: dict[str, Any]) -> None:
    positions = {
        f"{'b' * 31}{number}": [987_654 - 9173 * at for at in range(50)] for number in "12"
    }
    refused_pushes.record([push(positions=positions, answer="系" * 300, name="0" * 36)])
    [item] = items.values()
    assert sum(len(name) + len(str(value).encode()) for name, value in item.items()) < 2048
