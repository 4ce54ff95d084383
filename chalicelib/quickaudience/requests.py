"""The bodies that Quick Audience sends, read liberally: its tables and its examples disagree.

A number may be a string and a string a number; a list may be JSON within a string, even twice; null
may be "null". What can't be meant is refused with the field's name. `json_schema_input_type` says what
is taken, for docs/openapi.json.
"""

import math
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    ValidationInfo,
)

from chalicelib.errors import Refused
from chalicelib.quickaudience.http import MOST_NAME
from chalicelib.quickaudience.liberal_json import loads

# §12: "The value must be between 1 and 1,000."
MOST_ROWS = 1000
# More mainland numbers than Lambda's 6 MB have room for.
_MOST_PHONES = 500_000
# Parts that are read; how many a message may have is `campaigns/digital.py`'s business.
_MOST_PARTS = 100


def _as_text(value: Any) -> Any:
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
    unpacked = _unpack(value)
    if isinstance(unpacked, str) and not unpacked.lstrip().startswith(("[", "{", '"')):
        unpacked = unpacked.split(",")
    if isinstance(unpacked, int) and not isinstance(unpacked, bool):
        unpacked = [unpacked]
    if not isinstance(unpacked, list) or not unpacked:
        raise ValueError('必须是手机号列表, 例如 ["13900001111"]')
    if len(unpacked) > _MOST_PHONES:
        raise ValueError(f"最多 {_MOST_PHONES} 个手机号")
    if set(map(type, unpacked)) != {str}:
        texts = map(_as_text, unpacked)
        unpacked = [text if isinstance(text, str) else "" for text in texts]
    phones = list(map(str.strip, unpacked))
    if not all(phones):
        raise ValueError(f"第 {phones.index('') + 1} 个手机号为空或不是文本")
    return phones


def _params(value: Any, info: ValidationInfo) -> list[dict[str, Any]]:
    """The parameter objects: none, one for all, or one each."""
    unpacked = _unpack(value)
    if unpacked is None or unpacked in ("", [], {}):
        return []
    if isinstance(unpacked, dict):
        return [unpacked]
    if not isinstance(unpacked, list):
        raise ValueError('必须是变量列表, 例如 [{"name":"aaa"},{"name":"bbb"}]')
    given, needed = len(unpacked), len(info.data.get("phoneNumberJson", unpacked))
    if given not in (0, 1, needed) or given > _MOST_PHONES:
        raise ValueError(
            f"有 {given} 组变量, phoneNumberJson 有 {needed} 个手机号: "
            "两者数量必须相同, 或只给一组变量用于所有手机号"
        )
    if set(map(type, unpacked)) == {dict}:
        return unpacked
    found = []
    for number, entry in enumerate(unpacked, 1):
        one = _unpack(entry)
        if one is not None and not isinstance(one, dict):
            raise ValueError(f"第 {number} 组变量不是 JSON 对象")
        found.append(one or {})
    return found


def _limit(value: Any) -> int | None:
    """`limit`: null, 0, less, or no number at all mean that there is none; 100.0 means 100."""
    try:
        number = 0 if isinstance(value, bool) else math.floor(float(value))
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number > 0 else None


def _page(value: Any) -> int:
    return min(_limit(value) or 1, 10**9)


def _page_size(value: Any) -> int:
    return min(_limit(value) or MOST_ROWS, MOST_ROWS)


def _whatever(value: Any) -> str:
    """Any value as text; of a list or an object no more than that it is one, since it may be of any size."""
    if value is None or value == "null":
        return ""
    if isinstance(value, list):
        return "[…]"
    return "{…}" if isinstance(value, dict) else str(value)


def _moment(value: Any) -> str:
    return _whatever(value).strip()


def _kind(value: Any) -> Any:
    text = _as_text(value)
    if not isinstance(text, str) or text.strip() not in ("0", "1", "2", "3"):
        raise ValueError("必须是 0(验证码), 1(通知), 2(推广) 或 3(国际/港澳台)")
    return int(text)


def _parts(value: Any) -> list[dict[str, Any]]:
    """`templateContent` of §7: a list, one object, or either as a JSON string. Broken JSON is not repaired."""
    unpacked = _unpack(value)
    if isinstance(unpacked, dict):
        unpacked = [unpacked]
    if not isinstance(unpacked, list):
        raise ValueError(
            '必须是列表或其 JSON 文本, 例如 [{"fileSuffix":"txt","fileContents":"文本","index":"1"}]'
        )
    if len(unpacked) > _MOST_PARTS:
        raise ValueError(f"最多 {_MOST_PARTS} 个部分")
    parts = [_unpack(part) for part in unpacked]
    for number, part in enumerate(parts, 1):
        if not isinstance(part, dict):
            raise ValueError(f"第 {number} 个元素不是 JSON 对象")
    return parts


