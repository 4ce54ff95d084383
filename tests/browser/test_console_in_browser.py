"""The console in a real browser: a campaign from its first second to its last, paused and resumed by clicks."""

from pathlib import Path
from urllib.parse import quote

import requests

from tests.support import thoroughness
from tests.support.hostile_texts import HOSTILE
from tests.support.local_stack import axe, console_process, screen
from tests.support.local_stack.chromium import Browser
from tests.support.local_stack.console_process import RunningConsole
from tests.support.local_stack.running_stack import RunningStack
from tests.support.local_stack.screen import Screen
from tests.support.thoroughness import some

OUT_ID = "spring-sale"
RECIPIENTS = 3000 if thoroughness.ALL else 120
# Those of docs/console.md, beside the campaign's.
DOCUMENTED = ("campaigns-390", "health-1280")
PAGES = ("campaigns", "health", "deadletters", "phone", "unknown", "catalogue", "audit")


def keep(pictures: Path, name: str, tab: Screen) -> None:
    pictures.mkdir(exist_ok=True)
    (pictures / f"console-{name}.png").write_bytes(tab.picture())


def test_a_campaign_is_seen_paused_and_resumed(
    running: RunningStack, session: RunningConsole, tab: Screen, pictures: Path
) -> None:
    code = running.template("${name}您好，您的会员礼已到账。")
    phones = [f"136{number:08d}" for number in range(RECIPIENTS)]
    # Some whose last digits decide what happens (local/tencent/magic.py).
    phones[100:104] = ["13600009902", "13600009903", "13600009911", "13600009941"]
    tab.go(f"{session.origin}/campaigns")
    params = [{"name": str(number)} for number in range(RECIPIENTS)]
    with running.slow_sends(1):
        running.campaign(OUT_ID, templateCode=code, phones=phones, params=params)
        tab.wait(f"document.body.innerText.includes({OUT_ID!r})")
        tab.click(f"a[href='/campaign?outId={OUT_ID}']")
        tab.wait("document.querySelector('.state-sending')")
        tab.wait("/已送达 ?\\n? ?[1-9]/.test(document.body.innerText)", 40)
        keep(pictures, "sending", tab)

        tab.click("a[href^='/actions/pause']")
        tab.wait("document.getElementById('dialog').open")
        assert tab.value("document.activeElement.textContent") == "取消"
        assert OUT_ID in tab.value("document.getElementById('dialog').innerText")
        keep(pictures, "question", tab)
        tab.click("#dialog button")
        tab.wait("document.querySelector('#dialog .command')")
        assert f"campaign pause {OUT_ID}" in tab.value(
            "document.querySelector('#dialog .command').textContent"
        )
        tab.click("#dialog [data-close]")
        tab.wait("document.querySelector('.state-paused')", 30)
        # No call begins later than 5 seconds after a pause.
        tab.rest(6)
        sent = running.accepted()
        tab.rest(3)
        assert running.accepted() == sent
        assert running.ops("campaign", "show", OUT_ID)["sent"] < RECIPIENTS

    tab.click("a[href^='/actions/resume']")
    tab.click("#dialog button")
    tab.wait("document.querySelector('#dialog .command')")
    tab.press("Escape")
    tab.wait("!document.getElementById('dialog').open")
    tab.wait("document.querySelector('.state-sending, .state-waiting, .state-done')", 60)
    tab.wait("document.querySelector('.state-done')", 110)
    account = running.ops("campaign", "show", OUT_ID)
    assert account["recipients"] == RECIPIENTS
    shown = tab.text
    assert f"{account['delivered']:,}" in shown
    assert "空号" in shown
    keep(pictures, "done", tab)


def test_pages_fit_and_have_names_for_everything(
    running: RunningStack, browser: Browser, session: RunningConsole, pictures: Path
) -> None:
    paths = [f"/{name}" for name in PAGES] + [f"/campaign?outId={OUT_ID}"]
    # axe-core's test asks the same of wide, light pages.
    for width, dark in some([(390, True), (1280, False)], 2 if axe.SCRIPT else 1):
        with screen.opened(browser, width=width, height=844, dark=dark) as tab:
            for path in paths:
                tab.go(session.origin + path)
                assert tab.overflow() == 0, path
                assert [one for one in tab.controls() if not one[1].strip()] == [], path
                name = f"{path[1:].partition('?')[0]}-{width}"
                if name in DOCUMENTED:
                    keep(pictures, name, tab)
            assert tab.console == []


