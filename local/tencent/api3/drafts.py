"""What the recipients of a send share in API 3.0: template, sign, parameters and text."""

import re
import time
from dataclasses import dataclass

from local.tencent import signs, templates
from local.tencent.api3.errors import ApiError, account, content
from local.tencent.api3.templates import is_captcha, is_effective, kind
from local.tencent.behaviour import Behaviour
from local.tencent.errors import Refused
from local.tencent.fees import fee
from local.tencent.records import Message, Review, Template, pack
from local.tencent.state import State

_MAX_CHARACTERS = 500
_MAX_CONTEXT_BYTES = 511
_CAPTCHA_VALUE = re.compile("[0-9]{0,6}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The fields of a send that do not concern the number."""

    action: str
    template_id: str
    params: list[str]
    sign: str | None = None
    extend: str = ""
    context: str = ""


def empty(wanted: Wanted) -> Message:
    """Return a message without text, sign, recipient and id."""
    return Message(
        id=0,
        sid="",
        endpoint=wanted.action,
        nationcode="",
        mobile="",
        sign="",
        tpl_id=int(wanted.template_id) if wanted.template_id.isdecimal() else 0,
        params=pack(wanted.params),
        text="",
        fee=0,
        extend=wanted.extend,
        ext=wanted.context,
        time=time.time(),
    )


def check_permission(behaviour: Behaviour, extend: str, context: str) -> None:
    """Check the fields that have to be enabled, or that are limited.

    Raises:
        ApiError: RequestPermissionDeny or FailResolvePacket.
    """
    if extend and not behaviour.extend_allowed:
        raise account("UnauthorizedOperation.RequestPermissionDeny")
    if extend and not re.fullmatch("[0-9]+", extend):
        raise ApiError("FailedOperation.FailResolvePacket")
    if len(context.encode()) > _MAX_CONTEXT_BYTES:
        raise ApiError("FailedOperation.FailResolvePacket")


def draft(state: State, behaviour: Behaviour, wanted: Wanted, *, mainland: bool) -> Message:
    """Return a message with its text, without an id, serial number and recipient.

    Raises:
        ApiError: the template, sign or parameters cannot be used. The level is CONTENT.
    """
    message = empty(wanted)
    template = _template(state, behaviour, wanted.template_id)
    sign, prefix = _sign(state, behaviour, wanted, mainland=mainland)
    _check_kind(behaviour, template, mainland=mainland)
    _check_params(behaviour, template, wanted.params)
    message.sign = sign
    message.text = prefix + templates.fill(template.text, wanted.params)
    if len(message.text) > _MAX_CHARACTERS:
        raise content("InvalidParameterValue.ContentLengthLimit")
    message.fee = fee(message.text, mainland=mainland)
    return message


def _template(state: State, behaviour: Behaviour, template_id: str) -> Template:
    # SQLite's integers have 64 bits.
    known = re.fullmatch("[0-9]{1,18}", template_id)
    template = state.catalogue.template(int(template_id)) if known else None
    if (
        template is None
        or template.status != Review.APPROVED
        or template.type == templates.VOICE
        or not is_effective(template, behaviour)
    ):
        raise content("FailedOperation.TemplateUnapprovedOrNotExist")
    return template


def _sign(state: State, behaviour: Behaviour, wanted: Wanted, *, mainland: bool) -> tuple[str, str]:
    """Return the sign's text and the prefix of the message."""
    # Abroad the sign is optional: a message has none unless it is named.
    if wanted.sign is None and not mainland:
        return "", ""
    name = wanted.sign or ""
    approved = [
        sign
        for sign in state.catalogue.signs()
        if sign.text == name and sign.status == Review.APPROVED and is_effective(sign, behaviour)
    ]
    kinds = {bool(sign.international) for sign in approved}
    if kinds and behaviour.api3.sign_kind_checked and (not mainland) not in kinds:
        code = "UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber"
        raise content(code)
    if not kinds and (not name or behaviour.api3.unapproved_sign == "refuse"):
        raise content("FailedOperation.SignatureIncorrectOrUnapproved")
    try:
        return signs.choose(state.catalogue, name, mainland=mainland, refuse_unapproved=False)
    except Refused:
        raise content("FailedOperation.SignatureIncorrectOrUnapproved") from None


def _check_kind(behaviour: Behaviour, template: Template, *, mainland: bool) -> None:
    if mainland and kind(template, behaviour) == 1:
        raise content("UnsupportedOperation.GlobalTemplateToChineseMainlandPhone")
    if not mainland and kind(template, behaviour) == 0:
        raise content("UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone")


def _check_params(behaviour: Behaviour, template: Template, params: list[str]) -> None:
    if len(params) != len(templates.variables(template.text)):
        raise content("FailedOperation.TemplateParamSetNotMatchApprovedTemplate")
    if any(templates.contains_link(value) for value in params):
        raise content("InvalidParameterValue.ProhibitedUseUrlInTemplateParameter")
    if is_captcha(template) and not all(map(_CAPTCHA_VALUE.fullmatch, params)):
        raise content("InvalidParameterValue.TemplateParameterFormatError")
    longest = behaviour.api3.variable_length
    if longest is not None and any(len(value) > longest for value in params):
        raise content("InvalidParameterValue.TemplateParameterLengthLimit")