def _audit(value: Any) -> str:
    """Fields that are only kept: whatever was said, as text."""
    return _whatever(value)[:255]


def _anything(read: Callable[[Any], Any]) -> BeforeValidator:
    """A field that no value is wrong for."""
    return BeforeValidator(read, json_schema_input_type=Any)


def _required(most: int, *, strip: bool = True) -> BeforeValidator:
    """A text, or a number written without quotes, of one to so many characters."""

    def check(value: Any) -> str:
        text = _as_text(value)
        if not isinstance(text, str):
            raise ValueError("必须是文本")
        if not text.strip():
            raise ValueError("不能为空")
        text = text.strip() if strip else text
        if len(text) > most:
            raise ValueError(f"超过 {most} 个字符")
        return text

    return BeforeValidator(
        check, json_schema_input_type=Annotated[str, Field(min_length=1, max_length=most)] | int
    )


Name = Annotated[str, _required(MOST_NAME)]
# Kept as it is, white space included: receipts have to name the same one.
OutId = Annotated[str, _required(256, strip=False)]
Audit = Annotated[str, _anything(_audit)]
_Object = dict[str, Any]


class _Body(BaseModel):
    """Unknown fields are ignored: the document's own examples hold some."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class Template(_Body):
    """§2 and §3. Over-long texts are refused; a missing or long account is nobody's harm, it is only kept."""

    templateName: Annotated[str, _required(30)]  # noqa: N815
    templateContent: Annotated[str, _required(500)]  # noqa: N815
    templateType: Annotated[  # noqa: N815
        int,
        BeforeValidator(_kind, json_schema_input_type=Literal["0", "1", "2", "3", 0, 1, 2, 3]),
    ]
    remark: Audit = ""
    creatorAccount: Audit = ""  # noqa: N815
    modifierAccount: Audit = ""  # noqa: N815


class DigitalTemplate(_Body):
    """§7 and §8. What a part may be is `campaigns/digital.py`'s business.

    `isVariable` is not looked at: the content says whether it has variables. Nor is `smsSignName`, which
    the document's own examples leave out: each campaign names its sign.
    """

    templateTheme: Annotated[str, _required(30)]  # noqa: N815
    templateContent: Annotated[  # noqa: N815
        list[_Object],
        BeforeValidator(_parts, json_schema_input_type=list[_Object | str] | _Object | str),
    ]
    remark: Audit = ""
    creatorAccount: Audit = ""  # noqa: N815
    modifierAccount: Audit = ""  # noqa: N815


class Send(_Body):
    """What every request to send has."""

    outId: OutId  # noqa: N815
    signName: Name  # noqa: N815
    templateCode: Name  # noqa: N815
    limit: Annotated[int | None, _anything(_limit)] = None


class SendBatch(Send):
    """§5. `isVariable` is not looked at: the template says whether it has variables.

    Its table has 0 or 1 there, its example "string", and §7 a boolean.
    """

    phoneOssUrl: Annotated[str, _required(4096)]  # noqa: N815


class SendBatchList(Send):
    """§6. Its lists are not looked through a second time, nor copied: they may be most of six megabytes."""

    phoneNumberJson: Annotated[  # noqa: N815
        list[str],
        PlainValidator(_phones, json_schema_input_type=list[str | int] | str | int),
    ]
    templateParamJson: Annotated[  # noqa: N815
        list[_Object],
        PlainValidator(
            _params, json_schema_input_type=list[_Object | str | None] | _Object | str | None
        ),
    ] = []
    relatedAudienceId: Audit = ""  # noqa: N815
    relatedTaskId: Audit = ""  # noqa: N815
    relatedTaskType: Audit = ""  # noqa: N815
    taskCreatorAccount: Audit = ""  # noqa: N815


class SendDetails(_Body):
    """§12. Pages count from 1; a page or a size that makes no sense becomes the first, or the largest."""

    outId: OutId  # noqa: N815
    currentPage: Annotated[int, _anything(_page)] = 1  # noqa: N815
    pageSize: Annotated[int, _anything(_page_size)] = MOST_ROWS  # noqa: N815
    startDate: Annotated[str, _anything(_moment)] = ""  # noqa: N815
    endDate: Annotated[str, _anything(_moment)] = ""  # noqa: N815


Model = TypeVar("Model", bound=_Body)


def read(model: type[Model], body: dict[str, Any]) -> Model:
    """Read a body. Raises Refused (isv.INVALID_PARAMETERS), naming every field that is wrong."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        problems = []
        for problem in error.errors(include_url=False, include_input=False):
            reason = str(problem.get("ctx", {}).get("error") or problem["msg"])
            if problem["type"] == "missing":
                reason = "缺少该字段"
            problems.append(f"{problem['loc'][0]}: {reason}" if problem["loc"] else reason)
        raise Refused("isv.INVALID_PARAMETERS", "; ".join(problems)) from None
