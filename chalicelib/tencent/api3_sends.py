"""The two calls of API 3.0 that send messages."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chalicelib.domain.planning import Call
from chalicelib.logs import log
from chalicelib.tencent import api3_rows
from chalicelib.tencent.api3_transport import request_id
from chalicelib.tencent.interface import (
    Accepted,
    CallRefusedError,
    NumberResult,
    OutcomeUnknownError,
    results_despite,
)

Ask = Callable[[str, Mapping[str, Any]], dict[str, Any]]
"""Makes a call, by its name and its fields: `Account.call`."""
ForeignMessage = tuple[str, int, tuple[str, ...]]
"""A phone with its template and the values of that one's variables."""


def send(
    ask: Ask, sdk_app_id: str, call: Call, *, sign: str, template_id: int, context: str
) -> list[NumberResult]:
    """Send a message to the numbers of a call (SendSms). Optional fields that are empty are left out."""
    fields: dict[str, Any] = {
        "SmsSdkAppId": sdk_app_id,
        "PhoneNumberSet": ["+" + phone for phone in call.phones],
        "TemplateId": str(template_id),
    }
    if sign:
        fields["SignName"] = sign
    if call.params:
        fields["TemplateParamSet"] = list(call.params)
    if context:
        fields["SessionContext"] = context
    try:
        answer = ask("SendSms", fields)
    except (CallRefusedError, OutcomeUnknownError) as error:
        rows = error.answer.get("SendStatusSet")
        return results_despite(error, functools.partial(api3_rows.results, call.phones, rows))
    results = api3_rows.results(call.phones, answer.get("SendStatusSet"), unmentioned=None)
    _log_exceptions("SendSms", answer, results)
    return results


def send_to_foreign(
    ask: Ask, sdk_app_id: str, messages: Sequence[ForeignMessage]
) -> list[NumberResult]:
    """Send up to 200 foreign numbers a message of its own each (SendMultiGlobalSms)."""
    rows = [
        {
            "PhoneNumber": "+" + phone,
            "TemplateId": str(template_id),
            **({"TemplateParamSet": list(params)} if params else {}),
        }
        for phone, template_id, params in messages
    ]
    answer = ask("SendMultiGlobalSms", {"SmsSdkAppId": sdk_app_id, "MultiSmsInfoSet": rows})
    phones = [phone for phone, _, _ in messages]
    results = api3_rows.results(phones, answer.get("SendMultiStatusSet"), unmentioned=None)
    _log_exceptions("SendMultiGlobalSms", answer, results)
    return results


def _log_exceptions(action: str, answer: dict[str, Any], results: Sequence[NumberResult]) -> None:
    """Log the request id of a send that Tencent did not accept for every number: its support asks for it."""
    accepted = sum(isinstance(result, Accepted) for result in results)
    if accepted < len(results):
        counts = {"numbers": len(results), "accepted": accepted}
        extra = {"call": action, "tencentRequestId": request_id(answer), **counts}
        log.info("Tencent did not accept every number", extra=extra)
