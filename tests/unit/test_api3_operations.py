"""The calls of API 3.0 that send no message: templates, signs, pulls, records, statistics."""

from typing import Any
from unittest.mock import patch

import pytest
import time_machine

from chalicelib.tencent.answers import (
    Package,
    ReportCounts,
    ReviewStatus,
    SendCounts,
    SendRecord,
    SendStatus,
    SignApplication,
    SignReview,
    TemplateDraft,
    TemplateReview,
)
from chalicelib.tencent.api3 import Api3
from chalicelib.tencent.interface import CallRefusedError, OutcomeUnknownError, PullType
from tests.support.api3 import APP_ID, connected, error, ok
from tests.support.transport import Transport

NOW = 1_773_000_000
PHONE = "8613800000000"


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def actions(transport: Transport) -> list[str]:
    return [request.headers["X-TC-Action"] for request in transport.sent]


def template(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "TemplateId": number,
        "International": 0,
        "StatusCode": 0,
        "ReviewReply": "",
        "TemplateName": "发货通知",
        "CreateTime": 1617379200,
        "TemplateContent": "您好{1}",
    } | changes


def templates(*items: Any) -> dict[str, Any]:
    return ok(DescribeTemplateStatusSet=list(items))


def sign(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "SignId": number,
        "SignName": "测试签名",
        "International": 0,
        "StatusCode": 0,
        "ReviewReply": "",
        "CreateTime": 1617508800,
        "QualificationId": 1000001,
        "QualificationName": "x",
        "QualificationStatusCode": 1,
    } | changes


def signs(*items: Any) -> dict[str, Any]:
    return ok(DescribeSignListStatusSet=list(items))


# --- templates: submitting ---


@pytest.mark.parametrize(
    ("kind", "text", "sms_type", "international"),
    [
        (0, "验证码{1}", 3, 0),
        (1, "您好{1}", 2, 0),
        (2, "大促{1}拒收请回复R", 1, 0),
        (3, "Your code is {1}", 2, 1),
        (3, "Sale! Reply STOP to end", 1, 1),
        (3, "大促{1}拒收请回复R", 1, 1),
    ],
)
def test_a_template_is_submitted_with_its_type(
    kind: int, text: str, sms_type: int, international: int
) -> None:
    client, transport = connected(ok(AddTemplateStatus={"TemplateId": "1110"}), ok())
    draft = TemplateDraft(text=text, title="名", remark="备注", type=kind)
    assert client.add_template(draft) == 1110
    fields = {
        "TemplateName": "名",
        "TemplateContent": text,
        "SmsType": sms_type,
        "International": international,
        "Remark": "备注",
    }
    assert transport.body() == fields
    client.modify_template(1110, draft)
    assert transport.body(1) == {"TemplateId": 1110, **fields}
    assert actions(transport) == ["AddSmsTemplate", "ModifySmsTemplate"]


def test_a_template_without_a_remark_has_its_name_as_one() -> None:
    client, transport = connected(ok(AddTemplateStatus={"TemplateId": 1110}))
    assert client.add_template(TemplateDraft(text="t", title="名", remark="", type=1)) == 1110
    assert transport.body()["Remark"] == "名"


@pytest.mark.parametrize(
    "made",
    [
        None,
        {},
        {"TemplateId": None},
        {"TemplateId": ""},
        {"TemplateId": "x"},
        {"TemplateId": "0"},
        [],
    ],
)
def test_a_template_without_an_id_may_have_been_made(made: Any) -> None:
    client, _ = connected(ok(AddTemplateStatus=made))
    with pytest.raises(OutcomeUnknownError):
        client.add_template(TemplateDraft(text="t", title="n", remark="r", type=1))


def test_templates_are_deleted_one_a_second() -> None:
    client, transport = connected(ok(), ok(), ok())
    with patch("time.sleep") as sleep:
        client.delete_templates([1, 2, 3])
    assert [transport.body(number) for number in range(3)] == [
        {"TemplateId": 1},
        {"TemplateId": 2},
        {"TemplateId": 3},
    ]
    assert [call.args for call in sleep.call_args_list] == [(1.0,), (1.0,)]


