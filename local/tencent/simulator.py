"""The simulator itself: its parts put together, and which call does what."""

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from local.tencent import checks, pulling, signs, templates
from local.tencent.behaviour import CALLS, Behaviour, Fault, FaultPicker
from local.tencent.callbacks import Pusher
from local.tencent.checks import Application, Body
from local.tencent.errors import Refused, text_of
from local.tencent.records import DeliveryReceipt, Review, Sign, Template
from local.tencent.reviews import APPROVED_REPLY, Reviewer
from local.tencent.sending import Sender, Sent, Struck
from local.tencent.state import State
from local.tencent.timeline import Timeline

_REMEMBERED_CALLS = 1000


@dataclass(frozen=True, slots=True)
class Approved:
    """A template or sign that exists from the start, as if made in the console."""

    id: int
    text: str
    type: int = templates.ORDINARY
    international: int = 0


DEFAULT_APPLICATION = Application("1400000001", "local-app-key")
DEFAULT_SIGN = Approved(1001, "测试签名")


@dataclass(slots=True)
class Outcome:
    """What a call comes to."""

    answer: dict[str, Any] | None
    recipients: int = 0
    early: list[DeliveryReceipt] = field(default_factory=list)
    fault: Fault | None = None


@dataclass(slots=True)
class LoggedCall:
    """What is remembered of a call."""

    time: float
    endpoint: str
    recipients: int
    result: int | None
    errmsg: str
    fault: str | None


class Simulator:
    """One Tencent SMS application."""

    def __init__(
        self,
        application: Application,
        behaviour: Behaviour,
        state: State,
        approved_signs: Sequence[Approved],
        approved_templates: Sequence[Approved],
    ) -> None:
        self.application = application
        self.state = state
        self.timeline = Timeline()
        self._start_behaviour = behaviour.model_copy(deep=True)
        self._approved_signs = approved_signs
        self._approved_templates = approved_templates
        self.call_counts: Counter[str] = Counter()
        self.calls: deque[LoggedCall] = deque(maxlen=_REMEMBERED_CALLS)
        self.dropped_receipts = 0
        self.behaviour = behaviour
        self._faults = FaultPicker(behaviour)
        self._sender = Sender(state, behaviour)
        self.pusher = Pusher(state, self.timeline, behaviour)
        self.reviewer = Reviewer(state, self.timeline, behaviour)

    def start(self) -> None:
        """Take up what an earlier run left: reviews, receipts, replies."""
        self._add_approved()
        self.reviewer.schedule_all()
        self.pusher.start()

    async def stop(self) -> None:
        """Stop pushing and write everything out."""
        self.timeline.clear()
        await self.pusher.stop()
        self.state.close()

    def reset(self, *, keep_templates: bool) -> None:
        """Begin anew, with the behaviour of the start."""
        self.timeline.clear()
        self.pusher.clear()
        self.call_counts.clear()
        self.calls.clear()
        self.dropped_receipts = 0
        self.state.clear(keep_templates=keep_templates)
        self.set_behaviour(self._start_behaviour.model_copy(deep=True))
        self._add_approved()
        self.reviewer.schedule_all()

    def set_behaviour(self, behaviour: Behaviour) -> None:
        """Change the switches."""
        held = self.behaviour.review == "hold"
        self.behaviour = behaviour
        self._faults = FaultPicker(behaviour)
        self._sender = Sender(self.state, behaviour)
        self.pusher.behaviour = behaviour
        self.reviewer.behaviour = behaviour
        self.pusher.push_on()
        if held and behaviour.review != "hold":
            self.reviewer.schedule_all()

    def restore_behaviour(self) -> None:
        """Put every switch back to where it was at the start."""
        self.set_behaviour(self._start_behaviour.model_copy(deep=True))

    def _add_approved(self) -> None:
        now = time.time()
        for sign in self._approved_signs:
            found = self.state.sign(sign.id)
            if found is None or found.text != sign.text:
                self.state.add_sign(
                    Sign(
                        id=sign.id,
                        text=sign.text,
                        remark="",
                        international=sign.international,
                        status=Review.APPROVED,
                        reply=APPROVED_REPLY,
                        applied=now,
                        reviewed=now,
                        review_due=None,
                    )
                )
        for template in self._approved_templates:
            known = self.state.template(template.id)
            if known is None or known.text != template.text:
                self.state.add_template(
                    Template(
                        id=template.id,
                        text=template.text,
                        type=template.type,
                        title="",
                        remark="",
                        international=template.international,
                        status=Review.APPROVED,
                        reply=APPROVED_REPLY,
                        applied=now,
                        reviewed=now,
                        review_due=None,
                    )
                )

    # calls

    def pick_fault(self, call: str) -> Fault | None:
        """Take the fault that befalls this call, if one does."""
        return self._faults.pick(call)

    def carry_out(self, call: str, query: Mapping[str, str], raw: bytes) -> Outcome:
        """Do what a call asks for, and say what to answer."""
        if call not in CALLS:
            return Outcome({"result": 1011, "errmsg": text_of(1011)})
        body: Body = {}
        try:
            body = checks.parse(raw)
            checks.check_caller(self.application, query, body, _signed(call, body), time.time())
            return self._send(call, body) if call in _SENDS else self._ask(call, body)
        except Struck as struck:
            return Outcome(None, _count_recipients(body), fault=struck.fault)
        except Refused as refused:
            answer: dict[str, Any] = {"result": refused.result, self.text_key(call): refused.text}
            # A request that could not be read has no ext to give back either.
            if call.startswith("send") and refused.result != 1004:
                ext = body.get("ext")
                answer["ext"] = ext if isinstance(ext, str) else ""
            return Outcome(answer, _count_recipients(body))

    def log_call(self, call: str, outcome: Outcome, fault: Fault | None) -> None:
        """Remember a call."""
        self.call_counts[call] += 1
        answer = outcome.answer or {}
        self.calls.append(
            LoggedCall(
                time=time.time(),
                endpoint=call,
                recipients=outcome.recipients,
                result=answer.get("result"),
                errmsg=answer.get("errmsg", answer.get("msg", "")),
                fault=None if fault is None else fault.answer,
            )
        )

    def _send(self, call: str, body: Body) -> Outcome:
        sent = _SENDS[call](self._sender, body)
        for receipt in sent.receipts:
            self.pusher.schedule_receipt(receipt)
        for reply in sent.replies:
            self.pusher.schedule_reply(reply)
        self.dropped_receipts += sent.dropped
        return Outcome(sent.answer, _count_recipients(body), sent.early, sent.fault)

    def _ask(self, call: str, body: Body) -> Outcome:
        answer = _ASKS[call](self, body)
        text_key = self.text_key(call)
        # The documents' examples differ here, so clients had better not look at it.
        success = {"pullstatus": "ok", "pullstatus4mobile": "ok"}.get(call, "OK")
        return Outcome({"result": 0, text_key: "" if text_key == "msg" else success, **answer})

    def text_key(self, call: str) -> str:
        """Tell under which name a call answers its text."""
        if call.endswith(("_template", "_sign")):
            return self.behaviour.error_text_key
        return "errmsg"

    def submitted(self, item: Template | Sign) -> dict[str, Any]:
        """Have a template or sign reviewed, and say what to answer to whoever submitted it."""
        self.reviewer.schedule(item)
        if isinstance(item, Template):
            return {"data": templates.summary(item)}
        return {"data": signs.summary(item)}


