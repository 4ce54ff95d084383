"""The four calls of templates, by the official SDK."""

import time
from typing import Any

import pytest

from tests.support.simulators.tencent import (
    CODE_TEMPLATE,
    FOREIGN_TEMPLATE,
    PLAIN_TEMPLATE,
    Caller,
)
from tests.support.simulators.tencent_api3 import RawCaller, Sdk
from tests.support.waiting import wait_for

NEW: dict[str, Any] = {
    "TemplateName": "名",
    "TemplateContent": "您好{1}，欢迎。",
    "SmsType": 2,
    "International": 0,
    "Remark": "用途",
}
APPROVED, PENDING, NOT_EFFECTIVE, REJECTED = 0, 1, 2, -1


def add(sdk: Sdk, **changes: Any) -> int:
    made = sdk.call("AddSmsTemplate", **{**NEW, **changes})
    assert isinstance(made.AddTemplateStatus.TemplateId, str)
    return int(made.AddTemplateStatus.TemplateId)


def listed(sdk: Sdk, international: int = 0, **fields: Any) -> list[Any]:
    answer = sdk.call("DescribeSmsTemplateList", International=international, **fields)
    rows = answer.DescribeTemplateStatusSet
    assert isinstance(rows, list)
    return rows


def ids(sdk: Sdk, international: int = 0, **fields: Any) -> list[int]:
    return [row.TemplateId for row in listed(sdk, international, **fields)]


def status(sdk: Sdk, template_id: int, international: int = 0) -> int:
    (row,) = listed(sdk, international, TemplateIdSet=[template_id])
    assert isinstance(row.StatusCode, int)
    return row.StatusCode


def test_a_template_is_added_and_reviewed(sdk: Sdk, simulator: Caller) -> None:
    simulator.set_switches(review="hold")
    template_id = add(sdk)
    assert status(sdk, template_id) == PENDING
    simulator.set_switches(review="auto")
    wait_for(lambda: status(sdk, template_id) == APPROVED)
    (row,) = listed(sdk, TemplateIdSet=[template_id])
    assert abs(row.CreateTime - time.time()) < 60
    assert (row.TemplateName, row.TemplateContent, row.International, row.ReviewReply) == (
        *("名", "您好{1}，欢迎。", 0),
        "审核通过",
    )


def test_an_answer_has_the_documented_types(raw: RawCaller, sdk: Sdk) -> None:
    template_id = add(sdk)
    body = {"International": 0, "TemplateIdSet": [template_id]}
    response = raw.post("DescribeSmsTemplateList", body)
    assert {
        name: type(value) for name, value in response["DescribeTemplateStatusSet"][0].items()
    } == {
        "TemplateId": int,
        "International": int,
        "StatusCode": int,
        "ReviewReply": str,
        "TemplateName": str,
        "CreateTime": int,
        "TemplateContent": str,
    }


def test_a_rejected_template_is_minus_one_and_can_be_modified(sdk: Sdk, simulator: Caller) -> None:
    template_id = add(sdk, TemplateContent="【不行】您好")
    wait_for(lambda: status(sdk, template_id) == REJECTED)
    (row,) = listed(sdk, TemplateIdSet=[template_id])
    assert "【】" in row.ReviewReply
    changed = sdk.call("ModifySmsTemplate", TemplateId=template_id, **NEW)
    assert changed.ModifyTemplateStatus.TemplateId == template_id
    wait_for(lambda: status(sdk, template_id) == APPROVED)
    assert simulator.template(template_id)["text"] == NEW["TemplateContent"]


def test_a_captcha_has_to_say_so(sdk: Sdk) -> None:
    wrong = add(sdk, SmsType=3)
    wait_for(lambda: status(sdk, wrong) == REJECTED)
    right = add(sdk, SmsType=3, TemplateContent="验证码{1}")
    wait_for(lambda: status(sdk, right) == APPROVED)


def test_approved_is_not_effective_at_first(sdk: Sdk, simulator: Caller) -> None:
    template_id = add(sdk)
    wait_for(lambda: status(sdk, template_id) == APPROVED)
    simulator.set_switches(api3={"effective_seconds": 3600})
    assert status(sdk, template_id) == NOT_EFFECTIVE
    code = "FailedOperation.TemplateUnapprovedOrNotExist"
    assert sdk.codes(TemplateId=str(template_id), TemplateParamSet=["x"]) == [code]
    simulator.set_switches(api3={"effective_seconds": 0})
    assert sdk.codes(TemplateId=str(template_id), TemplateParamSet=["x"]) == ["Ok"]


