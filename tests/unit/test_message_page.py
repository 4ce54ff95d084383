"""The page of a digital message, all content of which is untrusted."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.digital_message import Part, PartKind
from chalicelib.endpoints import message_page
from chalicelib.store import pages
from chalicelib.store.pages import Page
from tests.support.chalice_requests import request
from tests.support.hostile_texts import HOSTILE
from tests.support.property_tests import examples

URL = "https://brand.oss-cn-zhangjiakou.aliyuncs.com/a.jpg?Expires=1&Signature=x%2B"


def page(*parts: Part, theme: str = "新品上市") -> Page:
    return Page(code="AbCdEfGhIjK", theme=theme, parts=parts, made_at=0)


def part(kind: PartKind, contents: str, name: str = "") -> Part:
    suffix = {"text": "txt", "image": "jpg", "video": "mp4", "audio": "mp3"}[kind]
    return Part(kind, suffix, name, contents)


class Reader(HTMLParser):
    """Read a page as a browser would: its elements in order, and its text."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._depth: list[str] = []
        self.feed(document)
        self.close()
        assert self._depth == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs)
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "br"):
            self._depth.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._depth.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._depth[-1:] not in (["style"], ["title"]):
            self.text += data

    def handle_comment(self, data: str) -> None:
        pytest.fail("a comment")

    @property
    def tags(self) -> list[str]:
        return [tag for tag, _ in self.elements]

    def attributes(self, tag: str) -> dict[str, str | None]:
        return next(attrs for name, attrs in self.elements if name == tag)


def read(shown: Page) -> Reader:
    return Reader(message_page.render(shown))


ALLOWED_TAGS = {
    *("html", "head", "meta", "title", "style", "body", "main", "h1", "p", "br", "figure"),
    *("img", "video", "audio"),
}


def test_the_parts_are_shown_in_order() -> None:
    found = read(
        page(
            part("text", "第一"),
            part("image", URL, "新品图"),
            part("video", URL, "短片"),
            part("audio", URL),
            part("text", "最后"),
        )
    )
    assert [tag for tag in found.tags if tag in ("h1", "p", "img", "video", "audio")] == [
        *("h1", "p", "img", "video", "audio", "p"),
    ]
    assert found.attributes("img") == {"src": URL, "alt": "新品图"}
    assert found.attributes("video")["src"] == URL
    assert "controls" in found.attributes("video")
    assert "controls" in found.attributes("audio")
    assert found.attributes("audio")["aria-label"] == "音频"
    assert found.text.startswith("新品上市第一")


def test_a_picture_without_a_name_has_an_alternative_text() -> None:
    assert read(page(part("image", URL))).attributes("img")["alt"] == "图片"


def test_line_breaks_are_kept_and_blank_lines_separate_paragraphs() -> None:
    document = message_page.render(page(part("text", "一\n二\r\n三\n \n\n四")))
    assert "<p>一<br>二<br>三</p><p>四</p>" in document


def test_the_page_fits_a_phone_and_states_its_language() -> None:
    found = read(page())
    metas = [attrs for tag, attrs in found.elements if tag == "meta"]
    assert {"name": "viewport", "content": "width=device-width,initial-scale=1"} in metas
    assert found.attributes("html")["lang"] == "zh-CN"
    assert "prefers-color-scheme:dark" in message_page.render(page())


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_content_in_every_field_stays_text(hostile: str) -> None:
    kinds: tuple[PartKind, ...] = ("text", "image", "video", "audio")
    parts = [part(kind, hostile, hostile) for kind in kinds]
    parts += [part(kind, URL, hostile) for kind in kinds[1:]]
    parts += [part("image", f"https://a.aliyuncs.com/{hostile}", hostile)]
    shown = page(*parts, theme=hostile)
    found = read(shown)
    assert set(found.tags) <= ALLOWED_TAGS
    allowed = {"lang", "charset", "name", "content", "dir", "src", "alt", "controls"}
    allowed |= {"preload", "playsinline", "aria-label"}
    for _, attrs in found.elements:
        assert set(attrs) <= allowed
        assert (attrs.get("src") or "https://").startswith("https://")
    policy = message_page.policy(shown)
    assert "\n" not in policy
    assert re.findall(r"(?:img|media)-src ([^;]*)", policy)
    for sources in re.findall(r"(?:img|media)-src ([^;]*)", policy):
        assert set(sources.split()) <= {
            "https://a.aliyuncs.com",
            "https://brand.oss-cn-zhangjiakou.aliyuncs.com",
        }


