"""The logs of a campaign reveal no key, no signature and no whole phone number."""

import io
import json
import logging
import re
from collections.abc import Iterator

import pytest

from chalicelib.logs import log
from tests.support.in_process import tencent, web
from tests.support.in_process.bridge import SIGN, TOKEN, Bridge
from tests.support.in_process.quickaudience import KEY, broken, respond
from tests.support.in_process.sends import A, B, C, D
from tests.support.in_process.tencent import APP_KEY, Sms, lost, numbers_refused, refused
from tests.support.in_process.tencent_api3 import SECRET_ID, SECRET_KEY

ABROAD = "85251234567"


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Return what the bridge and its libraries log, as Lambda would print it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(log.registered_formatter)
    loggers = [logging.getLogger(log.name), logging.getLogger()]
    for logger in loggers:
        logger.addHandler(handler)
    yield stream
    for logger in loggers:
        logger.removeHandler(handler)


def check(logged: io.StringIO, bridge: Bridge) -> None:
    text = logged.getvalue()
    lines = [json.loads(line) for line in text.splitlines()]
    assert len(lines) > 10
    for secret in (APP_KEY, SECRET_ID, SECRET_KEY, KEY, json.dumps(KEY)[1:-1], TOKEN):
        assert secret not in text
    for call in bridge.tencent.calls:
        assert call.body["sig"] not in text
    # Neither a number nor one after its country code; ids and times are not phone numbers.
    known = {A, B, C, D, ABROAD}
    assert not [phone for phone in known if phone in text]
    assert not re.findall(r"(?<![0-9a-fA-F])1[3-9][0-9]{9}(?![0-9a-fA-F])", text)
    signature = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
    assert not signature.findall(text)


def test_a_campaign_with_every_kind_of_failure_logs_no_secret(
    linked: Bridge, logged: io.StringIO
) -> None:
    code = linked.template()
    linked.ask("GET", f"/sms/smsSign/{SIGN}", headers={"X-QA-Hmac-Signature": "0" * 64})
    linked.ask("POST", "/sms/sendBatchList", {"phoneNumberJson": [A, True]})
    linked.tencent.next("sendmultisms2", numbers_refused({"86" + B: 1016}))
    linked.tencent.next("86" + C, lost(web.read_timeout, sent=True))
    linked.tencent.next("86" + D, refused(1013), lost(web.never_connected, sent=False))
    linked.tencent.next(ABROAD, refused(60008))
    params = [{"name": name} for name in ("您", "您", "丙", "丁", "港", "坏")]
    linked.campaign([A, B, C, D, ABROAD, "1391111****"], params, code=code)
    linked.campaign([A, B, C, D, ABROAD, "1391111****"], params, code=code)
    linked.pump.run("deliver", hours=1)
    linked.quick_audience.next(
        broken(web.read_timeout), lambda: respond(401, {"code": "401", "message": "no"})
    )
    linked.deliver_all()
    linked.callback([tencent.status(Sms("86" + A, "stray", "x", 1, ()))])
    linked.callback(tencent.reply("86" + A, f"我的号码是{B}", SIGN))
    linked.callback(tencent.reply("8613988887777", "谁", SIGN))
    linked.callback(b"{", token="wrong")
    linked.pump.put("callbacks", "not JSON")
    linked.pump.run(hours=5)
    linked.clock.advance(hours=73)
    linked.pump.sweep()
    linked.pump.drain()
    check(logged, linked)


def test_a_campaign_with_crashes_logs_no_secret(linked: Bridge, logged: io.StringIO) -> None:
    code = linked.template()
    for function in ("deliver", "settle", "push"):
        for at in range(12):
            linked.campaign(
                [A, B], {"name": f"{function} {at}"}, code=code, out_id=f"{function} {at}"
            )
            if function != "deliver":
                linked.pump.drain("deliver")
                linked.callback(tencent.statuses(linked.tencent.sent[-2:]))
            if function == "push":
                linked.pump.drain("settle")
            linked.pump.watch(function, at, "failed after")
            linked.pump.run(hours=1)
    check(logged, linked)


@pytest.mark.parametrize("side", ["tencent", "quick audience"])
def test_a_number_in_the_other_sides_text_is_masked(
    linked: Bridge, logged: io.StringIO, side: str
) -> None:
    code = linked.template()
    if side == "tencent":
        linked.tencent.next("send", refused(60008, f"timeout for {A}"))
    else:
        linked.quick_audience.next(lambda: respond(500, {"code": "500", "message": f"bad {A}"}))
    for number in range(10):
        linked.campaign([A], {"name": "您"}, code=code, out_id=str(number))
    linked.pump.drain("deliver")
    linked.deliver_all()
    linked.pump.run("settle", "push", hours=1)
    check(logged, linked)


def test_a_request_can_be_followed_from_its_acceptance_to_its_pushes(
    linked: Bridge, logged: io.StringIO
) -> None:
    code = linked.template()
    biz_id = linked.campaign([A, B], {"name": "您"}, code=code)["bizId"]
    linked.campaign([C], {"name": "他"}, code=code, out_id="another")
    linked.pump.drain()
    linked.deliver_all()
    linked.callback(tencent.reply("86" + A, "好", SIGN))
    linked.pump.drain()
    # Both loggers write each line.
    lines = dict.fromkeys(line for line in logged.getvalue().splitlines() if biz_id in line)
    seen = [json.loads(line)["message"] for line in lines]
    assert seen[:2] == ["accepted", "attempt done"]
    assert sorted(seen[2:]) == ["pushed", "pushed", "reply matched", "statuses settled"]
