"""SendSms and SendMultiGlobalSms, by the official SDK."""

import uuid
from typing import Any

import pytest

from tests.support.simulators.tencent import (
    CODE_TEMPLATE,
    FOREIGN_TEMPLATE,
    MOBILE,
    PLAIN_TEMPLATE,
    SDKAPPID,
    Caller,
    Receiver,
)
from tests.support.simulators.tencent_api3 import FOREIGN_SIGN, PHONE, SEND, SIGN, RawCaller, Sdk
from tests.support.waiting import wait_for

HONG_KONG = "+85251234567"
FOREIGN: dict[str, Any] = {"TemplateId": str(FOREIGN_TEMPLATE), "TemplateParamSet": ["Li"]}
CODE: dict[str, Any] = {"TemplateId": str(CODE_TEMPLATE), "TemplateParamSet": ["码", "1234", "4"]}


def multi(*phones: str, **changes: Any) -> dict[str, Any]:
    infos = [{"PhoneNumber": phone, **FOREIGN, **changes} for phone in phones]
    return {"SmsSdkAppId": SDKAPPID, "MultiSmsInfoSet": infos}


# good


def test_a_send_has_the_documented_answer(raw: RawCaller, simulator: Caller) -> None:
    response = raw.post("SendSms", {**SEND, **CODE, "SessionContext": "b:1"})
    (row,) = response["SendStatusSet"]
    serial = row.pop("SerialNo")
    assert row == {
        "PhoneNumber": PHONE,
        "Fee": 1,
        "SessionContext": "b:1",
        "Code": "Ok",
        "Message": "send success",
        "IsoCode": "CN",
    }
    (message,) = simulator.messages()
    assert (message["sid"], message["endpoint"], message["ext"]) == (serial, "SendSms", "b:1")
    assert message["text"] == "【测试签名】您的码是1234，4分钟内有效。"


def test_200_numbers_are_sent_to_in_the_given_order(sdk: Sdk, simulator: Caller) -> None:
    phones = [f"+86138{number:08}" for number in range(200)]
    rows = sdk.send(*phones)
    assert [row.PhoneNumber for row in rows] == phones
    assert len({row.SerialNo for row in rows}) == 200
    assert simulator.inspect("state")["numbers"] == {"accepted": 200, "refused": 0}


@pytest.mark.parametrize("form", [PHONE, f"0086{MOBILE}", f"86{MOBILE}", MOBILE])
def test_mainland_numbers_are_taken_in_four_forms(sdk: Sdk, simulator: Caller, form: str) -> None:
    assert sdk.send(form)[0].PhoneNumber == PHONE
    simulator.set_switches(api3={"phone_numbers": "as-given"})
    assert sdk.send(form)[0].PhoneNumber == form


def test_a_repeated_number_gets_one_message(sdk: Sdk) -> None:
    rows = sdk.send(PHONE, "+8613800000002", MOBILE)
    assert [row.PhoneNumber for row in rows] == [PHONE, "+8613800000002"]


def test_a_sign_is_optional_abroad(sdk: Sdk, simulator: Caller) -> None:
    (row,) = sdk.send(HONG_KONG, **FOREIGN, SignName=None)
    assert (row.Code, row.IsoCode, row.PhoneNumber) == ("Ok", "HK", HONG_KONG)
    assert simulator.text_sent("51234567") == "Hello Li"
    assert sdk.codes(HONG_KONG, **FOREIGN, SignName=FOREIGN_SIGN) == ["Ok"]
    assert simulator.text_sent("51234567") == "[TestSign]Hello Li"


def test_an_unknown_country_has_the_iso_code_def(sdk: Sdk) -> None:
    assert sdk.send("+99912345678", **FOREIGN, SignName=None)[0].IsoCode == "DEF"


def test_foreign_numbers_can_have_texts_of_their_own(sdk: Sdk, simulator: Caller) -> None:
    body = multi(HONG_KONG, "+6591234567", SessionContext="c")
    body["MultiSmsInfoSet"][1]["TemplateParamSet"] = ["Tan"]
    rows = sdk.call("SendMultiGlobalSms", **body).SendMultiStatusSet
    assert [(row.Code, row.PhoneNumber, row.IsoCode, row.SessionContext) for row in rows] == [
        ("Ok", HONG_KONG, "HK", "c"),
        ("Ok", "+6591234567", "SG", "c"),
    ]
    assert all(uuid.UUID(row.SerialNo) for row in rows)
    assert simulator.text_sent("91234567") == "Hello Tan"


