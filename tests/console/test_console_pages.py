"""Each page on the bridge's table and queues, in both languages."""

import html
import re
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.store import breakers, send_requests, table
from ops.console import pages
from ops.queue_ages import QueueAges
from tests.support.console import OUT_ID, Visitor, dead
from tests.support.in_process import web
from tests.support.in_process.bridge import SIGN, Bridge
from tests.support.in_process.quickaudience import respond
from tests.support.in_process.sends import A, B, C, D
from tests.support.in_process.tencent import lost, refused


def send(bridge: Bridge, out_id: str = OUT_ID) -> None:
    """Send a campaign of four: two are delivered, one is refused, and one is of unknown outcome."""
    bridge.configure(TENCENT_PARALLEL_CALLS="4")
    bridge.link()
    code = bridge.template()
    bridge.tencent.next("86" + C, lost(web.read_timeout, sent=False))
    bridge.tencent.next("86" + D, refused(1016))
    bridge.campaign([A, B, C, D], [{"name": n} for n in "1234"], code=code, out_id=out_id)
    bridge.pump.run(hours=1)
    bridge.deliver_all()
    bridge.pump.run(hours=1)


def text_of(page: str) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", pages.NAVIGATION)
def test_a_stage_without_anything_has_every_page(
    visitor: Visitor, name: str, language: str
) -> None:
    assert (
        visitor.post("/language", language=language, back=f"/{name}").headers["Location"]
        == f"/{name}"
    )
    page = visitor.get(f"/{name}")
    assert page.status == 200
    assert page.problem == ""
    assert 'aria-current="page"' in page.text
    assert f'lang="{"zh-CN" if language == "zh" else "en"}"' in page.text


def test_the_first_page_is_that_of_campaigns(visitor: Visitor) -> None:
    assert visitor.get("/").headers["Location"] == "/campaigns"


def test_the_frame_names_stage_account_region_and_what_needs_attention(
    local: Bridge, visitor: Visitor
) -> None:
    breakers.trip("tencent-account", "x", int(time.time()), 1033)
    dead("receipts", "a", "b")
    shown = text_of(visitor.part("campaigns", "navigation").text)
    for expected in ("local", "123456789012", "ap-southeast-1", "健康 1", "死信 2"):
        assert expected in shown


def test_a_campaign_is_listed_and_shown(local: Bridge, visitor: Visitor) -> None:
    send(local)
    listed = text_of(visitor.get("/campaigns").text)
    assert f"{OUT_ID} 10:00" in listed
    assert f"【{SIGN}】" in listed
    shown = visitor.get(f"/campaign?outId={OUT_ID}")
    assert shown.problem == ""
    text = text_of(shown.text)
    for expected in (
        "已送达 2 50.0 %",
        "失败 1 25.0 %",
        "结果未知 1",
        "isv.MOBILE_NUMBER_ILLEGAL",
        "号码无效",
    ):
        assert expected in text
    for name in ("account", "timeline"):
        assert visitor.part("campaign", name, f"?outId={OUT_ID}").status == 200


def test_running_campaigns_come_first(local: Bridge, visitor: Visitor) -> None:
    local.link()
    code = local.template()
    local.campaign([A], {"name": "1"}, code=code, out_id="running")
    local.clock.advance(seconds=60)
    local.campaign([B], {"name": "1"}, code=code, out_id="done")
    local.pump.run(hours=1)
    page = visitor.get("/campaigns").text
    assert "running" in page
    assert "done" in page


def test_a_day_is_chosen(local: Bridge, visitor: Visitor) -> None:
    send(local)
    assert OUT_ID in visitor.get("/campaigns?day=2026-03-02").text
    other = visitor.get("/campaigns?day=2026-03-01")
    assert OUT_ID not in other.text
    assert "这一天没有活动" in other.text
    assert visitor.get("/campaigns?day=2026-13-01").problem == "refused"


@pytest.mark.parametrize("day", ["0001-01-01", "1999-12-31", "9999-12-31", "x"])
def test_a_day_that_cannot_be_shown_is_refused(visitor: Visitor, day: str) -> None:
    assert visitor.get(f"/campaigns?day={day}").problem == "refused"
    assert visitor.failures == []


