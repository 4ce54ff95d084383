"""The process of a console: its port, its addresses, and its end."""

import asyncio
import contextlib
import signal
import socket
import sys
import webbrowser
from collections.abc import Callable

from aiohttp import web

from ops.console import app, control, memory
from ops.console.safety import HOST, Safety
from ops.console.visits import Console
from ops.errors import OperatorError

_SHUTDOWN_SECONDS = 2


def listen(port: int) -> socket.socket:
    """Take a port of this machine; with 0, any. Raises OperatorError if it can't be used."""
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        raise OperatorError(
            f"port {port} can't be used ({error.strerror}): choose another one with --port"
        ) from error


def run(
    stage: str, port: int, *, read_only: bool, browser: bool, say: Callable[[str], None]
) -> None:
    """Serve the console of a stage until Ctrl-C. `say` is called with each address that opens it."""
    memory.share()
    listener = listen(port)
    safety = Safety(listener.getsockname()[1])
    console = Console(stage, safety, read_only=read_only)
    with listener, contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(console, listener, browser=browser, say=say))


async def _serve(
    console: Console, listener: socket.socket, *, browser: bool, say: Callable[[str], None]
) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ended.set)
    runner = web.AppRunner(app.make(console), access_log=None, handle_signals=False)
    await runner.setup()
    await web.SockSite(runner, listener, shutdown_timeout=_SHUTDOWN_SECONDS).start()
    door = control.path(console.stage, listener.getsockname()[1])
    try:
        async with await control.serve(door, console.safety.new_address):
            address = console.safety.new_address()
            say(address)
            if browser:
                await asyncio.to_thread(webbrowser.open, address)
            if sys.stdin is not None and sys.stdin.isatty():
                loop.add_reader(sys.stdin.fileno(), _again, console, say)
            await ended.wait()
    finally:
        door.unlink(missing_ok=True)
        await runner.cleanup()


def _again(console: Console, say: Callable[[str], None]) -> None:
    """Say a fresh address, because Enter was pressed."""
    if sys.stdin.readline():
        say(console.safety.new_address())
    else:
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