def test_an_extension_has_to_be_enabled(sdk: Sdk, simulator: Caller) -> None:
    body = {**SEND, "ExtendCode": "11"}
    assert sdk.refusal("SendSms", **body) == "UnauthorizedOperation.RequestPermissionDeny"
    simulator.set_switches(api3={"account_errors": "row"})
    assert sdk.codes(ExtendCode="11") == ["UnauthorizedOperation.RequestPermissionDeny"]
    simulator.set_switches(extend_allowed=True)
    assert sdk.codes(ExtendCode="11") == ["Ok"]
    assert simulator.messages()[-1]["extend"] == "11"
    assert sdk.refusal("SendSms", **SEND, ExtendCode="x") == "FailedOperation.FailResolvePacket"


# refused as a whole


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"SmsSdkAppId": "1400000002"}, "UnauthorizedOperation.SmsSdkAppIdVerifyFail"),
        ({"SmsSdkAppId": "x"}, "InvalidParameterValue.SdkAppIdNotExist"),
        ({"SessionContext": "x" * 512}, "FailedOperation.FailResolvePacket"),
        ({"PhoneNumberSet": []}, "MissingParameter.EmptyPhoneNumberSet"),
        (
            {"PhoneNumberSet": [f"+86138{number:08}" for number in range(201)]},
            "LimitExceeded.PhoneNumberCountLimit",
        ),
        (
            {"PhoneNumberSet": [PHONE, HONG_KONG]},
            "UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber",
        ),
    ],
)
def test_a_call_is_refused_as_a_whole(
    sdk: Sdk, simulator: Caller, changes: dict[str, Any], code: str
) -> None:
    assert sdk.refusal("SendSms", **{**SEND, **changes}) == code
    assert simulator.inspect("state")["numbers"]["accepted"] == 0
    assert simulator.inspect("calls")["calls"][-1]["result"] == code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (multi(), "InvalidParameterValue.MultiSmsInfoSetEmpty"),
        (multi(HONG_KONG, PHONE), "UnsupportedOperation.ContainDomesticPhoneNumber"),
        (multi(*[f"+852{n:08}" for n in range(201)]), "LimitExceeded.PhoneNumberCountLimit"),
        ({**multi(HONG_KONG), "SmsSdkAppId": "1"}, "UnauthorizedOperation.SmsSdkAppIdVerifyFail"),
        (multi(HONG_KONG, SessionContext="x" * 512), "FailedOperation.FailResolvePacket"),
    ],
)
def test_a_call_of_many_texts_is_refused_as_a_whole(
    sdk: Sdk, body: dict[str, Any], code: str
) -> None:
    assert sdk.refusal("SendMultiGlobalSms", **body) == code


def test_an_empty_package_refuses_the_call_or_each_row(sdk: Sdk, simulator: Caller) -> None:
    simulator.set_switches(mainland_package=1)
    code = "FailedOperation.InsufficientBalanceInSmsPackage"
    assert sdk.codes(PHONE, "+8613800000002") == ["Ok", code]
    assert sdk.refusal("SendSms", **SEND) == code
    simulator.set_switches(api3={"account_errors": "row"})
    assert sdk.codes() == [code]


# refused row by row


REFUSED = [
    ({"TemplateId": "9"}, "FailedOperation.TemplateUnapprovedOrNotExist"),
    ({"TemplateId": "９"}, "FailedOperation.TemplateUnapprovedOrNotExist"),
    ({"TemplateId": "9" * 30}, "FailedOperation.TemplateUnapprovedOrNotExist"),
    ({"SignName": None}, "FailedOperation.SignatureIncorrectOrUnapproved"),
    ({"SignName": ""}, "FailedOperation.SignatureIncorrectOrUnapproved"),
    ({"SignName": f"【{SIGN}】"}, "FailedOperation.SignatureIncorrectOrUnapproved"),
    ({"SignName": "别的"}, "FailedOperation.SignatureIncorrectOrUnapproved"),
    (
        {"SignName": FOREIGN_SIGN},
        "UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber",
    ),
    (FOREIGN, "UnsupportedOperation.GlobalTemplateToChineseMainlandPhone"),
    (
        {"PhoneNumberSet": [HONG_KONG], "SignName": FOREIGN_SIGN},
        "UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone",
    ),
    (
        {"PhoneNumberSet": [HONG_KONG], **FOREIGN, "SignName": ""},
        "FailedOperation.SignatureIncorrectOrUnapproved",
    ),
    (
        {"PhoneNumberSet": [HONG_KONG], **FOREIGN, "SignName": SIGN},
        "UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber",
    ),
    ({"TemplateParamSet": ["x"]}, "FailedOperation.TemplateParamSetNotMatchApprovedTemplate"),
    (
        {**CODE, "TemplateParamSet": ["a", "b"]},
        "FailedOperation.TemplateParamSetNotMatchApprovedTemplate",
    ),
    (
        {**CODE, "TemplateParamSet": ["a", "b", "www.a.cn"]},
        "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter",
    ),
    (
        {**CODE, "TemplateParamSet": ["a", "b", "长" * 500]},
        "InvalidParameterValue.ContentLengthLimit",
    ),
    ({"PhoneNumberSet": ["+861380000000"]}, "InvalidParameterValue.IncorrectPhoneNumber"),
    ({"PhoneNumberSet": ["12345"]}, "InvalidParameterValue.IncorrectPhoneNumber"),
    ({"PhoneNumberSet": [""]}, "InvalidParameterValue.IncorrectPhoneNumber"),
]


