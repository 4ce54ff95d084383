"""v5's calls that send: sendsms, sendisms and sendmultisms2."""

import random
from dataclasses import dataclass
from typing import Any

from local.tencent import checks
from local.tencent.behaviour import Behaviour
from local.tencent.checks import Body, Recipient
from local.tencent.dispatch import ISO_CODES, Dispatched, Dispatcher, Order, Row, as_number
from local.tencent.drafts import draft_message
from local.tencent.errors import Refused, text_of
from local.tencent.formats import new_sid, spell
from local.tencent.state import State

_MAX_NUMBERS = 200


@dataclass(slots=True)
class SendResult:
    """The answer to a call that was not refused as a whole, and what it did."""

    answer: dict[str, Any]
    dispatched: Dispatched


class Sender:
    """Executes the calls that send."""

    def __init__(self, state: State, behaviour: Behaviour) -> None:
        self._state = state
        self._behaviour = behaviour
        self._dispatcher = Dispatcher(state, behaviour, new_sid)

    def sendsms(self, body: Body) -> SendResult:
        """Send to one number."""
        recipient = checks.one_recipient(body)
        return self._single("sendsms", body, recipient)

    def sendisms(self, body: Body) -> SendResult:
        """Send to one number in international form."""
        tel = checks.international_tel(body)
        with self._dispatcher.counting_refusals(1):
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
        with self._dispatcher.counting_refusals(len(recipients)):
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
        mainland = recipients[0].is_mainland
        with self._dispatcher.counting_refusals(len(recipients)):
            draft = draft_message(self._state, self._behaviour, endpoint, body, mainland=mainland)
        orders = [Order(recipient, draft) for recipient in recipients]
        dispatched = self._dispatcher.dispatch(orders, mainland=mainland)
        details = [self._detail(row) for row in dispatched.rows]
        answer = {"result": 0, "errmsg": "OK", "ext": draft.ext, "detail": details}
        return SendResult(answer, dispatched)

    def _detail(self, row: Row) -> dict[str, Any]:
        """Return a recipient's item of the answer's detail."""
        message = row.message
        if message is None:
            refusal = as_number(row.refusal or 0)
            return {
                "result": refusal,
                "errmsg": text_of(refusal),
                "mobile": row.order.recipient.mobile,
                "nationcode": row.order.recipient.nationcode,
            }
        detail = {
            "result": 0,
            "errmsg": "OK",
            "mobile": spell(message.nationcode, message.mobile, self._behaviour.mobile_style),
            "nationcode": message.nationcode,
            "sid": message.sid,
            "fee": message.fee,
        }
        # For other countries the field is left out.
        if self._behaviour.isocode and message.nationcode in ISO_CODES:
            detail["isocode"] = ISO_CODES[message.nationcode]
        return detail
