"""Templates and signs of API 3.0: the fields of a request, and what the lists say."""

import re
from typing import Any

from chalicelib import dates
from chalicelib.domain import reviews, template_text
from chalicelib.lenient_json import integer
from chalicelib.tencent.answers import (
    ReviewStatus,
    SignApplication,
    SignReview,
    TemplateDraft,
    TemplateReview,
)
from chalicelib.tencent.api3_events import epoch

# StatusCode. 2, which means rejected in v5, means approved and not effective yet.
_STATUSES = {
    0: ReviewStatus.APPROVED,
    1: ReviewStatus.PENDING,
    2: ReviewStatus.PENDING,
    -1: ReviewStatus.REJECTED,
}
_NOT_EFFECTIVE_CODE = 2
# International of a template that is for both kinds of numbers.
_BOTH = 3
# How texts abroad say that a recipient can unsubscribe.
_FOREIGN_UNSUBSCRIBE = re.compile(r"unsubscribe|opt[ -]?out|\bSTOP\b", re.IGNORECASE)
_MARKETING, _NOTIFICATION, _CAPTCHA = 1, 2, 3
_SMS_TYPES = {
    reviews.CAPTCHA: _CAPTCHA,
    reviews.NOTIFICATION: _NOTIFICATION,
    reviews.PROMOTION: _MARKETING,
}


def template_fields(draft: TemplateDraft) -> dict[str, Any]:
    """Return the fields of AddSmsTemplate and ModifySmsTemplate. Tencent requires a remark."""
    promotes = template_text.has_unsubscribe(draft.text) or _FOREIGN_UNSUBSCRIBE.search(draft.text)
    foreign = _MARKETING if promotes else _NOTIFICATION
    return {
        "TemplateName": draft.title,
        "TemplateContent": draft.text,
        "SmsType": _SMS_TYPES.get(draft.type, foreign),
        "International": int(draft.type == reviews.INTERNATIONAL),
        "Remark": draft.remark or draft.title,
    }


def template(item: dict[str, Any]) -> TemplateReview | None:
    """Return an item of DescribeTemplateStatusSet; None if it has no id.

    The list does not say the type of a mainland template, so that follows from its text.
    """
    template_id = integer(item.get("TemplateId"))
    if template_id is None:
        return None
    text, international = str(item.get("TemplateContent") or ""), integer(item.get("International"))
    status, reply = _review(item)
    created = epoch(item.get("CreateTime"))
    return TemplateReview(
        id=template_id,
        text=text,
        status=status,
        type=reviews.INTERNATIONAL if international == 1 else _mainland_type(text, international),
        reply=reply,
        title=str(item.get("TemplateName") or ""),
        anywhere=international not in (0, 1),
        applied=dates.to_beijing(created) if created else "",
    )


def sign_fields(application: SignApplication) -> dict[str, Any]:
    """Return the fields of AddSmsSign and ModifySmsSign: of a company's own sign, unless the application says more."""
    fields = {
        "SignName": application.text,
        "SignType": application.kind,
        "DocumentType": application.document,
        "International": int(application.international),
        "SignPurpose": 0,
        "ProofImage": application.picture,
    }
    optional = {"Remark": application.remark, "QualificationId": application.qualification}
    return fields | {name: value for name, value in optional.items() if value}


def sign(item: dict[str, Any]) -> SignReview | None:
    """Return an item of DescribeSignListStatusSet; None if it has no id."""
    sign_id = integer(item.get("SignId"))
    if sign_id is None:
        return None
    status, reply = _review(item)
    international = integer(item.get("International"))
    return SignReview(
        id=sign_id,
        text=str(item.get("SignName") or ""),
        status=status,
        reply=reply,
        international=None if international is None else bool(international),
        qualification_status=integer(item.get("QualificationStatusCode")),
        created_at=epoch(item.get("CreateTime")),
    )


def _review(item: dict[str, Any]) -> tuple[ReviewStatus, str]:
    code = integer(item.get("StatusCode"))
    reply = str(item.get("ReviewReply") or "")
    if code == _NOT_EFFECTIVE_CODE:
        reply = reviews.NOT_EFFECTIVE
    status = ReviewStatus.PENDING if code is None else _STATUSES.get(code, ReviewStatus.PENDING)
    return status, reply


def _mainland_type(text: str, international: int | None) -> int:
    """Return Quick Audience's type of a template whose text is all that shows it."""
    if template_text.has_unsubscribe(text):
        return reviews.PROMOTION
    if "验证码" in text and international != _BOTH:
        return reviews.CAPTCHA
    return reviews.NOTIFICATION
