"""Changes of signs: tie Quick Audience's names to Tencent's signs, and manage Tencent's signs."""

import base64
from pathlib import Path
from typing import Any, NamedTuple

from chalicelib.domain import sign_names
from chalicelib.store import sign_list, signs
from chalicelib.store.signs import Sign
from chalicelib.tencent import api, interface
from chalicelib.tencent.answers import SignApplication
from ops import audit, sign_lists
from ops.errors import OperatorError

# The first bytes of the picture formats that Tencent's console accepts.
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"BM")


class Papers(NamedTuple):
    """The supporting documents of an application for a sign, in API 3.0's numbers. v5 has no such fields."""

    qualification: int | None = None
    kind: int = 0
    document: int = 0


@audit.recorded("sign link", "name", "sign_id")
def link(name: str, sign_id: int) -> dict[str, Any]:
    """Tie a sign's name to a sign that Tencent already has. Raises OperatorError.

    With API 3.0 the sign may have another name at Tencent, under which its messages go out. Signs of the same name are
    found without a link, so a link is the only way to name one differently.
    """
    wanted = sign_lists.require_name(name)
    tencent = api.client()
    review = sign_lists.at_tencent(sign_id)
    if review is None:
        raise OperatorError(f"Tencent has no sign {sign_id} in this application")
    text = sign_names.without_brackets(review.text)
    if sign_lists.is_same(text, wanted):
        return sign_lists.row(sign_lists.save(text, review))
    if not tencent.lists_signs:
        raise OperatorError(
            f"Tencent's sign {sign_id} is “{text}”, not “{wanted}”: messages would go out under its name"
        )
    if own := sign_lists.listed_as(tencent, wanted):
        raise OperatorError(
            f"Tencent's sign {sign_id} is “{text}”. Tencent has a sign “{wanted}”, too: {own[0].id}"
        )
    return sign_lists.row(sign_lists.save(text, review, alias=wanted))


@audit.recorded("sign add", "name", "international")
def add(
    name: str,
    *,
    picture: Path | None,
    remark: str,
    international: bool,
    papers: Papers = Papers(),  # noqa: B008 -- it can't change
) -> dict[str, Any]:
    """Apply to Tencent for a sign, and link it by its name at once, unless Tencent lists signs by name.

    Raises OperatorError.
    """
    wanted = sign_lists.require_name(name)
    if known := signs.get(wanted):
        status = sign_lists.status_in_words(known.status)
        raise OperatorError(
            f"“{wanted}” is linked to Tencent's sign {known.sign_id} ({status}) already: "
            "change it with ops sign modify, or delete it first"
        )
    application = SignApplication(
        text=wanted,
        remark=remark,
        picture=_encode(picture),
        international=international,
        **papers._asdict(),
    )
    tencent = api.client()
    try:
        made = tencent.add_sign(application)
    except interface.OutcomeUnknownError as error:
        raise OperatorError(
            f"{error}. Tencent may have the application all the same: look in Tencent's console, and if the sign "
            "is listed, link it with ops sign link"
        ) from error
    if tencent.lists_signs and not sign_list.get().refusal:
        return sign_lists.row_of_tencent(made)
    return sign_lists.row(sign_lists.save(wanted, made))


@audit.recorded("sign modify", "name", "text")
def modify(
    name: str,
    *,
    text: str,
    picture: Path | None,
    remark: str,
    papers: Papers = Papers(),  # noqa: B008 -- it can't change
) -> dict[str, Any]:
    """Change a sign that Tencent has not approved, which submits it again. Raises OperatorError."""
    tencent = api.client()
    wanted = sign_lists.require_name(name)
    linked = signs.get(wanted)
    if linked:
        sign = linked
        # With v5, a change does not say whether a sign is international.
        review = sign_lists.at_tencent(sign.sign_id) if tencent.lists_signs else None
    else:
        review = sign_lists.require_listed(tencent, wanted)
        sign = sign_lists.as_if_linked(review)
    wanted = sign_lists.require_name(text) if text else sign.name
    if not (sign_lists.is_same(wanted, sign.name) or sign.alias) and (known := signs.get(wanted)):
        raise OperatorError(f"“{wanted}” is linked to Tencent's sign {known.sign_id} already")
    application = SignApplication(
        text=wanted,
        remark=remark,
        picture=_encode(picture),
        international=bool(review and review.international),
        **papers._asdict(),
    )
    try:
        made = tencent.modify_sign(sign.sign_id, application)
    except interface.OutcomeUnknownError as error:
        raise OperatorError(
            f"{error}. Tencent may have changed it all the same: give the command again"
        ) from error
    made = made._replace(id=sign.sign_id)
    if not linked:
        return sign_lists.row_of_tencent(made)
    fresh = sign_lists.save(wanted, made, alias=sign.alias)
    if not sign_lists.is_same(fresh.called, sign.called):
        signs.delete(sign.called)
    return sign_lists.row(fresh)


@audit.recorded("sign delete", "sign.name", "sign.sign_id")
def delete(sign: Sign) -> tuple[dict[str, Any], list[str]]:
    """Delete a sign at Tencent and remove its link; return its row, and warnings. Raises CallRefusedError."""
    warnings = []
    try:
        api.client().delete_sign(sign.sign_id)
    except interface.CallRefusedError:
        if sign_lists.at_tencent(sign.sign_id) is not None:
            raise
        warnings.append(f"Tencent has no sign {sign.sign_id} any more: only the link is removed")
    signs.delete(sign.called)
    sign_list.forget()
    return {"name": sign.called, "signId": sign.sign_id, "status": "deleted"}, warnings


def _encode(picture: Path | None) -> str:
    """Return a picture as Tencent expects it: base64 without a data URL's prefix; "" if there is none."""
    if picture is None:
        return ""
    content = picture.read_bytes()
    if not content.startswith(_PICTURES):
        raise OperatorError(f"{picture} is no picture: give a PNG, JPEG, GIF or BMP file")
    return base64.b64encode(content).decode()
