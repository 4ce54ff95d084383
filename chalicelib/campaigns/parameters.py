"""A recipient's named parameters as Tencent's positional ones."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.campaigns.planning import Failure
from chalicelib.compact import JSON

# Sign, text and values together may have 500 characters (Tencent, 1017): values alone never more.
MOST_CHARACTERS = 500


def values(given: Mapping[str, Any], names: Sequence[str]) -> tuple[str, ...] | Failure:
    """The value of each of the template's numbers, in order; or why this recipient cannot have one.

    Values may be numbers, null or nested JSON: Quick Audience's table says "string", its example
    shows integers. Keys that the template does not use are ignored.
    """
    missing = [name for name in names if name not in given]
    if missing:
        return Failure("isv.TEMPLATE_MISSING_PARAMETERS", f"模板变量 {missing[0]} 没有取值")
    found = tuple(_text(given[name]) for name in names)
    if sum(map(len, found)) > MOST_CHARACTERS:
        return Failure("isv.PARAM_LENGTH_LIMIT", f"模板变量取值合计超过 {MOST_CHARACTERS} 个字符")
    return found


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if not isinstance(value, list | dict):
        return json.dumps(value)
    text = ""
    for piece in JSON.iterencode(value):
        text += piece
        if len(text) > MOST_CHARACTERS:
            # Too long already: there may be megabytes more.
            break
    return text
