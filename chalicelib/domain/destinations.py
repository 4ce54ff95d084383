"""Where a request may send: decided by its template's type, and by the countries that the operator allows.

Tencent sends a template of type 3 to numbers outside the mainland only, and any other template to mainland numbers
only (error 1014). The bridge refuses such a recipient itself, with words that help, before Tencent is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.domain import phones, reviews
from chalicelib.domain.planning import Failure

_CODE = "isv.MOBILE_NUMBER_ILLEGAL"
NOT_A_NUMBER = Failure(_CODE, "手机号格式错误")
NEEDS_INTERNATIONAL = Failure(_CODE, "国际/港澳台号码需要使用国际/港澳台模板(templateType 3)")
MAINLAND = Failure(_CODE, "国际/港澳台模板(templateType 3)不能发送国内号码")
NOT_NORTH_AMERICAN = Failure(
    _CODE,
    "国际/港澳台模板(templateType 3)不能发送国内号码; 不带国家/地区代码的11位号码按美国/加拿大(+1)号码处理, "
    "而该号码不是有效的+1号码",
)
NO_SUCH_FOREIGN_NUMBER = Failure(_CODE, "该国家/地区没有这样的号码, 请核对国家/地区代码和号码")


class NotSendableError(ValueError):
    """A recipient can't be sent to. `failure` is the reason that is reported."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Destinations:
    """Where a request may send.

    `international` is whether its template is; None if the template may be either. `countries` are the allowed
    country codes; none means all.
    """

    international: bool | None = None
    countries: frozenset[str] = frozenset()

    @classmethod
    def of_template(
        cls, kind: int, countries: frozenset[str], *, anywhere: bool = False
    ) -> "Destinations":
        """Return the destinations of a template of this type (Quick Audience's, §2).

        With `anywhere`, its type does not say whether it is international.
        """
        international = kind == reviews.INTERNATIONAL
        return cls(None if anywhere and not international else international, countries)

    @property
    def all_mainland(self) -> bool:
        """Return whether every mainland number may be sent to."""
        return self.international is not True and (not self.countries or "86" in self.countries)

    def resolve(self, number: str) -> str:
        """Return the stored form of a recipient's number as the request has it. Raises NotSendableError."""
        try:
            phone = phones.parse(number)
        except ValueError:
            raise NotSendableError(NOT_A_NUMBER) from None
        if self.international is not None:
            phone = self._of_the_right_kind(number, phone)
        if not self._is_allowed(phone):
            code = phones.to_tencent(phone)[0]
            failure = Failure(_CODE, f"不允许发送到国家/地区代码 {code} 的号码(ALLOWED_COUNTRIES)")
            raise NotSendableError(failure)
        return phone

    def resolve_all(self, numbers: Sequence[str]) -> list[str | Failure]:
        """Return the stored form of each number, or the reason why it can't be sent to."""
        if self.all_mainland and (plain := phones.all_plain(numbers)):
            return [*plain]
        if self.international:
            return self._resolve_abroad(numbers)
        return [self._resolved(number) for number in numbers]

    def _resolve_abroad(self, numbers: Sequence[str]) -> list[str | Failure]:
        """Do the same for an international template, where nearly all numbers are digits without separators.

        Reading those here takes half the time. `resolve` decides about all others.
        """
        from chalicelib.domain.foreign_numbers import normal  # noqa: PLC0415

        together = phones.TOGETHER.fullmatch
        found = [normal(match[1]) if (match := together(number)) else None for number in numbers]
        return [
            phone if phone and self._is_allowed(phone) else self._resolved(number)
            for number, phone in zip(numbers, found, strict=True)
        ]

    def _is_allowed(self, phone: str) -> bool:
        return not self.countries or phones.to_tencent(phone)[0] in self.countries

    def _of_the_right_kind(self, number: str, phone: str) -> str:
        if not self.international:
            if phones.is_mainland(phone):
                return phone
            raise NotSendableError(NEEDS_INTERNATIONAL)
        if phones.is_mainland(phone):
            if phones.is_explicit(number):
                raise NotSendableError(MAINLAND)
            # Without a country code, it is a North American number.
            phone = phones.to_quick_audience(phone)
        # Imported only where a foreign number is sent to.
        from chalicelib.domain import foreign_numbers  # noqa: PLC0415

        if found := foreign_numbers.normal(phone):
            return found
        looks_mainland = phones.PLAIN.fullmatch(phone)
        raise NotSendableError(NOT_NORTH_AMERICAN if looks_mainland else NO_SUCH_FOREIGN_NUMBER)

    def _resolved(self, number: str) -> str | Failure:
        try:
            return self.resolve(number)
        except NotSendableError as error:
            return error.failure