_SENDS: dict[str, Callable[[Sender, Body], Sent]] = {
    "sendsms": Sender.sendsms,
    "sendisms": Sender.sendisms,
    "sendmultisms2": Sender.sendmultisms2,
}
_ASKS: dict[str, Callable[[Simulator, Body], dict[str, Any]]] = {
    "pullstatus": lambda sim, body: pulling.pull(sim.state, sim.behaviour, body),
    "pullstatus4mobile": lambda sim, body: pulling.pull_for_mobile(sim.state, sim.behaviour, body),
    "pullsendstatus": lambda sim, body: pulling.send_statistics(sim.state, body),
    "pullcallbackstatus": lambda sim, body: pulling.receipt_statistics(sim.state, body),
    "add_template": lambda sim, body: sim.submitted(
        templates.add(sim.state, body, sim.reviewer.due())
    ),
    "mod_template": lambda sim, body: sim.submitted(
        templates.modify(sim.state, body, sim.reviewer.due())
    ),
    "del_template": lambda sim, body: templates.delete(sim.state, body),
    "get_template": lambda sim, body: templates.get(sim.state, body),
    "add_sign": lambda sim, body: sim.submitted(signs.add(sim.state, body, sim.reviewer.due())),
    "mod_sign": lambda sim, body: sim.submitted(signs.modify(sim.state, body, sim.reviewer.due())),
    "del_sign": lambda sim, body: signs.delete(sim.state, body),
    "get_sign": lambda sim, body: signs.get(sim.state, body),
}


def _signed(call: str, body: Body) -> str:
    """Tell what a call signs beside the application key, random and time."""
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