# --- templates: reviews ---


def test_a_template_is_read() -> None:
    client, transport = connected(templates(template(1110)))
    assert client.get_templates([1110]) == [
        TemplateReview(
            id=1110,
            text="您好{1}",
            status=ReviewStatus.APPROVED,
            type=1,
            title="发货通知",
            applied="2021-04-03 00:00:00",
        )
    ]
    assert transport.body() == {"International": 0, "TemplateIdSet": [1110]}


@pytest.mark.parametrize(
    ("code", "reply", "status", "shown"),
    [
        (0, "", ReviewStatus.APPROVED, ""),
        (1, "", ReviewStatus.PENDING, ""),
        (2, "", ReviewStatus.PENDING, "审核通过, 待生效"),
        (-1, "含敏感词", ReviewStatus.REJECTED, "含敏感词"),
        ("0", "", ReviewStatus.APPROVED, ""),
        (3, "", ReviewStatus.PENDING, ""),
        (None, "", ReviewStatus.PENDING, ""),
        (True, "", ReviewStatus.PENDING, ""),
        ("x", None, ReviewStatus.PENDING, ""),
    ],
)
def test_only_status_0_is_approved(code: Any, reply: Any, status: ReviewStatus, shown: str) -> None:
    changes = {"StatusCode": code, "ReviewReply": reply}
    client, _ = connected(templates(template(1, **changes)), signs(sign(1, **changes)))
    [review] = client.get_templates([1])
    assert (review.status, review.reply) == (status, shown)
    [found] = client.get_signs([1])
    assert (found.status, found.reply) == (status, shown)


@pytest.mark.parametrize(
    ("international", "text", "kind", "anywhere"),
    [
        (0, "您好{1}", 1, False),
        (0, "您的验证码是{1}", 0, False),
        (0, "大促, 拒收请回复R", 2, False),
        (0, "验证码{1}, 退订回T", 2, False),
        (1, "大促, 拒收请回复R", 3, False),
        (1, "Your code is {1}", 3, False),
        (3, "您好{1}", 1, True),
        (3, "您的验证码是{1}", 1, True),
        (3, "大促, 拒收请回复R", 2, True),
        (None, "您好{1}", 1, True),
    ],
)
def test_a_template_has_the_type_that_its_text_shows(
    international: Any, text: str, kind: int, anywhere: bool
) -> None:
    item = template(1, International=international, TemplateContent=text)
    client, _ = connected(templates(item))
    [review] = client.get_templates([1])
    assert (review.type, review.anywhere) == (kind, anywhere)


@pytest.mark.parametrize("created", [None, 0, -5, "?", 1617508800000, 253402272000, 10**30])
def test_a_time_that_is_none_is_left_out(created: Any) -> None:
    client, _ = connected(templates(template(7, CreateTime=created)))
    assert client.get_templates([7])[0].applied == ""
    client, _ = connected(signs(sign(7, CreateTime=created)))
    assert client.get_signs([7])[0].created_at == 0


def test_what_has_no_id_is_left_out() -> None:
    odd = [template(1, TemplateId=None), template(1, TemplateId="x"), None, 5, template(2)]
    client, _ = connected(templates(*odd), templates(), templates(), templates())
    assert [one.id for one in client.get_templates([1, 2])] == [2]


# --- asking by id ---


def test_domestic_and_international_ones_are_asked_for_and_joined() -> None:
    client, transport = connected(templates(template(1)), templates(template(2, International=1)))
    assert {one.id for one in client.get_templates([1, 2])} == {1, 2}
    bodies = [transport.body(number) for number in range(2)]
    assert bodies == [
        {"International": 0, "TemplateIdSet": [1, 2]},
        {"International": 1, "TemplateIdSet": [1, 2]},
    ]


