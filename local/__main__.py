"""`python -m local up` and `python -m local run`: what `make up` and `make run` call."""

import importlib
import signal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from local.processes import StackError
from local.stack import Stack
from local.state import DEFAULT

application = typer.Typer(
    help="The bridge on this machine, with stand-ins for everything around it.",
    no_args_is_help=True,
    add_completion=False,
)


@application.command()
def up(
    port: Annotated[
        int, typer.Option(envvar="BRIDGE_PORT", min=1, max=65535, help="Port of the HTTP front.")
    ] = 8000,
    state: Annotated[
        Path, typer.Option(envvar="BRIDGE_STATE", file_okay=False, help="Folder of its data.")
    ] = Path(DEFAULT),
) -> None:
    """Start the stack and keep it up until Ctrl-C."""
    console = Console(highlight=False)
    try:
        stack = Stack(port=port, state=state)
        _stop_on_signals(stack)
        with stack:
            _announce(console, stack)
            stack.failed.wait()
        assert stack.failure is not None  # noqa: S101 - for the type checker
        raise stack.failure
    except KeyboardInterrupt:
        console.print("Stopped.")
    except StackError as error:
        Console(stderr=True).print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from error


def _stop_on_signals(stack: Stack) -> None:
    """Ctrl-C, SIGTERM and a closed terminal stop the stack; once more makes it hurry."""
    console = Console(stderr=True, highlight=False)
    asked = False

    def stop(*_: object) -> None:
        nonlocal asked
        if asked or stack.stopping:
            stack.hurry()
            return
        asked = True
        console.print("Stopping: what is in hand is finished first (Ctrl-C again: do not wait) …")
        raise KeyboardInterrupt

    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, stop)


def _announce(console: Console, stack: Stack) -> None:
    addresses = stack.addresses
    console.print("[bold green]The bridge is up.[/] Ctrl-C stops it and keeps its data.\n")
    for label, value in (
        ("Give to Quick Audience", addresses.prefix),
        ("Give to Tencent", addresses.callback),
        ("Tencent", addresses.tencent),
        ("Quick Audience", addresses.quickaudience),
        ("AWS (ministack)", addresses.aws),
        ("Data", stack.state.folder),
        ("Logs", stack.state.logs),
    ):
        console.print(f"  {label:<24}[bold]{value}[/]", soft_wrap=True)


@application.command()
def run() -> None:
    """Send a campaign of 1,000 recipients from end to end, and say what came of it."""
    # Imported when it is called: no other command needs it, and it takes time.
    raise typer.Exit(importlib.import_module("local.demo").run())


if __name__ == "__main__":
    application()
