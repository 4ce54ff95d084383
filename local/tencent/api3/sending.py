"""SendSms and SendMultiGlobalSms."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from local.tencent import checks
from local.tencent.api3 import numbers
from local.tencent.api3.drafts import Wanted, check_permission, draft, empty
from local.tencent.api3.errors import ApiError, Level
from local.tencent.api3.fields import Body
from local.tencent.api3.rows import RowWriter, serial_number, text_code, uuid_serial
from local.tencent.behaviour import Behaviour, Fault
from local.tencent.checks import Recipient
from local.tencent.dispatch import Code, Dispatched, Dispatcher, Order
from local.tencent.errors import Refused
from local.tencent.records import Message
from local.tencent.state import State

_MAX_NUMBERS = 200


@dataclass(slots=True)
class SendAnswer:
    """The answer to a call that was not refused as a whole, and what it did."""

    fields: dict[str, Any]
    dispatched: Dispatched


class Sender:
    """Executes the two calls for one request."""

    def __init__(self, state: State, behaviour: Behaviour, fault: Fault | None) -> None:
        """Prepare a call.

        Args:
            state: where messages are stored.
            behaviour: the switches.
            fault: a fault of level "row", which replaces the codes of rows, or None.
        """
        self._state = state
        self._behaviour = behaviour
        self._fault = fault

    def send(self, body: Body) -> SendAnswer:
        """Execute SendSms."""
        given = body["PhoneNumberSet"]
        dispatcher = Dispatcher(self._state, self._behaviour, serial_number)
        with _counting(dispatcher, len(given)):
            wanted = Wanted(
                "SendSms",
                body["TemplateId"],
                body.get("TemplateParamSet", []),
                body.get("SignName"),
                body.get("ExtendCode", ""),
                body.get("SessionContext", ""),
            )
            refusal = self._permission(wanted.extend, wanted.context)
            _check_count(given, "MissingParameter.EmptyPhoneNumberSet")
            # A number that is repeated in a call gets one message.
            recipients: dict[Recipient, str] = {}
            for number in given:
                recipients.setdefault(numbers.read(number), number)
            kinds = {_is_mainland(recipient) for recipient in recipients} - {None}
            if len(kinds) > 1:
                code = "UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber"
                raise ApiError(code)
            mainland = kinds != {False}
            message, refusal = self._draft(wanted, refusal, mainland=mainland)
        orders = [self._order(recipient, message, refusal) for recipient in recipients]
        return self._dispatch(dispatcher, orders, list(recipients.values()), mainland=mainland)

    def send_multi(self, body: Body) -> SendAnswer:
        """Execute SendMultiGlobalSms."""
        infos = body["MultiSmsInfoSet"]
        dispatcher = Dispatcher(self._state, self._behaviour, uuid_serial)
        orders: dict[Recipient, tuple[Order, str]] = {}
        with _counting(dispatcher, len(infos)):
            _check_count(infos, "InvalidParameterValue.MultiSmsInfoSetEmpty")
            for info in infos:
                recipient = numbers.read(info["PhoneNumber"])
                if recipient.is_mainland:
                    raise ApiError("UnsupportedOperation.ContainDomesticPhoneNumber")
                context = info.get("SessionContext", "")
                refusal = self._permission("", context)
                params = info.get("TemplateParamSet", [])
                wanted = Wanted("SendMultiGlobalSms", info["TemplateId"], params, context=context)
                message, refusal = self._draft(wanted, refusal, mainland=False)
                order = self._order(recipient, message, refusal)
                orders.setdefault(recipient, (order, info["PhoneNumber"]))
        given = [number for _, number in orders.values()]
        return self._dispatch(
            dispatcher, [order for order, _ in orders.values()], given, mainland=False, multi=True
        )

    def _permission(self, extend: str, context: str) -> str | None:
        """Return why the account may not send this, if its rows say so."""
        try:
            check_permission(self._behaviour, extend, context)
        except ApiError as error:
            if error.level == Level.ACCOUNT and self._behaviour.api3.account_errors == "row":
                return error.code
            raise
        return None

    def _draft(
        self, wanted: Wanted, refusal: str | None, *, mainland: bool
    ) -> tuple[Message, str | None]:
        """Return the message, and why its rows are refused, if they are."""
        if refusal is None:
            try:
                return draft(self._state, self._behaviour, wanted, mainland=mainland), None
            except ApiError as error:
                if self._behaviour.api3.content_errors == "call":
                    raise
                refusal = error.code
        return empty(wanted), refusal

    def _order(self, recipient: Recipient, message: Message, refusal: str | None) -> Order:
        code: Code | None = refusal
        if not checks.is_well_formed(recipient):
            code = "InvalidParameterValue.IncorrectPhoneNumber"
        fault = self._fault
        if fault is not None and not fault.accept and self._hits(fault, recipient):
            code = fault.code
        return Order(recipient, message, code)

    def _hits(self, fault: Fault, recipient: Recipient) -> bool:
        number = (recipient.nationcode, recipient.mobile)
        return self._behaviour.draws(fault.rows, "fault", *number)

    def _dispatch(
        self,
        dispatcher: Dispatcher,
        orders: list[Order],
        given: list[str],
        *,
        mainland: bool,
        multi: bool = False,
    ) -> SendAnswer:
        per_call = self._behaviour.api3.account_errors == "call"
        dispatched = dispatcher.dispatch(orders, mainland=mainland, whole_package=per_call)
        claims = {}
        fault = self._fault
        if fault is not None and fault.accept and fault.code is not None:
            claims = {
                order.recipient: text_code(fault.code)
                for order in orders
                if self._hits(fault, order.recipient)
            }
        writer = RowWriter(self._behaviour, multi=multi)
        rows = writer.write(list(zip(dispatched.rows, given, strict=True)), claims)
        name = "SendMultiStatusSet" if multi else "SendStatusSet"
        return SendAnswer({name: rows}, dispatched)


SENDS: dict[str, Callable[[Sender, Body], SendAnswer]] = {
    "SendSms": Sender.send,
    "SendMultiGlobalSms": Sender.send_multi,
}


def _check_count(items: list[Any], empty_code: str) -> None:
    if not items:
        raise ApiError(empty_code)
    if len(items) > _MAX_NUMBERS:
        raise ApiError("LimitExceeded.PhoneNumberCountLimit")


def _is_mainland(recipient: Recipient) -> bool | None:
    """Return whether a number is in the mainland; None if it is malformed."""
    return recipient.is_mainland if recipient.nationcode else None


@contextmanager
def _counting(dispatcher: Dispatcher, recipients: int) -> Iterator[None]:
    """Add the recipients to the statistics if the call is refused as a whole."""
    try:
        yield
    except ApiError as error:
        dispatcher.count_refusals(recipients, error.code)
        raise


def as_error(refused: Refused) -> ApiError:
    """Return the error of a refusal that both APIs know by a v5 number."""
    return ApiError(text_code(refused.result))
