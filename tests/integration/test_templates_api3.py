"""§2-4 and §7 with API 3.0: what is submitted, what is refused before, and what the marketer reads."""

from typing import Any

import pytest

from tests.support.in_process.bridge import Bridge, template_body
from tests.support.in_process.digital import PUBLIC
from tests.support.in_process.tencent import FakeTencent, refused

PATH = "/sms/smsTemplate"


@pytest.mark.parametrize(
    ("kind", "content", "sms_type", "international"),
    [
        (0, "您的验证码是${code}", 3, 0),
        (1, "您好", 2, 0),
        (2, "新品上市 拒收请回复R", 1, 0),
        (3, "Hello", 2, 1),
        (3, "Sale! Reply STOP to unsubscribe", 1, 1),
    ],
)
def test_each_type_is_submitted_as_tencents(
    bridge: Bridge, tencent: FakeTencent, kind: int, content: str, sms_type: int, international: int
) -> None:
    answer = bridge.ask("POST", PATH, template_body(content, kind))
    assert (answer.code, answer.message) == ("OK", "OK")
    [made] = tencent.requests_of("AddSmsTemplate")
    assert (made["SmsType"], made["International"]) == (sms_type, international)


@pytest.mark.parametrize(
    ("content", "said"),
    [("您好${a}${b}", "相邻"), ("${a}", "只由变量"), ("【店】您好", "【】")],
)
def test_a_text_that_is_documented_as_refused_is_not_submitted(
    bridge: Bridge, tencent: FakeTencent, content: str, said: str
) -> None:
    answer = bridge.ask("POST", PATH, template_body(content))
    assert (answer.status, answer.code) == (200, "isv.SMS_TEMPLATE_ILLEGAL")
    assert said in answer.message
    code = bridge.ask("POST", PATH, template_body("您好"))["templateCode"]
    answer = bridge.ask("PUT", f"{PATH}/{code}", template_body(content))
    assert answer.code == "isv.SMS_TEMPLATE_ILLEGAL"
    assert len(tencent.requests_of("AddSmsTemplate", "ModifySmsTemplate")) == 1


@pytest.mark.parametrize(
    ("content", "kind", "said"),
    [
        ("新品上市 回T退订", 2, "拒收请回复R"),
        ("看 http://x.cn/abc 吧", 1, "备案"),
        ("${a}您好, ${b}", 1, "2 个不同的变量"),
    ],
)
def test_a_text_that_may_be_rejected_is_submitted_with_a_warning(
    bridge: Bridge, tencent: FakeTencent, content: str, kind: int, said: str
) -> None:
    answer = bridge.ask("POST", PATH, template_body(content, kind))
    assert answer.code == "OK"
    assert said in answer.message
    assert len(tencent.requests_of("AddSmsTemplate")) == 1


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("InvalidParameterValue.UnsupportedTemplateVariable", "固定文字"),
        ("InvalidParameterValue.MarketingTemplateWithoutUnsubscribe", "拒收请回复R"),
        ("FailedOperation.TemplateNumberLimit", "删除不用的模板"),
        ("FailedOperation.MissingSignature", "先申请签名"),
        ("FailedOperation.ForbidAddMarketingTemplates", "个人用户"),
        ("FailedOperation.NotEnterpriseCertification", "企业认证"),
        ("InvalidParameter.DirtyWordFound", "敏感词"),
    ],
)
def test_tencents_refusal_is_explained(
    bridge: Bridge, tencent: FakeTencent, code: str, said: str
) -> None:
    tencent.always("add_template", refused(code, "because"))
    answer = bridge.ask("POST", PATH, template_body("您好"))
    assert (answer.status, answer["templateCode"]) == (200, "")
    assert answer.code != "OK"
    for part in (said, code, "because"):
        assert part in answer.message


def test_a_digital_template_is_warned_of_its_link(
    bridge: Bridge, tencent: FakeTencent, oss: dict[str, Any]
) -> None:
    bridge.configure(PUBLIC_BASE_URL=PUBLIC)
    part = {"fileName": "1.txt", "fileSuffix": "txt", "fileSize": 1, "fileContents": "您好"}
    body = {"templateTheme": "上新", "templateContent": [part], "remark": "r"}
    answer = bridge.ask("POST", "/sms/digitalSmsTemplate", body)
    assert answer.code == "OK", answer.message
    assert "备案" in answer.message
    [made] = tencent.requests_of("AddSmsTemplate")
    assert made["SmsType"] == 1
    assert made["TemplateContent"].endswith("拒收请回复R")


def test_a_template_that_is_not_effective_yet_is_pending_and_says_so(
    bridge: Bridge, tencent: FakeTencent
) -> None:
    tencent.add_sign("某某科技")
    code = tencent.add_template("您好", StatusCode=2)
    answer = bridge.ask("GET", f"{PATH}/{code}")
    assert (answer["templateStatus"], answer["reason"]) == (0, "审核通过, 待生效")
    refusal = bridge.campaign(["13900001111"], code=code)
    assert refusal.code == "isv.SMS_TEMPLATE_ILLEGAL"
    assert "审核通过, 待生效" in refusal.message
