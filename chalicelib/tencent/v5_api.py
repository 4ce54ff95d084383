"""The v5 API as `TencentApi`: its dictionaries and numbers become the types of `answers`."""

from collections.abc import Iterator, Sequence
from typing import Any

from chalicelib import dates
from chalicelib.domain import reviews
from chalicelib.domain.planning import Call
from chalicelib.lenient_json import integer
from chalicelib.tencent import error_codes, v5
from chalicelib.tencent.answers import (
    Package,
    ReportCounts,
    ReviewStatus,
    SendCounts,
    SendRecords,
    SignApplication,
    SignReview,
    TemplateDraft,
    TemplateReview,
)
from chalicelib.tencent.interface import (
    MAX_PULLED,
    CallRefusedError,
    Event,
    NumberResult,
    PullType,
)

# Characters of a template's remark that are submitted.
_MAX_REMARK = 100
_STATUSES = {status.value: status for status in ReviewStatus}


class V5Api:
    """Tencent's v5 API, through a client of it."""

    name = "v5"
    lists_signs = False
    has_template_rules = False
    reports_packages = False
    keeps_records = False

    def __init__(self, client: v5.Client) -> None:
        self._client = client

    def send(
        self,
        call: Call,
        *,
        sign: str,
        template_id: int,
        context: str = "",  # noqa: ARG002 -- v5's `ext` comes back in the answer only
    ) -> list[NumberResult]:
        """Send a message to the numbers of a call; a foreign call has one number."""
        return self._client.send(call, sign=sign, tpl_id=template_id)

    def is_reachable(self) -> bool:
        """Return whether Tencent answers."""
        return self._client.is_reachable()

    def check_account(self) -> None:
        """Ask for a template that does not exist: Tencent checks signature, application and clock before it looks."""
        try:
            self._client.get_template([1])
        except CallRefusedError as error:
            refused = error.meaning.kind is error_codes.CodeClass.CONFIG
            if refused or error_codes.is_http_status(error.code):
                raise

    def add_template(self, draft: TemplateDraft) -> int:
        """Submit a template; return its id."""
        international = draft.type == reviews.INTERNATIONAL
        made = self._client.add_template(**_template_fields(draft), international=international)
        return int(made["id"])

    def modify_template(self, template_id: int, draft: TemplateDraft) -> None:
        """Change a template that is pending or rejected."""
        self._client.mod_template(template_id, **_template_fields(draft))

    def delete_templates(self, template_ids: Sequence[int]) -> None:
        """Delete templates in one call. Tencent refuses it if it does not have one of them."""
        self._client.del_template(template_ids)

    def get_templates(self, template_ids: Sequence[int]) -> list[TemplateReview]:
        """Return those of these templates that Tencent has."""
        items = self._client.get_template(template_ids)
        return [_template(item) for item in items if "id" in item]

    def all_templates(self) -> Iterator[TemplateReview]:
        """Yield every template of the account."""
        return (_template(item) for item in self._client.all_templates() if "id" in item)

    def add_sign(self, application: SignApplication) -> SignReview:
        """Apply for a sign."""
        made = self._client.add_sign(
            **_sign_fields(application), international=application.international
        )
        return _sign(made)

    def modify_sign(self, sign_id: int, application: SignApplication) -> SignReview:
        """Change a sign that is pending or rejected."""
        return _sign(self._client.mod_sign(sign_id, **_sign_fields(application)))

    def delete_sign(self, sign_id: int) -> None:
        """Delete a sign."""
        self._client.del_sign(sign_id)

    def get_signs(self, sign_ids: Sequence[int]) -> list[SignReview]:
        """Return those of these signs that Tencent has."""
        return [_sign(item) for item in self._client.get_sign(sign_ids) if "id" in item]

    def all_signs(self) -> Iterator[SignReview]:
        """Raise NotImplementedError: v5 lists signs by their ids only."""
        raise NotImplementedError("v5 has no list of signs")

    def pull(self, kind: PullType, limit: int = MAX_PULLED) -> list[Event]:
        """Pull statuses or replies from Tencent's queue."""
        return self._client.pullstatus(kind, limit)

    def events_of_phone(self, kind: PullType, phone: str, begin: int, end: int) -> list[Event]:
        """Return statuses or replies of one phone."""
        return self._client.pullstatus4mobile(kind, phone, begin, end)

    def send_records(self, phone: str, begin: int) -> SendRecords:
        """Raise NotImplementedError: v5 has no records of sends."""
        raise NotImplementedError("v5 has no records of sends")

    def send_counts(self, first: int, last: int) -> SendCounts:
        """Return the counts of messages."""
        counts = self._client.pullsendstatus(first, last)
        return SendCounts(
            submitted=counts.get("request"),
            accepted=counts.get("success"),
            billed=counts.get("bill_number"),
        )

    def report_counts(self, first: int, last: int) -> ReportCounts:
        """Return the counts of delivery reports."""
        counts = self._client.pullcallbackstatus(first, last)
        return ReportCounts(
            accepted=counts.get("success"),
            reported=counts.get("status"),
            delivered=counts.get("status_success"),
            failed=counts.get("status_fail"),
            internal_errors=counts.get("status_fail_0"),
            invalid_numbers=counts.get("status_fail_1"),
            unavailable=counts.get("status_fail_2"),
            blacklisted=counts.get("status_fail_3"),
            frequency_limited=counts.get("status_fail_4"),
        )

    def packages(self) -> list[Package]:
        """Return the account's packages of messages."""
        return [
            Package(
                id=integer(item.get("package_id")) or 0,
                bought=integer(item.get("type")) == 1,
                amount=integer(item.get("amount")) or 0,
                used=integer(item.get("used")) or 0,
                created_at=_epoch(item.get("create_time")),
                effective_at=_epoch(item.get("from_time")),
                expires_at=_epoch(item.get("to_time")),
            )
            for item in self._client.all_packages()
        ]


def _template_fields(draft: TemplateDraft) -> dict[str, Any]:
    return {
        "text": draft.text,
        "title": draft.title,
        "remark": draft.remark[:_MAX_REMARK],
        "kind": reviews.TENCENT_TYPE[draft.type],
    }


def _template(item: dict[str, Any]) -> TemplateReview:
    return TemplateReview(
        id=item["id"],
        text=str(item.get("text") or ""),
        status=_STATUSES.get(item.get("status", 1), ReviewStatus.PENDING),
        type=reviews.quick_audience_type(item.get("type", 0), item.get("international", 0)),
        reply=str(item.get("reply") or ""),
        title=str(item.get("title") or ""),
        # The first documents of the API have no such field.
        anywhere="international" not in item,
        applied=str(item.get("apply_time") or ""),
    )


def _sign_fields(application: SignApplication) -> dict[str, Any]:
    return {
        "text": application.text,
        "remark": application.remark,
        "pic": application.picture,
    }


def _sign(item: dict[str, Any]) -> SignReview:
    international = item.get("international")
    return SignReview(
        id=item["id"],
        text=str(item.get("text") or ""),
        status=_STATUSES.get(item.get("status", 1), ReviewStatus.PENDING),
        reply=str(item.get("reply") or ""),
        international=None if international is None else bool(international),
    )


def _epoch(value: Any) -> int:
    """Return the epoch that a date or an epoch means; 0 if it is neither."""
    try:
        return integer(value) or dates.from_beijing(str(value))
    except ValueError:
        return 0


def client() -> V5Api:
    """Return the API for the current settings, with the client that this process keeps."""
    return V5Api(v5.client())
