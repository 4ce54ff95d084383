"""Breakers on a table of one item: pauses, the right to probe, and writers at the same moment."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import breaker
from chalicelib.domain.breaker import Breaker, BreakerName
from chalicelib.store import breakers, table
from tests.support.property_tests import examples

NOW = 1_772_416_800


class Table:
    """The functions of the table that breakers use, with the semantics of DynamoDB."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], dict[str, Any]] = {}
        self.before_writing: list[Callable[[], object]] = []

    def get(self, pk: str, sk: str, *, consistent: bool = False) -> dict[str, Any] | None:
        assert consistent, "a breaker needs a consistent read"
        return self.items.get((pk, sk))

    def query(self, pk: str, *, consistent: bool = False) -> Iterator[dict[str, Any]]:
        assert consistent
        return (item for (found, _), item in self.items.items() if found == pk)

    def put_new(self, item: dict[str, Any]) -> bool:
        return self._put(item, lambda there: there is None)

    def replace(self, item: dict[str, Any], name: str, value: Any) -> bool:
        return self._put(item, lambda there: there is not None and there[name] == value)

    def _put(self, item: dict[str, Any], may: Callable[[dict[str, Any] | None], bool]) -> bool:
        if self.before_writing:
            self.before_writing.pop()()
        key = item["pk"], item["sk"]
        if not may(self.items.get(key)):
            return self.items.get(key) == item
        self.items[key] = item
        return True


@pytest.fixture
def items(monkeypatch: pytest.MonkeyPatch) -> Table:
    return install(monkeypatch)


def install(monkeypatch: pytest.MonkeyPatch) -> Table:
    made = Table()
    for verb in ("get", "query", "put_new", "replace"):
        monkeypatch.setattr(table, verb, getattr(made, verb))
    return made


def opened(name: BreakerName) -> Breaker:
    found = breakers.get_open(name)
    assert found
    return found


def test_pauses_grow_threefold_to_an_hour_or_a_minute() -> None:
    assert [breaker.pause("quickaudience", probes) for probes in range(8)] == [
        10,
        30,
        90,
        270,
        810,
        2430,
        3600,
        3600,
    ]
    assert [breaker.pause("tencent", probes) for probes in range(6)] == [10, 30, 60, 60, 60, 60]


@pytest.mark.parametrize("name", breaker.HOLDS)
def test_a_hold_is_probed_a_little_more_often_than_release_runs(name: BreakerName) -> None:
    assert {breaker.pause(name, probes) for probes in range(8)} == {55}


@pytest.mark.parametrize("name", breaker.NAMES)
def test_a_pause_is_limited_however_many_probes_failed(name: BreakerName) -> None:
    assert breaker.pause(name, 10**6) == breaker.pause(name, 10)


def test_no_breaker_is_open_at_first(items: Table) -> None:
    assert breakers.get_open("tencent") is None
    breakers.close("tencent", NOW)
    assert not items.items


def test_the_breakers_of_the_two_sides_are_independent(items: Table) -> None:
    breakers.trip("tencent", "unanswered", NOW)
    assert breakers.get_open("quickaudience") is None
    breakers.trip("quickaudience", "401", NOW)
    breakers.close("tencent", NOW)
    assert opened("quickaudience").why == "401"


def test_an_open_breaker_keeps_its_first_reason(items: Table) -> None:
    first = breakers.trip("tencent", "first", NOW)
    assert breakers.trip("tencent", "second", NOW + 5) == first == opened("tencent")


def test_a_hold_that_is_open_for_another_code_gets_its_reason_and_nothing_else(
    items: Table,
) -> None:
    breakers.trip("tencent-account", "Tencent 1001", NOW, 1001)
    assert breakers.take_probe(opened("tencent-account"), NOW + 55)
    before = opened("tencent-account")
    assert breakers.trip("tencent-account", "Tencent 1001: no", NOW + 56, 1001) == before
    after = breakers.trip("tencent-account", "Tencent 1033", NOW + 57, 1033)
    assert after == opened("tencent-account")
    assert after == replace(before, why="Tencent 1033", code=1033, token=after.token)


def test_the_open_breakers_are_found_together(items: Table) -> None:
    assert breakers.all_open() == {}
    for name in breaker.NAMES:
        breakers.trip(name, "x", NOW)
    breakers.close("tencent", NOW)
    items.items["BREAKER", "newer"] = {"pk": "BREAKER", "sk": "newer", "name": "newer"}
    assert breakers.all_open() == {
        name: opened(name) for name in breaker.NAMES if name != "tencent"
    }


