"""What other sites, other programs and other people of this machine may try."""

from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import FormData

from chalicelib.store import halts, send_requests
from ops import audit
from ops.console import pages
from tests.support.console import FRAGMENT, PORT, Visitor
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.sends import A

PATHS = [
    "/",
    *(f"/{name}" for name in pages.PAGES),
    "/parts/campaigns/navigation",
    "/parts/health/breakers",
    *(f"/actions/{name}" for name in pages.ACTIONS),
]
POSTS = [
    "/language",
    "/reveal",
    "/phone",
    "/export",
    "/parts/health/doctor",
    "/parts/deadletters/dead_contents",
]
POSTS += [f"/actions/{name}" for name in pages.ACTIONS]
FOREIGN_HOSTS = [
    "evil.example",
    f"evil.example:{PORT}",
    f"localhost:{PORT}",
    f"LOCALHOST:{PORT}",
    "127.0.0.1",
    f"127.0.0.1:{PORT + 1}",
    f"127.0.0.1.:{PORT}",
    f"127.0.0.1:{PORT}.",
    f"127.1:{PORT}",
    f"0.0.0.0:{PORT}",
    f"[::1]:{PORT}",
    f"[::ffff:127.0.0.1]:{PORT}",
    f"127.0.0.1:0{PORT}",
    f"127.0.0.1:{PORT}@evil.example",
    f"127.0.0.1.evil.example:{PORT}",
]
FOREIGN_ORIGINS = [
    "",
    "null",
    "https://evil.example",
    f"http://localhost:{PORT}",
    f"http://127.0.0.1:{PORT + 1}",
    f"http://127.0.0.1:{PORT}/",
    f"https://127.0.0.1:{PORT}",
    f"HTTP://127.0.0.1:{PORT}",
    f"http://[::1]:{PORT}",
    f"http://127.0.0.1.:{PORT}",
    f"http://127.0.0.1:{PORT}.evil.example",
    f"http://evil.example http://127.0.0.1:{PORT}",
]


@pytest.fixture
def stranger() -> Visitor:
    """Somebody without a session."""
    return Visitor()


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    """An operator. What these tests try is refused before AWS is asked, unless they have a bridge."""
    visitor = Visitor()
    visitor.enter()
    yield visitor
    assert visitor.failures == []


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
@pytest.mark.parametrize("path", ["/campaigns", "/static/console.js", "/enter/x"])
def test_a_foreign_host_is_refused(visitor: Visitor, path: str, host: str) -> None:
    """A name of the attacker's that leads to 127.0.0.1 (DNS rebinding)."""
    answer = visitor.get(path, Host=host)
    assert answer.status == 421
    assert "csrf" not in answer.text


def test_without_a_cookie_nothing_is_shown(stranger: Visitor) -> None:
    for path in PATHS:
        answer = stranger.get(path)
        assert (answer.status, answer.problem) == (401, "session"), path
        assert "--url" in answer.text


@pytest.mark.parametrize("path", ["/campaigns", "/parts/health/breakers"])
def test_another_cookie_opens_nothing(visitor: Visitor, path: str) -> None:
    visitor.cookie = visitor.cookie[:-1] + ("a" if visitor.cookie[-1] != "a" else "b")
    assert visitor.get(path).status == 401


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
def test_a_post_of_a_foreign_page_is_refused(visitor: Visitor, origin: str) -> None:
    for path in POSTS:
        headers = {"Origin": origin, **FRAGMENT}
        assert visitor.send(path, {"csrf": visitor.csrf}, headers).status == 403, path


@pytest.mark.parametrize("csrf", ["", "x", "é"])
def test_a_post_without_its_token_is_refused(visitor: Visitor, csrf: str) -> None:
    for path in POSTS:
        headers = {"Origin": visitor.guard.origin}
        assert visitor.send(path, {"csrf": csrf}, headers).status == 403, path


def test_the_token_of_another_session_is_refused(visitor: Visitor) -> None:
    first = visitor.csrf
    visitor.enter()
    assert visitor.csrf != first
    answer = visitor.send("/language", {"csrf": first}, {"Origin": visitor.guard.origin})
    assert answer.status == 403


def test_a_used_address_opens_nothing(stranger: Visitor) -> None:
    path = stranger.guard.new_address().removeprefix(stranger.guard.origin)
    first, second = stranger.get(path), stranger.get(path)
    assert (first.status, second.status) == (200, 403)
    assert "Set-Cookie" not in second.headers


def test_a_guess_does_not_use_up_the_address(stranger: Visitor) -> None:
    path = stranger.guard.new_address().removeprefix(stranger.guard.origin)
    assert stranger.get("/enter/x").status == 403
    assert stranger.get(path).status == 200


def test_the_cookie_is_for_this_site_and_not_for_scripts(stranger: Visitor) -> None:
    cookie = stranger.enter().headers["Set-Cookie"]
    assert cookie.startswith(f"ops_console_{PORT}=")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


@pytest.mark.parametrize("path", ["/campaigns", "/static/console.css", "/nothing", "/enter/x", "/"])
def test_every_answer_has_the_strict_headers(local: Bridge, visitor: Visitor, path: str) -> None:
    headers = visitor.get(path).headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "name", ["../app.py", "..%2fapp.py", "%2e%2e/safety.py", "console.py", ".", ""]
)
def test_only_static_files_are_served(visitor: Visitor, name: str) -> None:
    assert visitor.get(f"/static/{name}").status == 404


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example", ""])
def test_the_language_switch_leads_nowhere_else(visitor: Visitor, back: str) -> None:
    answer = visitor.post("/language", language="en", back=back)
    assert (answer.status, answer.headers["Location"]) == (303, "/")


