"""The calls that send: sendsms, sendisms and sendmultisms2."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from local.tencent import checks, magic
from local.tencent.behaviour import Behaviour, Fault
from local.tencent.checks import Body, Recipient
from local.tencent.delivery import DeliveryPlanner
from local.tencent.drafts import draft_message
from local.tencent.errors import Refused, text_of
from local.tencent.formats import new_sid, spell
from local.tencent.magic import Treatment
from local.tencent.records import DeliveryReceipt, Message, Reply
from local.tencent.state import State

_MAX_NUMBERS = 200

# The countries that tests are likely to use. For others the field is left out.
_ISO_CODES = {
    "86": "CN",
    "852": "HK",
    "853": "MO",
    "886": "TW",
    "1": "US",
    "44": "GB",
    "60": "MY",
    "65": "SG",
    "81": "JP",
}


class MagicFault(Exception):
    """A magic number's fault replaces the answer; the call sends nothing."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.answer)
        self.fault = fault


@dataclass(slots=True)
class SendResult:
    """The result of a call that was not refused as a whole."""

    answer: dict[str, Any]
    messages: list[Message] = field(default_factory=list)
    receipts: list[DeliveryReceipt] = field(default_factory=list)
    early_receipts: list[DeliveryReceipt] = field(default_factory=list)
    """Receipts to push before the call is answered."""
    replies: list[Reply] = field(default_factory=list)
    dropped: int = 0
    """The number of messages whose receipts a switch removed."""
    fault: Fault | None = None
    """The fault of a magic number among the recipients, which replaces the answer."""


class Sender:
    """Executes the calls that send."""

    def __init__(self, state: State, behaviour: Behaviour) -> None:
        self._state = state
        self._behaviour = behaviour
        self._planner = DeliveryPlanner(state.traffic, behaviour)

    def sendsms(self, body: Body) -> SendResult:
        """Send to one number."""
        recipient = checks.one_recipient(body)
        return self._single("sendsms", body, recipient)

    def sendisms(self, body: Body) -> SendResult:
        """Send to one number in international form."""
        tel = checks.international_tel(body)
        with self._counting_refusals(1):
            recipient = checks.split_international(tel)
        result = self._single("sendisms", body, recipient)
        result.answer["nationcode"] = recipient.nationcode
        return result

    def _single(self, endpoint: str, body: Body, recipient: Recipient) -> SendResult:
        result = self._send(endpoint, body, [recipient])
        detail = result.answer.pop("detail")[0]
        if detail["result"]:
            raise Refused(detail["result"], detail["errmsg"])
        result.answer |= {"sid": detail["sid"], "fee": detail["fee"]}
        if "isocode" in detail:
            result.answer["isocode"] = detail["isocode"]
        return result

    def sendmultisms2(self, body: Body) -> SendResult:
        """Send the same text to up to 200 numbers."""
        recipients = checks.many_recipients(body)
        with self._counting_refusals(len(recipients)):
            if len(recipients) > _MAX_NUMBERS:
                raise Refused(1046)
            if len({recipient.is_mainland for recipient in recipients}) > 1:
                raise Refused(1034)
        # A number that is repeated in a call gets one message.
        result = self._send("sendmultisms2", body, list(dict.fromkeys(recipients)))
        if self._behaviour.shuffle_detail:
            random.shuffle(result.answer["detail"])
        return result

    def _send(self, endpoint: str, body: Body, recipients: list[Recipient]) -> SendResult:
        with self._counting_refusals(len(recipients)):
            mainland = recipients[0].is_mainland
            draft = draft_message(self._state, self._behaviour, endpoint, body, mainland=mainland)
            treatments = [self._treatment(recipient) for recipient in recipients]
            faults = (treatment.fault for treatment in treatments)
            fault = next((fault for fault in faults if fault is not None), None)
            if fault is not None and not fault.accept:
                if fault.answer == "error" and fault.code is not None:
                    raise Refused(fault.code, fault.text)
                raise MagicFault(fault)
            if self._behaviour.is_package_empty(mainland=mainland):
                raise Refused(1031)
        answer = {"result": 0, "errmsg": "OK", "ext": draft.ext, "detail": []}
        result = SendResult(answer, fault=fault)
        details = [
            self._send_one(result, draft, recipient, treatment)
            for recipient, treatment in zip(recipients, treatments, strict=True)
        ]
        result.answer["detail"] = details
        refusals = Counter(detail["result"] for detail in details if detail["result"])
        self._state.traffic.record(
            result.messages,
            result.receipts + result.early_receipts,
            result.replies,
            [(draft.time, count, code) for code, count in refusals.items()],
        )
        return result

    def _treatment(self, recipient: Recipient) -> Treatment:
        if not self._behaviour.magic:
            return magic.ORDINARY
        return magic.treatment_of(recipient.mobile)

    def _send_one(
        self, result: SendResult, draft: Message, recipient: Recipient, treatment: Treatment
    ) -> dict[str, Any]:
        """Add a recipient's message to the result; return the recipient's detail of the answer."""
        refusal = self._refusal(recipient, treatment)
        if refusal is not None:
            return {
                "result": refusal,
                "errmsg": text_of(refusal),
                "mobile": recipient.mobile,
                "nationcode": recipient.nationcode,
            }
        self._behaviour.use_package(mainland=recipient.is_mainland)
        message = replace(
            draft,
            id=self._state.traffic.next_id("messages"),
            sid=new_sid(draft.time),
            nationcode=recipient.nationcode,
            mobile=recipient.mobile,
        )
        plan = self._planner.plan(message, treatment)
        result.messages.append(message)
        result.receipts += plan.receipts
        result.early_receipts += plan.early_receipts
        result.replies += plan.replies
        result.dropped += plan.dropped
        detail = {
            "result": 0,
            "errmsg": "OK",
            "mobile": spell(message.nationcode, message.mobile, self._behaviour.mobile_style),
            "nationcode": message.nationcode,
            "sid": message.sid,
            "fee": message.fee,
        }
        if self._behaviour.isocode and message.nationcode in _ISO_CODES:
            detail["isocode"] = _ISO_CODES[message.nationcode]
        return detail

    def _refusal(self, recipient: Recipient, treatment: Treatment) -> int | None:
        if not checks.is_well_formed(recipient):
            return 1016
        if self._behaviour.block_unsubscribed and self._state.traffic.is_blocked(
            recipient.nationcode, recipient.mobile
        ):
            return 1015
        if treatment.refusal is None and self._behaviour.is_package_empty(
            mainland=recipient.is_mainland
        ):
            return 1031
        return treatment.refusal

    @contextmanager
    def _counting_refusals(self, recipients: int) -> Iterator[None]:
        """Add the recipients to the statistics if the call is refused as a whole."""
        try:
            yield
        except Refused as refused:
            refusal = (time.time(), recipients, refused.result)
            self._state.traffic.record([], [], [], [refusal])
            raise
