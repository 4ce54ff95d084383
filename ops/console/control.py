"""A running console's second door: a socket in a folder of the same user, which hands out a fresh address.

`ops console --url` asks there. The folder and the socket belong to the user alone, as the terminal does that shows
the first address.
"""

import asyncio
import hashlib
import os
import socket
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from ops import stages
from ops.errors import OperatorError

_MAX_ADDRESS = 500
_SECONDS = 2


def path(stage: str, port: int) -> Path:
    """Return the socket of the console of a stage on a port. Raises OperatorError if its folder is not safe."""
    return _folder() / f"{_name(stage)}-{port}.sock"


async def serve(where: Path, new_address: Callable[[], str]) -> asyncio.Server:
    """Hand out a fresh address to each process that connects."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(new_address().encode())
        await writer.drain()
        writer.close()

    await asyncio.to_thread(where.unlink, missing_ok=True)
    return await asyncio.start_unix_server(answer, path=where)


def addresses(stage: str) -> list[str]:
    """Return a fresh address of each running console of a stage. Sockets of ended consoles are removed."""
    found = sorted(_folder().glob(f"{_name(stage)}-*.sock"))
    return list(filter(None, map(_ask, found)))


def _ask(where: Path) -> str:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_SECONDS)
        try:
            connection.connect(str(where))
            return b"".join(_received(connection)).decode()
        except ConnectionRefusedError:
            where.unlink(missing_ok=True)
        except OSError:
            pass
    return ""


def _received(connection: socket.socket) -> Iterator[bytes]:
    while part := connection.recv(_MAX_ADDRESS):
        yield part


def _name(stage: str) -> str:
    """Return the start of a socket's name. Two local stacks, and two checkouts, have different ones."""
    place = os.environ.get("BRIDGE_STATE") or ".local" if stage == stages.LOCAL else "."
    digest = hashlib.sha256(str(Path(place).resolve()).encode()).hexdigest()
    return f"{hashlib.sha256(stage.encode()).hexdigest()[:8]}-{digest[:8]}"


def _folder() -> Path:
    base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    folder = Path(base) / f"qa-sms-bridge-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise OperatorError(f"{folder} is not a folder of this user alone: remove it")
    return folder
