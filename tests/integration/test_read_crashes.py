"""read with a fault at every call, and two invocations at once."""

from collections import Counter

import pytest

from chalicelib.delivery import file_reading, file_source
from chalicelib.domain import planning
from chalicelib.fetching import stream
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.file_campaigns import FileCampaigns
from tests.support.in_process.final_state_logs import check_logs
from tests.support.in_process.outside import FAULTS, Fault, points
from tests.support.thoroughness import some

LINES = [
    '13900001111 {"name":"甲"}',
    '13900002222 {"name":"甲"}',
    '13900003333 {"name":"甲"}',
    '13900004444 {"name":"丙"}',
    "12345",
    "nobody",
    '13900001111 {"name":"甲"}',
    '13900005555 {"name":"丁"}',
    "13900006666",
]
TEXT = "\n".join(LINES)
SENT = Counter(
    {
        ("8613900001111", ("甲",)): 1,
        ("8613900002222", ("甲",)): 1,
        ("8613900003333", ("甲",)): 1,
        ("8613900004444", ("丙",)): 1,
        ("8613900005555", ("丁",)): 1,
    }
)
REPORTED = {
    ("12345", "isv.MOBILE_NUMBER_ILLEGAL"),
    ("13900006666", "isv.TEMPLATE_MISSING_PARAMETERS"),
}


@pytest.fixture
def campaigns(linked: Bridge, monkeypatch: pytest.MonkeyPatch) -> FileCampaigns:
    monkeypatch.setattr(planning, "MAX_PER_CALL", 2)
    return FileCampaigns(linked, monkeypatch)


def check(campaigns: FileCampaigns, out_id: str, why: str = "") -> None:
    assert campaigns.sent == SENT, why
    assert set(campaigns.reported) == REPORTED, why
    shown = campaigns.shown(out_id)
    assert (shown["recipients"], shown["sent"], shown["failed"]) == (8, 5, 3), why
    [file] = shown["files"]
    assert (file["state"], file["reason"], file["repeated"]) == ("done", "", 1), why
    assert len(file["badLines"]) == 3, why
    assert check_logs(why)


@pytest.mark.parametrize("how", FAULTS)
def test_every_line_is_sent_once_whatever_call_fails(campaigns: FileCampaigns, how: Fault) -> None:
    bridge = campaigns.bridge
    code = bridge.template("您好${name}")
    campaigns.send(TEXT, code, "dry")
    names = bridge.pump.watch("read")
    # Counted, looked through for the sake of the line that is refused, read.
    assert names.count("oss GET") == 3
    assert names.count("sqs SendMessageBatch") == 3
    bridge.pump.run()
    check(campaigns, "dry")
    for number, name in points(names):
        campaigns.clear()
        out_id = f"{how}-{number}"
        campaigns.send(TEXT, code, out_id)
        bridge.pump.watch("read", number, how)
        if number % 2:
            # Chunks that are queued are sent before the rest is planned.
            bridge.pump.drain("deliver", "push")
        bridge.pump.run()
        check(campaigns, out_id, f"{how}, {name}")
        assert bridge.pump.count("files") == bridge.pump.count("files-dead") == 0


@pytest.mark.parametrize("how", FAULTS)
def test_the_continuation_is_queued_whatever_call_fails(
    campaigns: FileCampaigns, monkeypatch: pytest.MonkeyPatch, how: Fault
) -> None:
    """Each invocation makes one step, then its time is short."""
    bridge = campaigns.bridge
    code = bridge.template("您好${name}")
    monkeypatch.setattr(file_reading, "SECONDS_FOR_A_STEP", 1000)
    monkeypatch.setattr(
        file_source.FileSource,
        "_open",
        lambda self: stream.open_stream(self._url, max_bytes=10**6, seconds=1),
    )
    campaigns.send(TEXT, code, "dry")
    names = bridge.pump.watch("read")
    assert names[-1] == "dynamodb BatchWriteItem"
    bridge.pump.run()
    check(campaigns, "dry")
    # The last two calls release the file and queue its message.
    for number, name in list(enumerate(names))[-2:]:
        campaigns.clear()
        out_id = f"{how}-{number}"
        campaigns.send(TEXT, code, out_id)
        bridge.pump.watch("read", number, how)
        bridge.pump.run()
        check(campaigns, out_id, f"{how}, {name}")


def test_the_same_message_twice_at_once_sends_each_line_once(campaigns: FileCampaigns) -> None:
    bridge = campaigns.bridge
    campaigns.send(TEXT, bridge.template("您好${name}"))
    event = bridge.pump.receive("read")
    assert event
    again: list[bool] = []

    def at_once() -> None:
        if not again:
            again.append(True)
            again.append(bridge.pump.invoke("read", event))

    campaigns.oss.on_part = at_once
    assert bridge.pump.invoke("read", event)
    # The second one found the file held, and is retried when the hold ends.
    assert again == [True, False]
    assert len(campaigns.oss.opened) == 3
    bridge.pump.run()
    check(campaigns, "task-1")


@pytest.mark.parametrize("part", some(range(1, 11), 4))
def test_a_function_that_counted_as_dead_does_no_harm(campaigns: FileCampaigns, part: int) -> None:
    """While the first one stands still, the second one takes the file over and finishes it."""
    bridge = campaigns.bridge
    campaigns.oss.part = 40
    campaigns.send(TEXT, bridge.template("您好${name}"))
    event = bridge.pump.receive("read")
    assert event
    parts = []

    def stand_still() -> None:
        parts.append(1)
        if len(parts) == part:
            bridge.clock.advance(seconds=file_reading.HELD_SECONDS + 1)
            bridge.pump.put("files", event["Records"][0]["body"])
            bridge.pump.run()

    campaigns.oss.on_part = stand_still
    assert not bridge.pump.invoke("read", event)
    bridge.pump.run()
    check(campaigns, "task-1")
