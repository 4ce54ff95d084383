"""Submissions of templates to Tencent that have begun and whose answer is not known yet.

If the answer gets lost, Tencent may have the template although the bridge doesn't know its id. The marketer's
repetition finds the submission here and looks for its text at Tencent, instead of making a second template.
"""

import time
from dataclasses import asdict, dataclass

from chalicelib.store import table

# A repetition after a day is a new template.
_RETENTION_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateSubmission:
    """A submission: the text as Tencent got it, and the page that it links (digital messages)."""

    digest: str
    text: str
    page: str = ""


def find(digest: str) -> TemplateSubmission | None:
    """Return the unfinished submission of this content; None if there is none."""
    item = table.get(_pk(digest), "-", consistent=True)
    return table.read_as(TemplateSubmission, item) if item else None


def begin(submission: TemplateSubmission) -> None:
    """Store that a submission begins."""
    expires = int(time.time()) + _RETENTION_SECONDS
    table.put(table.key(_pk(submission.digest), "-") | asdict(submission) | {"expires": expires})


def end(digest: str) -> None:
    """Delete a submission whose answer is known."""
    table.delete(_pk(digest), "-")


def _pk(digest: str) -> str:
    return f"TEMPLATE_SUBMISSION#{digest}"
