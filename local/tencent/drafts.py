"""What the recipients of a call share: template, parameters, sign and text."""

import re
import time

from local.tencent import checks, signs, templates
from local.tencent.behaviour import Behaviour
from local.tencent.checks import Body
from local.tencent.errors import Refused, malformed
from local.tencent.fees import fee
from local.tencent.records import Message, Review, Template, pack
from local.tencent.state import State

_MAX_CHARACTERS = 500


def draft_message(
    state: State, behaviour: Behaviour, endpoint: str, body: Body, *, mainland: bool
) -> Message:
    """Check the fields that the recipients of a call share.

    Returns:
        A message with the text and without an id, sid and recipient.

    Raises:
        Refused: a field is invalid, or the template, parameters or sign cannot be used.
    """
    tpl_id = checks.number(body, "tpl_id")
    params = checks.texts(body, "params")
    extend = checks.optional_text(body, "extend")
    ext = checks.optional_text(body, "ext")
    # The real service accepts a JSON null, and uses it as a name.
    is_null = "sign" in body and body["sign"] is None
    requested_sign = None if is_null else checks.optional_text(body, "sign")
    _check_extend(behaviour, extend)
    template = _usable_template(state, tpl_id, mainland=mainland)
    if len(params) != len(templates.variables(template.text)):
        raise Refused(1014, "package format error, template params error")
    if any(templates.contains_link(value) for value in params):
        raise Refused(1048)
    sign, prefix = signs.choose(
        state.catalogue,
        requested_sign,
        mainland=mainland,
        refuse_unapproved=behaviour.unapproved_sign == "refuse",
    )
    text = prefix + templates.fill(template.text, params)
    if len(text) > _MAX_CHARACTERS:
        raise Refused(1017)
    return Message(
        id=0,
        sid="",
        endpoint=endpoint,
        nationcode="",
        mobile="",
        sign=sign,
        tpl_id=tpl_id,
        params=pack(params),
        text=text,
        fee=fee(text, mainland=mainland),
        extend=extend,
        ext=ext,
        time=time.time(),
    )


def _check_extend(behaviour: Behaviour, extend: str) -> None:
    if not extend:
        return
    if not behaviour.extend_allowed:
        raise Refused(1006)
    if not re.fullmatch("[0-9]+", extend):
        raise malformed("extend must be digits")


def _usable_template(state: State, tpl_id: int, *, mainland: bool) -> Template:
    template = state.catalogue.template(tpl_id)
    if template is None:
        raise Refused(1014, "package format error, sdkappid not have this tpl_id")
    if (
        template.status != Review.APPROVED
        or template.type == templates.VOICE
        or bool(template.international) == mainland
    ):
        raise Refused(1014)
    return template
