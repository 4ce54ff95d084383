"""§2 and §4: submitting text templates, and querying their review."""

from typing import Any

import pytest

from tests.support.in_process.bridge import Bridge, template_body
from tests.support.in_process.clock import START, beijing
from tests.support.in_process.tencent import Behaviour, lost, raw_answer, refused
from tests.support.in_process.web import connect_timeout, read_timeout

PATH = "/sms/smsTemplate"


@pytest.mark.v5_only("3.0 warns of variables")
def test_tencents_id_becomes_the_code(bridge: Bridge) -> None:
    answer = bridge.ask("POST", PATH, template_body("${name}您好, 订单${ no }已发货"))
    assert (answer.status, answer.code, answer.message) == (200, "OK", "OK")
    assert answer["templateCode"] == "7000"
    (call,) = bridge.tencent.calls
    assert call.name == "add_template"
    assert call.body["text"] == "{1}您好, 订单{2}已发货"
    assert call.body["title"] == "发货通知"
    assert call.body["remark"] == "订单发货后通知买家"


def test_the_documents_own_example_is_accepted(bridge: Bridge) -> None:
    body = {
        "remark": "string",
        "templateContent": "string",
        "templateName": "string",
        "templateSubject": "string",
        "templateType": 0,
        "creatorAccount": "string",
    }
    assert bridge.ask("POST", PATH, body).code == "OK"


@pytest.mark.parametrize(
    ("kind", "tencents", "international"),
    [
        (0, 0, 0),
        ("1", 0, 0),
        (2, 1, 0),
        pytest.param("3", 0, 1, marks=pytest.mark.v5_only("3.0 has marketing abroad, too")),
    ],
)
def test_template_types_are_kept_although_tencent_has_fewer(
    bridge: Bridge, kind: Any, tencents: int, international: int
) -> None:
    code = str(bridge.ask("POST", PATH, template_body("您好 拒收请回复R", kind))["templateCode"])
    assert bridge.tencent.calls[0].body["type"] == tencents
    assert bridge.tencent.templates[int(code)]["international"] == international
    assert bridge.ask("GET", f"{PATH}/{code}")["templateType"] == int(kind)


@pytest.mark.both_apis
@pytest.mark.parametrize(
    ("tencents", "reply", "status", "reason"),
    [
        (1, "", 0, "无审批备注"),
        (0, "fine", 1, "无审批备注"),
        (2, "含敏感词", 2, "含敏感词"),
        (2, "", 2, "审核未通过"),
    ],
)
def test_the_review_is_answered_in_quick_audiences_numbers(
    bridge: Bridge, tencents: int, reply: str, status: int, reason: str
) -> None:
    content = "${name}您好, ${name}的订单"
    code = bridge.template(content, approve=False)
    bridge.clock.advance(hours=3)
    bridge.tencent.review(int(code), tencents, reply)
    answer = bridge.ask("GET", f"{PATH}/{code}")
    assert {name: answer[name] for name in answer.body if name.startswith("template")} == {
        "templateCode": code,
        "templateName": "发货通知",
        "templateContent": content,
        "templateType": 1,
        "templateStatus": status,
    }
    assert (answer.code, answer["reason"]) == ("OK", reason)
    assert answer["createDate"] == beijing(START.timestamp())


def test_a_repeated_variable_gets_two_numbers_and_one_value(linked: Bridge) -> None:
    code = linked.template("${a}和${b}, 再次${a}")
    assert linked.tencent.templates[int(code)]["text"] == "{1}和{2}, 再次{3}"
    assert linked.campaign(["13900001111"], {"a": "甲", "b": "乙"}, code=code).code == "OK"
    linked.pump.drain()
    assert linked.tencent.sent[0].params == ("甲", "乙", "甲")


@pytest.mark.v5_only("3.0 refuses at once")
@pytest.mark.parametrize(
    ("content", "kind", "warned"),
    [
        ("${a}${b}您好", 1, "相邻"),
        ("${a}", 1, "只由变量"),
        ("【店】您好", 1, "【】"),
        ("看 http://x.cn/abc?ph=${sp_1} 吧", 1, "链接"),
        ("新品上市", 2, "退订"),
    ],
)
def test_a_template_that_tencent_will_probably_reject_is_submitted_with_a_warning(
    bridge: Bridge, content: str, kind: int, warned: str
) -> None:
    answer = bridge.ask("POST", PATH, template_body(content, kind))
    assert answer.code == "OK"
    assert answer["templateCode"] == "7000"
    assert warned in answer.message


@pytest.mark.v5_only("3.0 wants certain words")
@pytest.mark.parametrize(
    ("content", "kind"), [("您好${name}", 1), ("新品上市, 拒收请回复R", 2), ("新品 回T退订", "2")]
)
def test_a_good_template_is_answered_without_a_warning(
    bridge: Bridge, content: str, kind: Any
) -> None:
    assert bridge.ask("POST", PATH, template_body(content, kind)).message == "OK"


@pytest.mark.parametrize(
    ("changes", "code", "named"),
    [
        ({"templateContent": ""}, "isv.INVALID_PARAMETERS", "templateContent"),
        ({"templateContent": "字" * 501}, "isv.INVALID_PARAMETERS", "500"),
        ({"templateContent": None}, "isv.INVALID_PARAMETERS", "templateContent"),
        ({"templateName": "名" * 31}, "isv.INVALID_PARAMETERS", "30"),
        ({"templateType": True}, "isv.INVALID_PARAMETERS", "templateType"),
        ({"templateType": 4}, "isv.INVALID_PARAMETERS", "templateType"),
        ({"templateType": None}, "isv.INVALID_PARAMETERS", "templateType"),
        ({"templateContent": "${a}和{1}"}, "isv.SMS_TEMPLATE_ILLEGAL", "{1}"),
        ({"templateContent": "${a"}, "isv.SMS_TEMPLATE_ILLEGAL", "${"),
    ],
)
def test_an_invalid_template_is_not_sent_to_tencent(
    bridge: Bridge, changes: dict[str, Any], code: str, named: str
) -> None:
    answer = bridge.ask("POST", PATH, template_body("您好") | changes)
    assert (answer.status, answer.code, answer["templateCode"]) == (200, code, "")
    assert named in answer.message
    assert not bridge.tencent.calls