def test_a_template_is_deleted(sdk: Sdk) -> None:
    template_id = add(sdk)
    gone = sdk.call("DeleteSmsTemplate", TemplateId=template_id).DeleteTemplateStatus
    assert gone.DeleteStatus == "return successfully!"
    assert abs(gone.DeleteTime - time.time()) < 60
    assert listed(sdk, TemplateIdSet=[template_id]) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"International": 2}, "InvalidParameterValue.InvalidInternational"),
        ({"SmsType": 0}, "InvalidParameterValue.InvalidSmsType"),
        ({"SmsType": 4}, "InvalidParameterValue.InvalidSmsType"),
        ({"Remark": " "}, "InvalidParameter.InvalidParameters"),
        ({"TemplateName": ""}, "InvalidParameter.InvalidParameters"),
        ({"TemplateContent": ""}, "InvalidParameter.InvalidParameters"),
        ({"SmsType": 1}, "InvalidParameterValue.MarketingTemplateWithoutUnsubscribe"),
        (
            {"SmsType": 1, "TemplateContent": "大促，回T退订"},
            "InvalidParameterValue.MarketingTemplateWithoutUnsubscribe",
        ),
        ({"Remark": None}, "MissingParameter"),
    ],
)
def test_a_template_is_refused(sdk: Sdk, changes: dict[str, Any], code: str) -> None:
    fields = {**NEW, **changes}
    assert sdk.refusal("AddSmsTemplate", **fields) == code
    assert sdk.refusal("ModifySmsTemplate", **fields, TemplateId=1) == code


def test_marketing_ends_with_the_words(sdk: Sdk) -> None:
    template_id = add(sdk, SmsType=1, TemplateContent="大促，拒收请回复R")
    wait_for(lambda: status(sdk, template_id) == APPROVED)
    assert add(sdk, SmsType=1, International=1, TemplateContent="Sale")


def test_an_account_may_have_no_variables(sdk: Sdk, simulator: Caller) -> None:
    simulator.set_switches(api3={"template_variables": False})
    code = "InvalidParameterValue.UnsupportedTemplateVariable"
    assert sdk.refusal("AddSmsTemplate", **NEW) == code
    assert sdk.refusal("ModifySmsTemplate", **NEW, TemplateId=1) == code
    assert add(sdk, TemplateContent="您好，欢迎。")
    assert add(sdk, SmsType=3, TemplateContent="验证码{1}")


def test_unknown_and_approved_templates_are_not_changed(sdk: Sdk, simulator: Caller) -> None:
    unknown = {**NEW, "TemplateId": 9}
    assert sdk.refusal("ModifySmsTemplate", **unknown) == "FailedOperation.MissingTemplateToModify"
    known = {**NEW, "TemplateId": PLAIN_TEMPLATE}
    code = "FailedOperation.TemplateAlreadyPassedCheck"
    assert sdk.refusal("ModifySmsTemplate", **known) == code
    simulator.set_switches(review="hold")
    other = {**NEW, "TemplateId": add(sdk), "International": 1}
    code = "InvalidParameterValue.InvalidInternational"
    assert sdk.refusal("ModifySmsTemplate", **other) == code
    for template_id in (9, 2**64 - 1):
        code = sdk.refusal("DeleteSmsTemplate", TemplateId=template_id)
        assert code == "FailedOperation.TemplateIdNotExist"


def test_lists_are_paged_without_a_total(sdk: Sdk, simulator: Caller) -> None:
    assert ids(sdk, Limit=100, Offset=0) == [CODE_TEMPLATE, PLAIN_TEMPLATE]
    assert ids(sdk, Limit=1, Offset=1) == [PLAIN_TEMPLATE]
    assert ids(sdk, Limit=1, Offset=2) == []
    assert ids(sdk) == []
    assert ids(sdk, 1, Limit=100) == [FOREIGN_TEMPLATE]
    simulator.set_switches(api3={"page_size": 1})
    assert ids(sdk, Limit=100, Offset=0) == [CODE_TEMPLATE]


