"""Sending again as an action: its question, its result, and what refuses it."""

import re
from typing import Any

import pytest

from chalicelib.queues.sending import NotQueuedError
from chalicelib.store import send_requests
from tests.support.console import OUT_ID, Visitor, ask, command, records
from tests.support.in_process import resends
from tests.support.in_process.bridge import Bridge


@pytest.fixture
def refused_four(local: Bridge) -> Bridge:
    """A bridge that sent a campaign of six, of which Tencent refused four."""
    local.link()
    resends.campaign(local, out_id=OUT_ID)
    return local


def rows(text: str, name: str) -> dict[str, int]:
    """Return the rows of a question's list of counts."""
    found = re.search(rf'<table class="rows" data-counts="{name}">(.*?)</table>', text, re.DOTALL)
    assert found
    pairs = re.findall(r'<th scope="row">(.*?)</th><td[^>]*>([\d,]+)</td>', found[1])
    return {label: int(count) for label, count in pairs}


def test_a_resend_is_counted_before_it_is_asked_for(refused_four: Bridge, visitor: Visitor) -> None:
    shown = visitor.part("campaign", "account", f"?outId={OUT_ID}").text
    assert f"/actions/resend?outId={OUT_ID}" in shown
    asked = ask(visitor, "resend", outId=OUT_ID)
    assert "badge stage-local" in asked
    assert f"<dd>{OUT_ID}</dd>" in asked
    assert "<dt>收件人</dt><dd>4</dd>" in asked
    assert "<dt>计费条数（估算）</dt><dd>4</dd>" in asked
    assert "未设置 SEGMENT_PRICE" in asked
    failures = rows(asked, "failures")
    assert list(failures.values()) == [2, 2]
    assert all(
        label.endswith(code)
        for label, code in zip(failures, (resends.BLACK, resends.ILLEGAL), strict=True)
    )
    assert rows(asked, "left_out") == {"腾讯已受理过此 outId 发往该号码的短信": 2}
    assert re.findall(r"<a [^>]*data-close autofocus>取消</a>", asked)
    assert asked.count("autofocus") == 1
    assert f'data-equals="{OUT_ID}"' in asked
    assert len(send_requests.of_out_id(OUT_ID)) == 1
    assert records() == []
    refused_four.configure(SEGMENT_PRICE="0.045 CNY")
    assert "<dt>费用（估算）</dt><dd>0.180 CNY</dd>" in ask(visitor, "resend", outId=OUT_ID)


def test_a_resend_sends_and_shows_its_command(refused_four: Bridge, visitor: Visitor) -> None:
    done = visitor.post("/actions/resend", outId=OUT_ID, typed=OUT_ID, atMost="4")
    assert command(done) == f"python -m ops campaign resend {OUT_ID} --yes --stage local"
    assert "<dt>收件人</dt><dd>4</dd>" in done.text
    assert records() == [("campaign resend", {"outId": OUT_ID, "codes": []}, "done")]
    resends.settle(refused_four)
    assert len(refused_four.tencent.sent) == 6
    # There is nobody left, so there is nothing to agree to.
    asked = ask(visitor, "resend", outId=OUT_ID)
    assert "没有可以重发的人" in asked
    assert "<button" not in asked
    assert 'name="typed"' not in asked
    assert asked.count("autofocus") == 1


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"typed": "", "atMost": "4"}, "未执行任何操作"),
        ({"typed": OUT_ID.upper(), "atMost": "4"}, "未执行任何操作"),
        ({"typed": OUT_ID}, "请重新查看"),
        ({"typed": OUT_ID, "atMost": "-4"}, "请重新查看"),
        ({"typed": OUT_ID, "atMost": "４"}, "请重新查看"),
        ({"typed": OUT_ID, "atMost": "3"}, "3 were confirmed"),
    ],
)
def test_a_resend_needs_the_campaigns_name_and_the_count(
    refused_four: Bridge, visitor: Visitor, form: dict[str, str], reason: str
) -> None:
    answer = visitor.post("/actions/resend", outId=OUT_ID, **form)
    assert 'role="alert"' in answer.text
    assert reason in answer.text
    assert '<form method="post" action="/actions/resend"' in answer.text
    assert len(send_requests.of_out_id(OUT_ID)) == 1
    assert [one for one in records() if one[2] == "done"] == []


def test_a_resend_beyond_the_daily_limit_is_a_problem(local: Bridge, visitor: Visitor) -> None:
    local.configure(DAILY_LIMIT="9")
    local.link()
    resends.campaign(local, out_id=OUT_ID)
    assert "DAILY_LIMIT of 9" in ask(visitor, "resend", outId=OUT_ID)
    answer = visitor.post("/actions/resend", outId=OUT_ID, typed=OUT_ID, atMost="4")
    assert answer.problem == "refused"
    assert len(send_requests.of_out_id(OUT_ID)) == 1


def test_a_resend_that_was_cut_off_is_completed(
    refused_four: Bridge, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = {"outId": OUT_ID, "typed": OUT_ID}
    with monkeypatch.context() as broken:
        broken.setattr("ops.resending.sending.send", _not_queued)
        answer = visitor.post("/actions/resend", **form, atMost="4")
    assert "perhaps not all of it is queued" in answer.text
    asked = ask(visitor, "resend", outId=OUT_ID)
    assert "was cut off" in asked
    assert "<button" in asked
    assert "其余部分现已入队" in visitor.post("/actions/resend", **form, atMost="0").text
    resends.settle(refused_four)
    assert len(refused_four.tencent.sent) == 6


def _not_queued(*_: Any, **__: Any) -> None:
    raise NotQueuedError("no")


def test_a_campaign_without_failures_offers_no_resend(accepted: Bridge, visitor: Visitor) -> None:
    shown = visitor.part("campaign", "account", f"?outId={OUT_ID}").text
    assert "/actions/stop" in shown
    assert "/actions/resend" not in shown
    assert visitor.get("/actions/resend?outId=none").problem == "refused"


def test_a_read_only_console_offers_no_resend(refused_four: Bridge) -> None:
    visitor = Visitor(read_only=True)
    visitor.enter()
    shown = visitor.get(f"/campaign?outId={OUT_ID}").text
    assert OUT_ID in shown
    assert "/actions/resend" not in shown
    assert visitor.get(f"/actions/resend?outId={OUT_ID}").status == 403
    form = {"outId": OUT_ID, "typed": OUT_ID, "atMost": "4"}
    assert visitor.post("/actions/resend", **form).status == 403
    assert len(send_requests.of_out_id(OUT_ID)) == 1
