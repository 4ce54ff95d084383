"""Liberal readers of the values in Quick Audience's bodies, because its document's tables and examples disagree.

A number may be a string and a string a number; a list may be JSON within a string, even twice; null may be
"null". A reader raises ValueError with a sentence for the marketer if it can't understand a value.
"""

import math
from typing import TYPE_CHECKING, Any

from chalicelib.domain.phones import visible
from chalicelib.lenient_json import loads

if TYPE_CHECKING:
    from pydantic import ValidationInfo

MAX_NAME = 100
"""Characters of a sign's name or a template's code: longer ones can't be keys of the table."""
# §12: "The value must be between 1 and 1,000."
MAX_ROWS = 1000
# More mainland numbers than fit into Lambda's 6 MB.
_MAX_PHONES = 500_000
# Parts that are read. How many a message may have is checked by `domain/digital_message.py`.
_MAX_PARTS = 100


def as_text(value: Any) -> Any:
    """Return a whole number as text, any other value as it is."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def unpack(value: Any) -> Any:
    """Return the value inside the JSON strings, up to three, in which it may be wrapped."""
    for _ in range(3):
        if not isinstance(value, str):
            return value
        try:
            value = loads(value)
        except ValueError:
            return value
    return value


def phones(value: Any) -> list[str]:
    """Return the numbers in a list, a single number, or a text of numbers separated by commas.

    Characters that can't be seen are dropped. A blank or null entry is returned as "": it costs itself alone. Raises
    ValueError if every entry is blank, or if one is neither a text nor a number.
    """
    unpacked = unpack(value)
    if isinstance(unpacked, str) and not unpacked.lstrip().startswith(("[", "{", '"')):
        unpacked = unpacked.split(",")
    if isinstance(unpacked, int) and not isinstance(unpacked, bool):
        unpacked = [unpacked]
    if not isinstance(unpacked, list) or not unpacked:
        raise ValueError('必须是手机号列表, 例如 ["13900001111"]')
    if len(unpacked) > _MAX_PHONES:
        raise ValueError(f"最多 {_MAX_PHONES} 个手机号")
    if set(map(type, unpacked)) != {str}:
        unpacked = ["" if entry is None else as_text(entry) for entry in unpacked]
        for number, entry in enumerate(unpacked, 1):
            if not isinstance(entry, str):
                raise ValueError(f"第 {number} 个手机号不是文本")
    joined = "".join(unpacked)
    if joined.isascii() and joined.isdecimal():
        return unpacked
    phones = ["" if entry == "null" else entry for entry in map(visible, unpacked)]
    if not any(phones):
        raise ValueError(f"第 1 个手机号为空: {len(phones)} 项中没有手机号")
    return phones


def params(value: Any, info: "ValidationInfo") -> list[dict[str, Any]]:
    """Return the parameter objects: none, one for all recipients, or one for each."""
    unpacked = unpack(value)
    if unpacked is None or unpacked in ("", [], {}):
        return []
    if isinstance(unpacked, dict):
        return [unpacked]
    if not isinstance(unpacked, list):
        raise ValueError('必须是变量列表, 例如 [{"name":"aaa"},{"name":"bbb"}]')
    given, needed = len(unpacked), len(info.data.get("phoneNumberJson", unpacked))
    if given not in (0, 1, needed) or given > _MAX_PHONES:
        raise ValueError(
            f"有 {given} 组变量, phoneNumberJson 有 {needed} 个手机号: "
            "两者数量必须相同, 或只给一组变量用于所有手机号"
        )
    if set(map(type, unpacked)) == {dict}:
        return unpacked
    found = []
    for number, entry in enumerate(unpacked, 1):
        one = unpack(entry)
        if one is not None and not isinstance(one, dict):
            raise ValueError(f"第 {number} 组变量不是 JSON 对象")
        found.append(one or {})
    return found


def limit(value: Any) -> int | None:
    """Return a `limit`. Null, 0, a negative number or no number mean none, which is None; 100.0 means 100."""
    try:
        number = 0 if isinstance(value, bool) else math.floor(float(value))
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number > 0 else None


def page(value: Any) -> int:
    """Return the number of a page, from 1."""
    return min(limit(value) or 1, 10**9)


def page_size(value: Any) -> int:
    """Return the number of rows on a page, MAX_ROWS at most."""
    return min(limit(value) or MAX_ROWS, MAX_ROWS)


def any_text(value: Any) -> str:
    """Return any value as text. A list or an object, which may be of any size, becomes "[…]" or "{…}"."""
    if value is None or value == "null":
        return ""
    if isinstance(value, list):
        return "[…]"
    return "{…}" if isinstance(value, dict) else str(value)


def moment(value: Any) -> str:
    """Return the text of a date."""
    return any_text(value).strip()


def template_type(value: Any) -> Any:
    """Return a template's type, 0 to 3."""
    text = as_text(value)
    if not isinstance(text, str) or text.strip() not in ("0", "1", "2", "3"):
        raise ValueError("必须是 0(验证码), 1(通知), 2(推广) 或 3(国际/港澳台)")
    return int(text)


def parts(value: Any) -> list[dict[str, Any]]:
    """Return the parts in `templateContent` of §7: a list, one object, or either of them as a JSON string.

    Broken JSON is not repaired.
    """
    unpacked = unpack(value)
    if isinstance(unpacked, dict):
        unpacked = [unpacked]
    if not isinstance(unpacked, list):
        raise ValueError(
            '必须是列表或其 JSON 文本, 例如 [{"fileSuffix":"txt","fileContents":"文本","index":"1"}]'
        )
    if len(unpacked) > _MAX_PARTS:
        raise ValueError(f"最多 {_MAX_PARTS} 个部分")
    parts = [unpack(part) for part in unpacked]
    for number, part in enumerate(parts, 1):
        if not isinstance(part, dict):
            raise ValueError(f"第 {number} 个元素不是 JSON 对象")
    return parts


def audit(value: Any) -> str:
    """Return the value of a field that is only stored: any value, as text of up to 255 characters."""
    return any_text(value)[:255]
