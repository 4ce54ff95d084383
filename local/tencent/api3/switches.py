"""The switches of API 3.0: what the documents leave open, and what is known to vary."""

from typing import Annotated, Literal, get_args

from pydantic import Field

from local.tencent.models import Count, Seconds, Share, Strict

Action = Literal[
    "SendSms",
    "SendMultiGlobalSms",
    "AddSmsTemplate",
    "ModifySmsTemplate",
    "DeleteSmsTemplate",
    "DescribeSmsTemplateList",
    "AddSmsSign",
    "ModifySmsSign",
    "DeleteSmsSign",
    "DescribeSmsSignList",
    "PullSmsSendStatus",
    "PullSmsReplyStatus",
    "PullSmsSendStatusByPhoneNumber",
    "PullSmsReplyStatusByPhoneNumber",
    "DescribeSendRecordList",
    "SendStatusStatistics",
    "CallbackStatusStatistics",
    "SmsPackagesStatistics",
    "DescribePhoneNumberInfo",
    "ReportConversion",
]
ACTIONS: tuple[Action, ...] = get_args(Action)
CALLS_WITH_ROWS: tuple[Action, ...] = ("SendSms", "SendMultiGlobalSms")
"""The calls whose answers have a row for each number."""

# QualificationStatusCode: pending, passed, rejected, to be completed, changed and pending, change rejected.
QualificationStatus = Literal[0, 1, 2, 3, 4, 5]


class Api3Switches(Strict):
    """All switches of API 3.0, with their default values."""

    # the gateway
    rates: dict[Action, Count] = Field(default_factory=dict)
    regions: list[str] | None = None
    token: str | None = None
    unknown_actions: list[Action] = Field(default_factory=list)
    unknown_fields: bool = False
    code_spelling: Literal["listed", "misspelled", "unlisted"] = "listed"
    # the rows of a send
    content_errors: Literal["row", "call"] = "row"
    account_errors: Literal["call", "row"] = "call"
    unapproved_sign: Literal["refuse", "sub-signature"] = "refuse"
    sign_kind_checked: bool = True
    variable_length: Count | None = None
    omitted_rows: Share = 0
    repeated_rows: Share = 0
    rows_without_serial: Share = 0
    refused_serial: bool = False
    ok_code: Literal["Ok", "OK", "ok"] = "Ok"
    empty_iso_code: bool = False
    phone_numbers: Literal["normalised", "as-given"] = "normalised"
    echo_session_context: bool = True
    # receipts, replies and pulls
    session_context_enabled: bool = False
    sub_errors: bool = False
    pull_by_number: bool = True
    pull_times: Literal["report", "send"] = "report"
    future_end_time: Literal["accept", "refuse"] = "accept"
    # templates and signs
    effective_seconds: Seconds = 0
    template_listing: Literal["allowed", "ids-only", "refused"] = "allowed"
    sign_listing: Literal["allowed", "ids-only"] = "allowed"
    international_filter: bool = True
    international_both: bool = False
    unknown_ids: Literal["omit", "refuse"] = "omit"
    page_size: Annotated[int, Field(ge=1, le=100)] = 100
    template_variables: bool = True
    qualification_required: bool = True
    qualification_status: QualificationStatus = 1
    # send records
    records_of_v5: bool = True
    records_lag: Seconds = 0
    records_missing: Share = 0
    records_of_others: Count = 0
    records_shift: Count = 0
    records_mask: Literal["parameters", "everything", "nothing"] = "parameters"
    # packages
    package_amount: Count = 1_000_000
    package_days_left: Annotated[float, Field(ge=0, le=3650)] = 300
