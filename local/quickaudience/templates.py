"""Templates and signs: requests to create a template, and the words for a review's status."""

from typing import Any

from .client import Answer, dump_body
from .wire import WireModel

PENDING, APPROVED, REJECTED = 0, 1, 2
_STATUS_WORDS = {PENDING: "under review", APPROVED: "approved", REJECTED: "rejected"}


class TemplateRequest(WireModel):
    """A template to create: a text template, or with ``digital`` a digital one."""

    name: str
    content: str | list[dict[str, Any]]
    type: int = 1
    remark: str = "simulator"
    creator_account: str = "simulator"
    digital: bool = False
    sign_name: str = ""

    def body(self) -> dict[str, Any]:
        """Return the body of the request to the platform."""
        if not self.digital:
            return {
                "remark": self.remark,
                "templateContent": self.content,
                "templateName": self.name,
                "templateType": self.type,
                "creatorAccount": self.creator_account,
            }
        content = self.content
        return {
            "remark": self.remark,
            # The document: "a list converted to a string".
            "templateContent": content if isinstance(content, str) else dump_body(content).decode(),
            "templateTheme": self.name,
            "smsSignName": self.sign_name,
            "creatorAccount": self.creator_account,
            "isVariable": "${" in str(content),
        }


def review_in_words(answer: Answer, status_field: str) -> str:
    """Return the review's status, with the reason of a rejection.

    Args:
        answer: a successful answer to a query of a sign (§1) or text template (§4).
        status_field: ``signStatus`` or ``templateStatus``.
    """
    status = answer.get(status_field)
    words = _STATUS_WORDS.get(status, f"of unknown status {status!r}")
    return f"{words}: {answer.get('reason')}" if status == REJECTED else words
