"""Each page on the bridge's table and queues."""

import pytest

from ops.console import pages
from tests.support.console import Visitor
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.sends import A, B, C, D
from tests.support.in_process.tencent import refused


def send(bridge: Bridge, out_id: str = "task-1") -> None:
    """Send a campaign that is delivered, except to one number that Tencent refuses."""
    bridge.link()
    code = bridge.template()
    bridge.tencent.next("86" + D, refused(1016))
    bridge.campaign([A, B, C, D], [{"name": n} for n in "1234"], code=code, out_id=out_id)
    bridge.pump.run()
    bridge.deliver_all()
    bridge.pump.run()


@pytest.mark.parametrize("name", pages.NAVIGATION)
def test_a_stage_without_anything_has_every_page(visitor: Visitor, name: str) -> None:
    page = visitor.get(f"/{name}")
    assert page.status == 200
    assert page.problem == ""
    assert 'aria-current="page"' in page.text


def test_a_campaign_is_listed_and_shown(local: Bridge, visitor: Visitor) -> None:
    send(local)
    listed = visitor.get("/campaigns")
    assert "task-1" in listed.text
    shown = visitor.get("/campaign?outId=task-1")
    assert shown.problem == ""
    assert "isv.MOBILE_NUMBER_ILLEGAL" in shown.text
