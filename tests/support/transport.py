"""A transport for `requests` without a network."""

import io
import json
from typing import TYPE_CHECKING, Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    from collections.abc import Mapping


class Transport(HTTPAdapter):
    """A transport that keeps the requests sent and gives prepared answers in order.

    An answer is a body (bytes, or a value that is sent as JSON), a pair of status and body, or an exception to raise.
    """

    def __init__(self, *answers: Any) -> None:
        super().__init__()
        self.sent: list[requests.PreparedRequest] = []
        self.options: list[Mapping[str, Any]] = []
        self.headers: dict[str, str] = {}
        self._answers = list(answers)

    def send(self, request: requests.PreparedRequest, *_: Any, **options: Any) -> requests.Response:
        self.sent.append(request)
        self.options.append(options)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        status, body = answer if isinstance(answer, tuple) else (200, answer)
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        made: requests.Response = self.build_response(
            request,
            urllib3.HTTPResponse(
                body=io.BytesIO(content),
                status=status,
                headers=self.headers
                | ({"Location": "/elsewhere"} if status in (301, 302, 307, 308) else {}),
                preload_content=False,
            ),
        )
        return made

    def body(self, number: int = 0) -> Any:
        """Return the body of a request, read as JSON."""
        return json.loads(self.sent[number].body or b"null")