@pytest.mark.parametrize(("changes", "code"), REFUSED)
def test_content_is_refused_row_by_row(
    sdk: Sdk, simulator: Caller, changes: dict[str, Any], code: str
) -> None:
    (row,) = sdk.call("SendSms", **{**SEND, **changes}).SendStatusSet
    assert (row.Code, row.SerialNo, row.Fee) == (code, "", 0)
    assert row.Message
    assert simulator.inspect("state")["numbers"] == {"accepted": 0, "refused": 1}


@pytest.mark.parametrize(("changes", "code"), REFUSED)
def test_content_can_be_refused_as_a_whole(
    sdk: Sdk, simulator: Caller, changes: dict[str, Any], code: str
) -> None:
    simulator.set_switches(api3={"content_errors": "call"})
    body = {**SEND, **changes}
    if code == "InvalidParameterValue.IncorrectPhoneNumber":
        (row,) = sdk.call("SendSms", **body).SendStatusSet
        assert row.Code == code
    else:
        assert sdk.refusal("SendSms", **body) == code


def test_a_refused_row_stands_beside_accepted_ones(sdk: Sdk) -> None:
    rows = sdk.send(PHONE, "+8613800009914", "+8613", "+8613800000002")
    assert [row.Code for row in rows] == [
        "Ok",
        "LimitExceeded.PhoneNumberDailyLimit",
        "InvalidParameterValue.IncorrectPhoneNumber",
        "Ok",
    ]
    assert [row.PhoneNumber for row in rows][2:] == ["+8613", "+8613800000002"]
    assert [bool(row.SerialNo) for row in rows] == [True, False, False, True]


def test_a_refused_text_of_many_has_a_serial_number(sdk: Sdk) -> None:
    body = multi(HONG_KONG, "+6591234567")
    body["MultiSmsInfoSet"][0]["TemplateParamSet"] = []
    refused, accepted = sdk.call("SendMultiGlobalSms", **body).SendMultiStatusSet
    assert refused.Code == "FailedOperation.TemplateParamSetNotMatchApprovedTemplate"
    assert (bool(uuid.UUID(refused.SerialNo)), refused.Fee, refused.IsoCode) == (True, 0, "HK")
    assert accepted.Code == "Ok"


def test_a_captcha_has_short_numbers(sdk: Sdk, simulator: Caller) -> None:
    made = sdk.call(
        "AddSmsTemplate",
        TemplateName="码",
        TemplateContent="您的验证码是{1}。",
        SmsType=3,
        International=0,
        Remark="r",
    )
    template_id = made.AddTemplateStatus.TemplateId
    wait_for(lambda: simulator.template(int(template_id))["status"] == 0)
    for value, code in (
        ("123456", "Ok"),
        ("", "Ok"),
        ("1234567", "InvalidParameterValue.TemplateParameterFormatError"),
        ("abc", "InvalidParameterValue.TemplateParameterFormatError"),
    ):
        assert sdk.codes(TemplateId=template_id, TemplateParamSet=[value]) == [code]


def test_the_length_of_values_can_be_limited(sdk: Sdk, simulator: Caller) -> None:
    simulator.set_switches(api3={"variable_length": 6})
    params = CODE | {"TemplateParamSet": ["六个汉字可以", "1234567", "1"]}
    assert sdk.codes(**params) == ["InvalidParameterValue.TemplateParameterLengthLimit"]
    assert sdk.codes(**CODE) == ["Ok"]


# switches of rows


def test_an_unapproved_sign_can_be_substituted_as_in_v5(sdk: Sdk, simulator: Caller) -> None:
    simulator.set_switches(api3={"unapproved_sign": "sub-signature"})
    assert sdk.codes(SignName="别的") == ["Ok"]
    assert simulator.text_sent() == "【测试签名】[别的]感谢您的惠顾。"


