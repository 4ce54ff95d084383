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
