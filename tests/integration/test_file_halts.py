"""Pausing and stopping a campaign of §5 while its file is read: every recipient in it is accounted for."""

import pytest

from ops import halting
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.file_campaigns import FileCampaigns
from tests.support.in_process.oss import BUCKET

PHONES = [f"139{number:08d}" for number in range(8)]
TEXT = "".join(f'{phone},{{"name":"{phone}"}}\n' for phone in PHONES)
STOPPED = {(phone, "STOPPED"): 1 for phone in PHONES}


@pytest.fixture
def campaigns(linked: Bridge, monkeypatch: pytest.MonkeyPatch) -> FileCampaigns:
    return FileCampaigns(linked, monkeypatch)


def test_a_file_is_read_to_its_end_after_a_stop(campaigns: FileCampaigns) -> None:
    code = campaigns.bridge.template()
    answer = campaigns.send(TEXT, code)
    stopped = halting.stop("task-1")
    assert stopped["unsent"] == 0
    assert [one["fileIsRead"] for one in stopped["requests"]] == [False]
    campaigns.bridge.pump.drain("read", "deliver", "push")
    assert campaigns.reported == STOPPED
    assert not campaigns.sent
    assert campaigns.file(answer).state == "done"
    assert halting.stop("task-1")["requests"][0]["fileIsRead"]
    again = campaigns.ask(f"{BUCKET}/task-1.txt", code)
    assert again.code == "isv.BUSINESS_LIMIT_CONTROL"


def test_a_paused_file_goes_on_where_it_was(campaigns: FileCampaigns) -> None:
    campaigns.send(TEXT, campaigns.bridge.template())
    halting.pause("task-1")
    campaigns.bridge.pump.drain("read", "deliver")
    assert not campaigns.sent
    assert campaigns.shown()["recipients"] == len(PHONES)
    halting.resume("task-1")
    campaigns.bridge.pump.drain("deliver")
    assert campaigns.sent == {("86" + phone, (phone,)): 1 for phone in PHONES}


def test_a_paused_file_ends_as_not_sent(
    campaigns: FileCampaigns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.functions.sweep._HOURS_BACK", 10)
    campaigns.send(TEXT, campaigns.bridge.template())
    halting.pause("task-1")
    campaigns.bridge.pump.drain("read", "deliver")
    campaigns.bridge.clock.advance(hours=73)
    campaigns.bridge.pump.sweep()
    campaigns.bridge.pump.run("deliver", "push", hours=1)
    assert campaigns.reported == {(phone, "NOT_SENT"): 1 for phone in PHONES}
    assert not campaigns.sent
    assert campaigns.bridge.pump.count("sends") == 0


def test_a_stopped_request_whose_file_fails_stays_refused(campaigns: FileCampaigns) -> None:
    code = campaigns.bridge.template()
    url = f"{BUCKET}/nowhere.txt"
    assert campaigns.ask(url, code).code == "OK"
    halting.stop("task-1")
    campaigns.bridge.pump.run("read", hours=8)
    assert campaigns.shown()["files"][0]["state"] == "failed"
    assert campaigns.ask(url, code).code == "isv.BUSINESS_LIMIT_CONTROL"
