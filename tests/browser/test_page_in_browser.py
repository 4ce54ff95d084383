"""The parts of §7, from Quick Audience's request to the screen of a phone."""

import re
import struct
from pathlib import Path
from typing import Any

import pytest
import requests

from chalicelib.domain.digital_message import Part
from chalicelib.endpoints import message_page
from chalicelib.store.pages import Page
from tests.support.hostile_texts import HOSTILE
from tests.support.local_stack.chromium import Browser, Visit
from tests.support.local_stack.files import Oss, reply, serving
from tests.support.local_stack.running_stack import SIGN, RunningStack
from tests.support.waiting import wait_for

# The tests of the console send to other numbers on the same stack.
PHONES = ("13300000001", "13300000002")


def part(suffix: str, contents: str, index: int, name: str = "") -> dict[str, Any]:
    return {"fileSuffix": suffix, "fileContents": contents, "fileName": name, "index": index}


def create(running: RunningStack, theme: str, content: list[dict[str, Any]]) -> str:
    """Create a digital template as Quick Audience does, wait for its approval, and return its code."""
    asked = {"name": theme, "content": content, "digital": True, "signName": SIGN}
    made = running.post(running.quick_audience, "/_sim/templates", asked)
    code = str(made["templateCode"])
    wait_for(
        lambda: running.get(running.quick_audience, f"/_sim/templates/{code}?digital=1")[
            "approved"
        ],
        20,
    )
    return code


def link_to(running: RunningStack, code: str, phone: str, **params: str) -> str:
    """Send a digital message, and return the link in it."""
    running.campaign(
        f"digital-{phone}",
        templateCode=code,
        phones=[phone],
        params=params or None,
        digital=True,
    )
    running.complete(f"digital-{phone}")
    (message,) = running.messages(phone)
    found = re.search(
        rf"{re.escape(running.prefix)}/m/[A-Za-z0-9]{{11}}(?= 拒收请回复R$)", message["text"]
    )
    assert found, message["text"]
    return found[0]


def keep(picture: Path, found: Visit) -> None:
    """Store a screenshot, and check that it has the width of a phone."""
    picture.parent.mkdir(exist_ok=True)
    picture.write_bytes(found.screenshot)
    assert found.screenshot.startswith(b"\x89PNG")
    assert len(found.screenshot) < 150_000


def width_of(png: bytes) -> int:
    width: int = struct.unpack(">I", png[16:20])[0]
    return width


@pytest.fixture(scope="session")
def good(running: RunningStack, oss: Oss) -> str:
    """Return the link of a message with parts of every kind."""
    content = [
        part(
            "txt",
            "您尾号${card}的会员卡获赠一张八折券。\n全场通用，老会员再减20元。\n\n活动时间：11月1日至11月11日",
            1,
        ),
        part("jpg", f"{oss.origin}/poster.jpg", 2, "活动海报"),
        part("txt", "看看今年的新品：", 3),
        part("mp4", f"{oss.origin}/clip.mp4", 4, "新品短片"),
        part("txt", "听听我们的主题曲 🎵", 5),
        part("mp3", f"{oss.origin}/jingle.mp3", 6, "主题曲"),
        part("txt", "到店出示本页即可享受优惠 🎁", 7),
    ]
    code = create(running, "周年庆会员礼", content)
    return link_to(running, code, PHONES[0], card="8806")


@pytest.fixture(scope="session")
def first_visit(good: str, browser: Browser) -> Visit:
    """Return the message as a phone shows it that has not seen it before."""
    return browser.visit(good, screenshot=True)


def test_text_and_media_are_shown_on_a_phone(first_visit: Visit, pictures: Path) -> None:
    found = first_visit
    keep(pictures / "digital-page.png", found)
    page = found.page
    assert found.status == 200
    assert found.console == []
    assert page["title"] == "周年庆会员礼"
    assert (
        "您尾号**的会员卡获赠一张八折券。\n全场通用，老会员再减20元。\n\n活动时间" in page["text"]
    )
    assert "${" not in page["html"]
    assert "8806" not in page["html"]
    assert page["images"] == [720]
    assert len(page["media"]) == 2
    # HAVE_METADATA or more: the browser can play both.
    assert min(page["media"]) >= 1
    assert page["overflow"] == 0
    assert width_of(found.screenshot) == 390


def test_a_dark_phone_gets_a_dark_page(
    good: str, first_visit: Visit, browser: Browser, pictures: Path
) -> None:
    dark = browser.visit(good, dark=True, screenshot=True)
    keep(pictures / "digital-page-dark.png", dark)
    assert first_visit.page["background"] == "rgb(255, 255, 255)"
    assert dark.page["background"] == "rgb(28, 28, 30)"
    assert dark.console == []


