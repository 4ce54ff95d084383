"""Misbehaviour on demand: wrong answers to pushes that would have been accepted."""

import asyncio
import random
import socket
import struct
import time
from typing import Annotated, Literal, Self

from aiohttp import web
from pydantic import Field, model_validator

from .wire import WireModel

MisbehaviourKind = Literal[
    "status", "code", "slow", "reset", "truncate", "empty", "garbage", "hang", "careless"
]

_DISCONNECT_CHECK_SECONDS = 0.1


class Misbehaviour(WireModel):
    """One kind of wrong answer, how often it is given, and to which pushes."""

    kind: MisbehaviourKind
    endpoint: Literal["details", "reply", "both"] = "both"
    status: Annotated[int, Field(ge=400, le=599)] | None = None
    """The HTTP status (kind ``status``) or the ``code`` inside an HTTP 200 (kind ``code``)."""
    seconds: Annotated[float, Field(ge=0)] | None = None
    """How long ``slow`` waits."""
    record: bool = False
    """Whether the entries count as received, although the sender cannot know it."""
    times: Annotated[int, Field(ge=1)] | None = None
    """The number of pushes to spoil; None means until the rules are cleared."""
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    """The share of pushes to spoil."""
    seed: int = 0
    """Makes the choice of pushes repeatable when ``share`` is below 1."""

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Self:
        if self.kind in ("status", "code") and self.status is None:
            raise ValueError(f"status: required for kind {self.kind}")
        if self.kind == "slow" and self.seconds is None:
            raise ValueError("seconds: required for kind slow")
        return self

    @property
    def recorded(self) -> bool:
        """Whether the entries of a spoilt push count. A slow or careless answer is a success."""
        return self.record or self.kind in ("slow", "careless")


class _Rule:
    def __init__(self, misbehaviour: Misbehaviour) -> None:
        self.misbehaviour = misbehaviour
        self.times_applied = 0
        self._random = random.Random(misbehaviour.seed)

    def applies(self, endpoint: str) -> bool:
        """Return whether the rule spoils this push, and count it if so."""
        misbehaviour = self.misbehaviour
        if misbehaviour.endpoint not in (endpoint, "both"):
            return False
        if misbehaviour.times is not None and self.times_applied >= misbehaviour.times:
            return False
        if self._random.random() >= misbehaviour.share:
            return False
        self.times_applied += 1
        return True


class Misbehaviours:
    """The rules in force. The first rule that applies to a push spoils it."""

    def __init__(self) -> None:
        self._rules: list[_Rule] = []

    def add(self, misbehaviour: Misbehaviour) -> None:
        """Append a rule to those in force."""
        self._rules.append(_Rule(misbehaviour))

    def clear(self) -> None:
        """Remove all rules."""
        self._rules.clear()

    def pick(self, endpoint: str) -> Misbehaviour | None:
        """Return the misbehaviour for the push that just arrived, or None."""
        for rule in self._rules:
            if rule.applies(endpoint):
                return rule.misbehaviour
        return None

    def as_json(self) -> list[dict[str, object]]:
        """Return the rules, each with the number of pushes that it was applied to."""
        return [
            {**rule.misbehaviour.model_dump(by_alias=True), "done": rule.times_applied}
            for rule in self._rules
        ]


async def answer_wrongly(
    misbehaviour: Misbehaviour,
    request: web.Request,
    good_answer: web.Response,
    stopping: asyncio.Event,
) -> web.StreamResponse:
    """Answer a push as the misbehaviour says."""
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
        case "careless":
            return web.Response(
                body=b'\xef\xbb\xbf{"code": 200.0, "message": "done\n"}', content_type="text/html"
            )
        case "garbage":
            return web.Response(
                text="<html><body>Bad Gateway</body></html>", content_type="text/html"
            )


async def _wait(seconds: float | None, request: web.Request, stopping: asyncio.Event) -> None:
    """Wait for some seconds, or without limit for None.

    Return early when the sender disconnects or the server stops.
    """
    until = None if seconds is None else time.monotonic() + seconds
    while until is None or time.monotonic() < until:
        if request.transport is None or request.transport.is_closing():
            return
        left = _DISCONNECT_CHECK_SECONDS if until is None else max(0.0, until - time.monotonic())
        try:
            await asyncio.wait_for(stopping.wait(), min(left, _DISCONNECT_CHECK_SECONDS))
        except TimeoutError:
            continue
        return


def _reset(request: web.Request) -> web.Response:
    transport = request.transport
    if transport is not None:
        # A linger time of zero makes the kernel send RST in place of FIN.
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
