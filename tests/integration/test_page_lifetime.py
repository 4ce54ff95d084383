"""How long the page of a digital message is kept, and how an operator takes it down."""

import pytest
from typer.testing import CliRunner

from chalicelib.store import pages, table
from ops.__main__ import app
from tests.support.in_process.bridge import SIGN, Answer, Bridge
from tests.support.in_process.digital import create, newest, page, page_code, text


def approved(bridge: Bridge) -> str:
    bridge.link()
    code = create(bridge, [text("您好")])
    newest(bridge)["status"] = 0
    return code


def send(bridge: Bridge, code: str, out_id: str) -> Answer:
    body = {
        "outId": out_id,
        "signName": SIGN,
        "templateCode": code,
        "phoneNumberJson": ["13900001111"],
    }
    return bridge.ask("POST", "/sms/sendDigitalBatchList", body)


def expiry(bridge: Bridge) -> int | None:
    item = table.get(f"PAGE#{page_code(bridge)}", "-", consistent=True)
    assert item
    return item.get("expires")


def test_a_page_is_kept_for_half_a_year_after_its_last_use(here: Bridge) -> None:
    code = approved(here)
    assert send(here, code, "first").code == "OK"
    first = expiry(here)
    assert first
    here.clock.advance(hours=24 * 100)
    assert send(here, code, "second").code == "OK"
    assert expiry(here) == first + 100 * 24 * 3600


def test_a_template_whose_page_has_expired_is_refused(here: Bridge) -> None:
    code = approved(here)
    assert send(here, code, "first").code == "OK"
    here.clock.advance(hours=24 * 181)
    answer = send(here, code, "second")
    assert answer.code == "isv.SMS_TEMPLATE_ILLEGAL"
    assert "页面已过期" in answer.message


@pytest.mark.parametrize("written", ["{}", "https://m.example.cn/m/{}", "/m/{}。"])
def test_an_operator_takes_a_page_down(
    here: Bridge, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    code = approved(here)
    link = written.format(page_code(here))
    monkeypatch.setattr("ops.stages.enter", lambda _: None)
    run = CliRunner()
    assert "双11来了" in run.invoke(app, ["template", "page", link]).output
    assert page(f"/m/{page_code(here)}").status_code == 200
    assert run.invoke(app, ["template", "page", link, "--delete"], input="n\n").exit_code == 1
    assert pages.get(page_code(here))
    assert run.invoke(app, ["template", "page", link, "--delete", "--yes"]).exit_code == 0
    assert page(f"/m/{page_code(here)}").status_code == 404
    assert run.invoke(app, ["template", "page", link]).exit_code == 1
    assert send(here, code, "task").code == "isv.SMS_TEMPLATE_ILLEGAL"
