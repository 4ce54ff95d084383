"""The rows of an answer to a send, matched to the numbers of the call.

The document does not say in which order the rows come, how a malformed number is written in them, or whether a number
that was repeated in the request has one row or two.
"""

from collections.abc import Sequence
from typing import Any

from chalicelib.domain import reported_numbers
from chalicelib.lenient_json import integer, objects
from chalicelib.tencent import api3_codes
from chalicelib.tencent.error_codes import CodeClass
from chalicelib.tencent.interface import Accepted, NumberRefused, NumberResult, best_result

Row = dict[str, Any]


def results(numbers: Sequence[str], rows: Any, unmentioned: NumberResult) -> list[NumberResult]:
    """Return one result for each number of the call (in stored form), in the same order.

    `rows` is the answer's SendStatusSet. `unmentioned` is the result of a number without a row.
    """
    given = objects(rows)
    by_phone = {str(row.get("PhoneNumber")): row for row in given}
    wanted = ["+" + number for number in numbers]
    if len(by_phone) == len(given) == len(numbers) and all(map(by_phone.__contains__, wanted)):
        return [result(by_phone[phone]) for phone in wanted]
    found = _match(numbers, given)
    return [
        best_result([result(row) for row in found[number]]) if number in found else unmentioned
        for number in numbers
    ]


def result(row: Row) -> NumberResult:
    """Return the result that a row says: accepted or refused by its Code alone, or unknown.

    A refused row may have a SerialNo. One with a fee contradicts itself, so its outcome is unknown.
    """
    code = row.get("Code")
    if not isinstance(code, str) or not code.strip():
        return None
    code, fee = code.strip(), integer(row.get("Fee"))
    if code.lower() == "ok":
        sid = _serial(row.get("SerialNo"))
        return Accepted(sid, 1 if fee is None else fee) if sid else None
    meaning = api3_codes.meaning(code)
    if fee or (meaning.kind is CodeClass.UNKNOWN and meaning is not api3_codes.OTHER):
        return None
    return NumberRefused(code, str(row.get("Message") or ""))


def _serial(value: Any) -> str:
    """Return a SerialNo as a text; "" for what can't be one."""
    is_one = isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))
    return str(value).strip() if is_one and value else ""


def _match(numbers: Sequence[str], rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Return the rows of each number that has any, by the digits of the number that they name."""
    wanted = set(numbers)
    found: dict[str, list[Row]] = {}
    for row in rows:
        text = row.get("PhoneNumber")
        if isinstance(text, str | int):
            readings = reported_numbers.readings("", str(text))
            if number := next((one for one in readings if one in wanted), None):
                found.setdefault(number, []).append(row)
    return found
