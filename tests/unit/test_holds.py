"""Which hold a refusal opens, and which calls a hold stops."""

from collections.abc import Iterable

import pytest

from chalicelib.delivery import holds
from chalicelib.delivery.holds import OpenHolds
from chalicelib.domain.breaker import HOLDS, Breaker, Hold, opened
from chalicelib.domain.holds import holds_on
from chalicelib.domain.planning import Call
from chalicelib.store import breakers
from chalicelib.tencent import error_codes

NOW = 1_772_416_800
MAINLAND = Call(("8613900001111", "8613900002222"), ())
FOREIGN = Call(("85251234567",), ())


def open_holds(*names: Hold) -> OpenHolds:
    return OpenHolds({name: opened(name, "why", NOW, None, 1031) for name in names})


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Hold]]:
    """The changes of the stored breakers, in order."""
    made: list[tuple[str, Hold]] = []

    def trip(name: Hold, why: str, now: int, code: int) -> Breaker:
        made.append(("open", name))
        return opened(name, why, now, None, code)

    def close(name: Hold, now: int) -> None:
        made.append(("close", name))

    monkeypatch.setattr(breakers, "trip", trip)
    monkeypatch.setattr(breakers, "close", close)
    monkeypatch.setattr("chalicelib.metrics.count", lambda **_: None)
    return made


@pytest.mark.parametrize(
    ("code", "mainland", "foreign"),
    [
        (1001, "tencent-account", "tencent-account"),
        (1031, "tencent-mainland", "tencent-foreign"),
        (1006, "tencent-mainland", "tencent-foreign"),
        (1032, None, None),
        (1014, None, None),
        (1013, None, None),
        (4321, None, None),
    ],
)
def test_a_refusal_opens_the_hold_on_what_it_concerns(
    code: int, mainland: Hold | None, foreign: Hold | None
) -> None:
    assert holds.opened_by(code, MAINLAND) == mainland
    assert holds.opened_by(code, FOREIGN) == foreign


def test_only_codes_of_the_account_open_a_hold() -> None:
    opening = {code for code in error_codes.MEANINGS if holds.opened_by(code, MAINLAND)}
    assert {error_codes.meaning(code).kind for code in opening} == {"config"}


def test_a_call_is_stopped_by_the_account_and_by_its_kind() -> None:
    assert holds_on(MAINLAND) == ("tencent-account", "tencent-mainland")
    assert holds_on(FOREIGN) == ("tencent-account", "tencent-foreign")


@pytest.mark.parametrize(
    ("names", "calls", "gate"),
    [
        ((), (MAINLAND,), None),
        (HOLDS, (), None),
        (("tencent-mainland",), (MAINLAND,), "tencent-mainland"),
        (("tencent-mainland",), (FOREIGN,), None),
        (("tencent-mainland",), (MAINLAND, FOREIGN), None),
        (("tencent-account",), (MAINLAND, FOREIGN), "tencent-account"),
        (("tencent-mainland", "tencent-foreign"), (FOREIGN, MAINLAND), "tencent-foreign"),
        (HOLDS, (MAINLAND,), "tencent-account"),
    ],
)
def test_calls_wait_at_a_gate_only_if_each_of_them_is_stopped(
    names: Iterable[Hold], calls: tuple[Call, ...], gate: Hold | None
) -> None:
    assert open_holds(*names).gate(calls) == gate


def test_a_hold_opens_once_for_each_code(written: list[tuple[str, Hold]]) -> None:
    found = open_holds()
    for code in (1031, 1031, 1006, 1006):
        found.open("tencent-mainland", code, "no")
    assert written == [("open", "tencent-mainland")] * 2


def test_a_refusal_of_one_kind_shows_that_the_account_is_accepted(
    written: list[tuple[str, Hold]],
) -> None:
    found = open_holds("tencent-account", "tencent-mainland")
    found.open("tencent-mainland", 1031, "no")
    assert written == [("close", "tencent-account")]
    assert found.on(MAINLAND) == ["tencent-mainland"]


def test_what_is_not_open_is_not_closed(written: list[tuple[str, Hold]]) -> None:
    found = open_holds("tencent-mainland")
    found.close(["tencent-account", "tencent-mainland", "tencent-mainland"])
    assert written == [("close", "tencent-mainland")]
    assert not found


def test_a_probe_needs_the_right_to_each_hold_and_none_is_taken_too_early(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken: list[str] = []

    def take_probe(breaker: Breaker, now: int) -> bool:
        taken.append(breaker.name)
        return True

    monkeypatch.setattr(breakers, "take_probe", take_probe)
    found = OpenHolds(
        {
            "tencent-account": opened("tencent-account", "", NOW, None),
            "tencent-mainland": opened("tencent-mainland", "", NOW + 30, None),
        }
    )
    for seconds, probed in ((56, ()), (84, ()), (85, ("tencent-account", "tencent-mainland"))):
        monkeypatch.setattr("time.time", lambda seconds=seconds: NOW + seconds)
        assert found.take_probes(MAINLAND) == frozenset(probed)
    assert taken == ["tencent-account", "tencent-mainland"]
