"""`ops campaign show --watch`: bars, lines or JSON, at the price of the sums that are kept."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from rich.console import Console

from chalicelib.store import table
from ops import campaign, halting, watching
from ops.commands import looks
from ops.errors import OperatorError
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.failing import accept, report
from tests.support.in_process.file_campaigns import FileCampaigns
from tests.support.in_process.meter import Meter
from tests.support.in_process.operator import Ops

Step = Callable[[], object]


def watch(bridge: Bridge, *steps: Step) -> list[dict[str, Any]]:
    """Watch a campaign, and run one step of it between two looks; press Ctrl-C after the last step."""
    left = list(steps)

    def sleep(seconds: float) -> None:
        if not left:
            raise KeyboardInterrupt
        bridge.clock.advance(seconds=seconds)
        left.pop(0)()

    found = []
    with suppress(KeyboardInterrupt):
        for look in watching.watch("task-1", sleep):
            found.append(look)  # noqa: PERF402 -- those before Ctrl-C, too
    return found


def test_a_campaign_is_watched_until_it_is_done(linked: Bridge) -> None:
    linked.configure(SEGMENT_PRICE="0.05 CNY")
    accept(linked, times=2)
    found = watch(
        linked,
        lambda: linked.pump.invoke_once("deliver"),
        lambda: linked.pump.drain("deliver"),
        lambda: report(linked, failed=4, delivered=8),
        lambda: report(linked, failed=0, delivered=8, since=12),
    )
    names = ("state", "sent", "unsent", "sendsPerSecond", "secondsLeft", "delivered", "failed")
    assert [tuple(look[name] for name in names) for look in found] == [
        ("sending", 0, 20, None, None, 0, 0),
        ("sending", 10, 10, 3.3, 3, 0, 0),
        ("waiting", 20, 0, 3.3, None, 0, 0),
        ("waiting", 20, 0, 2.2, None, 8, 4),
        ("done", 20, 0, 1.7, None, 16, 4),
    ]
    assert [look["complete"] for look in found] == [False] * 4 + [True]
    assert found[-1]["finalPerSecond"] == 1.7
    assert found[-1]["cost"] == {"amount": "1.00", "currency": "CNY"}
    shown = campaign.show("task-1")
    assert {name: found[-1][name] for name in shown.keys() & found[-1].keys()} == {
        name: shown[name] for name in shown.keys() & found[-1].keys()
    }


def test_a_rate_is_that_of_the_last_half_minute(linked: Bridge) -> None:
    accept(linked, times=2)

    def wait() -> None:
        linked.clock.advance(seconds=60)

    found = watch(linked, lambda: linked.pump.invoke_once("deliver"), wait, wait)
    assert [look["sendsPerSecond"] for look in found] == [None, 3.3, None, None]
    assert [look["secondsLeft"] for look in found] == [None, 3, None, None]


def test_a_paused_or_stopped_campaign_is_watched_until_all_is_final(linked: Bridge) -> None:
    accept(linked, times=2)
    found = watch(
        linked,
        lambda: linked.pump.invoke_once("deliver"),
        lambda: halting.pause("task-1"),
        lambda: halting.stop("task-1"),
        lambda: linked.pump.drain("deliver"),
        lambda: report(linked, failed=0, delivered=10),
    )
    # Of the two requests, the first goes on to its end.
    states = ["sending", "sending", "paused", "waiting", "waiting", "done"]
    assert [look["state"] for look in found] == states
    assert [look["secondsLeft"] for look in found] == [None, 3, None, None, None, None]
    assert (found[-1]["delivered"], found[-1]["failed"]) == (10, 10)
    assert [look["complete"] for look in found] == [False] * 5 + [True]


def test_a_file_is_watched_until_it_is_read(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [f"139{number:08d}" for number in range(5)]
    FileCampaigns(linked, monkeypatch).send("\n".join(numbers), linked.template("您好"))
    found = watch(
        linked,
        lambda: linked.pump.drain("read", "deliver"),
        lambda: report(linked, failed=0, delivered=5),
    )
    assert [look["recipients"] for look in found] == [0, 5, 5]
    assert [look["complete"] for look in found] == [False, False, True]


@pytest.mark.parametrize("requests", [1, 4])
def test_a_look_costs_two_read_units_a_request_and_writes_nothing(
    linked: Bridge, requests: int
) -> None:
    accept(linked, times=requests)
    linked.pump.drain("deliver")
    report(linked, failed=0, delivered=requests * 10)
    meter = Meter()
    linked.outside.observers.append(meter)
    with linked.outside.watched():
        assert campaign.glance("task-1")["complete"]
    assert meter.writes == 0
    assert meter.reads <= 2 * requests + 1


def test_a_campaign_without_sums_is_not_counted_again_and_again(
    linked: Bridge, operator: Ops
) -> None:
    [request] = accept(linked)
    [item] = table.query("OUT#task-1", "REQUEST#")
    table.put({name: value for name, value in item.items() if name != "listed"})
    linked.restart()
    with pytest.raises(OperatorError, match=request["bizId"]):
        campaign.glance("task-1")
    assert "older release" in operator.fails("campaign", "show", "task-1", "--watch")


# --- what is printed -----------------------------------------------------------------------------


def done(bridge: Bridge) -> None:
    accept(bridge)
    bridge.pump.drain("deliver")
    report(bridge, failed=2, delivered=8)


def test_without_a_terminal_it_prints_lines(linked: Bridge, operator: Ops) -> None:
    linked.configure(SEGMENT_PRICE="0.05 CNY")
    done(linked)
    [said] = operator.type("campaign", "show", "task-1", "--watch").stdout.splitlines()
    assert said == (
        "2026-03-02 10:00:00 Beijing time: done; 10 of 10 (100 %) sent to or refused; 8 delivered; "
        "2 failed; 0 without a receipt yet; 0.50 CNY"
    )


def test_as_json_each_look_is_an_object_on_a_line(linked: Bridge, operator: Ops) -> None:
    done(linked)
    result = operator.type("campaign", "show", "task-1", "--watch", "--json")
    assert result.exit_code == 0
    [look] = map(json.loads, result.stdout.splitlines())
    assert (look["state"], look["complete"], look["delivered"]) == ("done", True, 8)


def test_a_look_at_which_nothing_changed_prints_no_line(
    linked: Bridge, capsys: pytest.CaptureFixture[str]
) -> None:
    accept(linked)
    looked = campaign.glance("task-1") | dict.fromkeys(looks._PACE)
    changed = looked | {"delivered": 1}
    capsys.readouterr()
    found = [looked, looked | {"at": "later"}, changed]
    looks.show(found, as_json=True, console=Console(file=io.StringIO()))
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_exact_counts_are_not_watched(linked: Bridge, operator: Ops) -> None:
    accept(linked)
    assert "--exact" in operator.fails("campaign", "show", "task-1", "--watch", "--exact")


def test_nothing_was_accepted(linked: Bridge, operator: Ops) -> None:
    assert "nothing was accepted" in operator.fails("campaign", "show", "nobody", "--watch")


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("as_json", [True, False])
def test_ctrl_c_ends_it_without_an_error(linked: Bridge, terminal: bool, as_json: bool) -> None:
    accept(linked)

    def interrupted() -> Iterator[dict[str, Any]]:
        yield campaign.glance("task-1") | dict.fromkeys(looks._PACE)
        raise KeyboardInterrupt

    written = io.StringIO()
    console = Console(file=written, force_terminal=terminal, width=120)
    looks.show(interrupted(), as_json=as_json, console=console)
    assert ("Ctrl-C" in written.getvalue()) == (terminal and not as_json)


def test_the_command_ends_with_0_after_ctrl_c(
    linked: Bridge, operator: Ops, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept(linked)

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(watching.watch, "__defaults__", (interrupt,))
    result = operator.type("campaign", "show", "task-1", "--watch")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.count("\n") == 1


def test_bars_show_counts_rates_and_the_time_that_is_left(linked: Bridge) -> None:
    accept(linked)
    look = campaign.glance("task-1") | {
        "at": "2026-03-02 10:00:00",
        "state": "sending",
        "recipients": 10_000,
        "unsent": 7_500,
        "unreported": 500,
        "delivered": 1_900,
        "failed": 100,
        "sendsPerSecond": 96.5,
        "finalPerSecond": 40.0,
        "secondsLeft": 4000,
    }
    console = Console(file=io.StringIO(), record=True, width=120)
    console.print(looks.bars(look))
    said = console.export_text()
    assert "task-1: sending, 1 h 6 min left" in said
    assert "2,500 of 10,000 (25 %)" in said
    assert "96.5 a second" in said
    assert "1,900 of 10,000 (19 %)" in said
    for seconds, words in ((7, "7 s left"), (125, "2 min left")):
        assert words in looks.line(look | {"secondsLeft": seconds})


def test_bars_of_nobody(linked: Bridge) -> None:
    """A file whose lines are not read yet."""
    accept(linked)
    look = campaign.glance("task-1") | dict.fromkeys(looks._PACE)
    console = Console(file=io.StringIO(), width=120, force_terminal=True)
    console.print(looks.bars(look | {"recipients": 0, "unsent": 0}))
