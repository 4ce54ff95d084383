"""What several unit tests share: example settings, requests of Chalice's, a transport without a network."""

import io
import json
from collections.abc import Mapping
from typing import Any

import hypothesis
import requests
import urllib3
from chalice.app import Request
from requests.adapters import HTTPAdapter

from chalicelib.domain.planning import Call, Recipients

ENVIRONMENT = {
    "QA_PLATFORM_NAME": "腾讯短信",
    "QA_KEY": "123456789",
    "TENCENT_SDK_APP_ID": "1400006666",
    "TENCENT_APP_KEY": "5f03a35d00ee52a21327ab048186a2c4",
    "TENCENT_CALLBACK_TOKENS": "first-token,second-token",
}
"""All that is required. The App Key is the one of Tencent's document."""


def examples(most: int) -> hypothesis.settings:
    """As many examples, the same ones each time: the machine is shared, so none has a deadline."""
    return hypothesis.settings(
        max_examples=most, deadline=None, database=None, derandomize=True, print_blob=False
    )


def calls_of(recipients: Recipients) -> list[Call]:
    """The Tencent calls that a plan comes to."""
    return [call for chunk in recipients.chunks() for call in chunk.calls]


def request(
    body: bytes | str | None = b"",
    *,
    method: str = "POST",
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    uri_params: Mapping[str, str] | None = None,
) -> Request:
    """A request as Chalice makes it of API Gateway's event."""
    return Request(
        {
            "multiValueQueryStringParameters": query and {k: [v] for k, v in query.items()},
            "headers": dict(headers or {}),
            "pathParameters": uri_params,
            "requestContext": {"httpMethod": method, "resourcePath": "/sms/x", "path": "/api/x"},
            "body": body,
            "stageVariables": None,
        }
    )


class Transport(HTTPAdapter):
    """Stands where the network would be: keeps what is sent, answers what it was given, in order.

    An answer is a body (bytes as they are, anything else as JSON) with or without its status, or an
    exception to raise.
    """

    def __init__(self, *answers: Any) -> None:
        super().__init__()
        self.sent: list[requests.PreparedRequest] = []
        self.options: list[Mapping[str, Any]] = []
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
                headers={"Location": "/elsewhere"} if status in (301, 302, 307, 308) else {},
                preload_content=False,
            ),
        )
        return made

    def body(self, number: int = 0) -> Any:
        """What was sent, read as JSON."""
        return json.loads(self.sent[number].body or b"null")


# The beginning of a file of each type that a digital template may have.
FILES = {
    "jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00",
    "png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    "gif": b"GIF89a\x01\x00\x01\x00",
    "mp4": b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2",
    "3gp": b"\x00\x00\x00\x14ftyp3gp4\x00\x00\x00\x003gp4",
    "mp3": b"ID3\x04\x00\x00\x00\x00\x00\x00",
    "wav": b"RIFF\x24\x00\x00\x00WAVEfmt ",
}
