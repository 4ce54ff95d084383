"""The page that the link of a digital message leads to."""

import pytest

from tests.support.in_process.bridge import Bridge
from tests.support.in_process.digital import OSS, create, page, page_code


def test_the_page_is_html_whatever_the_accept_header(here: Bridge) -> None:
    create(here)
    path = f"/m/{page_code(here)}"
    for accept in (
        "text/html",
        "*/*",
        "image/webp,image/*",
        "application/json",
        "application/octet-stream",
        "",
    ):
        answer = page(path, Accept=accept)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.body.decode().startswith("<!doctype html>")


def test_a_page_may_load_only_its_own_media(here: Bridge) -> None:
    create(here)
    answer = page(f"/m/{page_code(here)}")
    policy = answer.headers["Content-Security-Policy"]
    assert f"img-src {OSS};" in policy
    assert "media-src" not in policy
    assert "<script" not in answer.body.decode()
    head = page(f"/m/{page_code(here)}", "HEAD")
    assert (head.status_code, head.body) == (200, b"")
    assert head.headers["Content-Security-Policy"] == policy


@pytest.mark.parametrize(
    "code", ["AbCdEfGhIjK", "x", "%00", "%F0%9F%98%80", "a%2Fb", "A" * 3000, "%"]
)
def test_no_code_causes_a_5xx(here: Bridge, code: str) -> None:
    for method in ("GET", "HEAD"):
        answer = page(f"/m/{code}", method)
        assert answer.status_code == 404
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    "written",
    [
        "{code}。",
        "{code}%E3%80%82",
        "{code}%25E3%2580%2582",
        "{code}，拒收请回复R",
        "{code})",
        "{code}）",
        "{code}.",
        "{code},",
        "{code};",
        "{code}!",
        "{code}'",
        "{code}】",
        "{code}_",
        "{code}%20",
        "{code}%0A",
        "{code}\u200b",
        "{code}%2F",
        "%{first:x}{rest}",
        "%25{first:x}{rest}",
        "%{first:X}{rest}%E3%80%82",
    ],
)
def test_what_phones_take_along_with_a_link_is_dropped(here: Bridge, written: str) -> None:
    create(here)
    code = page_code(here)
    path = written.format(code=code, first=ord(code[0]), rest=code[1:])
    for method in ("GET", "HEAD"):
        assert page(f"/m/{path}", method).status_code == 200


@pytest.mark.parametrize(
    "written", ["{code}x", "{code}1", "x{code}", "。{code}", "{short}", "{short}。"]
)
def test_another_code_is_another_page(here: Bridge, written: str) -> None:
    create(here)
    code = page_code(here)
    assert page(f"/m/{written.format(code=code, short=code[:-1])}").status_code == 404