def test_a_list_that_ignores_international_is_asked_once() -> None:
    client, transport = connected(templates(template(1), template(2, International=1)))
    assert {one.id for one in client.get_templates([1, 2])} == {1, 2}
    assert len(transport.sent) == 1


def test_an_unknown_id_is_left_out() -> None:
    client, _ = connected(templates(), templates())
    assert client.get_templates([1]) == []
    client, _ = connected(
        error("FailedOperation.TemplateIdNotExist"), error("FailedOperation.TemplateIdNotExist")
    )
    assert client.get_templates([1]) == []


def test_an_id_that_is_refused_as_domestic_may_be_international() -> None:
    client, _ = connected(
        error("FailedOperation.MissingTemplateList"), templates(template(1, International=1))
    )
    assert [one.type for one in client.get_templates([1])] == [3]


def test_one_unknown_id_does_not_hide_the_others() -> None:
    unknown = error("FailedOperation.TemplateIdNotExist")
    client, transport = connected(*(unknown, unknown), templates(template(1)), *(unknown, unknown))
    assert [one.id for one in client.get_templates([1, 2])] == [1]
    assert transport.body(2) == {"International": 0, "TemplateIdSet": [1]}


@pytest.mark.parametrize(
    "code",
    ["FailedOperation.MissingTemplateList", "AuthFailure.SignatureFailure", "RequestLimitExceeded"],
)
def test_an_id_is_gone_only_if_no_other_error_came(code: str) -> None:
    client, _ = connected(templates(), error(code))
    with pytest.raises(CallRefusedError, match=code):
        client.get_templates([1])


def test_no_ids_are_no_call() -> None:
    client, transport = connected()
    assert client.get_templates([]) == []
    assert client.get_signs([]) == []
    assert transport.sent == []


def test_many_ids_are_asked_for_by_the_hundred() -> None:
    pages = [templates(*map(template, range(first, first + 100))) for first in (0, 100)]
    client, transport = connected(*pages, templates(template(200)))
    assert len(client.get_templates([*range(201), 5])) == 201
    assert [len(transport.body(number)["TemplateIdSet"]) for number in range(3)] == [100, 100, 1]


# --- lists ---


def test_a_list_is_read_until_a_page_is_empty_at_home_and_abroad() -> None:
    client, transport = connected(
        templates(*map(template, range(100))),
        # A page that is not full is not the last one.
        templates(template(100), template(101)),
        templates(),
        # The list heeds International or not.
        templates(template(101), template(102, International=1)),
        templates(),
    )
    assert [one.id for one in client.all_templates()] == [*range(103)]
    pages = [transport.body(number) for number in range(5)]
    assert pages == [
        {"International": 0, "Limit": 100, "Offset": 0},
        {"International": 0, "Limit": 100, "Offset": 100},
        {"International": 0, "Limit": 100, "Offset": 102},
        {"International": 1, "Limit": 100, "Offset": 0},
        {"International": 1, "Limit": 100, "Offset": 2},
    ]


@pytest.mark.parametrize("nothing", [ok(), ok(DescribeTemplateStatusSet=None), templates()])
def test_a_list_may_be_empty(nothing: Any) -> None:
    client, _ = connected(nothing, nothing)
    assert list(client.all_templates()) == []


def test_a_list_that_ignores_the_offset_ends() -> None:
    page = templates(*map(template, range(100)))
    client, transport = connected(*[page] * 300)
    assert len(list(client.all_templates())) == 100
    # Two pages at home, and two abroad.
    assert len(transport.sent) == 4


def test_a_list_that_never_ends_is_given_up() -> None:
    pages = [templates(*map(template, range(one, one + 100))) for one in range(0, 30_000, 100)]
    client, transport = connected(*pages)
    assert 10_000 < len(list(client.all_templates())) < 25_000
    assert len(transport.sent) < 300


def test_a_list_that_is_refused_raises() -> None:
    client, _ = connected(error("FailedOperation.ProhibitSubAccountUse"))
    with pytest.raises(CallRefusedError):
        list(client.all_templates())


