"""A local stack, a server in place of OSS, and a browser."""

import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from local.ports import free_port
from local.stack import Stack
from tests.support.local_stack import chromium
from tests.support.local_stack.chromium import Browser
from tests.support.local_stack.files import Oss, reply, serving
from tests.support.local_stack.running_stack import SIGN, SIGN_ID, RunningStack

MEDIA = Path(__file__).parent / "media"


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
    environ = {
        "PATH": os.environ["PATH"],
        "OSS_ALLOWED_HOSTS": oss.origin,
        # So that a campaign can be watched and paused.
        "TENCENT_CALLS_PER_SECOND": "100",
    }
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
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder for screenshots. `SCREENSHOTS=docs/images` renews those of the documentation."""
    given = os.environ.get("SCREENSHOTS")
    return Path(given) if given else tmp_path_factory.mktemp("screenshots")
