"""A browser without a screen: it visits a console over HTTP, as pages and their script would."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp.test_utils import TestClient, TestServer

from chalicelib import aws
from chalicelib.domain.queue_names import QueueName
from chalicelib.queues import sending
from ops.console import app, safety
from ops.console.visits import Console

PORT = 47001
FRAGMENT = {"X-Fragment": "1"}


def dead(queue: QueueName, *bodies: str) -> None:
    """Put messages into a queue's dead-letter queue."""
    for body in bodies:
        aws.sqs().send_message(QueueUrl=sending.url(f"{queue}-dead"), MessageBody=body)


@dataclass(frozen=True)
class Answer:
    """An answer of the console."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def problem(self) -> str:
        """Return the kind of the first problem that a banner shows; "" without one."""
        found = re.search(r'data-problem="(\w+)"', self.text)
        return found[1] if found else ""


class Visitor:
    """One browser, with its cookies, and the console that it visits."""

    def __init__(self, *, stage: str = "local", read_only: bool = False) -> None:
        self.console = Console(stage, safety.Safety(PORT), read_only=read_only)
        self.cookie = ""
        # Errors of the console itself.
        self.failures: list[str] = []

    @property
    def guard(self) -> safety.Safety:
        return self.console.safety

    def enter(self) -> Answer:
        """Open the console by a fresh address."""
        path = self.guard.new_address().removeprefix(self.guard.origin)
        answer = self.get(path)
        self.cookie = answer.headers["Set-Cookie"].partition(";")[0]
        return answer

    @property
    def csrf(self) -> str:
        session = self.guard.session(self.cookie.partition("=")[2])
        assert session
        return session.csrf

    def handle(self, phone: str) -> str:
        """Return what stands for a number in the session's pages."""
        session = self.guard.session(self.cookie.partition("=")[2])
        assert session
        return session.handle(phone)

    def get(self, path: str, **headers: str) -> Answer:
        return asyncio.run(self._ask("GET", path, headers, None))

    def part(self, page: str, part: str, query: str = "") -> Answer:
        """Ask for a part as the script does."""
        return self.get(f"/parts/{page}/{part}{query}", **FRAGMENT)

    def post(self, path: str, **form: str) -> Answer:
        """Post a form of a page."""
        given = {"Origin": self.guard.origin, **FRAGMENT}
        return self.send(path, {"csrf": self.csrf, **form}, given)

    def send(self, path: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        """Post a form as it is, with these headers."""
        return asyncio.run(self._ask("POST", path, headers, form))

    async def _ask(self, method: str, path: str, headers: Mapping[str, str], data: Any) -> Answer:
        given = {"Host": self.guard.host, "Cookie": self.cookie, **headers}
        sent = {name: value for name, value in given.items() if value}
        async with TestClient(TestServer(app.make(self.console))) as client:
            answer = await client.request(
                method, path, headers=sent, data=data, allow_redirects=False
            )
            text = (await answer.read()).decode()
        found = Answer(answer.status, dict(answer.headers), text)
        if found.problem == "console" or found.status == 500:
            self.failures.append(re.sub(r"<[^>]+>|\s+", " ", text)[:600])
        return found
