from tests.integration.support.bridge import Bridge


def test_a_campaign_from_request_to_receipts(linked: Bridge) -> None:
    code = linked.template()
    answer = linked.campaign(["13900001111", "13900002222"], {"name": "王"}, code=code)
    assert answer.code == "OK"
    linked.pump.drain()
    assert len(linked.tencent.sent) == 2
    linked.deliver_all()
    linked.pump.drain()
    assert len(linked.quick_audience.receipts) == 2
    assert not linked.pump.failures
