"""One HTTP request to Tencent and its answer, for both APIs: time limits, and what a failure of the network means."""

import ssl
from collections.abc import Mapping

import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError, SSLError

from chalicelib import deadline
from chalicelib.tencent.interface import (
    CallRefusedError,
    NotSentError,
    OutcomeUnknownError,
    TencentError,
    TooManyCallsError,
)

# Seconds after which an idle connection is not used again. Tencent asks clients to close those that were idle for 90 s
# (its FAQ on 60008).
MAX_IDLE_SECONDS = 80
# Seconds. The read timeout is long, because a message whose answer is not awaited is of unknown outcome.
CONNECT_TIMEOUT = 5
READ_TIMEOUT = 15
# A call within a request of Quick Audience begins with at least this much of its time left.
_MIN_SECONDS = 2


def post(
    session: requests.Session, name: str, url: str, headers: Mapping[str, str], body: bytes
) -> requests.Response:
    """Make a POST request and return its answer, whose body is read. `name` is the call's, for errors.

    Raises NotSentError if Tencent certainly got nothing, else OutcomeUnknownError if the answer does not arrive. It
    makes the request that `Session.post` would make, at a third of the cost, because a campaign may need a request
    for each recipient. Left out are cookies, redirects, and a check of the URL, which the settings guarantee.
    """
    request = requests.PreparedRequest()
    request.method, request.url, request.body = "POST", url, body
    request.headers = CaseInsensitiveDict({**headers, "Content-Length": str(len(body))})
    adapter = session.get_adapter(url)
    try:
        response = adapter.send(request, timeout=timeouts(name))
        # Read the body within this `try`, because the connection may break in the middle of it.
        response.content  # noqa: B018 -- reads it
    except requests.RequestException as error:
        # Only the exception's class is passed on: its text contains the URL, which may have a random number.
        text = f"{name}: {type(error).__name__}"
        raise (
            NotSentError(text) if _never_connected(error) else OutcomeUnknownError(text)
        ) from None
    return response


def unreadable(name: str, status: int) -> TencentError:
    """Return the error of an answer that has no code, by its HTTP status."""
    if status == requests.codes.too_many_requests:
        return TooManyCallsError(f"{name}: HTTP 429")
    if 300 <= status < 500:
        return CallRefusedError(status, f"HTTP {status}, not an answer of Tencent's API")
    return OutcomeUnknownError(f"{name}: HTTP {status} without an answer that can be understood")


def timeouts(name: str) -> tuple[float, float]:
    """Return the seconds to connect and to wait for an answer. Raises NotSentError if the request's time is used up."""
    left = deadline.left()
    if left is None:
        return CONNECT_TIMEOUT, READ_TIMEOUT
    if left < _MIN_SECONDS:
        raise NotSentError(f"{name}: not called, the request's time is used up")
    connect = min(CONNECT_TIMEOUT, left / 2)
    return connect, min(READ_TIMEOUT, left - connect)


def _never_connected(error: requests.RequestException) -> bool:
    """Return whether the request can't have been sent.

    Of the TLS errors, only a certificate's counts: a connection that ends within an answer is an SSLError, too.
    """
    cause = error.args[0] if error.args else None
    if isinstance(cause, MaxRetryError):
        cause = cause.reason
    if isinstance(cause, SSLError):
        return bool(cause.args) and isinstance(cause.args[0], ssl.SSLCertVerificationError)
    return isinstance(cause, NewConnectionError | ConnectTimeoutError)
