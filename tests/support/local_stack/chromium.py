"""Debian's Chromium without a window, controlled over its debugging protocol, as a phone would show pages."""

import asyncio
import base64
import itertools
import json
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests.support.waiting import PATIENCE

EXECUTABLE = Path("/usr/bin/chromium")
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-extensions", "--hide-scrollbars", "--mute-audio", "--remote-debugging-port=0"),
)
# Evaluated in the page once it has loaded. The debugger is not subject to the page's policy.
_MEASURE = """(() => ({
    loaded: document.readyState == 'complete' && location.href != 'about:blank',
    title: document.title,
    html: document.documentElement.outerHTML,
    text: document.body.innerText,
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    height: document.documentElement.scrollHeight,
    scripts: document.scripts.length,
    background: getComputedStyle(document.querySelector('main') || document.body).backgroundColor,
    images: [...document.images].map(one => one.complete ? one.naturalWidth : -1),
    media: [...document.querySelectorAll('video,audio')].map(one => one.error ? -1 : one.readyState),
}))()"""


@dataclass
class Visit:
    """A page as a browser shows it."""

    status: int = 0
    console: list[str] = field(default_factory=list)
    """The messages of Chromium: output of scripts, violations of the policy, failed requests."""
    requested: list[str] = field(default_factory=list)
    screenshot: bytes = b""
    """The whole page, if a screenshot was wanted."""
    page: dict[str, Any] = field(default_factory=dict)

    @property
    def violations(self) -> list[str]:
        return [line for line in self.console if "Content Security Policy" in line]


@dataclass(frozen=True)
class Browser:
    """A running Chromium."""

    port: int

    def visit(
        self,
        url: str,
        *,
        width: int = 390,
        dark: bool = False,
        scale: float = 1,
        screenshot: bool = False,
    ) -> Visit:
        """Open a page on a phone of that width, wait for its media, and return what it shows."""

        async def look() -> Visit:
            async with self.tab() as tab:
                return await tab.look(url, width, dark, scale, screenshot=screenshot)

        return asyncio.run(look())

    @asynccontextmanager
    async def tab(self) -> AsyncIterator["Tab"]:
        """Open a tab of its own, and close it at the end: pages in open tabs go on loading and drawing."""
        async with aiohttp.ClientSession(f"http://127.0.0.1:{self.port}/") as session:
            async with session.put("json/new?about:blank") as answer:
                target = json.loads(await answer.text())
            try:
                async with session.ws_connect(
                    target["webSocketDebuggerUrl"], max_msg_size=0
                ) as connection:
                    yield Tab(connection)
            finally:
                async with session.get(f"json/close/{target['id']}"):
                    pass


class Tab:
    """A tab: sends commands, and receives answers and events."""

    def __init__(self, connection: aiohttp.ClientWebSocketResponse) -> None:
        self._connection = connection
        self._ids = itertools.count(1)
        self.visit = Visit()

    async def look(
        self, url: str, width: int, dark: bool, scale: float, *, screenshot: bool
    ) -> Visit:
        await self.prepare(dark=dark)
        await self.resize(width, 844, scale)
        await self.do("Page.navigate", url=url)
        deadline = time.monotonic() + 15 * PATIENCE
        while not _is_settled(await self._measure()):
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(0.1)
        self.visit.page = await self._measure()
        if screenshot:
            # The whole page in one picture, up to the maximum height of a picture.
            await self.resize(width, min(max(self.visit.page["height"], 400), 2000), scale)
            shot = await self.do("Page.captureScreenshot", format="png")
            self.visit.screenshot = base64.b64decode(shot["data"])
        return self.visit

    async def prepare(self, *, dark: bool) -> None:
        """Report the page's events from now on, and choose its colours."""
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self.do(f"{domain}.enable")
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.do("Emulation.setEmulatedMedia", features=[scheme])

    async def resize(self, width: int, height: int, scale: float) -> None:
        await self.do(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=True,
        )

    async def _measure(self) -> dict[str, Any]:
        found = await self.do("Runtime.evaluate", expression=_MEASURE, returnByValue=True)
        # Between two documents there is nothing to measure.
        value: dict[str, Any] = found["result"].get("value") or {"loaded": False}
        return value

    async def do(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._ids)
        await self._connection.send_json({"id": number, "method": method, "params": params})
        while True:
            message = await self._connection.receive_json(timeout=60)
            if message.get("id") == number:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result
            self._note(message.get("method", ""), message.get("params", {}))

    def _note(self, event: str, params: dict[str, Any]) -> None:
        match event:
            case "Log.entryAdded":
                entry = params["entry"]
                self.visit.console.append(f"{entry['text']} {entry.get('url', '')}".rstrip())
            case "Runtime.consoleAPICalled":
                self.visit.console.append(str(params["args"]))
            case "Page.javascriptDialogOpening":
                self.visit.console.append("dialog: " + params["message"])
            case "Network.requestWillBeSent":
                self.visit.requested.append(params["request"]["url"])
            case "Network.responseReceived" if params["type"] == "Document":
                self.visit.status = params["response"]["status"]


def _is_settled(page: dict[str, Any]) -> bool:
    settled: bool = page["loaded"] and -1 not in page["images"] and 0 not in page["media"]
    return settled


@contextmanager
def running(profile: Path) -> Iterator[Browser]:
    """Run Chromium with a profile of its own."""
    announced = profile / "DevToolsActivePort"
    with subprocess.Popen(
        [str(EXECUTABLE), *_FLAGS, f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            deadline = time.monotonic() + 30 * PATIENCE
            while not announced.exists() or not announced.read_text():
                assert process.poll() is None, "Chromium ended at once"
                assert time.monotonic() < deadline, "Chromium did not start"
                time.sleep(0.05)
            yield Browser(int(announced.read_text().splitlines()[0]))
        finally:
            process.terminate()
