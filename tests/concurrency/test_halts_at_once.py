"""An operator who pauses, resumes and stops a campaign while four functions send it, on a real table."""

import time
from functools import partial

import pytest

from chalicelib.domain.send_request import SendRequest
from chalicelib.functions import release
from chalicelib.store import halts, messages, send_requests
from ops import halting
from tests.support.concurrency import World, at_once, phone, unique
from tests.support.in_process import tencent
from tests.support.thoroughness import rounds


@pytest.fixture
def template(world: World) -> str:
    world.bridge.link()
    return world.bridge.template("您好")


def deliver_at_once(world: World) -> None:
    """Give the messages on the queue to four functions."""
    records = world.receive_all("sends")
    if shares := [records[of::4] for of in range(4) if records[of::4]]:
        at_once(*(partial(world.deliver, share) for share in shares))


def test_everybody_is_sent_to_once_or_stopped(world: World, template: str) -> None:
    for turn in rounds(4):
        out_id = unique()
        numbers = [phone() for _ in range(16)]
        for number in numbers:
            assert world.bridge.campaign([number], code=template, out_id=out_id).code == "OK"
        world.tencent.always("send", tencent.and_first(lambda: time.sleep(0.02), tencent.obeyed))
        at_once(partial(deliver_at_once, world), partial(halting.pause, out_id))
        before = sent(world, numbers)
        deliver_at_once(world)
        release.handle(60)
        deliver_at_once(world)
        assert sent(world, numbers) == before, "nothing is sent while it is paused"
        if turn % 2:
            at_once(partial(halting.resume, out_id), partial(deliver_at_once, world))
        at_once(
            partial(halting.stop, out_id),
            partial(deliver_at_once, world),
            partial(release.handle, 60),
        )
        stopped_at = sent(world, numbers)
        for _ in range(3):
            release.handle(60)
            deliver_at_once(world)
        assert sent(world, numbers) == stopped_at, "nothing is sent after a stop"
        for number in numbers:
            [kept] = messages.of_phone("86" + number)
            times = len(world.tencent.sent_to("86" + number))
            code = kept.receipt.code if kept.receipt else ""
            assert (times, code) in ((1, ""), (0, "STOPPED"))
        world.tencent.always("send", None)


def sent(world: World, numbers: list[str]) -> int:
    return sum(len(world.tencent.sent_to("86" + number)) for number in numbers)


def test_a_failing_campaign_is_paused_once_whoever_resumes_it(world: World, template: str) -> None:
    """Functions that see the same failures, before and after an operator's commands and at the same moment."""
    for _ in rounds(8):
        out_id = unique()
        assert world.bridge.campaign([phone()], code=template, out_id=out_id).code == "OK"
        [request] = send_requests.of_out_id(out_id)
        paused: list[bool] = []

        def pause(request: SendRequest = request, paused: list[bool] = paused) -> None:
            paused.append(halts.pause_once(request, int(time.time()), "failures"))

        at_once(*[pause] * 4, partial(halting.pause, out_id))
        assert paused.count(True) <= 1
        assert _state(request) == "paused"
        at_once(*[pause] * 4, partial(halting.resume, out_id))
        assert paused.count(True) <= 1
        assert _state(request) == "sending"


def _state(request: SendRequest) -> str:
    halt = halts.get(request.out_id, request.biz_id)
    return halt.state if halt else ""
