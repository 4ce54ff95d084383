"""A local stack, a server in place of OSS, and a browser."""

import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from local.ports import free_port
from local.stack import Stack
from tests.support.local_stack import chromium, console_process, screen
from tests.support.local_stack.chromium import Browser
from tests.support.local_stack.console_process import RunningConsole
from tests.support.local_stack.files import Oss, reply, serving
from tests.support.local_stack.running_stack import SIGN, SIGN_ID, RunningStack
from tests.support.local_stack.screen import Screen

MEDIA = Path(__file__).parent / "media"
# Few calls at the same time: while each is slow (`RunningStack.slow_sends`), a small campaign lasts long enough.
_FEW_CALLS = {"TENCENT_PARALLEL_CALLS": "8"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    if chromium.EXECUTABLE.exists():
        return
    reason = (
        f"{chromium.EXECUTABLE} is not installed: `make browser` installs it, as root on Debian"
    )
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def oss() -> Iterator[Oss]:
    """Serve the files of `media/`."""
    asked: list[str] = []
    types = {".jpg": "image/jpeg", ".mp4": "video/mp4", ".mp3": "audio/mpeg"}

    def answer(handler: BaseHTTPRequestHandler) -> None:
        file = MEDIA / handler.path.rpartition("/")[2]
        asked.append(file.name)
        reply(handler, file.read_bytes(), Content_Type=types[file.suffix])

    with serving(answer) as origin:
        yield Oss(origin, asked)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory, oss: Oss) -> Iterator[RunningStack]:
    environ = {"PATH": os.environ["PATH"], "OSS_ALLOWED_HOSTS": oss.origin, **_FEW_CALLS}
    state = tmp_path_factory.mktemp("stack")
    with Stack(port=free_port(), state=state, environ=environ) as stack:
        running = RunningStack(stack)
        running.ops("sign", "link", SIGN, SIGN_ID)
        yield running


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium.running(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture(scope="session")
def console(running: RunningStack) -> Iterator[RunningConsole]:
    with console_process.running(running.stack.environment) as started:
        yield started


@pytest.fixture(scope="session")
def session(console: RunningConsole, browser: Browser) -> RunningConsole:
    """A console that the browser has entered."""
    with screen.opened(browser) as tab:
        tab.go(console.address)
        tab.wait("location.pathname == '/campaigns'")
    return console


@pytest.fixture
def tab(browser: Browser, session: RunningConsole) -> Iterator[Screen]:
    """A tab of which nothing may complain, and which asks nobody else."""
    with screen.opened(browser) as tab:
        yield tab
        assert tab.console == []
        # Chromium draws the icons of date fields from its own data URLs.
        loaded = {url for url in tab.requested if not url.startswith(("about:", "data:"))}
        assert {url for url in loaded if not url.startswith(f"{session.origin}/")} == set()


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder for screenshots. `SCREENSHOTS=docs/images` renews those of the documentation."""
    given = os.environ.get("SCREENSHOTS")
    return Path(given) if given else tmp_path_factory.mktemp("screenshots")
