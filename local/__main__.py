"""`python -m local up`, `run` and `chaos`: what `make up`, `make run` and `make chaos` call."""

import os
import signal
import time
from contextlib import suppress
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
    pretty_exceptions_enable=False,
)


@application.command()
def up(
    port: Annotated[
        int, typer.Option(envvar="BRIDGE_PORT", min=1, max=65535, help="Port of the HTTP front.")
    ] = 8000,
    state: Annotated[
        Path, typer.Option(envvar="BRIDGE_STATE", file_okay=False, help="Folder of its data.")
    ] = Path(DEFAULT),
    app: Annotated[str, typer.Option(hidden=True, help="Module of the Chalice app.")] = "app",
) -> None:
    """Start the stack and keep it up until Ctrl-C."""
    console = Console(highlight=False)
    try:
        stack = Stack(port=port, state=state, app=app)
        signals = _Signals(stack)
        with suppress(KeyboardInterrupt), stack:
            signals.starting = False
            _announce(console, stack)
            while not signals.asked and not stack.failed.is_set():
                time.sleep(0.1)
        if stack.failure is not None:
            raise stack.failure
    except StackError as error:
        Console(stderr=True).print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from error
    console.print("Stopped.")


class _Signals:
    """Ctrl-C, SIGTERM and a closed terminal stop the stack; once more makes it hurry."""

    def __init__(self, stack: Stack) -> None:
        self.starting = True
        self.asked = False
        self._stack = stack
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, self._receive)

    def _receive(self, *_: object) -> None:
        if self.asked:
            self._stack.hurry()
            return
        self.asked = True
        # Straight to the terminal: the signal may have come in the middle of a print.
        os.write(2, b"Stopping: what is in hand is finished first (Ctrl-C again: do not wait)\n")
        if self.starting:
            raise KeyboardInterrupt


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
def run(
    lose_a_receipt: Annotated[
        bool, typer.Option(help="Have Tencent lose one receipt, to see that it is noticed.")
    ] = False,
    patience: Annotated[
        float, typer.Option(help="Seconds without news after which what is missing is missing.")
    ] = 45,
) -> None:
    """Send a campaign of 1,000 recipients from end to end, and say what came of it."""
    # Imported when it is called: no other command needs it, and it takes time.
    from local import demo  # noqa: PLC0415

    raise typer.Exit(demo.run(lose_a_receipt=lose_a_receipt, patience=patience))


@application.command()
def chaos(
    seconds: Annotated[float, typer.Option(min=1, help="How long there is trouble.")] = 180,
    seed: Annotated[str, typer.Option(help="Decides what happens; any, if none is given.")] = "",
) -> None:
    """Make trouble of every kind at random, and then account for every recipient."""
    from local.chaos import storm  # noqa: PLC0415 -- as above

    raise typer.Exit(storm.run(seconds=seconds, seed=seed or str(time.time_ns() % 10**6)))


if __name__ == "__main__":
    application()
