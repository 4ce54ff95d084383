"""The client that calls a platform as Quick Audience does."""

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

# Not encoded in a path that is given as a whole. "%" is included: the path may be encoded already.
_PATH_SAFE = "/%:@!$&'()*+,;=-._~?"


class NoAnswerError(Exception):
    """A call without a complete answer: the platform may or may not have acted on it."""


class NoBridgeError(Exception):
    """A call that was not made because the platform's address is unknown."""


@dataclass(frozen=True, slots=True)
class RequestOverrides:
    """The parts of a request that differ from what Quick Audience would send."""

    headers: Mapping[str, str | None] = field(default_factory=dict)
    """Headers to add or replace; None removes a header."""
    nonce: str | None = None
    """Replaces the random nonce."""
    timestamp: str | None = None
    """Replaces the current time."""
    signing: Signing = True
    """False sends the empty header of disabled authentication; "wrong" signs with another key."""


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request that is ready to be sent."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    timestamp: str
    nonce: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A platform's answer."""

    status: int
    headers: Mapping[str, str]
    text: str
    body: Any
    """The parsed JSON; None if the answer is not JSON."""
    seconds: float
    violations: list[str]

    @property
    def succeeded(self) -> bool:
        """Whether the platform says that the request succeeded."""
        return self.status == 200 and self.get("code") in SUCCESS_CODES

    @property
    def refused(self) -> bool:
        """Whether the platform clearly says that it did nothing."""
        return self.status < 500 and isinstance(self.get("code"), str) and not self.succeeded

    def get(self, name: str) -> Any:
        """Return a field of the answer; None if it is missing."""
        return self.body.get(name) if isinstance(self.body, dict) else None

    def as_json(self) -> dict[str, Any]:
        """Return the answer as the control API shows it; ``text`` is null if it is JSON."""
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
    overrides: RequestOverrides | None = None,
) -> SignedRequest:
    """Return a signed request.

    Args:
        settings: contain the platform's address and the key.
        method: the HTTP method.
        path: the path after the prefix. It may contain a query.
        body: the encoded body.
        overrides: the parts that differ from what Quick Audience would send.

    Raises:
        NoBridgeError: the platform's address is unknown.
    """
    if settings.bridge_url is None:
        raise NoBridgeError("no address to call: start with --bridge-url or set bridgeUrl")
    overrides = overrides or RequestOverrides()
    nonce = new_nonce() if overrides.nonce is None else overrides.nonce
    timestamp = new_timestamp() if overrides.timestamp is None else overrides.timestamp
    signature = ""
    if settings.auth and overrides.signing:
        key = settings.key if overrides.signing is True else f"not {settings.key}"
        signature = sign(key, timestamp, nonce)
    # The document lists this type for every operation, including those without a body.
    merged: dict[str, str | None] = {
        "Content-Type": "application/json",
        SIGNATURE_HEADER: signature,
        **overrides.headers,
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
    """Calls a platform and checks its answers."""

    def __init__(self, report: Callable[[str, str], None]) -> None:
        """Create a client.

        Args:
            report: called with the request and the problem, for each problem of an answer.
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

    def reset_counts(self) -> None:
        """Set all counts to zero."""
        self.calls.clear()
        self.unanswered = self.unsuccessful = 0

    async def call(
        self, settings: Settings, endpoint: Endpoint, *, value: str = "", body: Any = None
    ) -> Answer:
        """Call an endpoint with the value of its path parameter, and a body.

        Raises:
            NoAnswerError: the platform did not answer.
            NoBridgeError: the platform's address is unknown.
        """
        raw = None if body is None else dump_body(body)
        request = prepare(settings, endpoint.method, endpoint.fill(value), raw)
        return await self.send(settings, request)

    async def send(self, settings: Settings, request: SignedRequest) -> Answer:
        """Send a request and check the answer.

        Raises:
            NoAnswerError: the platform did not answer.
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
    """Encode a body as Java's JSON mappers do: compact, and not escaped to ASCII."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None