@pytest.mark.parametrize("width", [240, 320, 1280])
def test_the_page_fits_every_width(good: str, browser: Browser, width: int) -> None:
    found = browser.visit(good, width=width)
    assert found.page["overflow"] == 0
    assert found.console == []


def test_the_page_loads_its_media_and_nothing_else(good: str, oss: Oss, first_visit: Visit) -> None:
    # Chromium draws the buttons of players from its own data URLs.
    loaded = {url for url in first_visit.requested if url.startswith("http")}
    media = {f"{oss.origin}/{name}" for name in ("poster.jpg", "clip.mp4", "jingle.mp3")}
    assert loaded == {good, *media}


def test_hostile_content_stays_text(
    running: RunningStack, oss: Oss, browser: Browser, pictures: Path
) -> None:
    names = ("script", "quotes", "apostrophe", "javascript", "cdata", "comment", "closing", "rtl")
    texts = [HOSTILE[name] for name in names] + ["W" * 100]
    content = [part("txt", text, index) for index, text in enumerate(texts)]
    content.append(part("jpg", f"{oss.origin}/poster.jpg", 99, "\"'><script>alert(1)</script>"))
    theme = "<script>alert(1)</script>"
    link = link_to(running, create(running, theme, content), PHONES[1])
    found = browser.visit(link, screenshot=True)
    keep(pictures / "digital-page-hostile.png", found)
    assert found.console == []
    assert found.page["title"] == theme
    assert found.page["scripts"] == 0
    assert found.page["overflow"] == 0
    assert found.page["images"] == [720]
    for name in names[:-1]:
        assert HOSTILE[name] in found.page["text"]


@pytest.mark.parametrize("code", ["AbCdEfGhIjK", "x", "%3Cscript%3E"])
def test_an_unknown_link_shows_a_page_in_chinese(
    running: RunningStack, browser: Browser, pictures: Path, code: str
) -> None:
    found = browser.visit(f"{running.prefix}/m/{code}", screenshot=True)
    keep(pictures / "digital-page-unknown.png", found)
    assert found.status == 404
    assert found.page["text"].startswith("页面不存在")
    assert found.violations == []


def test_the_front_serves_the_page_without_authentication(good: str) -> None:
    for accept in ("text/html", "image/webp,image/*", "application/json", "*/*"):
        answer = requests.get(good, headers={"Accept": accept}, timeout=60)
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.text.startswith("<!doctype html>")
    head = requests.head(good, timeout=60)
    assert (head.status_code, head.text) == (200, "")
    assert head.headers["Content-Security-Policy"].startswith("default-src 'none'; img-src ")
    assert requests.post(good, timeout=60).status_code in (403, 405)


# --- the policy with pages that the bridge would never make --------------------------------------


def visit(browser: Browser, document: str, policy: str) -> Visit:
    """Show a page with a policy."""
    body = document.encode("utf-8", "replace")
    headers = {"Content_Type": "text/html; charset=utf-8", "Content_Security_Policy": policy}
    with serving(lambda handler: reply(handler, body, **headers)) as origin:
        return browser.visit(origin + "/")


def test_hostile_content_of_any_length_keeps_the_layout(browser: Browser, oss: Oss) -> None:
    parts = [Part("text", "txt", "", text) for text in HOSTILE.values()]
    parts += [Part("image", "jpg", text, f"{oss.origin}/poster.jpg") for text in HOSTILE.values()]
    page = Page(code="x", theme=HOSTILE["latin word"], parts=tuple(parts), made_at=0)
    found = visit(browser, message_page.render(page), message_page.policy(page))
    assert found.page["overflow"] == 0
    assert found.page["scripts"] == 0
    assert found.page["images"] == [720] * len(HOSTILE)
    assert found.violations == []


def test_the_policy_alone_would_stop_scripts_frames_styles_and_foreign_pictures(
    browser: Browser, oss: Oss
) -> None:
    page = Page(code="x", theme="x", parts=(Part("text", "txt", "", "x"),), made_at=0)
    injected = (
        "<script>document.title='run'</script><img src=x onerror=\"document.title='run'\">"
        f"<img src='{oss.origin}/poster.jpg'><iframe src='{oss.origin}/poster.jpg'></iframe>"
        "<style>body{display:none}</style><base href='http://127.0.0.1:1/'>"
    )
    document = message_page.render(page).replace("<main>", f"<main>{injected}")
    asked = len(oss.asked)
    found = visit(browser, document, message_page.policy(page))
    assert found.page["title"] == "x"
    assert found.page["text"].strip()
    assert len(found.violations) >= 5
    assert len(oss.asked) == asked
