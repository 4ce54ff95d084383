"""The console for people with poor sight or without a mouse: axe-core checks every page and every dialog."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest

from local import aws
from tests.support import thoroughness
from tests.support.local_stack import axe, console_process, screen
from tests.support.local_stack.chromium import Browser
from tests.support.local_stack.console_process import RunningConsole
from tests.support.local_stack.running_stack import RunningStack, for_ci
from tests.support.local_stack.screen import Screen
from tests.support.waiting import wait_for

pytestmark = pytest.mark.skipif(
    not axe.SCRIPT, reason="axe-core is not installed: `make browser` installs it"
)

DONE, PAUSED, UNKNOWN, NONE = "autumn-sale", "winter-preview", "lost-answers", "none"
PAUSED_RECIPIENTS = 80
WIDTHS = (1280, 390)
# In the long runs, every page and every dialog has every look.
EVERY_LOOK = [(width, dark) for width in WIDTHS for dark in (False, True)]
LOOKS = EVERY_LOOK if thoroughness.ALL else [(1280, False)]
DIALOG_LOOKS = EVERY_LOOK if thoroughness.ALL else [(390, True)]
_BREAKER = """
import time
from chalicelib.store import breakers
breakers.{}("tencent-foreign", *{})
"""


@dataclass(frozen=True)
class Stage:
    """A stage that has something on every page."""

    origin: str
    unknown_phone: str
    """The address of the page about a phone with an unknown outcome."""
    done_phone: str
    """The address of the page about a phone that can be erased, because no message to it is under way."""

    @property
    def pages(self) -> list[str]:
        return [
            "/campaigns",
            "/campaigns?day=2020-01-01",
            f"/campaign?outId={DONE}",
            f"/campaign?outId={PAUSED}",
            f"/campaign?outId={NONE}",
            "/health",
            "/deadletters",
            "/phone",
            self.unknown_phone,
            self.done_phone,
            "/unknown",
            "/catalogue",
            "/template?code=200001",
            "/audit",
        ]

    @property
    def dialogs(self) -> list[tuple[str, str]]:
        """The pages and the actions whose dialogs they open."""
        return [
            *((f"/campaign?outId={PAUSED}", name) for name in ("resume", "stop")),
            *((f"/campaign?outId={DONE}", name) for name in ("resend", "receipts")),
            (self.done_phone, "erase"),
            ("/unknown", "settle"),
            ("/deadletters", "replay"),
            ("/health", "close"),
        ]


@pytest.fixture(scope="module")
def stage(running: RunningStack, session: RunningConsole, browser: Browser) -> Iterator[Stage]:
    environment = running.stack.environment
    code = running.template("${name}您好")

    def send(out_id: str, *phones: str) -> None:
        running.campaign(
            out_id, templateCode=code, phones=list(phones), params=[{"name": one} for one in phones]
        )

    send(UNKNOWN, "13800009924")
    send(DONE, "13800000001", "13800009902", "13800009911", "13800009912", "13800009941")
    running.complete(DONE)
    wait_for(lambda: running.ops("unknown", "list"), 60)
    with running.slow_sends(2):
        send(PAUSED, *(f"1390000{number:04d}" for number in range(PAUSED_RECIPIENTS)))
        running.ops("campaign", "pause", PAUSED, "--yes")
    queue = environment["BRIDGE_QUEUE_PREFIX"] + "receipts-dead"
    sqs = boto3.client("sqs", **aws.client_options(environment["AWS_ENDPOINT_URL"]))
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"kind": "details", "outId": DONE}))
    _breaker(environment, "trip", "('1031: package balance', int(time.time()), 1031)")
    with screen.opened(browser) as tab:
        phones = [find(tab, session.origin, one) for one in ("13800009924", "13800000001")]
    yield Stage(session.origin, *phones)
    _breaker(environment, "close", "(int(time.time()),)")
    running.ops("campaign", "stop", PAUSED, "--yes")
    sqs.purge_queue(QueueUrl=url)


def _breaker(environment: dict[str, str], change: str, arguments: str) -> None:
    script = _BREAKER.format(change, arguments)
    subprocess.run([sys.executable, "-c", script], env=environment, check=True, timeout=60)


def find(tab: Screen, origin: str, phone: str) -> str:
    """Search for a phone; return the address of the page about it."""
    tab.go(f"{origin}/phone")
    tab.click("#phone")
    tab.type(phone)
    tab.press("Enter")
    tab.wait("document.querySelector('article.message')")
    return str(tab.value("location.pathname + location.search"))


def ask(tab: Screen, origin: str, page: str, action: str) -> None:
    """Open the dialog that asks before an action."""
    tab.go(origin + page)
    tab.click(f"a[href^='/actions/{action}']")
    tab.wait("document.getElementById('dialog').open")


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_axe_finds_nothing_in_any_page(
    stage: Stage, browser: Browser, width: int, dark: bool
) -> None:
    found = []
    with screen.opened(browser, width=width, height=844, dark=dark) as tab:
        for page in stage.pages:
            tab.go(stage.origin + page)
            found += [(page, *one) for one in axe.violations(tab)]
            assert tab.overflow() == 0, page
            assert [one for one in tab.controls() if not one[1].strip()] == [], page
        # While the page of no campaign is open, its parts are read again, and refused.
        refused = ("status of 400", f"?outId={NONE}")
        assert [one for one in tab.console if not all(part in one for part in refused)] == []
    assert found == []


@pytest.mark.parametrize(("width", "dark"), DIALOG_LOOKS)
def test_axe_finds_nothing_in_any_dialog(
    stage: Stage, browser: Browser, pictures: Path, width: int, dark: bool
) -> None:
    found = []
    with screen.opened(browser, width=width, height=844, dark=dark) as tab:
        for page, action in stage.dialogs:
            ask(tab, stage.origin, page, action)
            # The question begins at its beginning, and what closes it is in sight.
            assert tab.value("document.getElementById('dialog').scrollTop") == 0, action
            assert tab.value("document.activeElement.textContent") == "取消", action
            assert tab.value(
                "document.activeElement.getBoundingClientRect().bottom <= innerHeight"
            ), action
            assert tab.overflow() == 0, action
            found += [(action, *one) for one in axe.violations(tab)]
            if (action, width, dark) == ("resend", 390, True):
                pictures.mkdir(exist_ok=True)
                (pictures / "console-resend-390.png").write_bytes(tab.picture())
        assert tab.console == []
    assert found == []


@for_ci
def test_axe_finds_nothing_in_english(stage: Stage, browser: Browser) -> None:
    found = []
    with screen.opened(browser, width=390) as tab:
        tab.go(f"{stage.origin}/health")
        tab.click(".language button")
        tab.wait("document.documentElement.lang == 'en'")
        try:
            for page in stage.pages:
                tab.go(stage.origin + page)
                found += [(page, *one) for one in axe.violations(tab)]
                assert tab.overflow() == 0, page
        finally:
            tab.click(".language button")
            tab.wait("document.documentElement.lang == 'zh-CN'")
    assert found == []


@for_ci
@pytest.mark.parametrize("dark", [False, True])
def test_old_figures_can_still_be_read(
    running: RunningStack, stage: Stage, browser: Browser, dark: bool
) -> None:
    """Once the console has ended, its pages show greyed figures, and say so."""
    with screen.opened(browser, width=390, dark=dark) as tab:
        with console_process.running(running.stack.environment) as console:
            tab.go(console.address)
            tab.wait("location.pathname == '/campaigns'")
            tab.go(f"{console.origin}/campaign?outId={DONE}")
        tab.wait("!document.getElementById('lost').hidden", 30)
        tab.wait("document.querySelector('#part-account.stale')", 30)
        assert axe.violations(tab) == []


@pytest.mark.parametrize("path", ["/enter/used", "/nothing", "/actions/pause?outId=none"])
def test_axe_finds_nothing_in_what_is_no_page(stage: Stage, browser: Browser, path: str) -> None:
    with screen.opened(browser, width=390) as tab:
        tab.go(stage.origin + path)
        assert axe.violations(tab) == []
