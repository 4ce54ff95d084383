"""Templates: the bridge's own records and Tencent's, with Tencent's review."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib import dates
from chalicelib.domain import reviews
from chalicelib.endpoints import template_revisions
from chalicelib.errors import Refused
from chalicelib.store import pages, templates
from chalicelib.store.pages import Page
from chalicelib.store.templates import Revision
from chalicelib.tencent import api
from chalicelib.tencent.answers import TemplateReview
from ops import audit
from ops.errors import OperatorError
from ops.sign_lists import STATUS

_KIND = {
    reviews.CAPTCHA: "captcha",
    reviews.NOTIFICATION: "notification",
    reviews.PROMOTION: "promotion",
    reviews.INTERNATIONAL: "international",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A template that can be deleted: in the bridge's table, at Tencent, or in both."""

    code: str
    name: str
    stored: bool
    tpl_ids: list[int]
    """The ids of its revisions that Tencent still has."""


def list_all(*, of_account: bool) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the templates that Quick Audience knows, each with its newest revision's review, and warnings.

    With `of_account`, the other templates of Tencent's account follow.
    """
    known, warnings = _reviewed(filter(None, map(templates.revisions, templates.codes())))
    rows = [_row(revisions) for revisions in known]
    if of_account:
        tpl_ids = {revision.tpl_id for revisions in known for revision in revisions}
        rows += [
            _row_of_tencent(template)
            for template in api.client().all_templates()
            if template.id not in tpl_ids
        ]
    return rows, warnings


def show(code: str) -> tuple[dict[str, Any], list[str]]:
    """Return everything that is known of a template, its `revisions` included, and warnings.

    `code` is a templateCode, or Tencent's id of a template that has none. Raises OperatorError.
    """
    if revisions := templates.revisions(code):
        [revisions], warnings = _reviewed([revisions])
        shown = _row(revisions) | {
            "deleted": templates.is_deleted(code),
            "content": revisions[0].content,
            "text": revisions[0].text,
            "variables": list(revisions[0].names),
        }
        return shown | {"revisions": [_revision(one) for one in revisions]}, warnings
    if found := _at_tencent(_tpl_ids(code)):
        [template] = found.values()
        return _row_of_tencent(template) | {"text": template.text}, []
    raise _not_found(code)


def find(code: str) -> Found:
    """Return a template that is to be deleted. Raises OperatorError if neither side has it."""
    revisions = [] if templates.is_deleted(code) else templates.revisions(code)
    at_tencent = _at_tencent([revision.tpl_id for revision in revisions] or _tpl_ids(code))
    if not revisions and not at_tencent:
        raise _not_found(code)
    tpl_ids = sorted(at_tencent)
    name = revisions[0].name if revisions else at_tencent[tpl_ids[0]].title
    return Found(code, name, bool(revisions), tpl_ids)


@audit.recorded("template delete", "template.code", "template.name")
def delete(template: Found) -> tuple[dict[str, Any], list[str]]:
    """Delete a template at Tencent, then mark it as deleted here; return its row, and warnings."""
    warnings = []
    # Tencent first: if it refuses, nothing has changed. Ids that it no longer has are left out, because one of
    # them makes it refuse all.
    if template.tpl_ids:
        api.client().delete_templates(template.tpl_ids)
    else:
        warnings.append("Tencent has none of its revisions any more: only our record is deleted")
    if template.stored:
        templates.delete(template.code, int(time.time()))
    return {"code": template.code, "tplIds": template.tpl_ids, "status": "deleted"}, warnings


def page(link: str) -> Page:
    """Return the page of a digital message, by its code or its link. Raises OperatorError."""
    code = pages.code_in(link.rstrip("/").rpartition("/")[2])
    found = pages.get(code)
    if found is None:
        raise OperatorError(
            f"there is no page {link}: it is the part behind /m/ of a message's link"
        )
    return found


def row_of_page(found: Page) -> dict[str, Any]:
    """Return what a page is."""
    return {
        "page": found.code,
        "theme": found.theme,
        "parts": len(found.parts),
        "made": dates.to_beijing(found.made_at),
    }


@audit.recorded("template page --delete", "found.code", "found.theme")
def take_down(found: Page) -> None:
    """Take a page down: recipients then read that it does not exist."""
    pages.delete(found.code)


def _not_found(code: str) -> OperatorError:
    return OperatorError(f"neither the bridge nor Tencent have a template {code}")


def _reviewed(known: Iterable[list[Revision]]) -> tuple[list[list[Revision]], list[str]]:
    """Return templates with Tencent's current reviews, or with the stored ones if Tencent does not answer."""
    reviewed: list[list[Revision]] = []
    warnings: list[str] = []
    for revisions in known:
        if not warnings:
            try:
                reviewed.append(template_revisions.refresh(revisions))
                continue
            except Refused as refusal:
                warnings.append(f"reviews are shown as last seen: {refusal.message}")
        reviewed.append(revisions)
    return reviewed, warnings


def _at_tencent(tpl_ids: Sequence[int]) -> dict[int, TemplateReview]:
    """Return Tencent's templates among these ids, by id."""
    if not tpl_ids:
        return {}
    found = api.client().get_templates(sorted(set(tpl_ids)))
    return {template.id: template for template in found if template.id in tpl_ids}


def _tpl_ids(code: str) -> list[int]:
    """Return the id that a code is, if it can be one of Tencent's."""
    return [int(code)] if code.isascii() and code.isdigit() and len(code) < 16 else []


def _row(revisions: Sequence[Revision]) -> dict[str, Any]:
    newest = revisions[0]
    kind = "digital" if newest.page else _KIND.get(newest.kind, str(newest.kind))
    return {
        "code": newest.code,
        "name": newest.name,
        "kind": kind,
        "status": STATUS.get(newest.status, str(newest.status)),
        "reply": newest.reply,
        "revisions": len(revisions),
        "tplIds": sorted({revision.tpl_id for revision in revisions}),
        "created": dates.to_beijing(revisions[-1].created_at),
    }


def _row_of_tencent(template: TemplateReview) -> dict[str, Any]:
    """Return the row of a template that only Tencent has, and that has no templateCode."""
    return {
        "code": "",
        "name": template.title,
        "kind": _KIND[template.type],
        "status": STATUS[template.status],
        "reply": template.reply,
        "revisions": 0,
        "tplIds": [template.id],
        "created": template.applied,
    }


def _revision(revision: Revision) -> dict[str, Any]:
    return {
        "number": revision.number,
        "tplId": revision.tpl_id,
        "status": STATUS.get(revision.status, str(revision.status)),
        "reply": revision.reply,
        "text": revision.text,
        "content": revision.content,
        "author": revision.author,
        "created": dates.to_beijing(revision.created_at),
        "checked": dates.to_beijing(revision.checked_at),
    }
