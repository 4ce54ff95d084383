"""Placeholders of other platforms' dialects in the text of a template.

Quick Audience fills `${name}` only. Anything else that looks like a variable would reach the recipients as it is:

    {name}  {{name}}  {0}  {1}  ${ name}  $name  ＄｛name｝      refused: a message has no other use for them
    #name#  %name%  <name>  [name]  @{name}  %s                accepted with a warning: they may be meant

`${ name }`, with a blank on both sides, is a variable (`template_text`). With a blank on one side only it is taken for
a slip of the pen and refused, because nobody knows under which name Quick Audience fills it.
"""

import re
import unicodedata

from chalicelib.domain.template_text import NAMED, UntranslatableError

_MAX_SHOWN = 20
_MAX_WARNINGS = 3
# Stands for what is not searched any more; no pattern matches it.
_BLANK = "\ufffc"
_MAYBE_MEANT = re.compile(
    r"[@#%&]\{[^{}]{1,50}\}"
    r"|#[^\W\d][\w.-]{0,29}#"
    # Not the percent-encoding of a link, nor a percentage.
    r"|(?<!\d)%(?![0-9A-Fa-f]{2}%)[^\W\d][\w.-]{0,29}%"
    r"|(?<!\$)<[^\W\d][\w. -]{0,29}>|<%[^<>]{1,50}%>"
    r"|(?<!\$)\[[^\W\d][\w. -]{0,29}\]"
    r"|(?<!\d)%(?:\d+\$)?[sdif@](?![A-Za-z0-9%])"
)
# An amount such as $5 is none.
_REFUSED = re.compile(
    r"\$?\{+[^{}]*\}+|\$?\{+\s*[A-Za-z0-9_.]*|\}"
    r"|\$[A-Za-z_][A-Za-z0-9_]*|\$[^\W\d]\w*"
    r"|\$[(<\[][^()<>\[\]]*[)>\]]?"
)


def check(text: str, where: str = "模板内容") -> None:
    """Raise UntranslatableError for a placeholder that Quick Audience does not fill.

    The message names the place and the right form. `where` says which text it is, for a marketer.
    """
    for variable in NAMED.finditer(text):
        if variable[0][2].isspace() != variable[0][-2].isspace():
            raise _refusal(text, variable, where)
    folded = _MAYBE_MEANT.sub(_blank, _folded(text))
    if placeholder := _REFUSED.search(folded):
        raise _refusal(text, placeholder, where)


def warnings(text: str) -> list[str]:
    """Return warnings about what may be a placeholder of another dialect, the first few of them."""
    found = list(_MAYBE_MEANT.finditer(_folded(text)))[:_MAX_WARNINGS]
    return [
        f"第 {match.start() + 1} 个字符处的“{_shown(text, match)}”会原样发给收件人, "
        f"如果是变量, 请写成 {_right_form(match)}"
        for match in found
    ]


def _refusal(text: str, match: re.Match[str], where: str) -> UntranslatableError:
    return UntranslatableError(
        f"{where}第 {match.start() + 1} 个字符处的“{_shown(text, match)}”不是正确的变量: "
        f"变量请写成 {_right_form(match)}; 如果不是变量, 请去掉大括号和 $"
    )


def _folded(text: str) -> str:
    """Return a text of the same length with half-width characters, and without its variables."""
    rest = NAMED.sub(_blank, text)
    compatible = (unicodedata.normalize("NFKC", one) for one in rest)
    return "".join(new if len(new) == 1 else old for old, new in zip(rest, compatible, strict=True))


def _blank(match: re.Match[str]) -> str:
    return _BLANK * len(match[0])


def _shown(text: str, match: re.Match[str]) -> str:
    shown = text[match.start() : match.end()]
    return shown if len(shown) <= _MAX_SHOWN else f"{shown[:_MAX_SHOWN]}…"


def _right_form(match: re.Match[str]) -> str:
    word = re.search(r"[^\W\d]\w*", match[0])
    return f"${{{word[0][:_MAX_SHOWN]}}}" if word and len(match[0]) > 2 else "${变量名}"
