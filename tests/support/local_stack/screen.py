"""A tab of Chromium that stays open: pages are clicked, typed into, and looked at."""

import asyncio
import base64
import json
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any

from tests.support.local_stack.chromium import Browser, Tab
from tests.support.waiting import PATIENCE

_KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32}


class Screen:
    """An open tab. Its calls wait until Chromium has answered."""

    def __init__(self, loop: asyncio.AbstractEventLoop, tab: Tab) -> None:
        self._loop = loop
        self._tab = tab

    @property
    def console(self) -> list[str]:
        """Return what Chromium complained of, and what scripts printed."""
        return self._tab.visit.console

    @property
    def requested(self) -> list[str]:
        return self._tab.visit.requested

    def do(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command of the debugging protocol."""
        return self._loop.run_until_complete(self._tab.do(method, **params))

    def go(self, url: str) -> None:
        """Open an address, and wait for its page."""
        self.do("Page.navigate", url=url)
        self.wait("document.readyState == 'complete' && location.href != 'about:blank'")

    def value(self, expression: str) -> Any:
        """Return the value of an expression in the page."""
        found = self.do(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def rest(self, seconds: float) -> None:
        """Let time pass in the page."""
        self.value(f"new Promise(done => setTimeout(() => done(true), {1000 * seconds}))")

    def wait(self, condition: str, seconds: float = 20) -> None:
        """Wait until an expression is true, which can't be a promise. While a page is replaced, there is none.

        `PATIENCE` times as many `seconds` are waited for.
        """
        deadline = time.monotonic() + seconds * PATIENCE
        while True:
            found = self.do(
                "Runtime.evaluate", expression=f"Boolean({condition})", returnByValue=True
            )
            if found["result"].get("value") is True:
                return
            assert time.monotonic() < deadline, (condition, self.text[:2000])
            time.sleep(0.1)

    @property
    def text(self) -> str:
        return str(self.value("document.body.innerText"))

    def click(self, selector: str) -> None:
        """Click the middle of an element with the mouse."""
        self.wait(f"document.querySelector({json.dumps(selector)})")
        place = self.value(
            f"(() => {{ const one = document.querySelector({json.dumps(selector)});"
            "one.scrollIntoView({block: 'center'});"
            "const box = one.getBoundingClientRect();"
            "return [box.x + box.width / 2, box.y + box.height / 2] })()"
        )
        for event in ("mousePressed", "mouseReleased"):
            self.do(
                "Input.dispatchMouseEvent",
                type=event,
                x=place[0],
                y=place[1],
                button="left",
                clickCount=1,
            )

    def press(self, key: str) -> None:
        """Press a key."""
        code = _KEYS[key]
        text = {"Enter": "\r", " ": " "}.get(key)
        common = {"key": key, "code": "Space" if key == " " else key, "windowsVirtualKeyCode": code}
        down = {"type": "keyDown", "text": text} if text else {"type": "rawKeyDown"}
        self.do("Input.dispatchKeyEvent", **down, **common)
        self.do("Input.dispatchKeyEvent", type="keyUp", **common)

    def type(self, text: str) -> None:
        """Type into the element that has the focus."""
        self.do("Input.insertText", text=text)

    def resize(self, width: int, height: int) -> None:
        self._loop.run_until_complete(self._tab.resize(width, height, 1))

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than the window."""
        return int(
            self.value(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
        )

    def controls(self) -> list[tuple[str, str]]:
        """Return the role and the name of every control, as assistive technology is given them."""
        nodes = self.do("Accessibility.getFullAXTree")["nodes"]
        roles = (
            "button",
            "link",
            "textbox",
            "checkbox",
            "radio",
            "combobox",
            "Date",
            "img",
            "dialog",
        )
        return [
            (node["role"]["value"], node.get("name", {}).get("value", ""))
            for node in nodes
            if not node.get("ignored") and node["role"]["value"] in roles
        ]

    def picture(self) -> bytes:
        """Return a screenshot of the window."""
        return base64.b64decode(self.do("Page.captureScreenshot", format="png")["data"])


@contextmanager
def opened(
    browser: Browser, *, width: int = 1280, height: int = 800, dark: bool = False
) -> Iterator[Screen]:
    """Open a tab of its own."""
    loop = asyncio.new_event_loop()
    resources = AsyncExitStack()

    async def connect() -> Screen:
        tab = await resources.enter_async_context(browser.tab())
        await tab.prepare(dark=dark)
        await tab.resize(width, height, 1)
        return Screen(loop, tab)

    try:
        yield loop.run_until_complete(connect())
    finally:
        loop.run_until_complete(resources.aclose())
        loop.close()