@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=80))
@examples(300)
def test_any_text_is_shown_and_none_of_it_becomes_markup(theme: str, text: str, name: str) -> None:
    found = read(page(part("text", text), part("image", URL, name), theme=theme))
    assert set(found.tags) <= ALLOWED_TAGS
    kept = re.sub(r"[\x00-\x20\x7f-\x9f\ufffe\uffff]|\s", "", theme + text)
    assert re.sub(r"\s", "", found.text) == kept


def test_the_policy_allows_the_origins_of_its_media_only() -> None:
    policy = message_page.policy(
        page(
            part("image", URL),
            part("image", "https://b.aliyuncs.com:443/x.png"),
            part("image", "https://b.aliyuncs.com/y.png"),
            part("audio", "http://127.0.0.1:9000/z.mp3"),
        )
    )
    directives = dict(one.split(" ", 1) for one in policy.split("; "))
    assert directives.pop("style-src").startswith("'sha256-")
    assert directives == {
        "default-src": "'none'",
        "img-src": "https://b.aliyuncs.com https://brand.oss-cn-zhangjiakou.aliyuncs.com",
        "media-src": "http://127.0.0.1:9000",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }


def test_the_policy_of_a_page_without_media_allows_no_origin() -> None:
    policy = message_page.policy(page(part("text", "x")))
    assert "img-src" not in policy
    assert "media-src" not in policy


# --- the answer ---------------------------------------------------------------------------------


def ask(code: str, method: str = "GET") -> Any:
    return message_page.show(code, request(method=method))


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table with one page."""
    one = {"theme": "新品", "parts": [], "made_at": 0}
    monkeypatch.setattr(
        "chalicelib.store.table.get", lambda pk, sk: one if pk == "PAGE#AbCdEfGhIjK" else None
    )


@pytest.mark.usefixtures("kept")
def test_a_page_is_answered_with_its_headers() -> None:
    answer = ask("AbCdEfGhIjK")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "<h1" in answer.body


@pytest.mark.usefixtures("kept")
def test_head_is_answered_with_the_headers_only() -> None:
    answer = ask("AbCdEfGhIjK", "HEAD")
    assert (answer.status_code, answer.body) == (200, "")
    assert answer.headers == ask("AbCdEfGhIjK").headers


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(
    "code",
    [
        *("AbCdEfGhIjX", "abcdefghijk", "", "x", "AbCdEfGhIjK ", "AbCdEfGhIjK\n", "../x", "%00"),
        *("A" * 10_000, "ＡbCdEfGhIjK", "<script>", "\udcff", "AbCdEfGhIj%4B"),
    ],
)
def test_an_unknown_or_malformed_code_is_a_404_page(code: str) -> None:
    answer = ask(code)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert Reader(answer.body).text.startswith("页面不存在")
    assert "script" not in answer.body


def test_an_error_is_answered_with_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise TimeoutError

    monkeypatch.setattr("chalicelib.store.table.get", fail)
    answer = ask("AbCdEfGhIjK")
    assert answer.status_code == 503
    assert "稍后再试" in answer.body
    assert answer.headers["Cache-Control"] == "no-store"


def test_codes_are_short_distinct_and_hard_to_guess() -> None:
    codes = {pages.new_code() for _ in range(1000)}
    assert len(codes) == 1000
    assert all(re.fullmatch("[A-Za-z0-9]{11}", code) for code in codes)
    assert 62**11 > 2**64
