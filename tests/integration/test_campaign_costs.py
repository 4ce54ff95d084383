"""`campaign show` and `campaign list` multiply the segments by SEGMENT_PRICE."""

from typing import Any

import pytest
from rich.console import Console

from ops import campaign, costs
from ops.commands import output
from tests.support.adopting import ADOPT_AFTER_SECONDS
from tests.support.in_process import web
from tests.support.in_process.bridge import SIGN, Bridge
from tests.support.in_process.operator import answer, ops
from tests.support.in_process.sends import A, B, send
from tests.support.in_process.tencent import lost


@pytest.fixture
def bridge(local: Bridge, monkeypatch: pytest.MonkeyPatch) -> Bridge:
    monkeypatch.setattr(output, "_console", Console(width=250))
    local.link(SIGN)
    return local


def listed(out_id: str = "task-1") -> dict[str, Any]:
    [row] = [row for row in answer("campaign", "list") if row["outId"] == out_id]
    return dict(row)


def test_segments_cost_their_price(bridge: Bridge) -> None:
    bridge.configure(SEGMENT_PRICE="0.045 CNY")
    bridge.tencent.fees["86" + B] = 2
    send(bridge, A, B)
    cost = {"amount": "0.135", "currency": "CNY"}
    assert answer("campaign", "show", "task-1")["cost"] == cost
    assert answer("campaign", "show", "task-1", "--exact")["cost"] == cost
    assert listed()["cost"] == cost
    for command in (("show", "task-1"), ("list",)):
        assert "0.135 CNY" in ops("campaign", *command).stdout


def test_without_a_price_there_is_no_cost(bridge: Bridge) -> None:
    send(bridge, A)
    assert answer("campaign", "show", "task-1")["cost"] is None
    assert listed()["cost"] is None
    assert "SEGMENT_PRICE is not set" in ops("campaign", "show", "task-1").stdout
    assert "cost" not in ops("campaign", "list").stdout


def test_what_nobody_was_sent_costs_nothing(bridge: Bridge) -> None:
    bridge.configure(SEGMENT_PRICE="0.050 CNY")
    assert bridge.campaign([A], {"name": "您"}, code=bridge.template()).code == "OK"
    assert campaign.show("task-1")["cost"] == {"amount": "0.000", "currency": "CNY"}


def test_with_a_fee_that_tencent_never_named_the_cost_is_the_least(bridge: Bridge) -> None:
    bridge.configure(SEGMENT_PRICE="1 USD")
    bridge.tencent.next("86" + A, lost(web.read_timeout, sent=True))
    bridge.campaign([A, B], [{"name": A}, {"name": B}], code=bridge.template())
    bridge.pump.drain("deliver")
    bridge.clock.advance(seconds=ADOPT_AFTER_SECONDS + 1)
    bridge.deliver_all()
    bridge.pump.run("settle", "push", hours=1)
    assert (listed()["unpriced"], listed()["cost"]["amount"]) == (1, "1")
    for command in (("show", "task-1"), ("list",)):
        assert "at least 1 USD" in ops("campaign", *command).stdout


def test_a_cost_is_exact_however_large_it_is(bridge: Bridge) -> None:
    bridge.configure(SEGMENT_PRICE="999999999.999999999 CNY")
    assert costs.of_segments(10**15) == {
        "amount": "999999999999999999000000.000000000",
        "currency": "CNY",
    }


def test_a_wrong_price_is_refused_with_its_value(bridge: Bridge) -> None:
    send(bridge, A)
    bridge.configure()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEGMENT_PRICE", "0,045 CNY")
        result = ops("campaign", "show", "task-1")
    assert result.exit_code == 1
    assert "SEGMENT_PRICE is '0,045 CNY'" in result.stderr
    assert "such as 0.045 CNY" in result.stderr
