"""The details of a bulk call's answer, matched to the numbers of the call.

The document shows one detail for each number, with the number as the request wrote it. It does not say that they keep
the request's order, and gateways repeat numbers, write country codes into them, mask them or leave them empty.
"""

from collections.abc import Sequence
from typing import Any

from chalicelib.domain import phones, reported_numbers
from chalicelib.lenient_json import integer, objects
from chalicelib.tencent import error_codes
from chalicelib.tencent.error_codes import CodeClass
from chalicelib.tencent.interface import Accepted, NumberRefused, NumberResult, best_result
from chalicelib.tencent.v5_transport import code_of

Detail = dict[str, Any]


def results(numbers: Sequence[str], details: Any, unmentioned: NumberResult) -> list[NumberResult]:
    """Return one result for each number of the call (in stored form), in the same order.

    `details` is what the answer calls `detail`. `unmentioned` is the result of a number without a detail.
    """
    given = objects(details)
    by_mobile = {str(detail.get("mobile")): detail for detail in given}
    mobiles = list(map(phones.to_quick_audience, numbers))
    if len(by_mobile) == len(given) == len(numbers) and all(map(by_mobile.__contains__, mobiles)):
        return [_result(by_mobile[mobile]) for mobile in mobiles]
    found = _match(numbers, given)
    return [
        best_result([_result(detail) for detail in found[number]])
        if number in found
        else unmentioned
        for number in numbers
    ]


def accepted(answer: Detail) -> NumberResult:
    """Return the result of a number that the answer or a detail says was accepted: unknown without a sid."""
    sid = str(answer.get("sid") or "").strip()
    fee = integer(answer.get("fee"))
    return Accepted(sid, 1 if fee is None else fee) if sid else None


def _result(detail: Detail) -> NumberResult:
    code = code_of(detail)
    if code == 0:
        return accepted(detail)
    if code is None or error_codes.meaning(code).kind is CodeClass.UNKNOWN:
        return None
    return NumberRefused(code, str(detail.get("errmsg") or ""))


def _match(numbers: Sequence[str], details: Sequence[Detail]) -> dict[str, list[Detail]]:
    """Return the details of each number that has any: by the number that they name, then by elimination."""
    wanted = set(numbers)
    found: dict[str, list[Detail]] = {}
    unclear: list[tuple[Detail, str]] = []
    for detail in details:
        nationcode, mobile = detail.get("nationcode"), detail.get("mobile")
        if not isinstance(mobile, str | int | None):
            continue
        text = "" if mobile is None else str(mobile)
        readings = reported_numbers.readings(str(nationcode or ""), text)
        number = next((one for one in readings if one in wanted), None)
        if number:
            found.setdefault(number, []).append(detail)
        else:
            unclear.append((detail, text))
    return found | _eliminate(wanted - found.keys(), unclear)


def _eliminate(left: set[str], unclear: Sequence[tuple[Detail, str]]) -> dict[str, list[Detail]]:
    """Return the details whose masked or empty mobile can stand for one of the numbers left only."""
    possible = [
        (detail, mobile, {number for number in left if reported_numbers.may_be(number, mobile)})
        for detail, mobile in unclear
    ]
    found: dict[str, list[Detail]] = {}
    while True:
        claims: dict[str, list[tuple[Detail, str]]] = {}
        for detail, mobile, numbers in possible:
            still_left = numbers - found.keys()
            if len(still_left) == 1:
                claims.setdefault(still_left.pop(), []).append((detail, mobile))
        # Of two details without any digits, neither is the one that is left.
        clear = {
            number: [detail for detail, _ in claiming]
            for number, claiming in claims.items()
            if len(claiming) == 1 or all(mobile for _, mobile in claiming)
        }
        if not clear:
            return found
        found |= clear