@pytest.mark.v5_only("its remarks have 100 characters")
def test_long_remarks_and_missing_accounts_are_accepted(bridge: Bridge) -> None:
    body = template_body("您好", remark="备" * 300, creatorAccount=None)
    assert bridge.ask("POST", PATH, body).code == "OK"
    assert len(bridge.tencent.calls[0].body["remark"]) == 100


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (refused(1002, "敏感词"), "isv.SMS_CONTENT_ILLEGAL"),
        (refused(1001), "isp.RAM_PERMISSION_DENY"),
        (lost(connect_timeout, sent=False), "isp.SYSTEM_ERROR"),
        (lost(read_timeout, sent=True), "isp.SYSTEM_ERROR"),
        (raw_answer(200, b'{"result": 0}'), "isp.SYSTEM_ERROR"),
        (raw_answer(503, b"busy"), "isp.SYSTEM_ERROR"),
    ],
)
def test_a_template_that_tencent_refused_has_no_code(
    bridge: Bridge, behaviour: Behaviour, code: str
) -> None:
    bridge.tencent.next("add_template", behaviour)
    answer = bridge.ask("POST", PATH, template_body("您好"))
    assert (answer.status, answer.code, answer["templateCode"]) == (200, code, "")


@pytest.mark.parametrize("code", ["7999", "SMS_1525", "0", "9" * 40, "%E7%A0%81", "a%2Fb"])
def test_an_unknown_template_is_404(bridge: Bridge, code: str) -> None:
    answer = bridge.ask("GET", f"{PATH}/{code}")
    assert (answer.status, answer.code) == (404, "404")
    answer = bridge.ask("PUT", f"{PATH}/{code}", template_body("您好"))
    assert (answer.status, answer.code) == (404, "404")
    assert not bridge.tencent.calls_of("mod_template", "add_template")


def test_a_query_that_tencent_does_not_answer_is_a_system_error(bridge: Bridge) -> None:
    code = bridge.template(approve=False)
    bridge.tencent.next("get_template", lost(read_timeout, sent=False))
    answer = bridge.ask("GET", f"{PATH}/{code}")
    assert (answer.status, answer.code, answer["templateStatus"]) == (200, "isp.SYSTEM_ERROR", 0)


@pytest.mark.parametrize(
    ("tencents", "kind"),
    [
        ({"type": 0}, 1),
        pytest.param(
            {"type": 1}, 2, marks=pytest.mark.v5_only("3.0's lists have no type of a template")
        ),
        ({"type": 0, "international": 1}, 3),
    ],
)
def test_a_template_made_in_tencents_console_is_imported_by_its_id(
    linked: Bridge, tencents: dict[str, int], kind: int
) -> None:
    linked.tencent.templates[123] = {
        "id": 123,
        "text": "您的{1}是{2}",
        "status": 0,
        "reply": "",
        **tencents,
    }
    answer = linked.ask("GET", f"{PATH}/123")
    assert (answer.code, answer["templateStatus"], answer["templateType"]) == ("OK", 1, kind)
    assert answer["templateContent"] == "您的${1}是${2}"
    phone = "+85251234567" if kind == 3 else "13900001111"
    sent = linked.campaign([phone], {"1": "验证码", "2": 1234}, code="123")
    assert sent.code == "OK"
    linked.pump.drain()
    assert linked.tencent.sent[0].params == ("验证码", "1234")


def test_a_campaign_may_be_the_first_to_name_a_console_template(linked: Bridge) -> None:
    linked.tencent.templates[55] = {"id": 55, "text": "您好", "status": 0, "reply": "", "type": 0}
    assert linked.campaign(["13900001111"], code="55").code == "OK"


@pytest.mark.parametrize(
    "placeholder", ["{name}", "{{name}}", "{0}", "{1}", "${ name}", "$name", "＄｛name｝"]
)
def test_a_placeholder_of_another_dialect_never_reaches_tencent(
    bridge: Bridge, placeholder: str
) -> None:
    code = bridge.template("您好", approve=False)
    calls = len(bridge.tencent.calls)
    for method, path in (("POST", PATH), ("PUT", f"{PATH}/{code}")):
        answer = bridge.ask(method, path, template_body(f"亲爱的{placeholder}您好"))
        assert (answer.status, answer.code) == (200, "isv.SMS_TEMPLATE_ILLEGAL")
        assert f"第 4 个字符处的“{placeholder}”" in answer.message
        assert "${" in answer.message
    assert len(bridge.tencent.calls) == calls


@pytest.mark.parametrize("placeholder", ["#name#", "%name%", "<name>", "[name]", "@{name}", "%s"])
def test_what_may_be_a_placeholder_is_submitted_with_a_warning(
    bridge: Bridge, placeholder: str
) -> None:
    code = ""
    for method, path in (("POST", PATH), ("PUT", f"{PATH}/7000")):
        answer = bridge.ask(method, path, template_body(f"亲爱的{placeholder}您好"))
        assert answer.code == "OK"
        code = answer["templateCode"]
        assert f"“{placeholder}”" in answer.message
    assert bridge.tencent.templates[int(code)]["text"] == f"亲爱的{placeholder}您好"
