"""Quick Audience as a caller of the platform's twelve endpoints."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote, urlencode

import aiohttp
from yarl import URL

from .endpoints import SUCCESS_CODES, Endpoint, answer_violations, find_endpoint
from .settings import Settings
from .signature import SIGNATURE_HEADER, new_nonce, new_timestamp, sign

Signing = bool | Literal["wrong"]

# Left alone in a path that is given as a whole; "%" too, so that it may be encoded already.
_PATH_SAFE = "/%:@!$&'()*+,;=-._~?"


class NoAnswerError(Exception):
    """A call that got no complete answer: the platform may have acted on it or not."""


class NoBridgeError(Exception):
    """A call while the simulator doesn't know the platform's address."""


@dataclass(frozen=True, slots=True)
class Oddities:
    """What a request has otherwise than Quick Audience would make it."""

    headers: Mapping[str, str | None] = field(default_factory=dict)
    """More headers; None takes away one that would be sent."""
    nonce: str | None = None
    """In place of a fresh one."""
    timestamp: str | None = None
    """In place of the present second."""
    signing: Signing = True
    """False: the empty header of disabled authentication; "wrong": signed with another key."""


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request that is ready to be made."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    timestamp: str
    nonce: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a platform answered."""

    status: int
    headers: Mapping[str, str]
    text: str
    body: Any
    """The parsed JSON; None if it isn't JSON."""
    seconds: float
    violations: list[str]

    @property
    def succeeded(self) -> bool:
        """Whether the platform says that it did what was asked."""
        return self.status == 200 and self.get("code") in SUCCESS_CODES

    @property
    def refused(self) -> bool:
        """Whether the platform clearly says that it didn't do what was asked."""
        return self.status < 500 and isinstance(self.get("code"), str) and not self.succeeded

    def get(self, name: str) -> Any:
        """Return a field of the answer; None if there is no such field."""
        return self.body.get(name) if isinstance(self.body, dict) else None

    def as_json(self) -> dict[str, Any]:
        """Return the answer for showing; ``text`` only if it isn't JSON."""
        return {
            "status": self.status,
            "headers": dict(self.headers),
            "body": self.body,
            "text": self.text if self.body is None else None,
            "seconds": round(self.seconds, 4),
            "violations": self.violations,
        }


def prepare(
    settings: Settings,
    method: str,
    path: str,
    body: bytes | None = None,
    oddities: Oddities | None = None,
) -> SignedRequest:
    """Sign a request.

    Args:
        settings: has the platform's address and the key.
        method: the HTTP method.
        path: what follows the prefix; may have a query of its own.
        body: the body as it goes out.
        oddities: what to do otherwise than Quick Audience does.

    Raises:
        NoBridgeError: the platform's address is not known.
    """
    if settings.bridge_url is None:
        raise NoBridgeError("no address to call: start with --bridge-url or set bridgeUrl")
    odd = oddities or Oddities()
    nonce = new_nonce() if odd.nonce is None else odd.nonce
    timestamp = new_timestamp() if odd.timestamp is None else odd.timestamp
    signature = ""
    if settings.auth and odd.signing:
        key = settings.key if odd.signing is True else f"not {settings.key}"
        signature = sign(key, timestamp, nonce)
    # The document has the type on every operation, those without a body too.
    merged: dict[str, str | None] = {
        "Content-Type": "application/json",
        SIGNATURE_HEADER: signature,
        **odd.headers,
    }
    query = urlencode({"timestamp": timestamp, "nonce": nonce})
    separator = "&" if "?" in path else "?"
    return SignedRequest(
        method=method,
        url=f"{settings.bridge_url}{quote(path, safe=_PATH_SAFE)}{separator}{query}",
        headers={name: value for name, value in merged.items() if value is not None},
        body=body,
        timestamp=timestamp,
        nonce=nonce,
    )


class BridgeClient:
    """Calls a platform and judges its answers."""

    def __init__(self, report: Callable[[str, str], None]) -> None:
        """Make a client.

        Args:
            report: is told what was called and what was wrong with the answer.
        """
        self._report = report
        self._session: aiohttp.ClientSession | None = None
        self.calls: dict[str, int] = {}
        self.unanswered = 0
        self.unsuccessful = 0

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def forget(self) -> None:
        """Start counting anew."""
        self.calls.clear()
        self.unanswered = self.unsuccessful = 0

    async def call(
        self, settings: Settings, endpoint: Endpoint, *, value: str = "", body: Any = None
    ) -> Answer:
        """Call an endpoint with the value of its path parameter and a body.

        Raises:
            NoAnswerError: nothing came back.
            NoBridgeError: the platform's address is not known.
        """
        raw = None if body is None else dump_body(body)
        request = prepare(settings, endpoint.method, endpoint.fill(value), raw)
        return await self.send(settings, request)

    async def send(self, settings: Settings, request: SignedRequest) -> Answer:
        """Make a request that is ready, and judge the answer.

        Raises:
            NoAnswerError: nothing came back.
        """
        path = URL(request.url, encoded=True).raw_path
        prefix = URL(settings.bridge_url or "", encoded=True).raw_path.rstrip("/")
        path = path.removeprefix(prefix)
        endpoint = find_endpoint(request.method, path)
        name = endpoint.name if endpoint else "other"
        self.calls[name] = self.calls.get(name, 0) + 1
        started = time.monotonic()
        try:
            status, headers, raw = await self._exchange(settings, request)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self.unanswered += 1
            reason = str(error) or type(error).__name__
            self._report(f"{request.method} {path}", f"no answer: {reason}")
            raise NoAnswerError(f"no answer from {settings.bridge_url}: {reason}") from error
        body = _parsed(raw)
        content_type = headers.get("Content-Type", "").partition(";")[0].strip().lower()
        violations = []
        if path.startswith("/sms/"):
            violations = answer_violations(
                endpoint, settings.platform_name, status, content_type, body
            )
        for violation in violations:
            self._report(f"{request.method} {path}", violation)
        answer = Answer(
            status=status,
            headers=headers,
            text=raw.decode("utf-8", "replace"),
            body=body,
            seconds=time.monotonic() - started,
            violations=violations,
        )
        self.unsuccessful += not answer.succeeded
        return answer

    async def _exchange(
        self, settings: Settings, request: SignedRequest
    ) -> tuple[int, dict[str, str], bytes]:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        async with self._session.request(
            request.method,
            URL(request.url, encoded=True),
            data=request.body,
            headers=request.headers,
            skip_auto_headers=("Content-Type",),
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=settings.bridge_timeout_seconds),
        ) as answer:
            return answer.status, dict(answer.headers), await answer.read()


def dump_body(body: Any) -> bytes:
    """Write a body as Java's JSON mappers do: compact, and not escaped to ASCII."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None
