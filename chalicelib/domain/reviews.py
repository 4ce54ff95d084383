"""Review states and template types of the two sides, whose numbers collide.

| | pending | approved | rejected | partly |
|---|---|---|---|---|
| Tencent: sign, template | 1 | 0 | 2 | |
| Quick Audience: sign, text template | 0 | 1 | 2 | |
| Quick Audience: digital template | 0 | 1 | 3 | 2 |
"""

APPROVED, PENDING, REJECTED = 0, 1, 2
"""Tencent's numbers, which are the ones we keep."""

STATUS = {APPROVED: 1, PENDING: 0, REJECTED: 2}
"""Tencent's status to Quick Audience's, of signs (§1) and text templates (§4)."""

DIGITAL_STATUS = {APPROVED: 1, PENDING: 0, REJECTED: 3}
"""Tencent's status to Quick Audience's of digital templates (§10). 2, partly, never arises: all three
carriers get the one text template that Tencent reviews."""

# Aliyun's own words, of which the English document's "No review comments" is the translation.
NO_COMMENT_ON_SIGN = "无审核备注"
NO_COMMENT_ON_TEMPLATE = "无审批备注"
REJECTED_WITHOUT_REASON = "审核未通过"

CAPTCHA, NOTIFICATION, PROMOTION, INTERNATIONAL = 0, 1, 2, 3
"""Quick Audience's template types (§2)."""

TENCENT_TYPE = {CAPTCHA: 0, NOTIFICATION: 0, PROMOTION: 1, INTERNATIONAL: 0}
"""Quick Audience's type to Tencent's: 0 common, 1 marketing. INTERNATIONAL also sets `international`."""


def reason(status: int, reply: str, no_comment: str) -> str:
    """The `reason` of §1 and §4: Tencent's, where it rejected."""
    return (reply or REJECTED_WITHOUT_REASON) if status == REJECTED else no_comment


def carriers(status: int, reply: str) -> dict[str, str]:
    """§10's review by carrier (TELCOM is the document's spelling); nothing while it is pending."""
    if status not in (APPROVED, REJECTED):
        return {}
    said = "Success" if status == APPROVED else reply or REJECTED_WITHOUT_REASON
    return dict.fromkeys(("UNICOM", "MOBILE", "TELCOM"), said)


def quick_audience_type(tencent_type: int, international: int) -> int:
    """Quick Audience's type of a template that was made in Tencent's console."""
    if international:
        return INTERNATIONAL
    return PROMOTION if tencent_type == 1 else NOTIFICATION
