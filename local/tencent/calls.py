"""Tencent's fifteen calls: how each is checked, executed and answered."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.tencent import checks, pulling, signs, templates
from local.tencent.behaviour import CALLS, Behaviour, Fault
from local.tencent.checks import Body
from local.tencent.dispatch import MagicFault
from local.tencent.errors import Refused, text_of
from local.tencent.records import DeliveryReceipt, Sign, Template
from local.tencent.sending import Sender, SendResult
from local.tencent.simulator import Simulator


@dataclass(slots=True)
class CallOutcome:
    """The result of a call."""

    answer: dict[str, Any] | None
    """None if a fault replaces the answer."""
    recipients: int = 0
    early_receipts: list[DeliveryReceipt] = field(default_factory=list)
    """Receipts to push before the call is answered."""
    fault: Fault | None = None


def execute(simulator: Simulator, call: str, query: Mapping[str, str], raw: bytes) -> CallOutcome:
    """Check and execute a call, and return its outcome."""
    if call not in CALLS:
        return CallOutcome({"result": 1011, "errmsg": text_of(1011)})
    body: Body = {}
    try:
        body = checks.parse(raw)
        signed = _signed_fields(call, body)
        checks.check_caller(simulator.application, query, body, signed, time.time())
        if call in _SENDS:
            return _send(simulator, call, body)
        return CallOutcome(_query(simulator, call, body), _count_recipients(body))
    except MagicFault as error:
        return CallOutcome(None, _count_recipients(body), fault=error.fault)
    except Refused as refused:
        key = text_key(simulator.behaviour, call)
        answer: dict[str, Any] = {"result": refused.result, key: refused.text}
        # After 1004 the body may be unreadable, so there is no ext to return.
        if call.startswith("send") and refused.result != 1004:
            ext = body.get("ext")
            answer["ext"] = ext if isinstance(ext, str) else ""
        return CallOutcome(answer, _count_recipients(body))


def text_key(behaviour: Behaviour, call: str) -> str:
    """Return the name of the text in a call's answer."""
    if call.endswith(("_template", "_sign")):
        return behaviour.error_text_key
    return "errmsg"


def _send(simulator: Simulator, call: str, body: Body) -> CallOutcome:
    result = _SENDS[call](simulator.sender, body)
    dispatched = result.dispatched
    simulator.deliver(dispatched)
    return CallOutcome(
        result.answer, _count_recipients(body), dispatched.early_receipts, dispatched.fault
    )


def _query(simulator: Simulator, call: str, body: Body) -> dict[str, Any]:
    answer = _QUERIES[call](simulator, body)
    key = text_key(simulator.behaviour, call)
    # The documents' examples differ in the text of a success; clients should not depend on it.
    success = {"pullstatus": "ok", "pullstatus4mobile": "ok"}.get(call, "OK")
    return {"result": 0, key: "" if key == "msg" else success, **answer}


def _submitted(simulator: Simulator, item: Template | Sign) -> dict[str, Any]:
    """Schedule the review of a template or sign, and return the answer to its submission."""
    simulator.reviewer.schedule(item)
    if isinstance(item, Template):
        return {"data": templates.summary(item)}
    return {"data": signs.summary(item)}


def _add_template(simulator: Simulator, body: Body) -> dict[str, Any]:
    due = simulator.reviewer.due()
    return _submitted(simulator, templates.add(simulator.state.catalogue, body, due))


def _modify_template(simulator: Simulator, body: Body) -> dict[str, Any]:
    due = simulator.reviewer.due()
    return _submitted(simulator, templates.modify(simulator.state.catalogue, body, due))


def _add_sign(simulator: Simulator, body: Body) -> dict[str, Any]:
    due = simulator.reviewer.due()
    return _submitted(simulator, signs.add(simulator.state.catalogue, body, due))


def _modify_sign(simulator: Simulator, body: Body) -> dict[str, Any]:
    due = simulator.reviewer.due()
    return _submitted(simulator, signs.modify(simulator.state.catalogue, body, due))


_SENDS: dict[str, Callable[[Sender, Body], SendResult]] = {
    "sendsms": Sender.sendsms,
    "sendisms": Sender.sendisms,
    "sendmultisms2": Sender.sendmultisms2,
}
_QUERIES: dict[str, Callable[[Simulator, Body], dict[str, Any]]] = {
    "pullstatus": lambda sim, body: pulling.pull(sim.state.traffic, sim.behaviour, body),
    "pullstatus4mobile": lambda sim, body: pulling.pull_for_mobile(
        sim.state.traffic, sim.behaviour, body
    ),
    "pullsendstatus": lambda sim, body: pulling.send_statistics(sim.state.traffic, body),
    "pullcallbackstatus": lambda sim, body: pulling.receipt_statistics(sim.state.traffic, body),
    "add_template": _add_template,
    "mod_template": _modify_template,
    "del_template": lambda sim, body: templates.delete(sim.state.catalogue, body),
    "get_template": lambda sim, body: templates.get(sim.state.catalogue, body),
    "add_sign": _add_sign,
    "mod_sign": _modify_sign,
    "del_sign": lambda sim, body: signs.delete(sim.state.catalogue, body),
    "get_sign": lambda sim, body: signs.get(sim.state.catalogue, body),
}


def _signed_fields(call: str, body: Body) -> str:
    """Return what a call signs in addition to the application key, random and time."""
    if call == "sendisms":
        return f"&tel={checks.international_tel(body)}"
    if call == "sendsms":
        return f"&mobile={checks.one_recipient(body).mobile}"
    if call == "sendmultisms2":
        mobiles = ",".join(recipient.mobile for recipient in checks.many_recipients(body))
        return f"&mobile={mobiles}"
    return ""


def _count_recipients(body: Body) -> int:
    tel = body.get("tel", [])
    return len(tel) if isinstance(tel, list) else 1
