"""The bodies that Quick Audience sends, read liberally: its tables and its examples disagree.

A number may be a string and a string a number; a list may be JSON within a string, even twice; null
may be "null". What can't be meant is refused with the field's name.
"""

from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    ValidationError,
    model_validator,
)

from chalicelib.errors import Refused
from chalicelib.quickaudience.liberal_json import loads

# §12: "The value must be between 1 and 1,000."
MOST_ROWS = 1000
# A number that nobody's phone has; longer text is cut before it is kept.
_MOST_PHONE = 40


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _unpack(value: Any) -> Any:
    """A value out of the JSON strings that it may be wrapped in."""
    for _ in range(3):
        if not isinstance(value, str):
            return value
        try:
            value = loads(value)
        except ValueError:
            return value
    return value


def _phones(value: Any) -> list[str]:
    unpacked = (
        _unpack(value)
        if isinstance(value, str) and value.lstrip().startswith(("[", '"'))
        else value
    )
    if isinstance(unpacked, str):
        unpacked = unpacked.split(",")
    if isinstance(unpacked, int):
        unpacked = [unpacked]
    if not isinstance(unpacked, list) or not unpacked:
        raise ValueError('必须是手机号列表, 例如 ["13900001111"]')
    phones = [_text(phone) for phone in unpacked]
    for number, phone in enumerate(phones, 1):
        if not isinstance(phone, str) or not phone.strip():
            raise ValueError(f"第 {number} 个手机号为空或不是文本")
    return [phone.strip()[:_MOST_PHONE] for phone in phones]


def _params(value: Any) -> list[dict[str, Any]]:
    """The parameter objects: none, one for all, or one each."""
    unpacked = _unpack(value)
    if unpacked is None or unpacked in ("", [], {}):
        return []
    if isinstance(unpacked, dict):
        return [unpacked]
    if not isinstance(unpacked, list):
        raise ValueError('必须是变量列表, 例如 [{"name":"aaa"},{"name":"bbb"}]')
    found = []
    for number, entry in enumerate(unpacked, 1):
        one = _unpack(entry)
        if one is not None and not isinstance(one, dict):
            raise ValueError(f"第 {number} 组变量不是 JSON 对象")
        found.append(one or {})
    return found


def _limit(value: Any) -> int | None:
    """`limit`: null, 0, less, or no number at all mean that there is none."""
    try:
        number = 0 if isinstance(value, bool) else int(value)
    except (TypeError, ValueError):
        return None
    return number if number > 0 else None


def _page(value: Any) -> int:
    return min(_limit(value) or 1, 10**9)


def _page_size(value: Any) -> int:
    return min(_limit(value) or MOST_ROWS, MOST_ROWS)


def _moment(value: Any) -> str:
    return "" if value is None or value == "null" else str(value).strip()


def _kind(value: Any) -> Any:
    text = _text(value)
    if not isinstance(text, str) or text.strip() not in ("0", "1", "2", "3"):
        raise ValueError("必须是 0(验证码), 1(通知), 2(推广) 或 3(国际/港澳台)")
    return int(text)


def _audit(value: Any) -> str:
    """Fields that are only kept: whatever was said, as text."""
    return "" if value is None or value == "null" else str(value)[:255]


Required = Annotated[
    str, BeforeValidator(_text), StringConstraints(strip_whitespace=True, min_length=1)
]
Audit = Annotated[str, BeforeValidator(_audit)]


class _Body(BaseModel):
    """Unknown fields are ignored: the document's own examples hold some."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class Template(_Body):
    """§2 and §3. Over-long texts are refused; a missing or long account is nobody's harm, it is only kept."""

    templateName: Annotated[Required, StringConstraints(max_length=30)]  # noqa: N815
    templateContent: Annotated[Required, StringConstraints(max_length=500)]  # noqa: N815
    templateType: Annotated[int, BeforeValidator(_kind)]  # noqa: N815
    remark: Audit = ""
    creatorAccount: Audit = ""  # noqa: N815
    modifierAccount: Audit = ""  # noqa: N815


class SendBatchList(_Body):
    """§6."""

    outId: Annotated[Required, StringConstraints(max_length=256)]  # noqa: N815
    signName: Required  # noqa: N815
    templateCode: Required  # noqa: N815
    phoneNumberJson: Annotated[list[str], BeforeValidator(_phones)]  # noqa: N815
    templateParamJson: Annotated[list[dict[str, Any]], BeforeValidator(_params)] = []  # noqa: N815
    limit: Annotated[int | None, BeforeValidator(_limit)] = None
    relatedAudienceId: Audit = ""  # noqa: N815
    relatedTaskId: Audit = ""  # noqa: N815
    relatedTaskType: Audit = ""  # noqa: N815
    taskCreatorAccount: Audit = ""  # noqa: N815

    @model_validator(mode="after")
    def _one_each_or_one_for_all(self) -> Self:
        given, needed = len(self.templateParamJson), len(self.phoneNumberJson)
        if given not in (0, 1, needed):
            raise ValueError(
                f"templateParamJson 有 {given} 组变量, phoneNumberJson 有 {needed} 个手机号: "
                "两者数量必须相同, 或只给一组变量用于所有手机号"
            )
        return self

    def params_of(self, index: int) -> dict[str, Any]:
        """The parameters of a recipient by its place in the list."""
        if not self.templateParamJson:
            return {}
        return self.templateParamJson[index if len(self.templateParamJson) > 1 else 0]


class SendDetails(_Body):
    """§12. Pages count from 1; a page or a size that makes no sense becomes the first, or the largest."""

    outId: Required  # noqa: N815
    currentPage: Annotated[int, BeforeValidator(_page)] = 1  # noqa: N815
    pageSize: Annotated[int, BeforeValidator(_page_size)] = MOST_ROWS  # noqa: N815
    startDate: Annotated[str, BeforeValidator(_moment)] = ""  # noqa: N815
    endDate: Annotated[str, BeforeValidator(_moment)] = ""  # noqa: N815


Model = TypeVar("Model", bound=_Body)

_REASONS = {
    "missing": "缺少该字段",
    "string_type": "必须是文本",
    "string_too_short": "不能为空",
    "string_too_long": "超过 {max_length} 个字符",
}


def read(model: type[Model], body: dict[str, Any]) -> Model:
    """Read a body. Raises Refused (isv.INVALID_PARAMETERS), naming every field that is wrong."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        problems = []
        for problem in error.errors(include_url=False, include_input=False):
            context = problem.get("ctx", {})
            known = _REASONS.get(problem["type"])
            reason = (
                known.format(**context) if known else str(context.get("error") or problem["msg"])
            )
            problems.append(f"{problem['loc'][0]}: {reason}" if problem["loc"] else reason)
        raise Refused("isv.INVALID_PARAMETERS", "; ".join(problems)) from None
