"""Sends: sendsms, sendisms and sendmultisms2, from the checked request to what will come of it."""

import math
import random
import re
import string
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from local.tencent import checks, magic, signs, templates
from local.tencent.behaviour import Behaviour, Fault
from local.tencent.checks import Body, Recipient
from local.tencent.errors import Refused, malformed, text_of
from local.tencent.formats import beijing_day
from local.tencent.records import DeliveryReceipt, Message, Reply, Review, Template, pack
from local.tencent.state import State

_MAX_NUMBERS = 200
_MAX_CHARACTERS = 500
_SECOND_RECEIPT_SECONDS = 0.2
_SID_ALPHABET = string.ascii_letters + string.digits

_GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENDED = frozenset("^|€{}[]~\\")

# The countries that tests are likely to name; elsewhere the field is left out.
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


class Struck(Exception):
    """A magic number keeps the call from being carried out or answered properly."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.answer)
        self.fault = fault


@dataclass(slots=True)
class Sent:
    """What came of a call that was not refused as a whole."""

    answer: dict[str, Any]
    messages: list[Message] = field(default_factory=list)
    receipts: list[DeliveryReceipt] = field(default_factory=list)
    # those to be pushed before the call is answered
    early: list[DeliveryReceipt] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    dropped: int = 0
    # what a magic number among the recipients does to the answer
    fault: Fault | None = None


def fee(text: str, *, mainland: bool) -> int:
    """Count the messages that a text is charged as."""
    if not mainland and all(letter in _GSM_BASIC or letter in _GSM_EXTENDED for letter in text):
        length = len(text) + sum(letter in _GSM_EXTENDED for letter in text)
        return 1 if length <= 160 else math.ceil(length / 153)
    return 1 if len(text) <= 70 else math.ceil(len(text) / 67)


def new_sid(now: float) -> str:
    """Make up the id of one delivery."""
    return f"8:{''.join(random.choices(_SID_ALPHABET, k=19))}{beijing_day(now)}"


class Sender:
    """Carries out sends."""

    def __init__(self, state: State, behaviour: Behaviour) -> None:
        self._state = state
        self._behaviour = behaviour

    def sendsms(self, body: Body) -> Sent:
        """Send to one number."""
        recipient = checks.one_recipient(body)
        return self._single("sendsms", body, recipient)

    def sendisms(self, body: Body) -> Sent:
        """Send to one number that is written in international form."""
        tel = checks.international_tel(body)
        with _Refusals(self._state, 1):
            recipient = checks.split_international(tel)
        sent = self._single("sendisms", body, recipient)
        sent.answer["nationcode"] = recipient.nationcode
        return sent

    def _single(self, endpoint: str, body: Body, recipient: Recipient) -> Sent:
        sent = self._send(endpoint, body, [recipient])
        detail = sent.answer.pop("detail")[0]
        if detail["result"]:
            raise Refused(detail["result"], detail["errmsg"])
        sent.answer |= {"sid": detail["sid"], "fee": detail["fee"]}
        if "isocode" in detail:
            sent.answer["isocode"] = detail["isocode"]
        return sent

    def sendmultisms2(self, body: Body) -> Sent:
        """Send the same text to many numbers."""
        recipients = checks.many_recipients(body)
        with _Refusals(self._state, len(recipients)):
            if len(recipients) > _MAX_NUMBERS:
                raise Refused(1046)
            if len({recipient.is_mainland for recipient in recipients}) > 1:
                raise Refused(1034)
        # A number that is repeated in a call is sent to once.
        sent = self._send("sendmultisms2", body, list(dict.fromkeys(recipients)))
        if self._behaviour.shuffle_detail:
            random.shuffle(sent.answer["detail"])
        return sent

    def _send(self, endpoint: str, body: Body, recipients: list[Recipient]) -> Sent:
        with _Refusals(self._state, len(recipients)):
            draft = self._draft(endpoint, body, mainland=recipients[0].is_mainland)
            fates = self._fates(recipients)
            fault = next((fate.fault for fate in fates if fate.fault is not None), None)
            if fault is not None and not fault.accept:
                if fault.answer == "error" and fault.code is not None:
                    raise Refused(fault.code, fault.text)
                raise Struck(fault)
        sent = Sent({"result": 0, "errmsg": "OK", "ext": draft.ext, "detail": []}, fault=fault)
        for recipient, fate in zip(recipients, fates, strict=True):
            sent.answer["detail"].append(self._send_one(sent, draft, recipient, fate))
        refusals = Counter(row["result"] for row in sent.answer["detail"] if row["result"])
        self._state.record(
            sent.messages,
            sent.receipts + sent.early,
            sent.replies,
            [(draft.time, count, result) for result, count in refusals.items()],
        )
        return sent

    def _fates(self, recipients: list[Recipient]) -> list[magic.Fate]:
        if not self._behaviour.magic:
            return [magic.ORDINARY] * len(recipients)
        return [magic.fate_of(recipient.mobile) for recipient in recipients]

    def _draft(self, endpoint: str, body: Body, *, mainland: bool) -> Message:
        """Check everything that the recipients of a call have in common."""
        tpl_id = checks.number(body, "tpl_id")
        params = checks.texts(body, "params")
        extend = checks.optional_text(body, "extend")
        ext = checks.optional_text(body, "ext")
        # A null is no string, yet the real service takes it for a name.
        nameless = "sign" in body and body["sign"] is None
        asked_sign = None if nameless else checks.optional_text(body, "sign")
        self._check_extend(extend)
        template = self._usable_template(tpl_id, mainland=mainland)
        if len(params) != len(templates.variables(template.text)):
            raise Refused(1014, "package format error, template params error")
        if any(templates.holds_link(value) for value in params):
            raise Refused(1048)
        sign, front = signs.choose(
            self._state,
            asked_sign,
            mainland=mainland,
            refuse_unapproved=self._behaviour.unapproved_sign == "refuse",
        )
        text = front + templates.fill(template.text, params)
        if len(text) > _MAX_CHARACTERS:
            raise Refused(1017)
        return Message(
            id=0,
            sid="",
            endpoint=endpoint,
            nationcode="",
            mobile="",
            sign=sign,
            tpl_id=tpl_id,
            params=pack(params),
            text=text,
            fee=fee(text, mainland=mainland),
            extend=extend,
            ext=ext,
            time=time.time(),
        )

    def _check_extend(self, extend: str) -> None:
        if not extend:
            return
        if not self._behaviour.extend_allowed:
            raise Refused(1006)
        if not re.fullmatch("[0-9]+", extend):
            raise malformed("extend must be digits")

    def _usable_template(self, tpl_id: int, *, mainland: bool) -> Template:
        template = self._state.template(tpl_id)
        if template is None:
            raise Refused(1014, "package format error, sdkappid not have this tpl_id")
        if (
            template.status != Review.APPROVED
            or template.type == templates.VOICE
            or bool(template.international) == mainland
        ):
            raise Refused(1014)
        return template

    def _send_one(
        self, sent: Sent, draft: Message, recipient: Recipient, fate: magic.Fate
    ) -> dict[str, Any]:
        refusal = self._refusal(recipient, fate)
        if refusal is not None:
            return {
                "result": refusal,
                "errmsg": text_of(refusal),
                "mobile": recipient.mobile,
                "nationcode": recipient.nationcode,
            }
        message = Message(
            id=self._state.next_id("messages"),
            sid=new_sid(draft.time),
            endpoint=draft.endpoint,
            nationcode=recipient.nationcode,
            mobile=recipient.mobile,
            sign=draft.sign,
            tpl_id=draft.tpl_id,
            params=draft.params,
            text=draft.text,
            fee=draft.fee,
            extend=draft.extend,
            ext=draft.ext,
            time=draft.time,
        )
        sent.messages.append(message)
        self._plan(sent, message, fate)
        row = {
            "result": 0,
            "errmsg": "OK",
            "mobile": message.mobile,
            "nationcode": message.nationcode,
            "sid": message.sid,
            "fee": message.fee,
        }
        if self._behaviour.isocode and message.nationcode in _ISO_CODES:
            row["isocode"] = _ISO_CODES[message.nationcode]
        return row

    def _refusal(self, recipient: Recipient, fate: magic.Fate) -> int | None:
        if not checks.is_well_formed(recipient):
            return 1016
        if self._behaviour.block_unsubscribed and self._state.is_blocked(
            recipient.nationcode, recipient.mobile
        ):
            return 1015
        return fate.refusal

    def _plan(self, sent: Sent, message: Message, fate: magic.Fate) -> None:
        """Decide the receipts and replies of a message, and when they come."""
        switches = self._behaviour
        number = (message.nationcode, message.mobile)
        due = message.time + random.uniform(*switches.report_delay)
        early = fate.early or switches.early_receipts
        if early:
            due = message.time
        outcomes = fate.receipts
        if fate is magic.ORDINARY:
            if switches.draws(switches.fail_share, "fail", *number):
                outcomes = (magic.UNDELIVERED,)
            if switches.draws(switches.duplicate_share, "duplicate", *number):
                outcomes *= 2
        if outcomes and self._drops(number):
            outcomes = ()
            sent.dropped += 1
        for place, outcome in enumerate(outcomes):
            receipt = DeliveryReceipt(
                id=self._state.next_id("receipts"),
                sid=message.sid,
                nationcode=message.nationcode,
                mobile=message.mobile,
                report_status=outcome.report_status,
                errmsg=outcome.errmsg,
                description=outcome.description,
                due=due + place * _SECOND_RECEIPT_SECONDS,
                first=place == 0,
            )
            (sent.early if early and place == 0 else sent.receipts).append(receipt)
        texts = fate.replies
        if fate is magic.ORDINARY and switches.draws(switches.reply_share, "reply", *number):
            texts = (switches.reply_text,)
        # Replies to international messages do not exist.
        for place, text in enumerate(texts if message.nationcode == "86" else ()):
            sent.replies.append(
                Reply(
                    id=self._state.next_id("replies"),
                    nationcode=message.nationcode,
                    mobile=message.mobile,
                    text=text,
                    sign=message.sign,
                    extend=message.extend,
                    due=due + (place + 1) * switches.reply_delay,
                )
            )

    def _drops(self, number: tuple[str, str]) -> bool:
        if self._behaviour.drop_receipts:
            self._behaviour.drop_receipts -= 1
            return True
        return self._behaviour.draws(self._behaviour.drop_share, "drop", *number)


class _Refusals:
    """Enters the numbers of a call that is refused as a whole into the statistics."""

    def __init__(self, state: State, numbers: int) -> None:
        self._state = state
        self._numbers = numbers

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, Refused):
            self._state.record([], [], [], [(time.time(), self._numbers, error.result)])