def test_a_read_only_console_offers_and_does_nothing() -> None:
    visitor = Visitor(read_only=True)
    visitor.enter()
    for name in pages.ACTIONS:
        assert visitor.get(f"/actions/{name}").status == 403
        assert visitor.post(f"/actions/{name}").status == 403
    for path in ("/reveal", "/export"):
        assert visitor.post(path, number="x", outId="x").status == 403


def test_a_read_only_console_has_no_buttons_for_actions(local: Bridge) -> None:
    local.link()
    local.campaign([A], {"name": "您"}, code=local.template())
    visitor = Visitor(read_only=True)
    visitor.enter()
    shown = visitor.get("/campaign?outId=task-1").text
    assert "task-1" in shown
    for word in ("data-dialog", "/actions/", "/export", "/reveal"):
        assert word not in shown


def test_what_holds_dead_letters_is_not_read_by_an_address(visitor: Visitor) -> None:
    assert visitor.part("deadletters", "dead_contents").status == 404
    assert visitor.part("health", "doctor").status == 404


@pytest.mark.parametrize("body", ["x" * 70_000])
def test_a_large_body_is_refused(visitor: Visitor, body: Any) -> None:
    answer = visitor.send(
        "/phone", {"csrf": visitor.csrf, "phone": body}, {"Origin": visitor.guard.origin}
    )
    assert answer.status == 413


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_a_post_that_a_browser_calls_foreign_is_refused(visitor: Visitor, site: str) -> None:
    """Whatever Origin it has: another port of this machine is the same site."""
    headers = {"Origin": visitor.guard.origin, "Sec-Fetch-Site": site}
    for path in POSTS:
        assert visitor.send(path, {"csrf": visitor.csrf}, headers).status == 403, path


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
def test_other_methods_are_refused(visitor: Visitor, method: str) -> None:
    for path in ("/campaigns", "/actions/stop?outId=x", "/enter/x", "/static/console.js"):
        answer = visitor.request(method, path, Origin="https://evil.example")
        assert answer.status == 405, path
        assert not [name for name in answer.headers if name.startswith("Access-Control-")]


def test_a_head_request_opens_nothing_and_uses_up_no_address(stranger: Visitor) -> None:
    path = stranger.guard.new_address().removeprefix(stranger.guard.origin)
    answer = stranger.request("HEAD", path)
    assert answer.status == 405
    assert "Set-Cookie" not in answer.headers
    assert stranger.request("HEAD", "/campaigns").status == 401
    assert stranger.get(path).status == 200


@pytest.mark.parametrize("path", ["/reveal", "/export", "/language", "/parts/health/doctor"])
def test_what_is_posted_is_not_done_by_an_address(visitor: Visitor, path: str) -> None:
    answer = visitor.get(f"{path}?csrf={visitor.csrf}&language=en&outId=x&number=x")
    assert answer.status in (404, 405)
    assert visitor.guard.session(visitor.cookie.partition("=")[2]).language == "zh"  # type: ignore[union-attr]


def test_an_action_is_not_done_by_an_address(local: Bridge, visitor: Visitor) -> None:
    local.link()
    local.campaign([A], {"name": "您"}, code=local.template())
    query = f"outId=task-1&typed=task-1&csrf={visitor.csrf}&atMost=1"
    for name in ("stop", "pause", "resend"):
        visitor.get(f"/actions/{name}?{query}")
    [request] = send_requests.of_out_id("task-1")
    assert halts.get("task-1", request.biz_id) is None
    assert audit.entries() == []


def test_a_csrf_token_in_the_address_or_in_json_is_none(visitor: Visitor) -> None:
    origin = visitor.guard.origin
    token = visitor.csrf
    assert visitor.request("POST", f"/language?csrf={token}", Origin=origin).status == 403
    body = f'{{"csrf": "{token}"}}'
    for kind in ("application/json", "text/plain"):
        answer = visitor.request("POST", "/language", body, Origin=origin, Content_Type=kind)
        assert answer.status == 403, kind
    upload = FormData()
    upload.add_field("csrf", token.encode(), filename="csrf", content_type="text/plain")
    assert visitor.request("POST", "/language", upload, Origin=origin).status == 403


def test_the_cookie_of_another_port_opens_nothing(visitor: Visitor) -> None:
    session = visitor.cookie.partition("=")[2]
    for name in (f"ops_console_{PORT + 1}", "ops_console", f"OPS_CONSOLE_{PORT}"):
        visitor.cookie = f"{name}={session}"
        assert visitor.get("/campaigns").status == 401, name


def test_a_token_elsewhere_than_in_the_address_opens_nothing(stranger: Visitor) -> None:
    address = stranger.guard.new_address()
    token = address.rpartition("/")[2]
    stranger.cookie = f"ops_console_{PORT}={token}"
    for path in ("/campaigns", f"/campaigns?token={token}", f"/enter?token={token}"):
        assert stranger.get(path, Referer=address).status == 401, path
    # It was not used up by that.
    assert stranger.get(address.removeprefix(stranger.guard.origin)).status == 200


def test_no_websocket_is_opened(visitor: Visitor, stranger: Visitor) -> None:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec_WebSocket_Version": "13",
        "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Origin": "https://evil.example",
    }
    assert stranger.request("GET", "/campaigns", **upgrade).status == 401
    answer = visitor.request("GET", "/nothing", **upgrade)
    assert answer.status == 404
    assert "Upgrade" not in answer.headers


@pytest.mark.parametrize("place", ["", "part", "dialog"])
def test_a_refusal_has_the_form_that_was_asked_for(stranger: Visitor, place: str) -> None:
    answer = stranger.get("/campaigns", **{"X-Fragment": place})
    assert (answer.status, answer.problem) == (401, "session")
    assert ("<html" in answer.text) == (place == "")
    assert ("data-close" in answer.text) == (place == "dialog")