# --- signs ---


def test_signs_are_listed_by_name() -> None:
    abroad = sign(2, International=1, QualificationStatusCode=0)
    client, transport = connected(signs(sign(1)), signs(), signs(sign(1), abroad), signs())
    approved = ReviewStatus.APPROVED
    assert list(client.all_signs()) == [
        SignReview(
            id=1,
            text="测试签名",
            status=approved,
            international=False,
            qualification_status=1,
            created_at=1617508800,
        ),
        SignReview(
            id=2,
            text="测试签名",
            status=approved,
            international=True,
            qualification_status=0,
            created_at=1617508800,
        ),
    ]
    assert set(actions(transport)) == {"DescribeSmsSignList"}


def test_signs_are_asked_for_by_id() -> None:
    client, transport = connected(signs(sign(1)))
    assert [one.text for one in client.get_signs([1])] == ["测试签名"]
    assert transport.body() == {"International": 0, "SignIdSet": [1]}
    client, _ = connected(*[error("FailedOperation.SignIdNotExist")] * 2)
    assert client.get_signs([1]) == []


def test_a_sign_is_applied_for_changed_and_deleted() -> None:
    client, transport = connected(ok(AddSignStatus={"SignId": 1110}), ok(), ok())
    bare = SignApplication(text="签名")
    assert client.add_sign(bare) == SignReview(
        id=1110, text="签名", status=ReviewStatus.PENDING, international=False
    )
    fields = {"SignName": "签名", "SignType": 0, "DocumentType": 0, "International": 0}
    fields |= {"SignPurpose": 0, "ProofImage": ""}
    assert transport.body() == fields
    whole = SignApplication(
        text="S",
        remark="r",
        picture="aGk=",
        international=True,
        kind=4,
        document=7,
        qualification=5,
    )
    assert client.modify_sign(1110, whole).status is ReviewStatus.PENDING
    assert transport.body(1) == {
        "SignId": 1110,
        "SignName": "S",
        "SignType": 4,
        "DocumentType": 7,
        "International": 1,
        "SignPurpose": 0,
        "ProofImage": "aGk=",
        "Remark": "r",
        "QualificationId": 5,
    }
    client.delete_sign(1110)
    assert transport.body(2) == {"SignId": 1110}
    assert actions(transport) == ["AddSmsSign", "ModifySmsSign", "DeleteSmsSign"]


# --- pulls ---

STATUS = {
    "SerialNo": "5000:1045",
    "PhoneNumber": "+8613800000000",
    "CountryCode": "86",
    "SubscriberNumber": "13800000000",
    "ReportStatus": "SUCCESS",
    "Description": "DELIVRD",
    "UserReceiveTime": 1620734188,
    "SessionContext": "",
}
EVENT = {
    "sid": "5000:1045",
    "nationcode": "86",
    "mobile": "13800000000",
    "report_status": "SUCCESS",
    "errmsg": "DELIVRD",
    "description": "DELIVRD",
    "user_receive_time": "2021-05-11 19:56:28",
}
REPLY = {
    "PhoneNumber": "+8613800000000",
    "CountryCode": "86",
    "SubscriberNumber": "13800000000",
    "SignName": "测试签名",
    "ReplyContent": "1",
    "ReplyTime": 1620734188,
    "ExtendCode": "11",
}


def pulled(client: Api3, kind: PullType) -> Any:
    return client.pull(kind)


