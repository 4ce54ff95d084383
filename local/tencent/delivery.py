"""Which receipts and replies follow an accepted message, and when."""

import random
from dataclasses import dataclass, field

from local.tencent import magic
from local.tencent.behaviour import Behaviour
from local.tencent.magic import ReceiptContent, Treatment
from local.tencent.records import DeliveryReceipt, Message, Reply
from local.tencent.traffic import Traffic

_SECOND_RECEIPT_SECONDS = 0.2


@dataclass(slots=True)
class DeliveryPlan:
    """The receipts and replies that follow a message."""

    receipts: list[DeliveryReceipt] = field(default_factory=list)
    early_receipts: list[DeliveryReceipt] = field(default_factory=list)
    """Receipts to push before the call is answered."""
    replies: list[Reply] = field(default_factory=list)
    dropped: bool = False
    """Whether a switch removed the receipts."""


class DeliveryPlanner:
    """Plans the receipts and replies of messages, as magic numbers and switches say."""

    def __init__(self, traffic: Traffic, behaviour: Behaviour) -> None:
        self._traffic = traffic
        self._behaviour = behaviour

    def plan(self, message: Message, treatment: Treatment) -> DeliveryPlan:
        """Return the receipts and replies of a message, with the times when they are due."""
        early = treatment.early or self._behaviour.early_receipts
        due = message.time + random.uniform(*self._behaviour.report_delay)
        if early:
            due = message.time
        plan = DeliveryPlan()
        contents = self._receipt_contents(message, treatment)
        if contents and self._is_dropped(message):
            contents = ()
            plan.dropped = True
        for position, content in enumerate(contents):
            receipt = self._receipt(message, content, due, position)
            (plan.early_receipts if early and position == 0 else plan.receipts).append(receipt)
        for position, text in enumerate(self._reply_texts(message, treatment)):
            reply_due = due + (position + 1) * self._behaviour.reply_delay
            plan.replies.append(self._reply(message, text, reply_due))
        return plan

    def _receipt_contents(
        self, message: Message, treatment: Treatment
    ) -> tuple[ReceiptContent, ...]:
        contents = treatment.receipts
        if treatment is magic.ORDINARY:
            switches, number = self._behaviour, (message.nationcode, message.mobile)
            if switches.draws(switches.fail_share, "fail", *number):
                contents = (magic.UNDELIVERED,)
            if switches.draws(switches.duplicate_share, "duplicate", *number):
                contents *= 2
        return contents

    def _is_dropped(self, message: Message) -> bool:
        switches = self._behaviour
        if switches.drop_receipts:
            switches.drop_receipts -= 1
            return True
        return switches.draws(switches.drop_share, "drop", message.nationcode, message.mobile)

    def _receipt(
        self, message: Message, content: ReceiptContent, due: float, position: int
    ) -> DeliveryReceipt:
        return DeliveryReceipt(
            id=self._traffic.next_id("receipts"),
            sid=message.sid,
            nationcode=message.nationcode,
            mobile=message.mobile,
            report_status=content.report_status,
            errmsg=content.errmsg,
            description=content.description,
            due=due + position * _SECOND_RECEIPT_SECONDS,
            first=position == 0,
        )

    def _reply_texts(self, message: Message, treatment: Treatment) -> tuple[str, ...]:
        # International messages cannot be replied to.
        if message.nationcode != "86":
            return ()
        switches, number = self._behaviour, (message.nationcode, message.mobile)
        if treatment is magic.ORDINARY and switches.draws(switches.reply_share, "reply", *number):
            return (switches.reply_text,)
        return treatment.replies

    def _reply(self, message: Message, text: str, due: float) -> Reply:
        return Reply(
            id=self._traffic.next_id("replies"),
            nationcode=message.nationcode,
            mobile=message.mobile,
            text=text,
            sign=message.sign,
            extend=message.extend,
            due=due,
        )
