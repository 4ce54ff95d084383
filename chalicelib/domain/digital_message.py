"""Digital messages: their parts, and the text message with a link that they travel as.

Tencent's v5 has no multimedia message. What a phone gets is the theme, the text parts and a constant
link to a page that shows everything in order (§7; design.md, "Digital messages").
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import urlsplit

from chalicelib.domain import media, template_text
from chalicelib.domain.template_text import Translation

MAX_PARTS = 10
MAX_VIDEOS = 1
# The smallest limit that China's carriers have for a multimedia message (Aliyun and Volcengine name
# it). A page needs none; a template that keeps to it can move to a real multimedia channel as it is.
MAX_BYTES = 1900 * 1024
# Sign, text and values together (Tencent, 1017): a text alone never more.
MAX_CHARACTERS = 500
# The same with its variables' names, which are not sent: they have to fit into an item of the table.
MAX_SOURCE_CHARACTERS = 10 * MAX_CHARACTERS
_MAX_URL = 4096

LEAD_IN = "查看"
UNSUBSCRIBE = "拒收请回复R"
MASK = "**"
"""What a page shows for a variable, as Chinese services mask what is only somebody's own."""

# Narrower than what the warnings look for: written twice it does no harm, missing it is a rejection.
_UNSUBSCRIBES = re.compile(
    r"拒收请?回|回复?\s*[A-Z]{1,2}\s*退订|退订\s*请?回|T\s*D?\s*退订", re.IGNORECASE
)
_ORIGIN_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_DEFAULT_PORTS = {"http": 80, "https": 443}

PartKind = Literal["text"] | media.MediaKind


class ContentError(ValueError):
    """A content that cannot become a digital template. The sentence is for the marketer."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a message. `contents` is the text, or the URL of the file; `name` the file's name."""

    kind: PartKind
    suffix: str
    name: str
    contents: str


def read_parts(given: Sequence[Mapping[str, Any]]) -> list[Part]:
    """Read §7's list, in the order of `index`; in the list's own where that is no number.

    `fileSize` is not looked at: its unit is not documented, and the files are measured.
    Raises ContentError.
    """
    if not given:
        raise ContentError("templateContent 至少要有一个部分")
    if len(given) > MAX_PARTS:
        raise ContentError(f"templateContent 有 {len(given)} 个部分, 最多 {MAX_PARTS} 个")
    placed = sorted(enumerate(given, 1), key=lambda one: _index(one[1].get("index"), one[0]))
    found = [_part(number, one) for number, (_, one) in enumerate(placed, 1)]
    videos = sum(part.kind == "video" for part in found)
    if videos > MAX_VIDEOS:
        raise ContentError(f"templateContent 有 {videos} 个视频, 最多 {MAX_VIDEOS} 个")
    return found


def _index(value: Any, otherwise: int) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return otherwise


def _part(number: int, given: Mapping[str, Any]) -> Part:
    suffix = media.canonical(_text(given.get("fileSuffix")))
    contents = _text(given.get("fileContents"))
    if not contents.strip():
        raise ContentError(f"第 {number} 部分的 fileContents 为空")
    name = _text(given.get("fileName")).strip()[:100]
    if suffix == "txt":
        # Text is literal, even where it looks like a URL.
        return Part("text", suffix, name, contents.strip().replace("\r\n", "\n"))
    if suffix not in media.KINDS:
        raise ContentError(
            f"第 {number} 部分的 fileSuffix 是“{suffix[:20]}”, 只支持 txt, {', '.join(media.KINDS)}"
        )
    try:
        origin(contents.strip())
    except ValueError:
        raise ContentError(f"第 {number} 部分的 fileContents 必须是文件的完整 https 地址") from None
    return Part(media.KINDS[suffix], suffix, name, contents.strip())


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value)


def origin(url: str) -> str:
    """Scheme, host and port of a file's URL, fit to stand in a header. Raises ValueError for anything else."""
    if len(url) > _MAX_URL:
        raise ValueError("too long for an address")
    place = urlsplit(url)
    host = (place.hostname or "").encode("idna").decode().lower()
    if (
        place.scheme not in _DEFAULT_PORTS
        or not _ORIGIN_HOST.fullmatch(host)
        or "@" in place.netloc
    ):
        raise ValueError("not the address of a file")
    default = place.port in (None, _DEFAULT_PORTS[place.scheme])
    return f"{place.scheme}://{host}" + ("" if default else f":{place.port}")


def check_file(number: int, part: Part, data: bytes) -> list[str]:
    """Whether a file is what its part says; answers warnings. Raises ContentError."""
    found = media.recognise(data)
    if found is None:
        raise ContentError(
            f"第 {number} 部分的文件内容不是支持的类型, 只支持 {', '.join(media.KINDS)}"
        )
    if found != part.suffix:
        raise ContentError(f"第 {number} 部分的 fileSuffix 是 {part.suffix}, 文件内容却是 {found}")
    if found in media.RARELY_PLAYED:
        return [f"第 {number} 部分的 {found} 文件在部分手机上无法播放, 建议使用 mp4 或 mp3"]
    return []


def check_total(sizes: Sequence[int]) -> None:
    """Whether the files together are small enough. Raises ContentError."""
    if sum(sizes) > MAX_BYTES:
        raise ContentError(
            f"媒体文件合计 {-(-sum(sizes) // 1024)} KB, 超过 {MAX_BYTES // 1024} KB 的上限"
        )


def text_of(theme: str, given: Sequence[Part]) -> str:
    """What of a message is text, as the marketer wrote it."""
    return " ".join([theme, *(part.contents for part in given if part.kind == "text")])


def tencent_template(theme: str, given: Sequence[Part], link: str) -> Translation:
    """The Tencent template: theme, text parts, link, and how to unsubscribe. Raises ContentError."""
    written = text_of(theme, given)
    if len(written) > MAX_SOURCE_CHARACTERS:
        raise _too_long(theme, given, len(written), MAX_SOURCE_CHARACTERS)
    try:
        translation = template_text.translate(written)
    except template_text.UntranslatableError as error:
        raise ContentError(str(error)) from None
    text = f"{translation.text} {LEAD_IN} {link}"
    if not _UNSUBSCRIBES.search(translation.text):
        text += f" {UNSUBSCRIBE}"
    if len(text) > MAX_CHARACTERS:
        raise _too_long(theme, given, len(text), MAX_CHARACTERS)
    return Translation(text, translation.names)


def _too_long(theme: str, given: Sequence[Part], length: int, most: int) -> ContentError:
    size, number = max(
        (len(part.contents), number)
        for number, part in enumerate([Part("text", "", "", theme), *given])
        if part.kind == "text"
    )
    return ContentError(
        f"{f'第 {number} 部分' if number else 'templateTheme '}太长(有 {size} 个字符): "
        f"主题, 所有文本和链接合计 {length} 个字符, 最多 {most} 个"
    )


def mask_variables(text: str, written: str) -> str:
    """A text as everybody may read it, its variables masked; `written` is all of the message's text.

    `{1}` is a variable only in a message that has no `${name}` (see `templates.translate`).
    """
    return template_text.mask(text, MASK, numbered=bool(template_text.variables(written)))


def masked_part(part: Part, written: str) -> Part:
    """A part as its page shows it: a file's address stays as it is."""
    contents = mask_variables(part.contents, written) if part.kind == "text" else part.contents
    return replace(part, name=mask_variables(part.name, written), contents=contents)
