"""Review states and template types of Quick Audience and Tencent, which use the same numbers differently.

| | pending | approved | rejected | partly |
|---|---|---|---|---|
| Tencent: sign, template | 1 | 0 | 2 | |
| Quick Audience: sign, text template | 0 | 1 | 2 | |
| Quick Audience: digital template | 0 | 1 | 3 | 2 |
"""

APPROVED, PENDING, REJECTED = 0, 1, 2
"""Tencent's review states. These are the numbers that the bridge stores."""

STATUS = {APPROVED: 1, PENDING: 0, REJECTED: 2}
"""Tencent's review state to Quick Audience's, for signs (§1) and text templates (§4)."""

DIGITAL_STATUS = {APPROVED: 1, PENDING: 0, REJECTED: 3}
"""Tencent's review state to Quick Audience's, for digital templates (§10).

2 (partly approved) never occurs: Tencent reviews one text template for all three carriers.
"""

# Aliyun's own texts; "No review comments" in the English document is their translation.
NO_COMMENT_ON_SIGN = "无审核备注"
NO_COMMENT_ON_TEMPLATE = "无审批备注"
REJECTED_WITHOUT_REASON = "审核未通过"

NOT_EFFECTIVE = "审核通过, 待生效"
"""The reply for a sign or template that is approved, but can't be used until a carrier registers it (API 3.0).

To Quick Audience it is pending.
"""

CAPTCHA, NOTIFICATION, PROMOTION, INTERNATIONAL = 0, 1, 2, 3
"""Quick Audience's template types (§2)."""

TENCENT_TYPE = {CAPTCHA: 0, NOTIFICATION: 0, PROMOTION: 1, INTERNATIONAL: 0}
"""Quick Audience's template type to Tencent's: 0 common, 1 marketing. INTERNATIONAL also sets `international`."""


def reason(status: int, reply: str, no_comment: str) -> str:
    """Return the `reason` of §1 and §4: Tencent's reply to a rejected sign or template, else `no_comment`."""
    if status == PENDING and reply == NOT_EFFECTIVE:
        return reply
    return (reply or REJECTED_WITHOUT_REASON) if status == REJECTED else no_comment


def state(status: int, reply: str) -> str:
    """Return the state of a sign or template that can't be used yet, for a marketer."""
    if status == PENDING:
        return reply if reply == NOT_EFFECTIVE else "审核中"
    return f"未通过审核: {reply}"


def carriers(status: int, reply: str) -> dict[str, str]:
    """Return §10's review result by carrier; nothing while the review is pending.

    TELCOM is the document's spelling.
    """
    if status not in (APPROVED, REJECTED):
        return {}
    result = "Success" if status == APPROVED else reply or REJECTED_WITHOUT_REASON
    return dict.fromkeys(("UNICOM", "MOBILE", "TELCOM"), result)


def quick_audience_type(tencent_type: int, international: int) -> int:
    """Return Quick Audience's type for a template that was created in Tencent's console."""
    if international:
        return INTERNATIONAL
    return PROMOTION if tencent_type == 1 else NOTIFICATION
