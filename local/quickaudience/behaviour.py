"""Misbehaviour on demand: what goes wrong between a push's arrival and its answer."""

import asyncio
import random
import socket
import struct
import time
from typing import Annotated, Literal, Self

from aiohttp import web
from pydantic import Field, model_validator

from .wire import WireModel

Kind = Literal["status", "code", "slow", "reset", "truncate", "empty", "garbage", "hang"]

_HANG_CHECK_SECONDS = 0.1


class Misbehaviour(WireModel):
    """One thing to do wrong, how often, and to which pushes."""

    kind: Kind
    endpoint: Literal["details", "reply", "both"] = "both"
    status: Annotated[int, Field(ge=400, le=599)] | None = None
    """The HTTP status (kind ``status``) or the ``code`` inside an HTTP 200 (kind ``code``)."""
    seconds: Annotated[float, Field(ge=0)] | None = None
    """How long ``slow`` waits."""
    record: bool = False
    """Whether the entries count as received although the sender can't know it."""
    times: Annotated[int, Field(ge=1)] | None = None
    """How many pushes to spoil; None for until cleared."""
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    """The share of pushes to spoil."""
    seed: int = 0
    """Makes a share repeatable."""

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Self:
        if self.kind in ("status", "code") and self.status is None:
            raise ValueError(f"status: required for kind {self.kind}")
        if self.kind == "slow" and self.seconds is None:
            raise ValueError("seconds: required for kind slow")
        return self

    @property
    def recorded(self) -> bool:
        """Whether the entries of a spoilt push count; a slow answer is a good one in the end."""
        return self.record or self.kind == "slow"


class _Rule:
    def __init__(self, misbehaviour: Misbehaviour) -> None:
        self.misbehaviour = misbehaviour
        self.done = 0
        self._random = random.Random(misbehaviour.seed)

    def hits(self, endpoint: str) -> bool:
        wanted = self.misbehaviour
        if wanted.endpoint not in (endpoint, "both"):
            return False
        if wanted.times is not None and self.done >= wanted.times:
            return False
        if self._random.random() >= wanted.share:
            return False
        self.done += 1
        return True


class Misbehaviours:
    """The rules in force; the first that hits a push spoils it."""

    def __init__(self) -> None:
        self._rules: list[_Rule] = []

    def add(self, misbehaviour: Misbehaviour) -> None:
        """Put a rule behind those in force."""
        self._rules.append(_Rule(misbehaviour))

    def clear(self) -> None:
        """Behave again."""
        self._rules.clear()

    def draw(self, endpoint: str) -> Misbehaviour | None:
        """Decide what to do wrong with the push that just arrived, if anything."""
        for rule in self._rules:
            if rule.hits(endpoint):
                return rule.misbehaviour
        return None

    def as_json(self) -> list[dict[str, object]]:
        """List the rules and how often each was applied."""
        return [
            {**rule.misbehaviour.model_dump(by_alias=True), "done": rule.done}
            for rule in self._rules
        ]


async def answer_wrongly(
    misbehaviour: Misbehaviour,
    request: web.Request,
    good_answer: web.Response,
    stopping: asyncio.Event,
) -> web.StreamResponse:
    """Answer a push as badly as asked for."""
    match misbehaviour.kind:
        case "status" | "code":
            status = misbehaviour.status or 500
            body = {"code": str(status), "message": "simulated failure"}
            return web.json_response(body, status=status if misbehaviour.kind == "status" else 200)
        case "slow":
            await _wait(misbehaviour.seconds, request, stopping)
            return good_answer
        case "hang" | "reset":
            if misbehaviour.kind == "hang":
                await _wait(None, request, stopping)
            return _reset(request)
        case "truncate":
            return await _truncate(request, good_answer)
        case "empty":
            return web.Response(content_type="application/json")
        case "garbage":
            return web.Response(
                text="<html><body>Bad Gateway</body></html>", content_type="text/html"
            )


async def _wait(seconds: float | None, request: web.Request, stopping: asyncio.Event) -> None:
    """Wait that long, or for ever, but not past the sender's patience or the server's end."""
    until = None if seconds is None else time.monotonic() + seconds
    while until is None or time.monotonic() < until:
        if request.transport is None or request.transport.is_closing():
            return
        left = _HANG_CHECK_SECONDS if until is None else max(0.0, until - time.monotonic())
        try:
            await asyncio.wait_for(stopping.wait(), min(left, _HANG_CHECK_SECONDS))
        except TimeoutError:
            continue
        return


def _reset(request: web.Request) -> web.Response:
    transport = request.transport
    if transport is not None:
        # Lingering for zero seconds makes the kernel send RST in place of FIN.
        transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        transport.abort()
    return web.Response()


async def _truncate(request: web.Request, good_answer: web.Response) -> web.StreamResponse:
    body = (good_answer.text or "").encode()
    answer = web.StreamResponse(headers={"Content-Type": "application/json; charset=utf-8"})
    answer.content_length = len(body)
    answer.force_close()
    await answer.prepare(request)
    await answer.write(body[: len(body) // 2])
    return answer