@pytest.mark.parametrize("month", ["0000-01", "1999-12", "9999-12"])
def test_a_month_that_cannot_be_shown_is_this_one(visitor: Visitor, month: str) -> None:
    answer = visitor.get(f"/audit?month={month}")
    assert (answer.status, answer.problem, visitor.failures) == (200, "", [])


@pytest.mark.parametrize("name", ["path", "query", "page", "words"])
def test_a_name_in_the_address_that_means_nothing_is_ignored(visitor: Visitor, name: str) -> None:
    assert visitor.get(f"/campaigns?{name}=x").status == 200


def test_everything_is_counted_on_a_click(local: Bridge, visitor: Visitor) -> None:
    send(local)
    assert "逐条统计得出" not in visitor.get(f"/campaign?outId={OUT_ID}").text
    answer = visitor.post(f"/parts/campaign/exact?outId={OUT_ID}")
    assert answer.status == 200
    assert "逐条统计得出" in answer.text


@pytest.fixture
def without_sums(local: Bridge) -> Bridge:
    """A campaign whose sums are not complete, because an older release worked on it."""
    send(local)
    local.logs_are_complete = False
    [request] = send_requests.of_out_id(OUT_ID)
    head = table.get(f"OUT#{OUT_ID}", f"DETAILS#{request.biz_id}")
    assert head
    table.put({name: value for name, value in head.items() if name != "tally"})
    return local


