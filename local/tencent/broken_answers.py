"""The faults in which a call gets no answer, or one that is none of Tencent's, in either API."""

import asyncio
import socket
import struct

from aiohttp import web

from local.tencent.behaviour import Fault


class BrokenAnswers:
    """Applies faults to requests."""

    def __init__(self, stopping: asyncio.Event) -> None:
        """Prepare the answers of a server that sets ``stopping`` when it stops."""
        self._stopping = stopping

    async def wait(self, fault: Fault) -> None:
        """Wait for a fault's seconds, or until the server stops."""
        if not fault.seconds:
            return
        try:
            async with asyncio.timeout(fault.seconds):
                await self._stopping.wait()
        except TimeoutError:
            pass

    def answer(self, request: web.Request, fault: Fault, garbage: str) -> web.Response | None:
        """Return the answer of a fault; None where the call's own answer goes out, or nothing does."""
        if fault.answer == "http":
            return web.Response(status=fault.status or 500, text="simulated error\n")
        if fault.answer == "garbage":
            return web.Response(body=garbage.encode(), headers={"Content-Type": "application/json"})
        if fault.answer in {"hang", "reset"}:
            _drop_connection(request, reset=fault.answer == "reset")
        return None


def _drop_connection(request: web.Request, *, reset: bool) -> None:
    transport = request.transport
    if transport is None:
        return
    if reset:
        # A linger time of zero makes the kernel send RST in place of FIN.
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
