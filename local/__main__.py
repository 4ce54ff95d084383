"""`python -m local up`, `run` and `chaos`: the commands behind `make up`, `make run` and `make chaos`."""

import os
import shlex
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console as Terminal
from rich.markup import escape

from local.processes import StackError
from local.stack import Stack
from local.state import DEFAULT

_SAME_REQUEST_SECONDS = 2.0

application = typer.Typer(
    help="The bridge on this machine, with stand-ins for everything around it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@application.command()
def up(
    port: Annotated[
        int, typer.Option(envvar="BRIDGE_PORT", min=1, max=65535, help="Port of the HTTP front.")
    ] = 8000,
    state: Annotated[
        Path,
        typer.Option(envvar="BRIDGE_STATE", file_okay=False, help="Folder of the stack's data."),
    ] = Path(DEFAULT),
    app: Annotated[str, typer.Option(hidden=True, help="Module of the Chalice app.")] = "app",
) -> None:
    """Start the stack and keep it running until Ctrl-C."""
    # Imported here because `run` does not need it, and it takes time.
    from local.console import Console  # noqa: PLC0415

    console = Terminal(highlight=False)
    try:
        stack = Stack(port=port, state=state, app=app)
        signals = _Signals(stack)
        with suppress(KeyboardInterrupt), stack, Console(stack) as pages:
            _announce(console, stack, pages.address())
            signals.starting = False
            while not signals.received and not stack.failed.is_set():
                time.sleep(0.1)
        if stack.failure is not None:
            raise stack.failure
    except StackError as error:
        Terminal(stderr=True).print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from error
    console.print("Stopped.")


class _Signals:
    """Stop the stack on Ctrl-C, SIGTERM or a closed terminal; hurry on a second signal.

    `kill` and `make` may both pass one request to stop on to this process. So only Ctrl-C hurries at
    once; other signals do so after two seconds.
    """

    def __init__(self, stack: Stack) -> None:
        self.starting = True
        self.received = False
        self._stack = stack
        self._first = 0.0
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, self._receive)

    def _receive(self, signum: int, _frame: object) -> None:
        if self.received:
            if signum == signal.SIGINT or time.monotonic() - self._first > _SAME_REQUEST_SECONDS:
                self._stack.hurry()
            return
        self.received = True
        self._first = time.monotonic()
        # Written directly to the terminal, because the signal may interrupt a print.
        os.write(2, b"Stopping: work in progress is finished first (Ctrl-C again: do not wait)\n")
        if self.starting:
            raise KeyboardInterrupt


def _announce(console: Terminal, stack: Stack, pages: str) -> None:
    addresses = stack.addresses
    console.print("[bold green]The bridge is up.[/] Ctrl-C stops it and keeps its data.\n")
    for label, value in (
        ("Give to Quick Audience", addresses.prefix),
        ("Give to Tencent", addresses.callback),
        ("TENCENT_BASE_URL", addresses.tencent),
        ("QA_BASE_URL", addresses.quickaudience),
        ("AWS_ENDPOINT_URL", addresses.aws),
        ("Console (opens once)", pages or "not started: see console.log"),
        ("In another shell", _adoption(stack.state.folder)),
        ("Data", str(stack.state.folder)),
        ("Logs", str(stack.state.logs)),
    ):
        console.print(f"  {label:<24}[bold]{escape(value)}[/]", soft_wrap=True)


def _adoption(folder: Path) -> str:
    """Return the command that gives a shell the environment of the stack in this folder."""
    chosen = (
        "" if folder == Path(DEFAULT).resolve() else f"BRIDGE_STATE={shlex.quote(str(folder))} "
    )
    return f'eval "$({chosen}.venv/bin/python -m ops env)"'


@application.command()
def run(
    lose_a_receipt: Annotated[
        bool, typer.Option(help="Have Tencent lose one receipt, to see that it is noticed.")
    ] = False,
    patience: Annotated[
        float,
        typer.Option(help="Seconds without progress after which missing receipts count as lost."),
    ] = 45,
) -> None:
    """Send a campaign to 1,000 recipients from end to end, and report the result."""
    # Imported here because no other command needs it, and it takes time.
    from local import demo  # noqa: PLC0415

    raise typer.Exit(demo.run(lose_a_receipt=lose_a_receipt, patience=patience))


@application.command()
def chaos(
    seconds: Annotated[float, typer.Option(min=1, help="How long faults are injected.")] = 180,
    seed: Annotated[str, typer.Option(help="Seed of the random choices; empty: a new one.")] = "",
    hostile: Annotated[
        str,
        typer.Option(help="How AWS misbehaves: all, names of switches, or empty for not at all."),
    ] = "all",
) -> None:
    """Inject faults of every kind at random, then account for every recipient."""
    from local.chaos import command  # noqa: PLC0415 -- as above

    seed = seed or str(time.time_ns() % 10**6)
    raise typer.Exit(command.run(seconds=seconds, seed=seed, hostile=hostile))


if __name__ == "__main__":
    application()