def test_a_pulled_status_has_the_shape_of_a_callback() -> None:
    client, transport = connected(ok(PullSmsSendStatusSet=[STATUS, None]))
    assert client.pull(PullType.STATUSES) == [EVENT]
    assert actions(transport) == ["PullSmsSendStatus"]
    assert transport.body() == {"SmsSdkAppId": APP_ID, "Limit": 100}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"SessionContext": "b1:7"}, {"ext": "b1:7"}),
        ({"UserReceiveTime": 0}, {"user_receive_time": ""}),
        ({"UserReceiveTime": None}, {"user_receive_time": ""}),
        ({"UserReceiveTime": 10**30}, {"user_receive_time": ""}),
        (
            {"UserReceiveTime": "2021-05-11 19:56:28"},
            {"user_receive_time": "2021-05-11 19:56:28"},
        ),
        ({"SubscriberNumber": None}, {"nationcode": "", "mobile": "+8613800000000"}),
        ({"Description": None}, {"errmsg": "", "description": ""}),
        ({"SubError": "x", "SubErrorDesc": "y"}, {"sub_error": "x", "sub_error_desc": "y"}),
    ],
)
def test_a_pulled_status_may_lack_fields(changes: dict[str, Any], expected: dict[str, str]) -> None:
    client, _ = connected(ok(PullSmsSendStatusSet=[STATUS | changes]))
    assert client.pull(PullType.STATUSES) == [EVENT | expected]


def test_a_pulled_reply_has_the_shape_of_a_callback() -> None:
    client, transport = connected(ok(PullSmsReplyStatusSet=[REPLY]))
    assert client.pull(PullType.REPLIES, 10) == [
        {
            "nationcode": "86",
            "mobile": "13800000000",
            "text": "1",
            "sign": "测试签名",
            "time": 1620734188,
            "extend": "11",
        }
    ]
    assert actions(transport) == ["PullSmsReplyStatus"]
    assert transport.body()["Limit"] == 10


@pytest.mark.parametrize("nothing", [ok(), ok(PullSmsSendStatusSet=None)])
def test_nothing_may_be_there_to_pull(nothing: Any) -> None:
    assert pulled(connected(nothing)[0], PullType.STATUSES) == []


@pytest.mark.parametrize(
    ("kind", "action", "found"),
    [
        (PullType.STATUSES, "PullSmsSendStatusByPhoneNumber", "PullSmsSendStatusSet"),
        (PullType.REPLIES, "PullSmsReplyStatusByPhoneNumber", "PullSmsReplyStatusSet"),
    ],
)
def test_a_phones_events_are_asked_for(kind: PullType, action: str, found: str) -> None:
    item = STATUS if kind is PullType.STATUSES else REPLY
    client, transport = connected(ok(**{found: [item]}))
    assert len(client.events_of_phone(kind, PHONE, NOW - 7200, NOW - 3600)) == 1
    assert actions(transport) == [action]
    assert transport.body() == {
        "SmsSdkAppId": APP_ID,
        "PhoneNumber": "+8613800000000",
        "BeginTime": NOW - 7200,
        "EndTime": NOW - 3600,
        "Offset": 0,
        "Limit": 100,
    }


def test_an_end_in_the_future_and_a_begin_of_long_ago_are_not_sent() -> None:
    client, transport = connected(ok())
    client.events_of_phone(PullType.STATUSES, PHONE, 0, NOW + 600)
    assert "EndTime" not in transport.body()
    assert transport.body()["BeginTime"] == NOW - 7 * 86400 + 300


# --- records ---


def record(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "PhoneNumber": "+8613800000000",
        "SerialNo": f"4719:{number}",
        "SendStatus": 2,
        "RequestCode": "Ok",
        "StatusCode": "DELIVRD",
        "IsoCode": "CN",
        "Content": "【测试签名】您的验证码为0****1，5分钟内有效。",
        "SendTime": 1787902541,
        "UserReceiveTime": 1787902571,
    } | changes


def records(total: Any, *items: Any) -> dict[str, Any]:
    return ok(TotalCount=total, SendRecordSet=list(items))


