"""The names of the switches of AWS at its worst, and their seed."""

import inspect
import re
from dataclasses import replace

import pytest

from local.hostile import switches
from local.hostile.switches import Switch, Switches, UnknownSwitchError


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("", set()),
        ("  ", set()),
        ("all", set(Switch)),
        ("chain", {Switch.CHAIN}),
        ("chain, throttle", {Switch.CHAIN, Switch.THROTTLE}),
        ("Weak-Reads,lost_receive", {Switch.WEAK_READS, Switch.LOST_RECEIVE}),
        ("all,-freeze,-window", set(Switch) - {Switch.FREEZE, Switch.WINDOW}),
        ("-freeze", set()),
    ],
)
def test_switches_are_named(text: str, on: set[Switch]) -> None:
    assert Switches.parse(text).on == on


@pytest.mark.parametrize("text", ["everything", "chain,throtle", "all,-freez", "settling"])
def test_an_unknown_name_is_refused_with_the_list(text: str) -> None:
    with pytest.raises(UnknownSwitchError) as refused:
        Switches.parse(text)
    assert all(switch in str(refused.value) for switch in Switch)


def test_none_is_on_by_default() -> None:
    assert not Switches.from_environment({})
    assert not Switches.from_environment({"HOSTILE": ""})


def test_the_environment_turns_them_on() -> None:
    made = Switches.from_environment({"HOSTILE": "chain", "HOSTILE_SEED": "7"})
    assert (set(made.on), made.seed) == ({Switch.CHAIN}, "7")


def test_a_list_can_be_passed_on_as_text() -> None:
    made = Switches.parse("weak-reads,chain")
    assert Switches.parse(str(made)) == made


def test_equal_seeds_draw_equally() -> None:
    def draws(seed: str, switch: Switch = Switch.PARTIAL, purpose: str = "deliver") -> list[float]:
        made = Switches.parse("all", seed).draws(switch, purpose)
        return [made.seconds(0, 1) for _ in range(5)]

    assert draws("7") == draws("7")
    assert draws("7") != draws("8")
    assert draws("7") != draws("7", Switch.THROTTLE)
    assert draws("7") != draws("7", purpose="settle")


def test_what_happens_because_of_a_switch_is_noted() -> None:
    noted: list[Switch] = []
    switches = replace(Switches.parse("partial"), note=noted.append)
    draws = switches.draws(Switch.PARTIAL, "deliver")
    failed = sum(draws.fails("one", 0.5) for _ in range(100))
    assert noted == [Switch.PARTIAL] * failed
    assert switches == Switches.parse("partial")


def test_each_switch_says_what_it_imitates_and_how_sure_that_is() -> None:
    source = inspect.getsource(switches)
    for switch in Switch:
        found = re.search(rf'{switch.name} = "{switch}"\n    """(.*?)"""', source, re.DOTALL)
        assert found, switch
        assert re.search(r"\[(doc|seen|guess)\]", found[1]), switch
        assert "Imitated:" in found[1], switch
