"""Foreign numbers: whether a country has such a number, and without the trunk prefix that is dialled at home only.

The numbering plans are those of libphonenumber (`phonenumberslite`). They are loaded only when a foreign number is
sent to, because that takes as long as all other imports of a request together. A number costs a match by one or two
patterns; the library's own `parse` would take ten times as long, which a hundred thousand numbers don't have.
"""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# The shape of a mainland number. Written without a country code, it is likelier one than a North American number.
_LIKE_MAINLAND = re.compile(r"1[3-9][0-9]{9}")


@dataclass(frozen=True, slots=True)
class NumberingPlan:
    """What is known of a country code: the pattern of its numbers, their lengths, and its trunk prefix or ""."""

    numbers: re.Pattern[str]
    lengths: frozenset[int]
    trunk_prefix: str


def normal(digits: str) -> str | None:
    """Return a foreign number (country code and digits) as it is dialled from abroad; None if no country has it.

    A number that its country's plan has is returned unchanged. If it only fits without the trunk prefix, the prefix
    is removed: `4407911123456` becomes `447911123456`. If it does not fit, but has a length that its country has,
    it is left to Tencent, because plans grow; except for a number with a leading 0 that may be a trunk prefix,
    and for eleven digits that look like a mainland number.
    """
    code, plan = _plan_of(digits[:3])
    if plan is None:
        return None
    national = digits[len(code) :]
    if plan.numbers.fullmatch(national):
        return digits
    prefix = plan.trunk_prefix
    if prefix and national.startswith(prefix) and plan.numbers.fullmatch(national[len(prefix) :]):
        return code + national[len(prefix) :]
    trunk = prefix.startswith("0") and national.startswith("0")
    if trunk or _LIKE_MAINLAND.fullmatch(digits) or len(national) not in plan.lengths:
        return None
    return digits


@functools.cache
def _plan_of(first: str) -> tuple[str, NumberingPlan | None]:
    """Return the country code that a number with these first three digits has, and its plan."""
    for length in (1, 2, 3):
        if plan := _plan(first[:length]):
            return first[:length], plan
    return "", None


@functools.cache
def _plan(code: str) -> NumberingPlan | None:
    """Return the plan of a country code; None if there is no such code."""
    # Imported only here: see above.
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata  # noqa: PLC0415

    regions = COUNTRY_CODE_TO_REGION_CODE.get(int(code), ())
    found = [
        PhoneMetadata.metadata_for_nongeo_region(int(code))
        if region == "001"
        else PhoneMetadata.metadata_for_region(region)
        for region in regions
    ]
    plans = [plan for plan in found if plan]
    if not plans:
        return None
    return NumberingPlan(
        re.compile("|".join(f"(?:{pattern})" for plan in plans for pattern in _patterns(plan))),
        frozenset(
            length
            for plan in plans
            if plan.general_desc
            for length in plan.general_desc.possible_length
        ),
        plans[0].national_prefix or "",
    )


def _patterns(plan: Any) -> Iterator[str]:
    """Yield the patterns of a region's numbers, one for each kind of number."""
    general = plan.general_desc.national_number_pattern if plan.general_desc else ""
    kinds = (
        *(plan.mobile, plan.fixed_line, plan.personal_number, plan.voip, plan.toll_free),
        *(plan.premium_rate, plan.shared_cost, plan.pager, plan.uan, plan.voicemail),
    )
    for kind in kinds:
        if kind and kind.national_number_pattern:
            yield f"(?=(?:{general})$)(?:{kind.national_number_pattern})"
