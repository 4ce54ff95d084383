"""The command line: ``python -m local.quickaudience``."""

# Each parameter of a command is an option of the command line.
# ruff: noqa: PLR0913, PLR0917

import asyncio
import json
import logging
import shlex
import signal
import sys
import uuid
from pathlib import Path
from typing import Annotated

import typer

from .campaigns import CampaignRequest, Params, send_body
from .client import BridgeClient, NoAnswerError, prepare
from .endpoints import SEND_BATCH_LIST, SEND_DIGITAL_BATCH_LIST
from .server import serve as serve_until
from .settings import DEFAULT_KEY, DEFAULT_PLATFORM_NAME, Settings

app = typer.Typer(
    help="A stand-in for Quick Audience's side of the third-party SMS platform API.",
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Key = Annotated[str, typer.Option(envvar="QA_KEY", help="Key shared with the platform.")]
Auth = Annotated[
    bool,
    typer.Option("--auth/--no-auth", envvar="QA_AUTH", help="Whether authentication is enabled."),
]
PlatformName = Annotated[
    str, typer.Option(envvar="QA_PLATFORM_NAME", help="API name that answers must echo.")
]
Prefix = Annotated[str, typer.Option("--url", help="Prefix of the platform.")]


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 picks a free one.")] = 0,
    bridge_url: Annotated[str | None, typer.Option(help="Prefix of the platform to call.")] = None,
    key: Key = DEFAULT_KEY,
    auth: Auth = True,
    platform_name: PlatformName = DEFAULT_PLATFORM_NAME,
    state: Annotated[
        Path | None, typer.Option(help="Folder that keeps campaigns and receipts.")
    ] = None,
    clock_skew: Annotated[
        int, typer.Option(help="Allowed distance of a push's timestamp, seconds; 0: any.")
    ] = 900,
    max_entries: Annotated[int, typer.Option(help="Most entries of one push.")] = 100,
    success_code: Annotated[
        str, typer.Option(help="What a good push is answered: 200, OK, or int for a bare 200.")
    ] = "200",
    refusals: Annotated[
        str, typer.Option(help="http: refusals show in the HTTP status; body: only in code.")
    ] = "http",
    block_after: Annotated[
        int, typer.Option(help="Authentication failures in a row that block the sender.")
    ] = 5,
    block_window: Annotated[float, typer.Option(help="… within this many seconds.")] = 300.0,
    block_seconds: Annotated[float, typer.Option(help="How long a block lasts.")] = 1800.0,
    bridge_timeout: Annotated[
        float, typer.Option(help="Seconds to wait for the platform's answer.")
    ] = 30.0,
) -> None:
    """Receive pushes and steer the simulator through /_sim/ (the default command)."""
    settings = _settings(
        {
            "bridgeUrl": bridge_url,
            "bridgeTimeoutSeconds": bridge_timeout,
            "key": key,
            "auth": auth,
            "platformName": platform_name,
            "clockSkewSeconds": clock_skew,
            "maxEntries": max_entries,
            "successCode": 200 if success_code == "int" else success_code,
            "refusals": refusals,
            "blockAfter": block_after,
            "blockWindowSeconds": block_window,
            "blockSeconds": block_seconds,
        }
    )
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    try:
        asyncio.run(_serve(settings, port, state))
    except (OSError, RuntimeError) as error:
        raise typer.BadParameter(str(error)) from error


async def _serve(settings: Settings, port: int, state: Path | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)

    def ready(url: str) -> None:
        print(f"listening on {url}", flush=True)

    await serve_until(settings, port=port, state=state, ready=ready, stop=stop)


@app.command()
def send(
    url: Prefix,
    sign: Annotated[str, typer.Option(help="Name of the sign.")],
    template: Annotated[str, typer.Option(help="Template code.")],
    phone: Annotated[list[str], typer.Option(help="Recipient; may be repeated.")],
    param: Annotated[
        list[str] | None, typer.Option(help="name=value for every recipient; may be repeated.")
    ] = None,
    out_id: Annotated[str | None, typer.Option(help="Made up when not given.")] = None,
    digital: Annotated[bool, typer.Option("--digital", help="A digital message.")] = False,
    key: Key = DEFAULT_KEY,
    auth: Auth = True,
    platform_name: PlatformName = DEFAULT_PLATFORM_NAME,
) -> None:
    """Make one signed sendBatchList request and print the answer."""
    values: Params = {}
    for pair in param or []:
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise typer.BadParameter(f"--param {pair!r} is not name=value")
        values[name] = value
    settings = _settings(
        {"bridgeUrl": url, "key": key, "auth": auth, "platformName": platform_name}
    )
    request = CampaignRequest(sign_name=sign, template_code=template, phones=[*phone])
    body = send_body(
        request,
        out_id or f"hand-{uuid.uuid4().hex[:20]}",
        phone,
        [values] * len(phone) if values else None,
    )
    raise typer.Exit(asyncio.run(_send(settings, body, digital=digital)))


async def _send(settings: Settings, body: dict[str, object], *, digital: bool) -> int:
    client = BridgeClient(lambda where, problem: print(f"{where}: {problem}", file=sys.stderr))
    endpoint = SEND_DIGITAL_BATCH_LIST if digital else SEND_BATCH_LIST
    try:
        answer = await client.call(settings, endpoint, body=body)
    except NoAnswerError:
        return 1
    finally:
        await client.close()
    print(f"outId {body['outId']}")
    print(f"HTTP {answer.status}")
    print(answer.text if answer.body is None else _pretty(answer.body))
    return 0 if answer.succeeded else 1


@app.command()
def curl(
    url: Prefix,
    method: Annotated[str, typer.Argument(help="GET, POST, PUT or DELETE.")],
    path: Annotated[str, typer.Argument(help="What follows the prefix: /sms/…")],
    body: Annotated[str | None, typer.Argument(help="JSON.")] = None,
    key: Key = DEFAULT_KEY,
    auth: Auth = True,
) -> None:
    """Print a curl command that is good for one use while its timestamp is."""
    settings = _settings({"bridgeUrl": url, "key": key, "auth": auth})
    request = prepare(settings, method.upper(), path, None if body is None else body.encode())
    words = ["curl", "-sS", "-X", request.method, request.url]
    for name, value in request.headers.items():
        # curl drops a header whose value is empty, unless it ends in a semicolon.
        words += ["-H", f"{name}: {value}" if value else f"{name};"]
    if body is not None:
        words += ["--data-binary", body]
    print(shlex.join(words))


def _settings(values: dict[str, object]) -> Settings:
    try:
        return Settings.model_validate(values)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _pretty(body: object) -> str:
    return json.dumps(body, ensure_ascii=False, indent=2)


def main() -> None:
    """Run the command line; serving is what it does when no command is named."""
    arguments = sys.argv[1:]
    if not arguments or (arguments[0].startswith("-") and arguments[0] != "--help"):
        arguments = ["serve", *arguments]
    app(arguments, prog_name="python -m local.quickaudience")


if __name__ == "__main__":
    main()
