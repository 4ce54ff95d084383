"""What the console's script does with answers that come late, and with what an operator has begun to enter."""

import pytest

from tests.support.local_stack.console_process import RunningConsole
from tests.support.local_stack.running_stack import RunningStack
from tests.support.local_stack.screen import Screen

OUT_ID = "late-answers"
RECIPIENTS = 60
# Holds the answers whose addresses contain a text, until `release()`.
HOLD = """
window.held = [];
window.release = () => held.splice(0).forEach(go => go());
const real = window.fetch;
window.fetch = async (address, options) => {{
    const answer = await real(address, options);
    if (!String(address).includes({0!r})) return answer;
    return new Promise(done => held.push(() => done(answer)));
}};
0
"""
OPEN = "document.getElementById('dialog').open"
TITLE = "document.getElementById('dialog-title')?.textContent ?? ''"


@pytest.fixture(scope="module", autouse=True)
def campaign(running: RunningStack) -> None:
    """A campaign that is paused, so that it can be resumed and stopped."""
    code = running.template("${name}您好")
    phones = [f"1350000{number:04d}" for number in range(RECIPIENTS)]
    params = [{"name": one} for one in phones]
    with running.slow_sends(2):
        running.campaign(OUT_ID, templateCode=code, phones=phones, params=params)
        running.ops("campaign", "pause", OUT_ID, "--yes")


@pytest.fixture
def page(session: RunningConsole, tab: Screen) -> Screen:
    """The campaign's page."""
    tab.go(f"{session.origin}/campaign?outId={OUT_ID}")
    return tab


def hold(page: Screen, address: str) -> None:
    page.value(HOLD.format(address))


def release(page: Screen, count: int = 1) -> None:
    page.wait(f"held.length >= {count}")
    page.value("release(), 0")
    # Whatever follows from the answers has been done.
    page.rest(0.3)


def test_a_late_question_does_not_replace_another_one(page: Screen) -> None:
    hold(page, "/actions/stop")
    page.click("a[href^='/actions/stop']")
    page.click("a[href^='/actions/resume']")
    page.wait(OPEN)
    assert "恢复" in page.value(TITLE)
    release(page)
    assert "恢复" in page.value(TITLE)
    # Nor does it come up once the other one is closed.
    page.press("Escape")
    page.wait(f"!{OPEN}")
    page.rest(0.3)
    assert not page.value(OPEN)


def test_a_late_question_stays_away_after_another_one_was_closed(page: Screen) -> None:
    hold(page, "/actions/stop")
    page.click("a[href^='/actions/stop']")
    page.click("a[href^='/actions/resume']")
    page.wait(OPEN)
    page.press("Escape")
    page.wait(f"!{OPEN}")
    release(page)
    assert not page.value(OPEN)


def test_a_late_question_does_not_follow_to_another_page(
    page: Screen, session: RunningConsole
) -> None:
    hold(page, "/actions/stop")
    page.click("a[href^='/actions/stop']")
    page.go(f"{session.origin}/health")
    page.rest(0.5)
    assert not page.value(OPEN)


def test_a_late_result_waits_until_another_question_is_closed(page: Screen) -> None:
    """It would come up under the operator's hand. A refusal asks again: with another button in its place."""
    page.click("a[href^='/actions/resume']")
    page.wait(OPEN)
    hold(page, "/actions/resume")
    page.click("#dialog button")
    page.press("Escape")
    page.wait(f"!{OPEN}")
    page.click("a[href^='/actions/receipts']")
    page.wait(OPEN)
    asked = page.value(TITLE)
    release(page)
    assert page.value(TITLE) == asked
    page.press("Escape")
    page.wait(f"document.querySelector('#dialog .command') && {OPEN}")
    assert f"campaign resume {OUT_ID}" in page.value(
        "document.querySelector('#dialog .command').textContent"
    )
    page.press("Escape")
    page.wait(f"!{OPEN}")


def test_a_result_is_shown_even_if_its_question_was_closed(page: Screen) -> None:
    page.click("a[href^='/actions/receipts']")
    page.wait(OPEN)
    hold(page, "/actions/receipts")
    page.click("#dialog button")
    page.press("Escape")
    page.wait(f"!{OPEN}")
    release(page)
    page.wait(f"document.querySelector('#dialog .command') && {OPEN}")


def redraw(page: Screen, part: str) -> None:
    """Let a part be drawn anew, as after a change of its figures."""
    page.value(f"document.getElementById('part-{part}').firstElementChild.dataset.old = '1'")
    page.value(
        f"(() => {{ const part = document.getElementById('part-{part}');"
        "part.dataset.text = ''; part.dataset.at = 0 })()"
    )


def test_a_redraw_keeps_the_exports_choice_and_the_focus(page: Screen) -> None:
    page.click("#export-failed")
    assert page.value("document.activeElement.id") == "export-failed"
    redraw(page, "account")
    page.wait("!document.querySelector('#part-account [data-old]')")
    assert page.value("document.getElementById('export-failed').checked")
    assert page.value("document.activeElement.id") == "export-failed"


def test_a_date_that_is_half_typed_is_not_drawn_again(session: RunningConsole, tab: Screen) -> None:
    tab.go(f"{session.origin}/campaigns")
    tab.value("document.getElementById('day').focus(), 0")
    # What a browser has while a date is being typed.
    tab.value("document.getElementById('day').value = '', 0")
    redraw(tab, "campaigns")
    tab.rest(2.5)
    assert tab.value("Boolean(document.querySelector('#part-campaigns [data-old]'))")
    tab.value("document.querySelector('nav a').focus(), 0")
    redraw(tab, "campaigns")
    tab.wait("!document.querySelector('#part-campaigns [data-old]')")
