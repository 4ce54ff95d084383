"""Template texts: Quick Audience's `${name}` to Tencent's `{n}` and back.

A variable that appears twice gets two numbers, both filled with its value: right whether or not
Tencent takes one number twice, which no document says.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_NAMED = re.compile(r"\$\{\s*([^{}$\s](?:[^{}$]*[^{}$\s])?)\s*\}")
_NUMBERED = re.compile(r"\{([0-9]+)\}")
# A text of 500 characters has no room for more.
MAX_VARIABLES = 166
_LINK = re.compile(r"(?:https?://|www\.)[^\s，。；！）)】]*", re.IGNORECASE)
_UNSUBSCRIBE = re.compile(r"拒收|退订|回\s*复?\s*[TRN](?![A-Z])", re.IGNORECASE)


class UntranslatableError(ValueError):
    """A text that cannot become a Tencent template. The sentence is for the marketer."""


@dataclass(frozen=True, slots=True)
class Translation:
    """Tencent's text, and the variable whose value fills each number: `names[0]` fills `{1}`."""

    text: str
    names: tuple[str, ...]


def translate(content: str) -> Translation:
    """Write a Quick Audience template as a Tencent one, numbering variables as they come.

    A text in Tencent's own notation (`{1}`, no `${…}`) is taken as it is; its variables are named
    "1", "2", …. Raises UntranslatableError where both are mixed or a variable is left open.
    """
    rest = _NAMED.sub("", content)
    if (highest := _highest(rest)) > MAX_VARIABLES:
        raise UntranslatableError(f"模板内容中的 {{{highest}}} 过大, 变量须从 {{1}} 开始连续编号")
    numbered = variables(rest)
    names: list[str] = []

    def number(match: re.Match[str]) -> str:
        names.append(match[1])
        return f"{{{len(names)}}}"

    text = _NAMED.sub(number, content)
    # A blank for each variable, lest its neighbours look like the beginning of another.
    if "${" in _NAMED.sub(" ", content):
        raise UntranslatableError("模板内容中有未正确书写的变量, 请写成 ${变量名}")
    if not names:
        return Translation(text, numbered)
    if numbered:
        raise UntranslatableError(
            f"模板内容不能同时使用 ${{变量名}} 和 {{{numbered[0]}}}, 请只保留一种写法"
        )
    return Translation(text, tuple(names))


def restore(text: str, names: Sequence[str]) -> str:
    """Write a Tencent template with the names that fill it; a number without a name stays."""

    def name(match: re.Match[str]) -> str:
        index = int(match[1]) - 1
        return f"${{{names[index]}}}" if 0 <= index < len(names) else match[0]

    return _NUMBERED.sub(name, text)


def variables(text: str) -> tuple[str, ...]:
    """The names for a Tencent template that was made in Tencent's console: its numbers, from 1."""
    return tuple(str(number) for number in range(1, min(_highest(text), MAX_VARIABLES) + 1))


def _highest(text: str) -> int:
    # Nine digits are too many for any template, and Python does not read thousands.
    numbers = (number.lstrip("0")[:9] for number in _NUMBERED.findall(text))
    return max((int(number or 0) for number in numbers), default=0)


def render(text: str, values: Sequence[str]) -> str:
    """The message that a recipient reads, without its sign."""

    def value(match: re.Match[str]) -> str:
        index = int(match[1]) - 1
        return values[index] if 0 <= index < len(values) else match[0]

    return _NUMBERED.sub(value, text)


def mask(text: str, cover: str, *, numbered: bool) -> str:
    """A text with every variable covered; `numbered` says that `{1}` is one.

    Whatever else begins like a variable loses its beginning: `${` is never left.
    """
    covered = _NAMED.sub(lambda _: cover, text)
    if numbered:
        covered = _NUMBERED.sub(lambda _: cover, covered)
    return re.sub(r"\$+\{+", "", covered)


def warnings(translation: Translation, *, promotional: bool) -> list[str]:
    """What Tencent's reviewers are known to reject. The text is submitted all the same: they are the judge."""
    text = translation.text
    found = []
    if re.search(r"\{[0-9]+\}\s*\{[0-9]+\}", text):
        found.append("两个变量不能相邻")
    if translation.names and not _NUMBERED.sub("", text).strip():
        found.append("模板不能只由变量组成")
    if "【" in text or "】" in text:
        found.append("正文不能包含【】, 签名会自动添加")
    if any(_NUMBERED.search(link) for link in _LINK.findall(text)):
        found.append("链接中不能包含变量(含短链参数)")
    if promotional and not _UNSUBSCRIBE.search(text):
        found.append("营销短信须包含退订方式, 例如“拒收请回复R”")
    return found