def test_what_is_read_every_few_seconds_counts_no_items(
    without_sums: Bridge, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []
    monkeypatch.setattr(
        "ops.request_counts.counted", lambda request, _: counted.append(request.biz_id)
    )
    shown = visitor.get(f"/campaign?outId={OUT_ID}")
    assert (shown.status, shown.problem) == (200, "")
    assert "没有保存汇总" in shown.text
    # What can be done, and that it can be counted.
    for action in ("pause", "resume", "stop", "resend"):
        assert f"/actions/{action}?outId={OUT_ID}" in shown.text
    assert "开始精确计数" in shown.text
    listed = visitor.get("/campaigns").text
    assert OUT_ID in listed
    assert "未统计" in listed
    assert "1 个活动 · 4 人" in text_of(listed)
    assert counted == []


def test_a_campaign_without_sums_is_counted_on_a_click(
    without_sums: Bridge, visitor: Visitor
) -> None:
    answer = visitor.post(f"/parts/campaign/exact?outId={OUT_ID}")
    assert "已送达 2" in text_of(answer.text)
    assert "逐条统计得出" in answer.text


def test_a_number_is_found_without_being_in_an_address(local: Bridge, visitor: Visitor) -> None:
    send(local)
    found = visitor.post("/phone", phone=A)
    assert found.status == 303
    assert A not in found.headers["Location"]
    page = visitor.get(found.headers["Location"])
    assert A not in page.text
    assert f"…{A[-4:]}" in page.text
    assert "您好1, 您的订单已发货" in page.text
    assert OUT_ID in page.text


def test_what_is_no_number_is_said_so(visitor: Visitor) -> None:
    answer = visitor.post("/phone", phone="<b>x")
    assert answer.status == 400
    assert "&lt;b&gt;x is not a phone number" in answer.text


def test_a_handle_of_another_session_is_forgotten(local: Bridge, visitor: Visitor) -> None:
    assert visitor.get("/phone?number=" + "0" * 24).problem == "refused"


def test_unknown_outcomes_are_listed_masked(local: Bridge, visitor: Visitor) -> None:
    send(local)
    page = visitor.get("/unknown")
    assert C not in page.text
    assert f"…{C[-4:]}" in page.text


def test_dead_letters_are_shown_on_a_click(local: Bridge, visitor: Visitor) -> None:
    dead("sends", f'{{"outId": "{OUT_ID}", "bizId": "b", "start": 0, "attempt": 3}}')
    assert "recipients from" not in visitor.get("/deadletters").text
    shown = visitor.post("/parts/deadletters/dead_contents")
    assert "recipients from 0 on, attempt 3" in shown.text
    assert OUT_ID in shown.text


def test_signs_and_templates_have_their_reviews(local: Bridge, visitor: Visitor) -> None:
    local.link("被驳回的签名", 502, status=2)
    code = local.template("<i>您好</i>${name}")
    page = visitor.get("/catalogue")
    assert "【被驳回的签名】" in page.text
    assert "已驳回" in page.text
    assert f'href="/template?code={code}"' in page.text
    assert "&lt;i&gt;您好&lt;/i&gt;{1}" in visitor.get(f"/template?code={code}").text
    assert visitor.post("/parts/catalogue/signs", refresh="1").status == 200


def test_the_doctors_checks_have_names_and_help_in_chinese(local: Bridge, visitor: Visitor) -> None:
    dead("receipts", "x")
    answer = visitor.post("/parts/health/doctor")
    assert '<th scope="row">配置 <code>configuration</code></th>' in answer.text
    assert "死信 receipts <code>dead letters of receipts</code>" in answer.text
    assert "在“死信”页重新入队" in answer.text
    visitor.post("/language", language="en", back="/health")
    answer = visitor.post("/parts/health/doctor")
    assert '<th scope="row">configuration</th>' in answer.text
    assert "死信" not in answer.text


def test_the_doctor_is_asked_for(local: Bridge, visitor: Visitor) -> None:
    answer = visitor.post("/parts/health/doctor")
    assert answer.status == 200
    assert "platform" in answer.text


def test_todays_recipients_stand_beside_the_limit(local: Bridge, visitor: Visitor) -> None:
    local.configure(DAILY_LIMIT="5000")
    send(local)
    assert "4 / 5,000" in text_of(visitor.part("health", "volume").text)


def test_the_age_of_a_queues_oldest_message_is_cloudwatchs(
    local: Bridge, visitor: Visitor, cloudwatch: Any
) -> None:
    cloudwatch.ages = {"sends": 42, "receipts": 3 * 3600 + 7 * 60, "files": 312}
    shown = text_of(visitor.part("health", "queues").text)
    for expected in (
        "sends 0 0 0 42 s 0",
        "callbacks 0 0 0 — 0",
        "receipts 0 0 0 3 h 07 min 0",
        "files 0 0 0 5 min 12 s 0",
    ):
        assert expected in shown
    [asked] = cloudwatch.asked
    [name] = asked["MetricDataQueries"][0]["MetricStat"]["Metric"]["Dimensions"]
    assert name == {"Name": "QueueName", "Value": "bridge-test-sends"}
    # Each question costs money: the refreshes of a minute share one.
    visitor.part("health", "queues")
    assert len(cloudwatch.asked) == 1


def test_an_age_that_is_not_known_says_why(
    local: Bridge, visitor: Visitor, cloudwatch: Any
) -> None:
    assert "本机环境也没有" in visitor.part("health", "queues").text
    denied = "User: x is not authorized to perform: cloudwatch:GetMetricData on resource: y"
    error: Any = {"Error": {"Code": "AccessDenied", "Message": denied}}
    cloudwatch.error = ClientError(error, "GetMetricData")
    visitor.console.ages = QueueAges()
    part = visitor.part("health", "queues")
    assert (part.status, part.problem) == (200, "")
    assert "缺少权限" in part.text
    assert "<code>cloudwatch:GetMetricData</code>" in part.text


def test_a_campaign_has_its_cost_where_a_price_is_set(local: Bridge, visitor: Visitor) -> None:
    send(local)
    assert "费用" not in visitor.part("campaign", "account", f"?outId={OUT_ID}").text
    local.configure(SEGMENT_PRICE="0.045 CNY")
    assert "0.090 CNY" in visitor.part("campaign", "account", f"?outId={OUT_ID}").text


def test_receipts_that_are_not_taken_are_shown_with_the_answer(
    local: Bridge, visitor: Visitor
) -> None:
    local.link()
    local.campaign([A], {"name": "您"}, code=local.template(), out_id=OUT_ID)
    local.pump.drain("deliver")
    local.deliver_all()
    local.pump.drain("settle")
    local.quick_audience.always(lambda: respond(500, {"code": "busy", "message": "<b>系统繁忙"}))
    local.pump.invoke_once("push")
    assert "&lt;b&gt;系统繁忙" in visitor.part("campaign", "account", f"?outId={OUT_ID}").text
    assert "尚未接受 1 条回执" in visitor.part("campaign", "account", f"?outId={OUT_ID}").text
    page = visitor.get(visitor.post("/phone", phone=A).headers["Location"])
    assert "&lt;b&gt;系统繁忙" in page.text
