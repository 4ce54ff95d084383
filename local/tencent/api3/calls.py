"""The calls of API 3.0: how each is checked, executed and answered."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local.tencent.api3 import counts, other_calls, pulling, send_records, signs, templates
from local.tencent.api3.codes import spelled
from local.tencent.api3.errors import ApiError
from local.tencent.api3.fields import Body
from local.tencent.api3.gateway import Request
from local.tencent.api3.sending import SENDS, Sender, as_error
from local.tencent.api3.switches import Action
from local.tencent.behaviour import Behaviour, Fault
from local.tencent.catalogue import Catalogue
from local.tencent.checks import Application
from local.tencent.dispatch import MagicFault
from local.tencent.errors import Refused
from local.tencent.records import DeliveryReceipt, Sign, Template
from local.tencent.simulator import Simulator


@dataclass(slots=True)
class Outcome:
    """The result of a call."""

    fields: dict[str, Any] | None = None
    """The fields of the answer; None if it is refused, or a fault replaces it."""
    error: ApiError | None = None
    recipients: int = 1
    early_receipts: list[DeliveryReceipt] = field(default_factory=list)
    """Receipts to push before the call is answered."""
    fault: Fault | None = None
    """The fault of a magic number among the recipients."""


def execute(simulator: Simulator, request: Request, fault: Fault | None) -> Outcome:
    """Check and execute a call, and return its outcome.

    Args:
        simulator: the simulator.
        request: the request as it arrived.
        fault: a fault of level "row", which replaces the codes of a send's rows, or None.
    """
    switches = simulator.behaviour.api3
    try:
        action, body = simulator.gateway.check(request, switches)
    except ApiError as error:
        return Outcome(error=error)
    recipients = _count_recipients(body)
    try:
        if "SmsSdkAppId" in body:
            _check_application(simulator.application, body["SmsSdkAppId"])
        if action in SENDS:
            return _send(simulator, action, body, fault)
        return Outcome(_QUERIES[action](simulator, body), recipients=recipients)
    except MagicFault as magic:
        return Outcome(recipients=recipients, fault=magic.fault)
    except Refused as refused:
        refusal = as_error(refused)
    except ApiError as error:
        refusal = error
    code = spelled(refusal.code, switches.code_spelling)
    return Outcome(error=ApiError(code, refusal.message), recipients=recipients)


def _check_application(application: Application, sdkappid: str) -> None:
    """Check that an application exists, and is of the key's account."""
    if sdkappid == application.sdkappid:
        return
    if not sdkappid.isdecimal():
        raise ApiError("InvalidParameterValue.SdkAppIdNotExist")
    raise ApiError("UnauthorizedOperation.SmsSdkAppIdVerifyFail")


def _send(simulator: Simulator, action: Action, body: Body, fault: Fault | None) -> Outcome:
    sender = Sender(simulator.state, simulator.behaviour, fault)
    sent = SENDS[action](sender, body)
    dispatched = sent.dispatched
    simulator.deliver(dispatched)
    return Outcome(
        sent.fields,
        recipients=_count_recipients(body),
        early_receipts=dispatched.early_receipts,
        fault=dispatched.fault,
    )


def _count_recipients(body: Body) -> int:
    return len(body.get("PhoneNumberSet") or body.get("MultiSmsInfoSet") or [""])


Submit = Callable[[Catalogue, Behaviour, Body, float], Template | Sign]


def _submit(simulator: Simulator, body: Body, submit: Submit) -> int:
    """Add or change a template or sign, schedule its review, and return its id."""
    due = simulator.reviewer.due()
    item = submit(simulator.state.catalogue, simulator.behaviour, body, due)
    simulator.reviewer.schedule(item)
    return item.id


_QUERIES: dict[Action, Callable[[Simulator, Body], dict[str, Any]]] = {
    # A string here, and a number everywhere else.
    "AddSmsTemplate": lambda sim, body: {
        "AddTemplateStatus": {"TemplateId": str(_submit(sim, body, templates.add))}
    },
    "ModifySmsTemplate": lambda sim, body: {
        "ModifyTemplateStatus": {"TemplateId": _submit(sim, body, templates.modify)}
    },
    "DeleteSmsTemplate": lambda sim, body: templates.delete(sim.state.catalogue, body),
    "DescribeSmsTemplateList": lambda sim, body: templates.describe(
        sim.state.catalogue, sim.behaviour, body
    ),
    "AddSmsSign": lambda sim, body: {"AddSignStatus": {"SignId": _submit(sim, body, signs.add)}},
    "ModifySmsSign": lambda sim, body: {
        "ModifySignStatus": {"SignId": _submit(sim, body, signs.modify)}
    },
    "DeleteSmsSign": lambda sim, body: signs.delete(sim.state.catalogue, body),
    "DescribeSmsSignList": lambda sim, body: signs.describe(
        sim.state.catalogue, sim.behaviour, body
    ),
    "PullSmsSendStatus": lambda sim, body: pulling.pull_statuses(
        sim.state.traffic, sim.behaviour, body
    ),
    "PullSmsReplyStatus": lambda sim, body: pulling.pull_replies(
        sim.state.traffic, sim.behaviour, body
    ),
    "PullSmsSendStatusByPhoneNumber": lambda sim, body: pulling.pull_statuses_of_number(
        sim.state.traffic, sim.behaviour, body
    ),
    "PullSmsReplyStatusByPhoneNumber": lambda sim, body: pulling.pull_replies_of_number(
        sim.state.traffic, sim.behaviour, body
    ),
    "DescribeSendRecordList": lambda sim, body: send_records.describe(
        sim.state.traffic, sim.behaviour, body
    ),
    "SendStatusStatistics": lambda sim, body: counts.sends(sim.state.traffic, body),
    "CallbackStatusStatistics": lambda sim, body: counts.callbacks(sim.state.traffic, body),
    "SmsPackagesStatistics": lambda sim, body: counts.packages(
        sim.state.traffic, sim.behaviour, body
    ),
    "DescribePhoneNumberInfo": lambda _, body: other_calls.phone_number_info(body),
    "ReportConversion": lambda *_: other_calls.report_conversion(),
}