def test_a_record_is_read() -> None:
    client, transport = connected(records(1, record(1)))
    found = client.send_records(PHONE, NOW - 3600)
    assert found.records == [
        SendRecord(
            sid="4719:1",
            status=SendStatus.DELIVERED,
            request_code="Ok",
            status_code="DELIVRD",
            content="【测试签名】您的验证码为0****1，5分钟内有效。",
            sent_at=1787902541,
            received_at=1787902571,
        )
    ]
    assert found.complete
    assert transport.body() == {
        "SmsSdkAppId": APP_ID,
        "PhoneNumber": "+8613800000000",
        "BeginTime": NOW - 3600,
        "Limit": 50,
        "Offset": 0,
    }


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (1, SendStatus.NOT_SENT),
        (3, SendStatus.UNDER_WAY),
        (4, SendStatus.FAILED),
        (9, SendStatus.OTHER),
        (None, SendStatus.OTHER),
    ],
)
def test_a_record_has_a_status(number: Any, status: SendStatus) -> None:
    client, _ = connected(records(1, record(1, SendStatus=number, StatusCode=None)))
    [found] = client.send_records(PHONE, NOW).records
    assert (found.status, found.status_code) == (status, "")


def test_records_are_read_page_by_page_and_a_sid_counts_once() -> None:
    client, transport = connected(
        records(51, *map(record, range(50, 0, -1))),
        # A new send has shifted the pages by one.
        records(52, record(1), record(0)),
    )
    found = client.send_records(PHONE, NOW)
    assert [one.sid for one in found.records] == [f"4719:{number}" for number in range(50, -1, -1)]
    assert found.complete
    assert [transport.body(number)["Offset"] for number in range(2)] == [0, 50]


def test_records_without_a_sid_are_all_kept() -> None:
    refused = [record(1, SerialNo="", SendStatus=1), record(2, SerialNo=None, SendStatus=1)]
    client, _ = connected(records(2, *refused))
    assert len(client.send_records(PHONE, NOW).records) == 2


def test_a_thousand_records_are_not_all() -> None:
    pages = [records(1000, *map(record, range(first, first + 50))) for first in range(0, 1000, 50)]
    client, transport = connected(*pages)
    found = client.send_records(PHONE, NOW)
    assert len(found.records) == 1000
    assert not found.complete
    assert transport.body(-1)["Offset"] == 950


def test_a_page_that_is_empty_too_early_leaves_the_records_incomplete() -> None:
    client, _ = connected(records(60, *map(record, range(50))), records(60))
    found = client.send_records(PHONE, NOW)
    assert len(found.records) == 50
    assert not found.complete


@pytest.mark.parametrize("total", [None, 0, 1, "?", -1])
def test_a_total_below_what_was_listed_leaves_the_records_incomplete(total: Any) -> None:
    client, transport = connected(records(total, *map(record, range(50))))
    found = client.send_records(PHONE, NOW)
    assert len(found.records) == 50
    assert not found.complete
    assert len(transport.sent) == 1


def test_a_page_that_comes_twice_leaves_the_records_incomplete() -> None:
    page = records(100, *map(record, range(50)))
    found = connected(page, page)[0].send_records(PHONE, NOW)
    assert len(found.records) == 50
    assert not found.complete


@pytest.mark.parametrize("nothing", [records(0), ok(), ok(TotalCount=0, SendRecordSet=None)])
def test_a_phone_may_have_no_records(nothing: Any) -> None:
    found = connected(nothing)[0].send_records(PHONE, NOW)
    assert (found.records, found.complete) == ([], True)


def test_records_go_back_72_hours_at_most() -> None:
    client, transport = connected(records(0))
    client.send_records(PHONE, 0)
    assert transport.body()["BeginTime"] == NOW - 72 * 3600 + 300


# --- statistics ---


def test_messages_are_counted() -> None:
    counts = {"RequestCount": 3, "RequestSuccessCount": 2, "FeeCount": "4"}
    client, transport = connected(ok(SendStatusStatistics=counts), ok())
    hour = 1473264000  # 2016-09-08 00:00:00 in Beijing
    assert client.send_counts(hour, hour + 23 * 3600) == SendCounts(
        submitted=3, accepted=2, billed=4
    )
    assert transport.body() == {
        "SmsSdkAppId": APP_ID,
        "BeginTime": "2016090800",
        "EndTime": "2016090823",
        "Limit": 0,
        "Offset": 0,
    }
    assert client.send_counts(hour, hour) == SendCounts()