def test_two_callers_that_trip_a_breaker_at_once_open_it_once(items: Table) -> None:
    items.before_writing.append(lambda: breakers.trip("tencent", "other", NOW))
    assert breakers.trip("tencent", "ours", NOW).why == "other"


def test_two_callers_that_trip_a_closed_breaker_at_once_open_it_once(items: Table) -> None:
    breakers.trip("tencent", "first", NOW)
    breakers.close("tencent", NOW + 1)
    items.before_writing.append(lambda: breakers.trip("tencent", "other", NOW + 2))
    assert breakers.trip("tencent", "ours", NOW + 2).why == "other"
    assert opened("tencent").probes == 0


def test_one_of_two_callers_gets_the_probe(items: Table) -> None:
    breakers.trip("tencent", "unanswered", NOW)
    one, other = opened("tencent"), opened("tencent")
    assert breakers.take_probe(one, NOW + 10)
    assert not breakers.take_probe(other, NOW + 10)


def test_a_caller_that_read_the_breaker_before_it_was_closed_gets_no_probe(items: Table) -> None:
    seen = breakers.trip("tencent", "unanswered", NOW)
    breakers.close("tencent", NOW + 5)
    assert not breakers.take_probe(seen, NOW + 10)
    assert breakers.get_open("tencent") is None


@pytest.mark.parametrize("name", breaker.NAMES)
def test_there_is_no_probe_before_the_pause_is_over(items: Table, name: BreakerName) -> None:
    now = NOW
    breakers.trip(name, "x", now)
    for probes in range(12):
        length = breaker.pause(name, probes)
        assert not breakers.take_probe(opened(name), now + length - 1)
        assert breakers.take_probe(opened(name), now + length)
        now += length


def test_during_a_probe_the_breaker_is_checked_more_often(items: Table) -> None:
    breakers.trip("quickaudience", "401", NOW)
    assert opened("quickaudience").delay(NOW) == 10
    assert opened("quickaudience").delay(NOW + 4) == 6
    assert opened("quickaudience").delay(NOW + 50) == 1
    breakers.take_probe(opened("quickaudience"), NOW + 50)
    assert opened("quickaudience").delay(NOW + 50) == 5
    assert opened("quickaudience").delay(NOW + 79) == 5
    breakers.take_probe(opened("quickaudience"), NOW + 80)
    assert opened("quickaudience").delay(NOW + 110) == 60


@pytest.mark.parametrize(("after", "probes"), [(0, 4), (899, 4), (900, 0), (10**6, 0)])
def test_a_breaker_that_opens_again_soon_continues_with_the_long_pauses(
    items: Table, after: int, probes: int
) -> None:
    breakers.trip("quickaudience", "401", NOW)
    now = NOW
    for _ in range(4):
        now = opened("quickaudience").probe_at
        assert breakers.take_probe(opened("quickaudience"), now)
    breakers.close("quickaudience", now)
    breakers.trip("quickaudience", "401", now + after)
    again = opened("quickaudience")
    assert again.probes == probes
    assert again.probe_at - again.opened_at == breaker.pause("quickaudience", probes)
    assert again.probed_at == 0, "no probe has started"


def test_closing_wins_over_a_probe_at_the_same_moment(items: Table) -> None:
    breakers.trip("tencent", "unanswered", NOW)
    items.before_writing.append(lambda: breakers.take_probe(opened("tencent"), NOW + 10))
    breakers.close("tencent", NOW + 10)
    assert breakers.get_open("tencent") is None


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["trip", "probe", "close", "wait"]),
            st.integers(0, 3),
            st.integers(1, 4000),
        ),
        max_size=40,
    )
)
@examples(300)
def test_a_breaker_agrees_with_a_model_of_it(events: list[tuple[str, int, int]]) -> None:
    """Four functions may have read the breaker long ago; at most one of them probes in each pause."""
    with pytest.MonkeyPatch.context() as patch:
        install(patch)
        now, is_open, next_probe = NOW, False, 0
        seen: dict[int, Breaker | None] = {}
        for what, who, seconds in events:
            if what == "wait":
                now += seconds
                seen[who] = breakers.get_open("quickaudience")
            elif what == "trip":
                breakers.trip("quickaudience", "x", now)
                if not is_open:
                    is_open, next_probe = True, opened("quickaudience").probe_at
                    assert 10 <= next_probe - now <= 3600
            elif what == "close":
                breakers.close("quickaudience", now)
                is_open = False
            elif (stale := seen.get(who)) and breakers.take_probe(stale, now):
                assert is_open
                assert now >= next_probe
                next_probe = opened("quickaudience").probe_at
                assert 30 <= next_probe - now <= 3600
            assert (breakers.get_open("quickaudience") is not None) == is_open