def test_lists_can_ignore_international(sdk: Sdk, simulator: Caller) -> None:
    assert ids(sdk, 1, TemplateIdSet=[PLAIN_TEMPLATE, FOREIGN_TEMPLATE]) == [FOREIGN_TEMPLATE]
    simulator.set_switches(api3={"international_filter": False})
    assert len(ids(sdk, 1, Limit=100)) == 3


def test_a_template_can_be_for_both_kinds(sdk: Sdk, simulator: Caller) -> None:
    simulator.set_switches(api3={"international_both": True})
    assert [row.International for row in listed(sdk, 0, TemplateIdSet=[PLAIN_TEMPLATE])] == [3]
    assert ids(sdk, 1, Limit=100) == [CODE_TEMPLATE, PLAIN_TEMPLATE, FOREIGN_TEMPLATE]
    assert sdk.codes("+85251234567", SignName=None) == ["Ok"]


def test_unknown_ids_are_left_out_or_refused(sdk: Sdk, simulator: Caller) -> None:
    assert ids(sdk, TemplateIdSet=[9, PLAIN_TEMPLATE, PLAIN_TEMPLATE]) == [PLAIN_TEMPLATE]
    simulator.set_switches(api3={"unknown_ids": "refuse"})
    wanted = {"International": 0, "TemplateIdSet": [9, PLAIN_TEMPLATE]}
    code = "FailedOperation.TemplateIdNotExist"
    assert sdk.refusal("DescribeSmsTemplateList", **wanted) == code


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"International": 3}, "InvalidParameterValue.InvalidInternational"),
        ({"International": 0, "Limit": 101}, "InvalidParameterValue.LimitVerifyFail"),
        (
            {"International": 0, "TemplateIdSet": list(range(101))},
            "InvalidParameterValue.LimitVerifyFail",
        ),
    ],
)
def test_a_list_is_refused(sdk: Sdk, fields: dict[str, Any], code: str) -> None:
    assert sdk.refusal("DescribeSmsTemplateList", **fields) == code


def test_a_sub_account_may_not_list(sdk: Sdk, simulator: Caller) -> None:
    code = "FailedOperation.ProhibitSubAccountUse"
    simulator.set_switches(api3={"template_listing": "ids-only"})
    assert sdk.refusal("DescribeSmsTemplateList", International=0, Limit=10) == code
    assert ids(sdk, TemplateIdSet=[PLAIN_TEMPLATE]) == [PLAIN_TEMPLATE]
    simulator.set_switches(api3={"template_listing": "refused"})
    wanted = {"International": 0, "TemplateIdSet": [PLAIN_TEMPLATE]}
    assert sdk.refusal("DescribeSmsTemplateList", **wanted) == code


def test_one_api_finds_the_templates_of_the_other(sdk: Sdk, simulator: Caller) -> None:
    of_v5 = simulator.add_approved_template("再见{1}", title="旧")
    (row,) = listed(sdk, TemplateIdSet=[of_v5])
    assert (row.StatusCode, row.TemplateContent, row.TemplateName) == (0, "再见{1}", "旧")
    assert sdk.codes(TemplateId=str(of_v5), TemplateParamSet=["x"]) == ["Ok"]
    of_3 = add(sdk, SmsType=1, TemplateContent="大促，拒收请回复R")
    wait_for(lambda: simulator.template(of_3)["status"] == 0)
    found = simulator.template(of_3)
    assert (found["type"], found["title"], found["international"]) == (1, "名", 0)
    assert simulator.send(tpl_id=of_3, params=[])["result"] == 0
    sdk.call("DeleteSmsTemplate", TemplateId=of_v5)
    assert simulator.call("get_template", tpl_id=[of_v5])["data"] == []
    simulator.call("del_template", tpl_id=[of_3])
    assert ids(sdk, TemplateIdSet=[of_3]) == []


def test_a_captcha_that_v5_changes_is_an_ordinary_template(sdk: Sdk, simulator: Caller) -> None:
    simulator.set_switches(review="hold")
    template_id = add(sdk, SmsType=3, TemplateContent="验证码{1}")
    assert simulator.template(template_id)["type"] == 0
    simulator.call("mod_template", tpl_id=template_id, text="您好{1}", type=0)
    simulator.set_switches(review="auto")
    wait_for(lambda: status(sdk, template_id) == APPROVED)
    assert sdk.codes(TemplateId=str(template_id), TemplateParamSet=["abc"]) == ["Ok"]
