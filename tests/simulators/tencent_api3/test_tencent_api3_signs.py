"""The four calls of signs, by the official SDK."""

import base64
import time
from typing import Any

import pytest

from tests.support.simulators.tencent import Caller
from tests.support.simulators.tencent_api3 import FOREIGN_SIGN, SIGN, RawCaller, Sdk
from tests.support.waiting import wait_for

IMAGE = base64.b64encode(b"picture").decode()
NEW: dict[str, Any] = {
    "SignName": "好店",
    "SignType": 0,
    "DocumentType": 1,
    "International": 0,
    "SignPurpose": 0,
    "ProofImage": IMAGE,
    "QualificationId": 1_000_001,
}
ABROAD: dict[str, Any] = {
    **{name: value for name, value in NEW.items() if name != "QualificationId"},
    "SignName": "Good Shop",
    "International": 1,
}


def add(sdk: Sdk, **changes: Any) -> int:
    sign_id = sdk.call("AddSmsSign", **{**NEW, **changes}).AddSignStatus.SignId
    assert isinstance(sign_id, int)
    return sign_id


def listed(sdk: Sdk, international: int = 0, **fields: Any) -> list[Any]:
    answer = sdk.call("DescribeSmsSignList", International=international, **fields)
    rows = answer.DescribeSignListStatusSet
    assert isinstance(rows, list)
    return rows


def status(sdk: Sdk, sign_id: int) -> int:
    (row,) = listed(sdk, SignIdSet=[sign_id])
    assert isinstance(row.StatusCode, int)
    return row.StatusCode


def test_signs_are_listed_without_their_ids(sdk: Sdk) -> None:
    assert [(row.SignName, row.International) for row in listed(sdk)] == [(SIGN, 0)]
    assert [(row.SignName, row.International) for row in listed(sdk, 1, Limit=100, Offset=0)] == [
        (FOREIGN_SIGN, 1)
    ]
    assert listed(sdk, Offset=1) == []


def test_a_sign_has_the_documented_fields(raw: RawCaller) -> None:
    (row,) = raw.post("DescribeSmsSignList", {"International": 0})["DescribeSignListStatusSet"]
    assert abs(row.pop("CreateTime") - time.time()) < 600
    assert row == {
        "SignId": 1001,
        "SignName": SIGN,
        "International": 0,
        "StatusCode": 0,
        "ReviewReply": "审核通过",
        "QualificationId": 1_000_001,
        "QualificationName": "本地测试资质",
        "QualificationStatusCode": 1,
    }
    (row,) = raw.post("DescribeSmsSignList", {"International": 1})["DescribeSignListStatusSet"]
    assert (row["QualificationId"], row["QualificationName"]) == (0, "")


def test_the_default_page_has_ten(sdk: Sdk) -> None:
    for number in range(10):
        add(sdk, SignName=f"好店{number}")
    assert len(listed(sdk)) == 10
    assert len(listed(sdk, Limit=100)) == 11


def test_a_sign_is_added_reviewed_and_used(sdk: Sdk, simulator: Caller) -> None:
    simulator.set_switches(review="hold")
    sign_id = add(sdk)
    assert status(sdk, sign_id) == 1
    assert sdk.codes(SignName="好店") == ["FailedOperation.SignatureIncorrectOrUnapproved"]
    assert sdk.refusal("AddSmsSign", **NEW) == "InvalidParameterValue.SignExistAndUnapproved"
    simulator.set_switches(review="auto")
    wait_for(lambda: status(sdk, sign_id) == 0)
    assert sdk.codes(SignName="好店") == ["Ok"]
    assert sdk.refusal("AddSmsSign", **NEW) == "FailedOperation.OtherError"
    assert sdk.call("AddSmsSign", **{**ABROAD, "SignName": "好店"})
    simulator.set_switches(api3={"effective_seconds": 3600})
    assert status(sdk, sign_id) == 2
    assert sdk.codes(SignName="好店") == ["FailedOperation.TemplateUnapprovedOrNotExist"]


def test_a_rejected_sign_is_minus_one_and_can_be_modified(sdk: Sdk) -> None:
    sign_id = add(sdk, SignName="好-店")
    wait_for(lambda: status(sdk, sign_id) == -1)
    changed = sdk.call("ModifySmsSign", SignId=sign_id, **NEW)
    assert changed.ModifySignStatus.SignId == sign_id
    wait_for(lambda: status(sdk, sign_id) == 0)
    code = sdk.refusal("ModifySmsSign", SignId=sign_id, **NEW)
    assert code == "InvalidParameterValue.SignAlreadyPassedCheck"


