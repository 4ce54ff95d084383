"""The rows of the answer to a send, with what the real service's rows vary in."""

import random
import uuid
from typing import Any

from local.tencent.api3.codes import OK, code_of, message_of, spelled
from local.tencent.api3.numbers import international
from local.tencent.behaviour import Behaviour
from local.tencent.checks import Recipient
from local.tencent.dispatch import ISO_CODES, Code, Row
from local.tencent.formats import beijing_day

_UNKNOWN_COUNTRY = "DEF"


def serial_number(moment: float) -> str:
    """Return a random SerialNo of SendSms."""
    digits = "".join(random.choices("0123456789", k=16))
    return f"5000:{beijing_day(moment)}{digits}"


def uuid_serial(_moment: float) -> str:
    """Return a random SerialNo of SendMultiGlobalSms."""
    return str(uuid.uuid4())


def text_code(code: Code) -> str:
    """Return a code of either API in 3.0's form."""
    return code_of(code) if isinstance(code, int) else code


def iso_code(recipient: Recipient) -> str:
    """Return the code of a number's country; DEF if it is not known."""
    return ISO_CODES.get(recipient.nationcode, _UNKNOWN_COUNTRY)


class RowWriter:
    """Writes the rows of one answer."""

    def __init__(self, behaviour: Behaviour, *, multi: bool = False) -> None:
        """Prepare an answer to SendSms, or with ``multi`` to SendMultiGlobalSms."""
        self._behaviour = behaviour
        self._switches = behaviour.api3
        self._multi = multi

    def write(self, rows: list[tuple[Row, str]], claims: dict[Recipient, str]) -> list[Any]:
        """Return the rows in an answer.

        Args:
            rows: each row, and the number as it was given.
            claims: codes that rows of sent messages have in place of Ok.
        """
        answered = []
        for row, given in rows:
            recipient = row.order.recipient
            if self._draws(self._switches.omitted_rows, "omit", recipient):
                continue
            times = 1 + self._draws(self._switches.repeated_rows, "repeat", recipient)
            answered += [self._row(row, given, claims.get(recipient))] * times
        if self._behaviour.shuffle_detail:
            random.shuffle(answered)
        return answered

    def _row(self, row: Row, given: str, claim: str | None) -> dict[str, Any]:
        recipient = row.order.recipient
        as_given = self._switches.phone_numbers == "as-given"
        written = {
            **self._result(row, claim),
            "PhoneNumber": given if as_given else international(recipient),
            "SessionContext": row.order.draft.ext if self._switches.echo_session_context else "",
            "IsoCode": self._iso_code(recipient),
        }
        if self._switches.unknown_fields:
            written |= {"Carrier": "CMCC", "Extra": {"Segments": [1]}}
        return written

    def _result(self, row: Row, claim: str | None) -> dict[str, Any]:
        message = row.message
        if message is None:
            code = text_code(row.refusal or "")
            with_serial = self._multi or self._switches.refused_serial
            serial, fee = uuid_serial(0) if with_serial else "", 0
        else:
            code, serial, fee = claim or OK, message.sid, message.fee
            share = self._switches.rows_without_serial
            if self._draws(share, "serial", row.order.recipient):
                serial, fee = "", 0
        return {
            "SerialNo": serial,
            "Fee": fee,
            "Code": self._switches.ok_code
            if code == OK
            else spelled(code, self._switches.code_spelling),
            "Message": message_of(code),
        }

    def _iso_code(self, recipient: Recipient) -> str:
        return "" if self._switches.empty_iso_code else iso_code(recipient)

    def _draws(self, share: float, purpose: str, recipient: Recipient) -> bool:
        return self._behaviour.draws(share, purpose, recipient.nationcode, recipient.mobile)