def test_the_kind_of_a_sign_can_be_left_unchecked(sdk: Sdk, simulator: Caller) -> None:
    simulator.set_switches(api3={"sign_kind_checked": False})
    assert sdk.codes(HONG_KONG, **FOREIGN, SignName=SIGN) == ["Ok"]


def test_rows_can_be_shuffled_left_out_and_repeated(sdk: Sdk, simulator: Caller) -> None:
    phones = [f"+86138{number:08}" for number in range(100)]

    def answered() -> list[str]:
        return [row.PhoneNumber for row in sdk.send(*phones)]

    simulator.set_switches(shuffle_detail=True)
    assert answered() != phones
    assert sorted(answered()) == phones
    simulator.set_switches(shuffle_detail=False, api3={"omitted_rows": 0.5})
    assert 10 < len(answered()) < 90
    simulator.set_switches(api3={"omitted_rows": 0, "repeated_rows": 1})
    assert len(answered()) == 200
    simulator.set_switches(api3={"omitted_rows": 1})
    assert answered() == []
    # Every message was sent, whatever the answers said.
    assert simulator.inspect("state")["numbers"]["accepted"] == 500


def test_an_accepted_row_can_lack_its_serial_number(
    sdk: Sdk, simulator: Caller, receiver: Receiver
) -> None:
    simulator.set_switches(api3={"rows_without_serial": 1})
    (row,) = sdk.send()
    assert (row.Code, row.SerialNo, row.Fee) == ("Ok", "", 0)
    (receipt,) = wait_for(lambda: receiver.receipts)
    assert receipt["sid"] == simulator.messages()[0]["sid"]


def test_a_refused_row_can_have_a_serial_number(sdk: Sdk, simulator: Caller) -> None:
    simulator.set_switches(api3={"refused_serial": True})
    (row,) = sdk.send("+8613800009912")
    assert (row.Code, row.Fee) == ("FailedOperation.PhoneNumberInBlacklist", 0)
    assert uuid.UUID(row.SerialNo)


@pytest.mark.parametrize(
    ("spelling", "code"),
    [
        ("listed", "FailedOperation.TemplateParamSetNotMatchApprovedTemplate"),
        ("misspelled", "FailedOperation.TemplateParamSetNotMatchApprovedTemplat"),
        ("unlisted", "FailedOperation.SimulatedUnlisted"),
    ],
)
def test_codes_can_be_spelled_otherwise(
    sdk: Sdk, simulator: Caller, spelling: str, code: str
) -> None:
    simulator.set_switches(api3={"code_spelling": spelling})
    assert sdk.codes(PHONE, "+8613800000002", TemplateParamSet=["x"]) == [code, code]
    assert sdk.codes() == ["Ok"]
    if spelling == "misspelled":
        wrong = {**SEND, "SmsSdkAppId": "1400000002"}
        assert sdk.refusal("SendSms", **wrong) == "UnauthorizedOperation.SmsSdkAppidVerifyFail"


@pytest.mark.parametrize("code", ["Ok", "OK", "ok"])
def test_success_can_be_spelled_otherwise(sdk: Sdk, simulator: Caller, code: str) -> None:
    simulator.set_switches(api3={"ok_code": code})
    assert sdk.codes() == [code]


def test_rows_can_lack_country_and_context(sdk: Sdk, simulator: Caller) -> None:
    simulator.set_switches(api3={"empty_iso_code": True, "echo_session_context": False})
    (row,) = sdk.send(SessionContext="c")
    assert (row.IsoCode, row.SessionContext) == ("", "")


def test_answers_can_have_unknown_fields(raw: RawCaller, simulator: Caller) -> None:
    simulator.set_switches(api3={"unknown_fields": True})
    response = raw.post("SendSms", SEND)
    assert {"DeprecatedWarning", "Trace"} < response.keys()
    assert {"Carrier", "Extra"} < response["SendStatusSet"][0].keys()
    assert response["SendStatusSet"][0]["Code"] == "Ok"


def test_a_message_in_parts_is_billed_as_several(sdk: Sdk) -> None:
    params = {**CODE, "TemplateParamSet": ["长" * 80, "1", "2"]}
    assert sdk.send(**params)[0].Fee == 2


def test_unsubscribed_numbers_can_be_blocked(sdk: Sdk, simulator: Caller) -> None:
    simulator.set_switches(block_unsubscribed=True)
    assert sdk.codes("+8613800009941", TemplateId=str(PLAIN_TEMPLATE)) == ["Ok"]
    simulator.wait_until_idle()
    assert sdk.codes("+8613800009941") == ["FailedOperation.PhoneNumberInBlacklist"]
