"""A browser without a screen: it visits a console over HTTP, as pages and their script would."""

import asyncio
import re
import threading
from collections.abc import Coroutine, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from aiohttp.test_utils import TestClient, TestServer

from chalicelib import aws
from chalicelib.domain.queue_names import QueueName
from chalicelib.queues import sending
from ops import audit
from ops.console import app, safety
from ops.console.visits import Console

T = TypeVar("T")

PORT = 47001
FRAGMENT = {"X-Fragment": "part"}
OUT_ID = "20260302-spring"


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

    not_left: ClassVar[list["Visitor"]] = []
    """Those whose console may still read."""

    def __init__(self, *, stage: str = "local", read_only: bool = False) -> None:
        self.console = Console(stage, safety.Safety(PORT), read_only=read_only)
        self.cookie = ""
        # Errors of the console itself.
        self.failures: list[str] = []
        self.not_left.append(self)

    def leave(self) -> None:
        """Wait until nothing is read for this visitor any more. A read that was given up goes on in its thread."""
        for pool in self.console.threads._pools.values():
            pool.shutdown()

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

    def request(self, method: str, path: str, data: Any = None, **headers: str) -> Answer:
        """Make any request. "_" in a header's name stands for "-"."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return asyncio.run(self._ask(method, path, named, data))

    @contextmanager
    def staying(self) -> Iterator["Staying"]:
        """Keep the console running, so that requests can be under way at the same time."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()

        def run(work: Coroutine[Any, Any, T]) -> T:
            return asyncio.run_coroutine_threadsafe(work, loop).result(60)

        async def opened() -> TestClient[Any, Any]:
            return TestClient(TestServer(app.make(self.console)))

        client = run(opened())
        try:
            run(client.start_server())
            yield Staying(self, loop, client)
        finally:
            run(client.close())
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    async def _ask(self, method: str, path: str, headers: Mapping[str, str], data: Any) -> Answer:
        async with TestClient(TestServer(app.make(self.console))) as client:
            return await self.ask(client, method, path, headers, data)

    async def ask(
        self,
        client: TestClient[Any, Any],
        method: str,
        path: str,
        headers: Mapping[str, str],
        data: Any,
    ) -> Answer:
        """Make a request of a console that runs."""
        given = {"Host": self.guard.host, "Cookie": self.cookie, **headers}
        sent = {name: value for name, value in given.items() if value}
        answer = await client.request(method, path, headers=sent, data=data, allow_redirects=False)
        text = (await answer.read()).decode()
        found = Answer(answer.status, dict(answer.headers), text)
        if found.problem == "console" or found.status == 500:
            self.failures.append(re.sub(r"<[^>]+>|\s+", " ", text)[:600])
        return found


@dataclass(frozen=True)
class Staying:
    """A visitor whose console stays: requests can be under way at the same time."""

    visitor: Visitor
    _loop: asyncio.AbstractEventLoop
    _client: TestClient[Any, Any]

    def begin(self, method: str, path: str, **form: str) -> Future[Answer]:
        """Begin a request as the pages' script makes it."""
        headers = dict(FRAGMENT)
        data = None
        if method == "POST":
            headers["Origin"] = self.visitor.guard.origin
            data = {"csrf": self.visitor.csrf, **form}
        asking = self.visitor.ask(self._client, method, path, headers, data)
        return asyncio.run_coroutine_threadsafe(asking, self._loop)

    def get(self, path: str, *, timeout: float = 30) -> Answer:
        return self.begin("GET", path).result(timeout)

    def post(self, path: str, **form: str) -> Answer:
        return self.begin("POST", path, **form).result(60)


def ask(visitor: Visitor, action: str, **query: str) -> str:
    """Return the dialog that asks before an action."""
    answer = visitor.get(f"/actions/{action}?" + "&".join(f"{k}={v}" for k, v in query.items()))
    assert (answer.status, answer.problem) == (200, "")
    return answer.text


def command(answer: Answer) -> str:
    """Return the command that the result of an action shows."""
    assert (answer.status, answer.problem) == (200, "")
    [found] = re.findall(r'<code class="command">(.*?)</code>', answer.text)
    return str(found)


def records() -> list[tuple[str, Any, str]]:
    """Return the entries of the audit log: command, arguments, result."""
    return [(one["command"], one["arguments"], one["result"]) for one in audit.entries()]