def test_reports_are_counted() -> None:
    counts = {
        "RequestSuccessCount": 9,
        "CallbackCount": 8,
        "CallbackSuccessCount": 7,
        "CallbackFailCount": 6,
        "InternalErrorCount": 5,
        "InvalidNumberCount": 4,
        "ShutdownErrorCount": 3,
        "BlackListCount": 2,
        "FrequencyLimitCount": 1,
    }
    client, transport = connected(ok(CallbackStatusStatistics=counts))
    assert client.report_counts(NOW, NOW) == ReportCounts(
        accepted=9,
        reported=8,
        delivered=7,
        failed=6,
        internal_errors=5,
        invalid_numbers=4,
        unavailable=3,
        blacklisted=2,
        frequency_limited=1,
    )
    assert actions(transport) == ["CallbackStatusStatistics"]


def test_reports_of_more_than_32_days_are_counted_in_parts() -> None:
    answers = [ok(CallbackStatusStatistics={"CallbackCount": count}) for count in (1, 20, None)]
    client, transport = connected(*answers)
    begin = 1473264000  # 2016-09-08 00:00:00 in Beijing
    days = 86_400
    assert client.report_counts(begin, begin + 65 * days + 23 * 3600) == ReportCounts(reported=21)
    spans = [transport.body(number) for number in range(3)]
    assert [(span["BeginTime"], span["EndTime"]) for span in spans] == [
        ("2016090800", "2016100823"),
        ("2016100900", "2016110823"),
        ("2016110900", "2016111223"),
    ]


def test_statistics_never_end_in_the_future() -> None:
    client, transport = connected(ok(), ok())
    client.send_counts(NOW - 3600, NOW + 20 * 3600)
    client.report_counts(NOW, NOW + 20 * 3600)
    # 2026-03-09 04:00 in Beijing.
    assert [transport.body(number)["EndTime"] for number in range(2)] == ["2026030904"] * 2


def test_packages_are_listed() -> None:
    item = {
        "PackageId": 10,
        "PackageType": 1,
        "PackageAmount": 1000,
        "CurrentUsage": 900,
        "PackageCreateTime": 1600000000,
        "PackageEffectiveTime": 1600000001,
        "PackageExpiredTime": 1700000000,
    }
    client, transport = connected(
        ok(SmsPackagesStatisticsSet=[item] * 500), ok(SmsPackagesStatisticsSet=[{}])
    )
    found = client.packages()
    assert len(found) == 501
    assert found[0] == Package(
        id=10,
        bought=True,
        amount=1000,
        used=900,
        created_at=1600000000,
        effective_at=1600000001,
        expires_at=1700000000,
    )
    assert [transport.body(number)["Offset"] for number in range(2)] == [0, 500]
    assert transport.body()["Limit"] == 500
    assert int(transport.body()["EndTime"]) < 2026030904


def test_packages_that_ignore_the_offset_end() -> None:
    page = ok(SmsPackagesStatisticsSet=[{"PackageId": 10}] * 500)
    client, transport = connected(*[page] * 100)
    client.packages()
    assert len(transport.sent) == 20


def test_a_time_of_a_package_or_a_record_that_is_none_is_left_out() -> None:
    times = ("PackageCreateTime", "PackageEffectiveTime", "PackageExpiredTime")
    item = dict.fromkeys(times, 1617508800000)
    client, _ = connected(ok(SmsPackagesStatisticsSet=[item]))
    [package] = client.packages()
    assert (package.created_at, package.effective_at, package.expires_at) == (0, 0, 0)
    client, _ = connected(records(1, record(1, SendTime=10**30, UserReceiveTime=-1)))
    [found] = client.send_records(PHONE, NOW).records
    assert (found.sent_at, found.received_at) == (0, 0)
