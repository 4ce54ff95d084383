"""The commands that call a platform once: sign, template, send and curl."""

# Each parameter of a command is an option of the command line.
# ruff: noqa: PLR0913, PLR0917

import asyncio
import json
import shlex
import sys
import time
import uuid
from collections.abc import Coroutine
from typing import Annotated, Any

import typer

from .campaigns import CampaignRequest, Params, request_outcome, send_body
from .client import Answer, BridgeClient, NoAnswerError, prepare
from .endpoints import (
    CREATE_TEMPLATE,
    QUERY_SIGN,
    QUERY_TEMPLATE,
    SEND_BATCH_LIST,
    SEND_DIGITAL_BATCH_LIST,
    Endpoint,
)
from .options import Auth, Key, PlatformName, Prefix, to_settings
from .records import RequestOutcome
from .settings import DEFAULT_KEY, DEFAULT_PLATFORM_NAME, Settings
from .templates import APPROVED, PENDING, TemplateRequest, review_in_words

_POLL_SECONDS = 0.5


class _CommandError(Exception):
    """A command that failed. The message is printed to standard error."""


def sign(
    url: Prefix,
    name: Annotated[str, typer.Argument(help="Name of the sign.")],
    key: Key = DEFAULT_KEY,
    auth: Auth = True,
    platform_name: PlatformName = DEFAULT_PLATFORM_NAME,
) -> None:
    """Query a sign's review status (§1) and print it. Exit with 0 only if it is approved."""
    settings = to_settings(
        {"bridgeUrl": url, "key": key, "auth": auth, "platformName": platform_name}
    )
    status = _run(_query_sign(settings, name))
    raise typer.Exit(0 if status == APPROVED else 1)


async def _query_sign(settings: Settings, name: str) -> Any:
    async with _Caller(settings) as caller:
        answer = await caller.call(QUERY_SIGN, value=name)
    if not answer.succeeded:
        raise _CommandError(f"The platform refused the query of sign {name}: {_reason(answer)}")
    print(f"Sign {name} is {review_in_words(answer, 'signStatus')}.")
    return answer.get("signStatus")


def template(
    url: Prefix,
    content: Annotated[str, typer.Argument(help="Text, with variables such as ${name}.")],
    name: Annotated[str, typer.Option(help="Name of the template.")] = "手工模板",
    type_: Annotated[
        int,
        typer.Option(
            "--type",
            min=0,
            max=3,
            help="0 verification code, 1 notification, 2 promotion, 3 international.",
        ),
    ] = 1,
    wait: Annotated[float, typer.Option(help="Seconds to wait for the approval.")] = 60.0,
    key: Key = DEFAULT_KEY,
    auth: Auth = True,
    platform_name: PlatformName = DEFAULT_PLATFORM_NAME,
) -> None:
    """Create a text template (§2), wait for its approval (§4) and print its code.

    Standard output has the code alone; everything else goes to standard error.
    """
    settings = to_settings(
        {"bridgeUrl": url, "key": key, "auth": auth, "platformName": platform_name}
    )
    request = TemplateRequest(name=name, content=content, type=type_)
    print(_run(_create_template(settings, request, wait)))


async def _create_template(settings: Settings, request: TemplateRequest, wait: float) -> str:
    async with _Caller(settings) as caller:
        created = await caller.call(CREATE_TEMPLATE, body=request.body())
        if not created.succeeded:
            raise _CommandError(f"The platform refused the template: {_reason(created)}")
        code = created.get("templateCode")
        if not (isinstance(code, str) and code):
            raise _CommandError("The platform accepted the template without a templateCode.")
        _log(f"Created template {code}; waiting for its review.")
        deadline = time.monotonic() + wait
        while True:
            reviewed = await caller.call(QUERY_TEMPLATE, value=code)
            if not reviewed.succeeded:
                raise _CommandError(
                    f"The platform refused the query of template {code}: {_reason(reviewed)}"
                )
            if reviewed.get("templateStatus") != PENDING:
                break
            if time.monotonic() > deadline:
                raise _CommandError(
                    f"Template {code} is still under review after {wait:g} seconds."
                )
            await asyncio.sleep(_POLL_SECONDS)
    words = f"Template {code} is {review_in_words(reviewed, 'templateStatus')}."
    if reviewed.get("templateStatus") != APPROVED:
        raise _CommandError(words)
    _log(words)
    return code