def test_a_sign_is_deleted(sdk: Sdk) -> None:
    gone = sdk.call("DeleteSmsSign", SignId=add(sdk)).DeleteSignStatus
    assert gone.DeleteStatus == "return successfully!"
    assert abs(gone.DeleteTime - time.time()) < 60
    assert sdk.refusal("DeleteSmsSign", SignId=9) == "FailedOperation.SignIdNotExist"
    code = sdk.refusal("ModifySmsSign", SignId=2**64 - 1, **NEW)
    assert code == "FailedOperation.MissingSignatureToModify"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"International": 2}, "InvalidParameterValue.InvalidInternational"),
        ({"SignName": " "}, "InvalidParameter"),
        ({"SignName": "长" * 13}, "InvalidParameterValue.SignNameLengthTooLong"),
        ({"SignType": 2}, "InvalidParameterValue.InvalidDocumentType"),
        ({"SignType": 1}, "InvalidParameterValue.InvalidDocumentType"),
        ({"DocumentType": 7}, "InvalidParameterValue.InvalidDocumentType"),
        ({"SignPurpose": 2}, "InvalidParameterValue.InvalidSignPurpose"),
        ({"ProofImage": ""}, "InvalidParameterValue.ImageInvalid"),
        ({"ProofImage": f"data:image/png;base64,{IMAGE}"}, "InvalidParameterValue.ImageInvalid"),
        ({"SignPurpose": 1}, "InvalidParameterValue.ImageInvalid"),
        ({"QualificationId": 5}, "InvalidParameterValue.QualificationIdNotFound"),
        ({"QualificationId": None}, "MissingParameter"),
        ({"ProofImage": None}, "MissingParameter"),
    ],
)
def test_a_sign_is_refused(sdk: Sdk, changes: dict[str, Any], code: str) -> None:
    fields = {**NEW, **changes}
    assert sdk.refusal("AddSmsSign", **fields) == code
    assert sdk.refusal("ModifySmsSign", **fields, SignId=1) == code


@pytest.mark.parametrize(
    "changes",
    [
        {"SignType": 4, "DocumentType": 7},
        {"SignType": 5, "DocumentType": 3},
        {"SignPurpose": 1, "CommissionImage": IMAGE, "Remark": "r"},
        {**ABROAD, "SignType": 1, "DocumentType": 4, "QualificationId": None},
    ],
)
def test_other_kinds_of_signs_are_accepted(sdk: Sdk, changes: dict[str, Any]) -> None:
    assert add(sdk, **changes)


def test_a_qualification_can_be_optional_or_not_approved(sdk: Sdk, simulator: Caller) -> None:
    simulator.set_switches(api3={"qualification_required": False, "qualification_status": 2})
    assert sdk.refusal("AddSmsSign", **NEW) == "FailedOperation.QualificationIdNotApproved"
    assert add(sdk, QualificationId=None)
    assert listed(sdk)[0].QualificationStatusCode == 2


def test_a_list_can_want_ids_ignore_international_and_refuse(sdk: Sdk, simulator: Caller) -> None:
    assert sdk.refusal("DescribeSmsSignList", International=0, Limit=101) == (
        "InvalidParameterValue.LimitVerifyFail"
    )
    assert listed(sdk, SignIdSet=[9]) == []
    simulator.set_switches(api3={"sign_listing": "ids-only", "unknown_ids": "refuse"})
    assert sdk.refusal("DescribeSmsSignList", International=0) == "MissingParameter"
    assert [row.SignId for row in listed(sdk, SignIdSet=[1001])] == [1001]
    code = sdk.refusal("DescribeSmsSignList", International=0, SignIdSet=[1001, 9])
    assert code == "FailedOperation.SignIdNotExist"
    simulator.set_switches(api3={"international_filter": False})
    assert [row.International for row in listed(sdk, SignIdSet=[1001, 1002])] == [0, 1]


def test_one_api_finds_the_signs_of_the_other(sdk: Sdk, simulator: Caller) -> None:
    of_v5 = simulator.call("add_sign", text="旧店")["data"]["id"]
    wait_for(lambda: status(sdk, of_v5) == 0)
    assert sdk.codes(SignName="旧店") == ["Ok"]
    of_3 = add(sdk)
    wait_for(lambda: simulator.sign(of_3)["status"] == 0)
    assert simulator.sign(of_3)["text"] == "好店"
    simulator.send(sign="好店")
    assert simulator.text_sent() == "【好店】感谢您的惠顾。"
