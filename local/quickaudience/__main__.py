"""The command line: ``python -m local.quickaudience``."""

# Each parameter of a command is an option of the command line.
# ruff: noqa: PLR0913, PLR0917

import asyncio
import logging
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from . import commands
from .options import Auth, Key, PlatformName, to_settings
from .server import serve as serve_until
from .settings import DEFAULT_KEY, DEFAULT_PLATFORM_NAME, Settings

app = typer.Typer(
    help="A simulator of Quick Audience's side of the third-party SMS platform API.",
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 picks a free one.")] = 0,
    bridge_url: Annotated[str | None, typer.Option(help="Prefix of the platform to call.")] = None,
    key: Key = DEFAULT_KEY,
    auth: Auth = True,
    platform_name: PlatformName = DEFAULT_PLATFORM_NAME,
    state: Annotated[
        Path | None, typer.Option(help="Folder that stores campaigns and receipts.")
    ] = None,
    clock_skew: Annotated[
        int,
        typer.Option(help="Maximum distance of a push's timestamp from now, seconds; 0: no limit."),
    ] = 900,
    max_entries: Annotated[int, typer.Option(help="Maximum number of entries in a push.")] = 100,
    success_code: Annotated[
        str, typer.Option(help="Code of the answer to a good push: 200, OK, or int for a bare 200.")
    ] = "200",
    refusals: Annotated[
        str, typer.Option(help="http: a refusal sets the HTTP status; body: only the code.")
    ] = "http",
    block_after: Annotated[
        int, typer.Option(help="Consecutive authentication failures that block the sender.")
    ] = 5,
    block_window: Annotated[
        float, typer.Option(help="Seconds within which these failures must occur.")
    ] = 300.0,
    block_seconds: Annotated[float, typer.Option(help="Seconds that a block lasts.")] = 1800.0,
    bridge_timeout: Annotated[
        float, typer.Option(help="Seconds to wait for the platform's answer.")
    ] = 30.0,
) -> None:
    """Receive pushes, and serve the control API under /_sim/ (the default command)."""
    settings = to_settings(
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


for command in (commands.sign, commands.template, commands.send, commands.curl):
    app.command()(command)


def main() -> None:
    """Run the command line. Without a command, it serves."""
    arguments = sys.argv[1:]
    if not arguments or (arguments[0].startswith("-") and arguments[0] != "--help"):
        arguments = ["serve", *arguments]
    app(arguments, prog_name="python -m local.quickaudience")


if __name__ == "__main__":
    main()