def send(
    url: Prefix,
    sign: Annotated[str, typer.Option(help="Name of the sign.")],
    template: Annotated[str, typer.Option(help="Template code.")],
    phone: Annotated[list[str], typer.Option(help="Recipient; may be repeated.")],
    param: Annotated[
        list[str] | None, typer.Option(help="name=value for every recipient; may be repeated.")
    ] = None,
    out_id: Annotated[str | None, typer.Option(help="Generated if not given.")] = None,
    digital: Annotated[bool, typer.Option("--digital", help="Send a digital message.")] = False,
    key: Key = DEFAULT_KEY,
    auth: Auth = True,
    platform_name: PlatformName = DEFAULT_PLATFORM_NAME,
) -> None:
    """Send one signed sendBatchList request (§6, digital: §11), and print the result and answer."""
    values: Params = {}
    for pair in param or []:
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise typer.BadParameter(f"--param {pair!r} is not name=value")
        values[name] = value
    settings = to_settings(
        {"bridgeUrl": url, "key": key, "auth": auth, "platformName": platform_name}
    )
    request = CampaignRequest(sign_name=sign, template_code=template, phones=[*phone])
    body = send_body(
        request,
        out_id or f"hand-{uuid.uuid4().hex[:20]}",
        phone,
        [values] * len(phone) if values else None,
    )
    raise typer.Exit(_run(_send(settings, body, digital=digital)))


async def _send(settings: Settings, body: dict[str, Any], *, digital: bool) -> int:
    endpoint = SEND_DIGITAL_BATCH_LIST if digital else SEND_BATCH_LIST
    async with _Caller(settings) as caller:
        answer = await caller.call(endpoint, body=body)
    print(_send_result(answer, body["outId"], len(body["phoneNumberJson"])))
    print(f"outId {body['outId']}")
    print(f"HTTP {answer.status}")
    print(answer.text if answer.body is None else _pretty(answer.body))
    return 0 if answer.succeeded else 1


def _send_result(answer: Answer, out_id: str, recipients: int) -> str:
    match request_outcome(answer):
        case RequestOutcome.ACCEPTED:
            noun = "recipient" if recipients == 1 else "recipients"
            return (
                f"Accepted for {recipients} {noun}. The delivery receipts follow: "
                f"`python -m ops campaign show {out_id}` counts them."
            )
        case RequestOutcome.REFUSED:
            return f"Refused, nothing was sent: {_reason(answer)}"
        case _:
            return "The answer does not say whether the platform will send the message."


def curl(
    url: Prefix,
    method: Annotated[str, typer.Argument(help="GET, POST, PUT or DELETE.")],
    path: Annotated[str, typer.Argument(help="Path after the prefix: /sms/…")],
    body: Annotated[str | None, typer.Argument(help="JSON.")] = None,
    key: Key = DEFAULT_KEY,
    auth: Auth = True,
) -> None:
    """Print a signed curl command. It works once, and only while its timestamp is valid."""
    settings = to_settings({"bridgeUrl": url, "key": key, "auth": auth})
    request = prepare(settings, method.upper(), path, None if body is None else body.encode())
    words = ["curl", "-sS", "-X", request.method, request.url]
    for name, value in request.headers.items():
        # curl drops a header with an empty value, unless it ends in a semicolon.
        words += ["-H", f"{name}: {value}" if value else f"{name};"]
    if request.body is not None:
        words += ["--data-binary", request.body.decode()]
    print(shlex.join(words))


class _Caller:
    """A client for the duration of one command; violations are printed to standard error."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = BridgeClient(lambda request, problem: _log(f"{request}: {problem}"))

    async def __aenter__(self) -> "_Caller":
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._client.close()

    async def call(self, endpoint: Endpoint, *, value: str = "", body: Any = None) -> Answer:
        return await self._client.call(self._settings, endpoint, value=value, body=body)


def _run(command: Coroutine[Any, Any, Any]) -> Any:
    """Run a command; print a failure to standard error and exit with 1."""
    try:
        return asyncio.run(command)
    except NoAnswerError:
        # The client has reported what was wrong.
        _log("Without an answer it is unknown whether the platform received the request.")
        _log("If the bridge is not running, `make up` starts it.")
    except _CommandError as error:
        _log(str(error))
    raise typer.Exit(1)


def _log(text: str) -> None:
    print(text, file=sys.stderr)


def _reason(answer: Answer) -> str:
    code, message = answer.get("code"), answer.get("message")
    if code is None and message is None:
        return f"HTTP {answer.status}"
    return f"{code}: {message}"


def _pretty(body: object) -> str:
    return json.dumps(body, ensure_ascii=False, indent=2)
