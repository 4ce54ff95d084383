"""Who may use the console: the person who sees its address, in one browser at a time for each address.

The console has the operator's rights, so a page of another site must not be able to use it. Every request is
checked for its Host (DNS rebinding) and its session's cookie. A POST needs this console's Origin and the session's
CSRF token, too.
"""

import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Literal

from ops.console.sessions import Session

HOST = "127.0.0.1"
_SESSION_SECONDS = 12 * 3600
_MAX_SESSIONS = 20

HEADERS: Mapping[str, str] = {
    # Nothing but what the console serves itself, and nothing inline.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # With "no-referrer", browsers would send "Origin: null" with forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
"""The headers of every answer."""

Refusal = Literal["host", "cookie", "origin", "csrf"]


class Safety:
    """The addresses and the sessions of one console, which listens on a port of this machine."""

    def __init__(self, port: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.host = f"{HOST}:{port}"
        self.origin = f"http://{self.host}"
        # Cookies are shared by all ports of a host, so the name contains the port.
        self.cookie = f"ops_console_{port}"
        self._clock = clock
        self._token = ""
        self._sessions: dict[str, Session] = {}

    def new_address(self) -> str:
        """Return an address that opens the console once. The address before it, if unused, is void."""
        self._token = secrets.token_urlsafe(24)
        return f"{self.origin}/enter/{self._token}"

    def enter(self, token: str) -> Session | None:
        """Use up a token; return a new session, or None if the token is not the current one."""
        if not self._token or not _equal(token, self._token):
            return None
        self._token = ""
        now = self._clock()
        known = [one for one in self._sessions.values() if one.expires > now]
        self._sessions = {one.id: one for one in known[-_MAX_SESSIONS + 1 :]}
        session = Session(expires=now + _SESSION_SECONDS)
        self._sessions[session.id] = session
        return session

    def session(self, cookie: str | None) -> Session | None:
        """Return the session that a cookie names; None if there is none, or if it has expired."""
        found = self._sessions.get(cookie or "")
        return found if found and found.expires > self._clock() else None

    def refuse_host(self, host: str | None) -> Refusal | None:
        """Return "host" unless the request was made for exactly this console's address."""
        return None if host == self.host else "host"

    def refuse_origin(self, headers: Mapping[str, str]) -> Refusal | None:
        """Return "origin" unless a page of this console made the request."""
        if headers.get("Origin") != self.origin:
            return "origin"
        # Every current browser sends it.
        return None if headers.get("Sec-Fetch-Site", "same-origin") == "same-origin" else "origin"

    @staticmethod
    def refuse_csrf(session: Session, given: str) -> Refusal | None:
        """Return "csrf" unless the session's token was given."""
        return None if _equal(given, session.csrf) else "csrf"


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())
