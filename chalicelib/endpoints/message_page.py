"""`GET /m/{code}`: the page of a digital message, for anyone who has its link.

All of its content comes from marketers: it is escaped, and none of it is executed. The page has no script, its
Content-Security-Policy allows none, and it loads nothing except its own media.
"""

import base64
import hashlib
import html
import re

from chalice.app import Request, Response

from chalicelib import deadline
from chalicelib.domain import digital_message
from chalicelib.domain.digital_message import Part
from chalicelib.logs import begin, log
from chalicelib.store import pages
from chalicelib.store.pages import Page

# A page never changes, but an operator may withdraw one: caches forget it after an hour.
_CACHE_SECONDS = 3600

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{margin:0;font:1.0625rem/1.7 system-ui,-apple-system,'PingFang SC','Microsoft YaHei',sans-serif;"
    "background:#f4f4f6;color:#1c1c1e}"
    "main{box-sizing:border-box;max-width:40rem;min-height:100vh;margin:0 auto;padding:1.25rem 1rem 3rem;"
    "background:#fff;overflow-wrap:anywhere}"
    "h1{margin:0 0 1rem;font-size:1.375rem;line-height:1.4}"
    "p,figure{margin:0 0 1rem;unicode-bidi:isolate}"
    "img,video{display:block;max-width:100%;height:auto;border-radius:.5rem}"
    "img{min-width:4rem;min-height:1.5rem}video{width:100%;background:#000}audio{width:100%}"
    "@media(prefers-color-scheme:dark){body{background:#000;color:#e5e5ea}main{background:#1c1c1e}}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

# Characters that HTML does not allow in a text. Line breaks are allowed.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]")
_ALTERNATIVES = {"image": "图片", "video": "视频", "audio": "音频"}


def follow(link_end: str, request: Request) -> Response:
    """Answer a phone that followed a link, whose last part may have more than the page's code in it."""
    return show(pages.code_in(link_end), request)


def show(code: str, request: Request) -> Response:
    """Answer a phone with a page: the message's, or one that says why there is none."""
    begin()
    try:
        with deadline.within():
            page = pages.get(code)
    except Exception:
        log.exception("page could not be read")
        return _respond(request, 503, _notice("页面暂时无法打开", "请稍后再试。"))
    if page is None:
        return _respond(
            request, 404, _notice("页面不存在", "请核对链接是否完整，或联系给您发送短信的商家。")
        )
    return _respond(request, 200, render(page), policy(page), f"public, max-age={_CACHE_SECONDS}")


def render(page: Page) -> str:
    """Return a page as HTML."""
    return _document(_line(page.theme), "".join(_part(part) for part in page.parts))


def policy(page: Page) -> str:
    """Return a page's Content-Security-Policy: it allows the origins of its media, its own style, nothing else."""
    return _policy(
        {
            "img-src": _origins(page, ("image",)),
            "media-src": _origins(page, ("video", "audio")),
        }
    )


def _policy(sources: dict[str, list[str]]) -> str:
    allowed = [f"{name} {' '.join(origins)}" for name, origins in sources.items() if origins]
    return "; ".join(
        [
            "default-src 'none'",
            *allowed,
            f"style-src 'sha256-{_STYLE_HASH}'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    )


def _origins(page: Page, kinds: tuple[str, ...]) -> list[str]:
    found = (_origin(part) for part in page.parts if part.kind in kinds)
    return sorted({origin for origin in found if origin})


def _origin(part: Part) -> str | None:
    try:
        return digital_message.origin(part.contents)
    except ValueError:
        return None


def _part(part: Part) -> str:
    if part.kind == "text":
        return "".join(f"<p>{text}</p>" for text in _paragraphs(part.contents))
    label = _line(part.name) or _ALTERNATIVES[part.kind]
    if _origin(part) is None:
        return f"<p>{label}</p>"
    address = _escape(part.contents)
    match part.kind:
        case "image":
            return f'<figure><img src="{address}" alt="{label}"></figure>'
        case "video":
            tag, more = "video", " playsinline"
        case "audio":
            tag, more = "audio", ""
    return (
        f'<figure><{tag} src="{address}" controls preload="metadata"{more} aria-label="{label}">'
        f"{label}</{tag}></figure>"
    )


def _paragraphs(text: str) -> list[str]:
    """Return a text's paragraphs as HTML. A blank line ends a paragraph; other line breaks stay line breaks."""
    blocks = re.split(r"\n[^\S\n]*\n\s*", _escape(text.replace("\r\n", "\n").replace("\r", "\n")))
    return [block.strip().replace("\n", "<br>") for block in blocks if block.strip()]


def _line(text: str) -> str:
    return " ".join(_escape(text).split())


def _escape(text: str) -> str:
    return html.escape(_CONTROL.sub("", text))


def _notice(title: str, sentence: str) -> str:
    """Return a page that consists of a title and a sentence."""
    return _document(title, f"<p>{sentence}</p>")


def _document(title: str, content: str) -> str:
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="robots" content="noindex">'
        f"<title>{title}</title><style>{_STYLE}</style></head>"
        f'<body><main><h1 dir="auto">{title}</h1>{content}</main></body></html>'
    )


def _respond(
    request: Request,
    status: int,
    document: str,
    allowed: str = "",
    cache: str = "no-store",
) -> Response:
    headers: dict[str, str | list[str]] = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": allowed or _policy({}),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex",
        "Cache-Control": cache,
    }
    return Response(
        "" if request.method == "HEAD" else document, status_code=status, headers=headers
    )
