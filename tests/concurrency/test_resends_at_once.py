"""Several resends of one campaign at the same moment, and with everything else that may happen to it."""

import random
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.errors import Refused
from chalicelib.store import chunks, daily_counts, send_requests
from ops import halting, resend_drafts, resending
from ops.errors import OperatorError
from tests.support.concurrency import World, at_once, phone, unique
from tests.support.in_process import tencent
from tests.support.thoroughness import rounds, some

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def template(world: World) -> str:
    world.bridge.link()
    return world.bridge.template()


def deliver_all(world: World) -> None:
    """Give the messages on the queue to four functions."""
    records = world.receive_all("sends")
    if shares := [records[of::4] for of in range(4) if records[of::4]]:
        at_once(*(partial(world.deliver, share) for share in shares))


def campaign(world: World, template: str, numbers: list[str], out_id: str) -> str:
    """Send a campaign of different texts, all of which Tencent refuses; return its bizId."""
    world.tencent.always("send", tencent.refused(tencent.coded(1016)))
    names = [{"name": number} for number in numbers]
    answer = world.bridge.campaign(numbers, names, code=template, out_id=out_id)
    assert answer.code == "OK"
    deliver_all(world)
    world.tencent.always("send", None)
    return str(answer["bizId"])


def resend(out_id: str, *codes: str) -> int | None:
    """Return to how many recipients a resend sends; None if it found that another one was faster."""
    try:
        return int(resending.resend(out_id, codes)["recipients"])
    except OperatorError as error:
        if "meanwhile" not in str(error):
            raise
        return None


def resend_after(seconds: float, out_id: str) -> int | None:
    time.sleep(seconds)
    return resend(out_id)


def times(world: World, numbers: list[str]) -> set[int]:
    return {len(world.tencent.sent_to("86" + number)) for number in numbers}


@pytest.mark.parametrize("resends", some([2, 4], 2))
def test_of_several_resends_at_once_one_sends(
    world: World, template: str, monkeypatch: pytest.MonkeyPatch, resends: int
) -> None:
    monkeypatch.setattr(resend_drafts, "STEP", 2)
    for turn in rounds(8):
        out_id, numbers = unique(), [phone() for _ in range(7)]
        campaign(world, template, numbers, out_id)
        # In every second turn, each begins while another one is at work.
        starts = [turn % 2 * random.uniform(0, 0.3) for _ in range(resends)]
        sent = at_once(*(partial(resend_after, seconds, out_id) for seconds in starts))
        assert sorted(filter(None, sent)) == [len(numbers)], sent
        deliver_all(world)
        assert times(world, numbers) == {1}
        assert resend(out_id) == 0
        deliver_all(world)
        assert times(world, numbers) == {1}
        # One request was accepted, and nothing of the others is left.
        biz_ids = {request.biz_id for request in send_requests.of_out_id(out_id)}
        assert len(biz_ids) == 2
        assert {key.biz_id for key, _ in chunks.of_out_id(out_id)} <= biz_ids


def test_resends_of_different_codes_at_once_send_once_each(world: World, template: str) -> None:
    for _ in rounds(4):
        out_id, numbers = unique(), [phone() for _ in range(6)]
        for number in numbers[:3]:
            world.tencent.always("86" + number, tencent.refused(tencent.coded(1015)))
        campaign(world, template, numbers, out_id)
        for number in numbers[:3]:
            world.tencent.always("86" + number, None)
        codes = ["isv.BLACK_KEY_CONTROL_LIMIT", "isv.MOBILE_NUMBER_ILLEGAL"]
        at_once(*(partial(resend, out_id, code) for code in codes), partial(resend, out_id))
        deliver_all(world)
        # The resend that was overtaken is tried again.
        assert resend(out_id) in (0, 3)
        deliver_all(world)
        assert times(world, numbers) == {1}


def test_a_resend_while_the_campaign_is_sent_stopped_and_repeated(
    world: World, template: str
) -> None:
    """Calls are under way, Quick Audience repeats its request, and the operator stops it: nobody gets two messages."""
    for turn in rounds(4, least=2):
        out_id, numbers = unique(), [phone() for _ in range(12)]
        names = [{"name": number} for number in numbers]
        for number in numbers[::3]:
            world.tencent.next("86" + number, tencent.refused(tencent.coded(1016)))
        ask = partial(world.bridge.campaign, numbers, names, code=template, out_id=out_id)
        assert ask().code == "OK"
        work: list[Callable[[], Any]] = [
            partial(deliver_all, world),
            partial(resend, out_id),
            partial(resend, out_id),
            ask,
        ]
        at_once(*work, *([partial(halting.stop, out_id)] if turn % 2 else []))
        deliver_all(world)
        assert times(world, numbers) <= {0, 1}
        for _ in range(2):
            resend(out_id)
            deliver_all(world)
        assert times(world, numbers) == {1}
        assert ask().code == ("isv.BUSINESS_LIMIT_CONTROL" if turn % 2 else "OK")
        deliver_all(world)
        assert times(world, numbers) == {1}


def test_resends_at_once_never_exceed_the_daily_limit(world: World, template: str) -> None:
    """Campaigns count towards the same limit at the same moment."""
    out_ids = [unique() for _ in range(4)]
    numbers = {out_id: [phone() for _ in range(5)] for out_id in out_ids}
    for out_id in out_ids:
        campaign(world, template, numbers[out_id], out_id)
    already = daily_counts.accepted(int(time.time()))
    world.bridge.configure(DAILY_LIMIT=str(already + 12))

    def attempt(out_id: str) -> int:
        for _ in range(20):
            try:
                return resend(out_id) or 0
            except Refused:
                return 0
            except ClientError as error:
                # Too many transactions at once: nothing was sent.
                if "TransactionConflict" not in str(error):
                    raise
        raise AssertionError("too busy")

    sent = at_once(*(partial(attempt, out_id) for out_id in out_ids))
    assert sorted(sent) == [0, 0, 5, 5]
    assert daily_counts.accepted(int(time.time())) == already + 10
    deliver_all(world)
    for out_id, count in zip(out_ids, sent, strict=True):
        assert times(world, numbers[out_id]) == {1 if count else 0}
