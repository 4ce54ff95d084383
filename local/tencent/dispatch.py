"""Sending to the recipients of a call, whichever API it came by."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from local.tencent import checks, magic
from local.tencent.api3.codes import number_of
from local.tencent.behaviour import Behaviour, Fault
from local.tencent.checks import Recipient
from local.tencent.delivery import DeliveryPlanner
from local.tencent.errors import Refused
from local.tencent.magic import Treatment
from local.tencent.records import DeliveryReceipt, Message, Rejection, Reply
from local.tencent.state import State

Code = int | str
"""A number of v5, or a code of API 3.0."""

# The countries that tests are likely to use.
ISO_CODES = {
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


@dataclass(frozen=True, slots=True)
class Order:
    """A message to send."""

    recipient: Recipient
    draft: Message
    refusal: Code | None = None
    """Why the message is refused, if that is known already."""


@dataclass(frozen=True, slots=True)
class Row:
    """The result of one order: a message, or the code of its refusal."""

    order: Order
    message: Message | None = None
    refusal: Code | None = None


@dataclass(slots=True)
class Dispatched:
    """The result of a call that was not refused as a whole."""

    rows: list[Row] = field(default_factory=list)
    receipts: list[DeliveryReceipt] = field(default_factory=list)
    early_receipts: list[DeliveryReceipt] = field(default_factory=list)
    """Receipts to push before the call is answered."""
    replies: list[Reply] = field(default_factory=list)
    dropped: int = 0
    """The number of messages whose receipts a switch removed."""
    fault: Fault | None = None
    """The fault of a magic number among the recipients, which replaces the answer."""


class Dispatcher:
    """Sends messages, and stores them and what follows them."""

    def __init__(self, state: State, behaviour: Behaviour, new_sid: Callable[[float], str]) -> None:
        self._traffic = state.traffic
        self._behaviour = behaviour
        self._new_sid = new_sid
        self._planner = DeliveryPlanner(state.traffic, behaviour)

    def dispatch(
        self, orders: Sequence[Order], *, mainland: bool, whole_package: bool = True
    ) -> Dispatched:
        """Send to recipients who are all in the mainland, or all elsewhere.

        Args:
            orders: the messages to send; one at least.
            mainland: whether the recipients are in the mainland.
            whole_package: whether an empty package refuses the call, in place of each recipient.

        Raises:
            Refused: the call is refused as a whole, and its recipients are counted as refused.
            MagicFault: a magic number's fault replaces the call.
        """
        treatments = [self._treatment(order.recipient) for order in orders]
        faults = (treatment.fault for treatment in treatments)
        fault = next((fault for fault in faults if fault is not None), None)
        with self.counting_refusals(len(orders)):
            if fault is not None and not fault.accept:
                if fault.answer == "error" and isinstance(fault.code, int):
                    raise Refused(fault.code, fault.text)
                raise MagicFault(fault)
            if whole_package and self._behaviour.is_package_empty(mainland=mainland):
                raise Refused(1031)
        result = Dispatched(fault=fault)
        result.rows = [
            self._send(result, order, treatment)
            for order, treatment in zip(orders, treatments, strict=True)
        ]
        self._store(result)
        return result

    def _treatment(self, recipient: Recipient) -> Treatment:
        if not self._behaviour.magic:
            return magic.ORDINARY
        return magic.treatment_of(recipient.mobile)

    def _send(self, result: Dispatched, order: Order, treatment: Treatment) -> Row:
        """Add a recipient's receipts and replies to the result; return the recipient's row."""
        refusal = order.refusal or self._refusal(order.recipient, treatment)
        if refusal is not None:
            return Row(order, refusal=refusal)
        self._behaviour.use_package(mainland=order.recipient.is_mainland)
        message = replace(
            order.draft,
            id=self._traffic.next_id("messages"),
            sid=self._new_sid(order.draft.time),
            nationcode=order.recipient.nationcode,
            mobile=order.recipient.mobile,
        )
        plan = self._planner.plan(message, treatment)
        result.receipts += plan.receipts
        result.early_receipts += plan.early_receipts
        result.replies += plan.replies
        result.dropped += plan.dropped
        return Row(order, message)

    def _refusal(self, recipient: Recipient, treatment: Treatment) -> int | None:
        if not checks.is_well_formed(recipient):
            return 1016
        if self._behaviour.block_unsubscribed and self._traffic.is_blocked(
            recipient.nationcode, recipient.mobile
        ):
            return 1015
        if treatment.refusal is None and self._behaviour.is_package_empty(
            mainland=recipient.is_mainland
        ):
            return 1031
        return treatment.refusal

    def _store(self, result: Dispatched) -> None:
        rejections = [
            Rejection(
                time=row.order.draft.time,
                endpoint=row.order.draft.endpoint,
                nationcode=row.order.recipient.nationcode,
                mobile=row.order.recipient.mobile,
                code=str(row.refusal),
                text=row.order.draft.text,
                params=row.order.draft.params,
            )
            for row in result.rows
            if row.refusal is not None
        ]
        refusals = Counter(as_number(row.refusal) for row in result.rows if row.refusal is not None)
        now = result.rows[0].order.draft.time
        self._traffic.record(
            [row.message for row in result.rows if row.message is not None],
            result.receipts + result.early_receipts,
            result.replies,
            [(now, count, code) for code, count in refusals.items()],
            rejections,
        )

    @contextmanager
    def counting_refusals(self, recipients: int) -> Iterator[None]:
        """Add the recipients to the statistics if the call is refused as a whole."""
        try:
            yield
        except Refused as refused:
            self.count_refusals(recipients, refused.result)
            raise

    def count_refusals(self, recipients: int, code: Code) -> None:
        """Add the recipients of a call that was refused as a whole to the statistics."""
        self._traffic.record([], [], [], [(time.time(), recipients, as_number(code))])


def as_number(code: Code) -> int:
    """Return the v5 number of a code of either API."""
    return number_of(code) if isinstance(code, str) else code
