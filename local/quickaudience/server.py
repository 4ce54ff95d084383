"""The HTTP server: the two push endpoints and the control API on one loopback port."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from . import callbacks, control
from .control_bodies import ControlError
from .settings import Settings
from .state import Simulator

logger = logging.getLogger(__name__)

_HOST = "127.0.0.1"
# A campaign may list its recipients one by one.
_MAX_BODY_BYTES = 256 * 1024 * 1024
_SHUTDOWN_SECONDS = 1.0


async def serve(
    settings: Settings,
    *,
    port: int,
    state: Path | None,
    ready: Callable[[str], None],
    stop: asyncio.Event,
) -> None:
    """Serve until ``stop`` is set.

    Args:
        settings: the initial settings.
        port: the port on 127.0.0.1; 0 picks a free one.
        state: the folder that survives restarts; None stores nothing.
        ready: called with the base URL once the server accepts requests.
        stop: ends the server.
    """
    with socket.create_server((_HOST, port)) as listener:
        simulator = Simulator(settings, state)
        app = web.Application(client_max_size=_MAX_BODY_BYTES, middlewares=[_errors_as_json])
        app.add_routes(callbacks.routes(simulator))
        app.add_routes(control.routes(simulator))
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
        try:
            await runner.setup()
            await web.SockSite(runner, listener).start()
            ready(f"http://{_HOST}:{listener.getsockname()[1]}")
            await stop.wait()
        finally:
            await simulator.close()
            await runner.cleanup()


@web.middleware
async def _errors_as_json(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except ControlError as error:
        return _error(request, error.status, str(error))
    except web.HTTPException as error:
        return _error(request, error.status, error.reason)
    except Exception:
        logger.exception("%s %s failed", request.method, request.path)
        return _error(request, 500, "the simulator itself failed; see its log")


def _error(request: web.Request, status: int, message: str) -> web.Response:
    body = (
        {"error": message}
        if request.path.startswith("/_sim/")
        else {"code": str(status), "message": message}
    )
    return web.json_response(body, status=status)
