"""Conversion of template texts between Quick Audience's variables `${name}` and Tencent's `{n}`.

A variable that appears twice gets two numbers, both filled with its value. That works whether or not Tencent accepts
one number twice, which no document says.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

NAMED = re.compile(r"\$\{\s*([^{}$\s](?:[^{}$]*[^{}$\s])?)\s*\}")
_NUMBERED = re.compile(r"\{([0-9]+)\}")
# A text of 500 characters has room for no more variables.
MAX_VARIABLES = 166
_LINK = re.compile(r"(?:https?://|www\.)[^\s，。；！）)】]*", re.IGNORECASE)
_UNSUBSCRIBE = re.compile(r"拒收|退订|回\s*复?\s*[TRN](?![A-Z])", re.IGNORECASE)


class UntranslatableError(ValueError):
    """The text cannot become a Tencent template. The message is for the marketer."""


@dataclass(frozen=True, slots=True)
class Translation:
    """Tencent's text, and the names of its variables in order: the value of `names[0]` fills `{1}`."""

    text: str
    names: tuple[str, ...]


def translate(content: str) -> Translation:
    """Convert a Quick Audience template to a Tencent template, numbering the variables in order of appearance.

    A text in Tencent's own notation (`{1}`, and no `${…}`) is not changed; its variables are named "1", "2", ….
    Raises UntranslatableError if a text mixes both notations, or if a variable is not closed.
    """
    rest = NAMED.sub("", content)
    if (highest := _highest(rest)) > MAX_VARIABLES:
        raise UntranslatableError(f"模板内容中的 {{{highest}}} 过大, 变量须从 {{1}} 开始连续编号")
    numbered = variables(rest)
    names: list[str] = []

    def number(match: re.Match[str]) -> str:
        names.append(match[1])
        return f"{{{len(names)}}}"

    text = NAMED.sub(number, content)
    # Each variable is replaced by a space, so that the text around it can't join into the start of another one.
    if "${" in NAMED.sub(" ", content):
        raise UntranslatableError("模板内容中有未正确书写的变量, 请写成 ${变量名}")
    if not names:
        return Translation(text, numbered)
    if numbered:
        raise UntranslatableError(
            f"模板内容不能同时使用 ${{变量名}} 和 {{{numbered[0]}}}, 请只保留一种写法"
        )
    return Translation(text, tuple(names))


def restore(text: str, names: Sequence[str]) -> str:
    """Convert a Tencent template back to Quick Audience's notation. A number without a name stays unchanged."""

    def name(match: re.Match[str]) -> str:
        index = int(match[1]) - 1
        return f"${{{names[index]}}}" if 0 <= index < len(names) else match[0]

    return _NUMBERED.sub(name, text)


def variables(text: str) -> tuple[str, ...]:
    """Return the variable names of a template that was created in Tencent's console: its numbers, from 1."""
    return tuple(str(number) for number in range(1, min(_highest(text), MAX_VARIABLES) + 1))


def _highest(text: str) -> int:
    # Numbers are cut to nine digits, more than any template needs: Python refuses to parse thousands of digits.
    numbers = (number.lstrip("0")[:9] for number in _NUMBERED.findall(text))
    return max((int(number or 0) for number in numbers), default=0)


def render(text: str, values: Sequence[str]) -> str:
    """Return the message that a recipient reads, without its sign."""

    def value(match: re.Match[str]) -> str:
        index = int(match[1]) - 1
        return values[index] if 0 <= index < len(values) else match[0]

    return _NUMBERED.sub(value, text)


def message(sign: str, text: str, values: Sequence[str]) -> str:
    """Return the message that a recipient reads, with its sign."""
    return f"【{sign}】{render(text, values)}"


def constants(text: str) -> list[str]:
    """Return the parts of a Tencent template between its variables, in order; one more than it has variables."""
    # Every second part of the split is a number.
    return _NUMBERED.split(text)[::2]


def mask(text: str, cover: str, *, numbered: bool) -> str:
    """Replace every variable in a text by `cover`. `numbered` means that `{1}` is a variable, too.

    The result never contains `${`: text that only begins like a variable loses those characters.
    """
    covered = NAMED.sub(lambda _: cover, text)
    if numbered:
        covered = _NUMBERED.sub(lambda _: cover, covered)
    return re.sub(r"\$+\{+", "", covered)


def has_unsubscribe(text: str) -> bool:
    """Return whether a text says, in Chinese, how to unsubscribe: only promotions do."""
    return bool(_UNSUBSCRIBE.search(text))


def warnings(translation: Translation, *, promotional: bool) -> list[str]:
    """Return warnings about what Tencent's reviewers are known to reject. The text is submitted all the same."""
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
    if promotional and not has_unsubscribe(text):
        found.append("营销短信须包含退订方式, 例如“拒收请回复R”")
    return found