def test_a_question_is_answered_by_keyboard_alone(session: RunningConsole, tab: Screen) -> None:
    tab.go(f"{session.origin}/campaign?outId={OUT_ID}")
    for _ in range(40):
        tab.press("Tab")
        if tab.value("document.activeElement.matches('a[href^=\"/actions/receipts\"]')"):
            break
    tab.press("Enter")
    tab.wait("document.getElementById('dialog').open")
    assert tab.value("document.activeElement.textContent") == "取消"
    # A dialog keeps the focus inside.
    tab.press("Tab")
    assert tab.value("document.activeElement.matches('#dialog button')")
    tab.press("Enter")
    tab.wait("document.querySelector('#dialog .command')")
    assert tab.value("document.activeElement.textContent") == "关闭"
    tab.press("Enter")
    tab.wait("!document.getElementById('dialog').open")
    tab.wait("document.activeElement.matches('a[href^=\"/actions/receipts\"]')")


def test_hostile_contents_do_nothing(
    running: RunningStack, session: RunningConsole, tab: Screen
) -> None:
    code = running.template("${name}您好")
    for number, name in enumerate(("script", "quotes", "comment", "closing", "rtl")):
        text = HOSTILE[name].replace("\u0000", "").replace("\u0008", "")
        running.campaign(
            text, templateCode=code, phones=[f"1370000000{number}"], params={"name": text[:20]}
        )
        for path in ("/campaign?outId=", "/actions/stop?outId="):
            tab.go(session.origin + path + quote(text, safe=""))
            assert tab.value("document.title") != "run"
            assert tab.value("document.scripts.length") <= 1
            assert tab.value("document.querySelectorAll('iframe,img,style').length") == 0
    tab.go(f"{session.origin}/campaigns")
    assert tab.value("document.scripts.length") == 1
    assert tab.overflow() == 0


def test_a_number_is_searched_and_revealed(session: RunningConsole, tab: Screen) -> None:
    tab.go(f"{session.origin}/phone")
    tab.click("#phone")
    tab.type("13600009902")
    tab.press("Enter")
    tab.wait("document.querySelector('article.message')")
    assert "13600009902" not in tab.value("location.href")
    assert "13600009902" not in tab.text
    tab.click("[data-reveal] button")
    tab.wait("document.body.innerText.includes('13600009902')")
    tab.go(f"{session.origin}/audit")
    assert "console reveal" in tab.text


def test_the_language_is_switched(session: RunningConsole, tab: Screen) -> None:
    tab.go(f"{session.origin}/health")
    tab.click(".language button")
    tab.wait("document.documentElement.lang == 'en'")
    assert "Breakers and holds" in tab.text
    tab.click(".language button")
    tab.wait("document.documentElement.lang == 'zh-CN'")


def test_a_fresh_address_is_printed_and_used_once(
    running: RunningStack, console: RunningConsole
) -> None:
    done = console_process.ops(running.stack.environment, "console", "--url")
    assert done.returncode == 0, done.stderr
    address = done.stdout.strip()
    assert address.startswith(f"{console.origin}/enter/")
    assert address != console.address
    assert requests.get(address, timeout=60).status_code == 200
    assert requests.get(address, timeout=60).status_code == 403


def test_a_lost_connection_is_said_and_comes_back(running: RunningStack, browser: Browser) -> None:
    with screen.opened(browser) as tab:
        with console_process.running(running.stack.environment) as console:
            tab.go(console.address)
            tab.wait("location.pathname == '/campaigns'")
            assert tab.value("document.getElementById('lost').hidden")
        tab.wait("!document.getElementById('lost').hidden", 30)
        assert tab.value("document.querySelectorAll('.part.stale').length") >= 1
        assert OUT_ID in tab.text


def test_it_uses_little_memory(console: RunningConsole) -> None:
    assert console.memory() < 100 * 1024 * 1024
