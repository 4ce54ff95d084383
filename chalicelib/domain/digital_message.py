"""Digital messages: their parts, and the text message with a link as which they are sent.

Tencent's SMS API has no multimedia messages. The phone gets a text message of the theme, the text parts and a
constant link to a page that shows all parts in order (§7; docs/digital.md).
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
# The smallest limit of China's carriers for a multimedia message, as Aliyun and Volcengine state it. A page needs no
# limit, but a template within this one can move to a real multimedia channel unchanged.
MAX_BYTES = 1900 * 1024
# Tencent limits the sign, the text and the values together to 500 characters (1017). A text alone has at most that.
MAX_CHARACTERS = 500
# The limit of the same text with the names of its variables, which are not sent but have to fit into a table item.
MAX_SOURCE_CHARACTERS = 10 * MAX_CHARACTERS
_MAX_URL_LENGTH = 4096

LEAD_IN = "查看"
UNSUBSCRIBE = "拒收请回复R"
MASK = "**"
"""What a page shows instead of a variable; Chinese services mask personal data in this way."""

# Narrower than the pattern of the warnings: a second hint does no harm, but a missing one is rejected by Tencent.
_UNSUBSCRIBE_HINT = re.compile(
    r"拒收请?回|回复?\s*[A-Z]{1,2}\s*退订|退订\s*请?回|T\s*D?\s*退订", re.IGNORECASE
)
_ORIGIN_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_DEFAULT_PORTS = {"http": 80, "https": 443}

PartKind = Literal["text"] | media.MediaKind


class ContentError(ValueError):
    """The content cannot become a digital template. The text is for the marketer."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a message. The field names are stored, so they must not change.

    `contents` is the text or the URL of the file, `name` the name of the file.
    """

    kind: PartKind
    suffix: str
    name: str
    contents: str


def read_parts(items: Sequence[Mapping[str, Any]]) -> list[Part]:
    """Return the parts of §7's list, sorted by their `index`; an item whose index isn't a number keeps its place.

    `fileSize` is ignored: its unit is not documented, and the bridge measures the files itself.
    Raises ContentError.
    """
    if not items:
        raise ContentError("templateContent 至少要有一个部分")
    if len(items) > MAX_PARTS:
        raise ContentError(f"templateContent 有 {len(items)} 个部分, 最多 {MAX_PARTS} 个")
    ordered = sorted(enumerate(items, 1), key=lambda pair: _index(pair[1].get("index"), pair[0]))
    parts = [_part(number, item) for number, (_, item) in enumerate(ordered, 1)]
    videos = sum(part.kind == "video" for part in parts)
    if videos > MAX_VIDEOS:
        raise ContentError(f"templateContent 有 {videos} 个视频, 最多 {MAX_VIDEOS} 个")
    return parts


def _index(value: Any, default: int) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return default


def _part(number: int, item: Mapping[str, Any]) -> Part:
    suffix = media.canonical(_text(item.get("fileSuffix")))
    contents = _text(item.get("fileContents"))
    if not contents.strip():
        raise ContentError(f"第 {number} 部分的 fileContents 为空")
    name = _text(item.get("fileName")).strip()[:100]
    if suffix == "txt":
        # A text is taken literally, even if it looks like a URL.
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
    """Return scheme, host and port of the URL of a file, safe to use in a header. Raises ValueError for other URLs."""
    if len(url) > _MAX_URL_LENGTH:
        raise ValueError("the URL is too long")
    parsed = urlsplit(url)
    host = (parsed.hostname or "").encode("idna").decode().lower()
    if (
        parsed.scheme not in _DEFAULT_PORTS
        or not _ORIGIN_HOST.fullmatch(host)
        or "@" in parsed.netloc
    ):
        raise ValueError("not the URL of a file")
    default = parsed.port in (None, _DEFAULT_PORTS[parsed.scheme])
    return f"{parsed.scheme}://{host}" + ("" if default else f":{parsed.port}")


def check_file(number: int, part: Part, data: bytes) -> list[str]:
    """Check that a file is of the type that its part states; return warnings. Raises ContentError."""
    suffix = media.recognise(data)
    if suffix is None:
        raise ContentError(
            f"第 {number} 部分的文件内容不是支持的类型, 只支持 {', '.join(media.KINDS)}"
        )
    if suffix != part.suffix:
        raise ContentError(f"第 {number} 部分的 fileSuffix 是 {part.suffix}, 文件内容却是 {suffix}")
    if suffix in media.RARELY_PLAYED:
        return [f"第 {number} 部分的 {suffix} 文件在部分手机上无法播放, 建议使用 mp4 或 mp3"]
    return []


def check_total(sizes: Sequence[int]) -> None:
    """Check the total size of the files. Raises ContentError if they are too large."""
    if sum(sizes) > MAX_BYTES:
        raise ContentError(
            f"媒体文件合计 {-(-sum(sizes) // 1024)} KB, 超过 {MAX_BYTES // 1024} KB 的上限"
        )


def text_of(theme: str, parts: Sequence[Part]) -> str:
    """Return the theme and the text parts of a message as one text, as the marketer wrote them."""
    return " ".join([theme, *(part.contents for part in parts if part.kind == "text")])


def tencent_template(theme: str, parts: Sequence[Part], link: str) -> Translation:
    """Return the Tencent template of a message: theme, text parts, link, and how to unsubscribe.

    Raises ContentError.
    """
    source = text_of(theme, parts)
    if len(source) > MAX_SOURCE_CHARACTERS:
        raise _too_long(theme, parts, len(source), MAX_SOURCE_CHARACTERS)
    try:
        translation = template_text.translate(source)
    except template_text.UntranslatableError as error:
        raise ContentError(str(error)) from None
    text = f"{translation.text} {LEAD_IN} {link}"
    if not _UNSUBSCRIBE_HINT.search(translation.text):
        text += f" {UNSUBSCRIBE}"
    if len(text) > MAX_CHARACTERS:
        raise _too_long(theme, parts, len(text), MAX_CHARACTERS)
    return Translation(text, translation.names)


def _too_long(theme: str, parts: Sequence[Part], length: int, limit: int) -> ContentError:
    """Return an error that names the longest part; part 0 is the theme."""
    size, number = max(
        (len(part.contents), number)
        for number, part in enumerate([Part("text", "", "", theme), *parts])
        if part.kind == "text"
    )
    return ContentError(
        f"{f'第 {number} 部分' if number else 'templateTheme '}太长(有 {size} 个字符): "
        f"主题, 所有文本和链接合计 {length} 个字符, 最多 {limit} 个"
    )


def mask_variables(text: str, source: str) -> str:
    """Return a text with its variables masked, as the public page shows it.

    `source` is the whole text of the message (`text_of`), because `{1}` is a variable only in a message without
    `${name}` (see `template_text.translate`).
    """
    return template_text.mask(text, MASK, numbered=bool(template_text.variables(source)))


def masked_part(part: Part, source: str) -> Part:
    """Return a part with its variables masked, as its page shows it. The URL of a file stays as it is."""
    contents = mask_variables(part.contents, source) if part.kind == "text" else part.contents
    return replace(part, name=mask_variables(part.name, source), contents=contents)
