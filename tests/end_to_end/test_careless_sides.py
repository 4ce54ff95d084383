"""A campaign whose answers and callbacks are written as careless gateways write them."""

import pytest
import requests

from tests.support.local_stack.running_stack import RunningStack

STYLES = [("bom", "prefixed"), ("gb18030", "plus"), ("line-feeds", "masked")]


@pytest.mark.parametrize("number", range(len(STYLES)))
def test_every_recipient_is_reported_once(
    running: RunningStack, plain_template: str, number: int
) -> None:
    json_style, mobile_style = STYLES[number]
    styles = {"json_style": json_style, "mobile_style": mobile_style}
    running.post(running.tencent, "/_sim/behaviour", styles)
    running.post(running.quick_audience, "/_sim/behaviour", {"kind": "careless"})
    before = running.accepted()
    phones = {"count": 100, "start": f"1352{number}000000"}
    try:
        running.campaign(f"careless-{number}", templateCode=plain_template, phones=phones)
        account = running.complete(f"careless-{number}")
    finally:
        plain = {"json_style": "escaped", "mobile_style": "plain"}
        running.post(running.tencent, "/_sim/behaviour", plain)
        requests.delete(running.quick_audience + "/_sim/behaviour", timeout=60)
    assert (account["delivered"], account["repeated"], account["contradictory"]) == (100, 0, 0)
    assert running.accepted() - before == 100
