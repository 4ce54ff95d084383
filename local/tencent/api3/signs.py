"""Signs in API 3.0: AddSmsSign, ModifySmsSign, DeleteSmsSign, DescribeSmsSignList."""

import base64
import binascii
from dataclasses import replace
from typing import Any

from local.tencent.api3.errors import ApiError, missing
from local.tencent.api3.fields import Body
from local.tencent.api3.lists import asked_ids, page, select
from local.tencent.api3.templates import deleted, status_code
from local.tencent.behaviour import Behaviour
from local.tencent.catalogue import Catalogue
from local.tencent.records import Review, Sign, submitted

QUALIFICATION_ID = 1_000_001
"""The one qualification that the account has."""

_PASSED = 1
_DEFAULT_LIMIT = 10
_MAX_LENGTHS = (12, 15)
_APP = 1
# The types of documents that go with each type of sign.
_DOCUMENTS = {0: {0, 1}, _APP: {0, 1, 2, 3, 4}, 4: {7}, 5: {2, 3}}


def add(catalogue: Catalogue, behaviour: Behaviour, body: Body, review_due: float) -> Sign:
    """Execute AddSmsSign; return the new sign."""
    _check(behaviour, body)
    _check_unused(catalogue, body)
    sign = Sign(
        id=0,
        text=body["SignName"],
        remark=body.get("Remark", ""),
        international=body["International"],
        **submitted(review_due),
    )
    sign.id = catalogue.add_sign(sign)
    return sign


def modify(catalogue: Catalogue, behaviour: Behaviour, body: Body, review_due: float) -> Sign:
    """Execute ModifySmsSign; return the changed sign."""
    _check(behaviour, body)
    sign = _find(catalogue, body["SignId"])
    if sign is None:
        raise ApiError("FailedOperation.MissingSignatureToModify")
    if sign.status == Review.APPROVED:
        raise ApiError("InvalidParameterValue.SignAlreadyPassedCheck")
    if sign.international != body["International"]:
        raise ApiError("InvalidParameterValue.InvalidInternational")
    remark = body.get("Remark") or sign.remark
    sign = replace(sign, text=body["SignName"], remark=remark, **submitted(review_due))
    catalogue.save_sign(sign)
    return sign


def _check(behaviour: Behaviour, body: Body) -> None:
    international = body["International"]
    if international not in {0, 1}:
        raise ApiError("InvalidParameterValue.InvalidInternational")
    if not body["SignName"].strip():
        raise ApiError("InvalidParameter")
    if len(body["SignName"]) > _MAX_LENGTHS[international]:
        raise ApiError("InvalidParameterValue.SignNameLengthTooLong")
    documents = _DOCUMENTS.get(body["SignType"], set())
    if body["SignType"] == _APP and not international:
        documents = set()
    if body["DocumentType"] not in documents:
        raise ApiError("InvalidParameterValue.InvalidDocumentType")
    if body["SignPurpose"] not in {0, 1}:
        raise ApiError("InvalidParameterValue.InvalidSignPurpose")
    images = ["ProofImage"] + ["CommissionImage"] * body["SignPurpose"]
    if not all(_is_image(body.get(name, "")) for name in images):
        raise ApiError("InvalidParameterValue.ImageInvalid")
    if not international:
        _check_qualification(behaviour, body)


def _is_image(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True))
    except binascii.Error:
        return False


def _check_qualification(behaviour: Behaviour, body: Body) -> None:
    if "QualificationId" not in body:
        if behaviour.api3.qualification_required:
            raise missing("QualificationId")
        return
    if body["QualificationId"] != QUALIFICATION_ID:
        raise ApiError("InvalidParameterValue.QualificationIdNotFound")
    if behaviour.api3.qualification_status != _PASSED:
        raise ApiError("FailedOperation.QualificationIdNotApproved")


def _check_unused(catalogue: Catalogue, body: Body) -> None:
    for sign in catalogue.signs():
        if (sign.text, sign.international) == (body["SignName"], body["International"]):
            if sign.status == Review.PENDING:
                raise ApiError("InvalidParameterValue.SignExistAndUnapproved")
            if sign.status == Review.APPROVED:
                raise ApiError("FailedOperation.OtherError", "The sign exists already.")


def delete(catalogue: Catalogue, body: Body) -> dict[str, Any]:
    """Execute DeleteSmsSign."""
    sign = _find(catalogue, body["SignId"])
    if sign is None:
        raise ApiError("FailedOperation.SignIdNotExist")
    catalogue.delete_signs([sign.id])
    return {"DeleteSignStatus": deleted()}


def _find(catalogue: Catalogue, sign_id: int) -> Sign | None:
    return next((sign for sign in catalogue.signs() if sign.id == sign_id), None)


def describe(catalogue: Catalogue, behaviour: Behaviour, body: Body) -> dict[str, Any]:
    """Return the answer to DescribeSmsSignList."""
    if body["International"] not in {0, 1}:
        raise ApiError("InvalidParameterValue.InvalidInternational")
    wanted = asked_ids(body, "SignIdSet")
    if not wanted and behaviour.api3.sign_listing == "ids-only":
        raise missing("SignIdSet")
    found = [
        sign
        for sign in catalogue.signs()
        if not behaviour.api3.international_filter or sign.international == body["International"]
    ]
    if wanted:
        chosen = select(found, wanted, behaviour, "FailedOperation.SignIdNotExist")
    else:
        chosen = page(found, body, behaviour, default=_DEFAULT_LIMIT)
    return {"DescribeSignListStatusSet": [_details(sign, behaviour) for sign in chosen]}


def _details(sign: Sign, behaviour: Behaviour) -> dict[str, Any]:
    abroad = bool(sign.international)
    return {
        "SignId": sign.id,
        "SignName": sign.text,
        "International": sign.international,
        "StatusCode": status_code(sign, behaviour),
        "ReviewReply": sign.reply,
        "CreateTime": int(sign.applied),
        "QualificationId": 0 if abroad else QUALIFICATION_ID,
        "QualificationName": "" if abroad else "本地测试资质",
        "QualificationStatusCode": 0 if abroad else behaviour.api3.qualification_status,
    }
