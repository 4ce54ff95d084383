"""Templates in API 3.0: AddSmsTemplate, ModifySmsTemplate, DeleteSmsTemplate, DescribeSmsTemplateList."""

import time
from dataclasses import replace
from typing import Any

from local.tencent import templates
from local.tencent.api3.errors import ApiError
from local.tencent.api3.fields import Body
from local.tencent.api3.lists import asked_ids, page, select
from local.tencent.behaviour import Behaviour
from local.tencent.catalogue import Catalogue
from local.tencent.records import Review, Sign, Template, submitted

_MARKETING, _NOTIFICATION = 1, 2
_MAINLAND, _ABROAD, _BOTH = 0, 1, 3
_UNSUBSCRIBE = "拒收请回复R"

APPROVED, PENDING, NOT_EFFECTIVE, REJECTED = 0, 1, 2, -1
"""StatusCode of a template or sign."""


def is_captcha(template: Template) -> bool:
    """Return whether the parameters of a template have to be short numbers."""
    return template.sms_type == templates.CAPTCHA


def kind(template: Template, behaviour: Behaviour) -> int:
    """Return a template's International: 0 mainland, 1 abroad, 3 both."""
    if behaviour.api3.international_both and not template.international:
        return _BOTH
    return template.international


def is_effective(item: Template | Sign, behaviour: Behaviour) -> bool:
    """Return whether an approved template or sign can be used already."""
    reviewed = item.reviewed
    return reviewed is None or time.time() >= reviewed + behaviour.api3.effective_seconds


def status_code(item: Template | Sign, behaviour: Behaviour) -> int:
    """Return the StatusCode of a template or sign."""
    if item.status == Review.PENDING:
        return PENDING
    if item.status == Review.REJECTED:
        return REJECTED
    return APPROVED if is_effective(item, behaviour) else NOT_EFFECTIVE


def add(catalogue: Catalogue, behaviour: Behaviour, body: Body, review_due: float) -> Template:
    """Execute AddSmsTemplate; return the new template."""
    _check(behaviour, body)
    template = Template(id=0, **_fields(body), **submitted(review_due), sms_type=body["SmsType"])
    template.id = catalogue.add_template(template)
    return template


def modify(catalogue: Catalogue, behaviour: Behaviour, body: Body, review_due: float) -> Template:
    """Execute ModifySmsTemplate; return the changed template."""
    _check(behaviour, body)
    template = catalogue.template(_stored(body["TemplateId"]))
    if template is None:
        raise ApiError("FailedOperation.MissingTemplateToModify")
    if template.status == Review.APPROVED:
        raise ApiError("FailedOperation.TemplateAlreadyPassedCheck")
    if template.international != body["International"]:
        raise ApiError("InvalidParameterValue.InvalidInternational")
    changed = {**_fields(body), **submitted(review_due), "sms_type": body["SmsType"]}
    template = replace(template, **changed)
    catalogue.save_template(template)
    return template


def _fields(body: Body) -> dict[str, Any]:
    return {
        "text": body["TemplateContent"],
        # v5 knows captchas as ordinary templates.
        "type": templates.MARKETING if body["SmsType"] == _MARKETING else templates.ORDINARY,
        "title": body["TemplateName"],
        "remark": body["Remark"],
        "international": body["International"],
    }


def _check(behaviour: Behaviour, body: Body) -> None:
    if body["International"] not in {_MAINLAND, _ABROAD}:
        raise ApiError("InvalidParameterValue.InvalidInternational")
    if body["SmsType"] not in {_MARKETING, _NOTIFICATION, templates.CAPTCHA}:
        raise ApiError("InvalidParameterValue.InvalidSmsType")
    if not all(body[name].strip() for name in ("TemplateName", "TemplateContent", "Remark")):
        raise ApiError("InvalidParameter.InvalidParameters")
    text = body["TemplateContent"]
    if (
        body["SmsType"] == _MARKETING
        and body["International"] == _MAINLAND
        and not text.rstrip().endswith(_UNSUBSCRIBE)
    ):
        raise ApiError("InvalidParameterValue.MarketingTemplateWithoutUnsubscribe")
    if (
        body["SmsType"] != templates.CAPTCHA
        and not behaviour.api3.template_variables
        and templates.variables(text)
    ):
        raise ApiError("InvalidParameterValue.UnsupportedTemplateVariable")


def delete(catalogue: Catalogue, body: Body) -> dict[str, Any]:
    """Execute DeleteSmsTemplate."""
    template_id = _stored(body["TemplateId"])
    if catalogue.template(template_id) is None:
        raise ApiError("FailedOperation.TemplateIdNotExist")
    catalogue.delete_templates([template_id])
    return {"DeleteTemplateStatus": deleted()}


def describe(catalogue: Catalogue, behaviour: Behaviour, body: Body) -> dict[str, Any]:
    """Return the answer to DescribeSmsTemplateList. The default Limit is 0: an empty page."""
    if body["International"] not in {_MAINLAND, _ABROAD}:
        raise ApiError("InvalidParameterValue.InvalidInternational")
    wanted = asked_ids(body, "TemplateIdSet")
    listing = behaviour.api3.template_listing
    if listing == "refused" or (listing == "ids-only" and not wanted):
        raise ApiError("FailedOperation.ProhibitSubAccountUse")
    found = [
        template
        for template in catalogue.templates()
        if not behaviour.api3.international_filter
        or kind(template, behaviour) in {body["International"], _BOTH}
    ]
    if wanted:
        chosen = select(found, wanted, behaviour, "FailedOperation.TemplateIdNotExist")
    else:
        chosen = page(found, body, behaviour, default=0)
    return {"DescribeTemplateStatusSet": [_details(template, behaviour) for template in chosen]}


def _details(template: Template, behaviour: Behaviour) -> dict[str, Any]:
    return {
        "TemplateId": template.id,
        "International": kind(template, behaviour),
        "StatusCode": status_code(template, behaviour),
        "ReviewReply": template.reply,
        "TemplateName": template.title,
        "CreateTime": int(template.applied),
        "TemplateContent": template.text,
    }


def deleted() -> dict[str, Any]:
    """Return the status of a deletion."""
    return {"DeleteStatus": "return successfully!", "DeleteTime": int(time.time())}


def _stored(id_: int) -> int:
    # SQLite's integers have 63 bits and a sign.
    return min(id_, 2**63 - 1)
