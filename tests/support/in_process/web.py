"""Responses and errors of `requests`, without a socket."""

from typing import Any

import requests
import urllib3
from requests.adapters import BaseAdapter
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError, SSLError


class Adapter(BaseAdapter):
    """An adapter that answers the requests of a session by `answer`."""

    def answer(self, request: requests.PreparedRequest) -> requests.Response:
        raise NotImplementedError

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        answer = self.answer(request)
        answer.request, answer.url = request, request.url or ""
        return answer

    def close(self) -> None:
        """Do nothing: there is no connection."""


def response(
    status: int, content: bytes, headers: dict[str, str] | None = None
) -> requests.Response:
    answer = requests.Response()
    answer.status_code = status
    answer._content = content
    answer.headers.update(headers or {"Content-Type": "application/json"})
    return answer


_POOL = urllib3.HTTPSConnectionPool("far.test")


def never_connected() -> requests.ConnectionError:
    """There was no connection: the request was not sent."""
    reason = NewConnectionError(_POOL, "Connection refused")  # type: ignore[arg-type]
    return requests.ConnectionError(MaxRetryError(_POOL, "/", reason))


def connect_timeout() -> requests.ConnectTimeout:
    """There was no connection in time: the request was not sent."""
    return requests.ConnectTimeout(MaxRetryError(_POOL, "/", ConnectTimeoutError()))


def wrong_certificate() -> requests.exceptions.SSLError:
    import ssl

    reason = SSLError(ssl.SSLCertVerificationError("certificate has expired"))
    return requests.exceptions.SSLError(MaxRetryError(_POOL, "/", reason))


def read_timeout() -> requests.ReadTimeout:
    """The request was sent, and no answer arrived."""
    return requests.ReadTimeout(urllib3.exceptions.ReadTimeoutError(_POOL, "/", "Read timed out."))


def reset() -> requests.ConnectionError:
    """The connection broke while the request was in transit."""
    return requests.ConnectionError(
        urllib3.exceptions.ProtocolError("Connection aborted.", ConnectionResetError(104, "reset"))
    )
