"""API 3.0 (version 2021-01-11) as `TencentApi`.

Signs and templates belong to the account; messages, pulls and statistics to an application of it (SmsSdkAppId). A
template's id is a text in sends and a number everywhere else: the gateway refuses a wrong type.
"""

import functools
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from chalicelib import settings
from chalicelib.connections import new_session
from chalicelib.domain.planning import Call
from chalicelib.lenient_json import integer
from chalicelib.tencent import api3_reports, api3_reviews, api3_sends, api3_statistics
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
from chalicelib.tencent.api3_lists import Listing
from chalicelib.tencent.api3_sends import ForeignMessage
from chalicelib.tencent.api3_transport import Account, request_id
from chalicelib.tencent.error_codes import CodeClass, is_http_status
from chalicelib.tencent.exchange import MAX_IDLE_SECONDS
from chalicelib.tencent.interface import (
    MAX_PULLED,
    CallRefusedError,
    Event,
    NumberResult,
    OutcomeUnknownError,
    PullType,
    TencentError,
)

if TYPE_CHECKING:
    import requests

# Seconds from one deletion to the next: Tencent allows one a second.
_DELETION_SECONDS = 1.0


class Api3:
    """Tencent's API 3.0 for one application of an account."""

    name = "3.0"
    lists_signs = True
    has_template_rules = True
    reports_packages = True
    keeps_records = True

    def __init__(self, account: Account, sdk_app_id: str) -> None:
        self._call = account.call
        self._sdk_app_id = sdk_app_id
        self._templates = Listing(
            account.call,
            "DescribeSmsTemplateList",
            found="DescribeTemplateStatusSet",
            ids="TemplateIdSet",
            item_id="TemplateId",
        )
        self._signs = Listing(
            account.call,
            "DescribeSmsSignList",
            found="DescribeSignListStatusSet",
            ids="SignIdSet",
            item_id="SignId",
        )

    # --- sends ---

    def send(
        self, call: Call, *, sign: str, template_id: int, context: str = ""
    ) -> list[NumberResult]:
        """Send a message to the numbers of a call. Optional fields that are empty are left out."""
        return api3_sends.send(
            self._call,
            self._sdk_app_id,
            call,
            sign=sign,
            template_id=template_id,
            context=context,
        )

    def send_to_foreign(self, messages: Sequence[ForeignMessage]) -> list[NumberResult]:
        """Send up to 200 foreign numbers a message of its own each: its phone, template and variables.

        The call has no field for a sign, so campaigns don't use it (docs/decisions/0053).
        """
        return api3_sends.send_to_foreign(self._call, self._sdk_app_id, messages)

    # --- the account ---

    def is_reachable(self) -> bool:
        """Return whether Tencent answers. Any answer with a request id counts, also one that is an error."""
        try:
            self._templates.page(0, limit=1, offset=0)
        except CallRefusedError as error:
            return not is_http_status(error.code)
        except TencentError as error:
            return bool(request_id(error.answer))
        return True

    def check_account(self) -> None:
        """List one sign, which checks the keys, the clock and the policy; then count this hour's messages.

        Only the second call names the application.
        """
        now = int(time.time())
        for check in (
            lambda: self._signs.page(0, limit=1, offset=0),
            lambda: self.send_counts(now, now),
        ):
            try:
                check()
            except CallRefusedError as error:
                if error.meaning.kind is CodeClass.CONFIG or is_http_status(error.code):
                    raise

    # --- templates ---

    def add_template(self, draft: TemplateDraft) -> int:
        """Submit a template; return its id, which this call alone answers as a text."""
        answer = self._call("AddSmsTemplate", api3_reviews.template_fields(draft))
        return _made(answer.get("AddTemplateStatus"), "TemplateId")

    def modify_template(self, template_id: int, draft: TemplateDraft) -> None:
        """Change a template that is pending or rejected."""
        fields = {"TemplateId": template_id, **api3_reviews.template_fields(draft)}
        self._call("ModifySmsTemplate", fields)

    def delete_templates(self, template_ids: Sequence[int]) -> None:
        """Delete templates, one a second."""
        for number, template_id in enumerate(template_ids):
            if number:
                time.sleep(_DELETION_SECONDS)
            self._call("DeleteSmsTemplate", {"TemplateId": template_id})

    def get_templates(self, template_ids: Sequence[int]) -> list[TemplateReview]:
        """Return those of these templates that Tencent has."""
        return [
            template
            for item in self._templates.of(template_ids)
            if (template := api3_reviews.template(item))
        ]

    def all_templates(self) -> Iterator[TemplateReview]:
        """Yield every template of the account."""
        for item in self._templates.everything():
            if template := api3_reviews.template(item):
                yield template

    # --- signs ---

    def add_sign(self, application: SignApplication) -> SignReview:
        """Apply for a sign."""
        answer = self._call("AddSmsSign", api3_reviews.sign_fields(application))
        return _pending(_made(answer.get("AddSignStatus"), "SignId"), application)

    def modify_sign(self, sign_id: int, application: SignApplication) -> SignReview:
        """Change a sign that is pending or rejected."""
        self._call("ModifySmsSign", {"SignId": sign_id, **api3_reviews.sign_fields(application)})
        return _pending(sign_id, application)

    def delete_sign(self, sign_id: int) -> None:
        """Delete a sign."""
        self._call("DeleteSmsSign", {"SignId": sign_id})

    def get_signs(self, sign_ids: Sequence[int]) -> list[SignReview]:
        """Return those of these signs that Tencent has."""
        return [sign for item in self._signs.of(sign_ids) if (sign := api3_reviews.sign(item))]

    def all_signs(self) -> Iterator[SignReview]:
        """Yield every sign of the account. One name may be there twice, for domestic and for foreign numbers."""
        for item in self._signs.everything():
            if sign := api3_reviews.sign(item):
                yield sign

    # --- reports of messages ---

    def pull(self, kind: PullType, limit: int = MAX_PULLED) -> list[Event]:
        """Pull statuses or replies from Tencent's queue."""
        return api3_reports.pull(self._call, self._sdk_app_id, kind, limit)

    def events_of_phone(self, kind: PullType, phone: str, begin: int, end: int) -> list[Event]:
        """Return statuses or replies of one phone, of the last 7 days. An `end` in the future is left out."""
        return api3_reports.events_of_phone(self._call, self._sdk_app_id, kind, phone, begin, end)

    def send_records(self, phone: str, begin: int) -> SendRecords:
        """Return the records of a phone, which are complete only if Tencent's total agrees with them."""
        return api3_reports.send_records(self._call, self._sdk_app_id, phone, begin)

    # --- statistics ---

    def send_counts(self, first: int, last: int) -> SendCounts:
        """Return the counts of messages."""
        return api3_statistics.send_counts(self._call, self._sdk_app_id, first, last)

    def report_counts(self, first: int, last: int) -> ReportCounts:
        """Return the counts of delivery reports, of 32 days at most."""
        return api3_statistics.report_counts(self._call, self._sdk_app_id, first, last)

    def packages(self) -> list[Package]:
        """Return the account's packages of messages."""
        return api3_statistics.packages(self._call, self._sdk_app_id)


def _made(status: Any, name: str) -> int:
    """Return the id of a template or a sign that was made."""
    made = integer(status.get(name)) if isinstance(status, dict) else None
    if not made or made < 0:
        raise OutcomeUnknownError("Tencent answered without the id of the new template or sign")
    return made


def _pending(sign_id: int, application: SignApplication) -> SignReview:
    return SignReview(
        id=sign_id,
        text=application.text,
        status=ReviewStatus.PENDING,
        international=application.international,
    )


def client() -> Api3:
    """Return the client for the current settings; it is the same one until they change."""
    configured = settings.load()
    return _client(
        configured.tencent_base_url,
        configured.tencent_region,
        configured.tencent_sdk_app_id,
        configured.tencent_secret_id,
        configured.tencent_secret_key,
    )


@functools.lru_cache(maxsize=1)
def _client(base_url: str, region: str, sdk_app_id: str, secret_id: str, secret_key: str) -> Api3:
    # A function never makes more calls at once than all of them together may.
    connections = settings.load().tencent_parallel_calls
    session: requests.Session = new_session(connections, max_idle_seconds=MAX_IDLE_SECONDS)
    return Api3(Account(base_url, region, secret_id, secret_key, session), sdk_app_id)
