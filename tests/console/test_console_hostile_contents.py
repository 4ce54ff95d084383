"""What others write stays text on every page and in every dialog."""

import re
import time
from urllib.parse import quote

import pytest

from chalicelib.store import breakers
from ops import audit
from tests.support.console import OUT_ID, Visitor, dead
from tests.support.hostile_texts import HOSTILE
from tests.support.in_process import tencent
from tests.support.in_process.bridge import SIGN, Bridge
from tests.support.in_process.quickaudience import respond
from tests.support.in_process.sends import A, B
from tests.support.thoroughness import some


@pytest.mark.parametrize("text", some(HOSTILE.values(), 2), ids=some(HOSTILE, 2))
def test_hostile_contents_stay_text(local: Bridge, visitor: Visitor, text: str) -> None:
    """Whatever a campaign's name, a breaker's reason or a dead letter contains."""
    short = text[:60].replace("\u0000", "").replace("\u0008", "")
    local.link()
    code = local.template()
    if local.campaign([A], {"name": short}, code=code, out_id=short).code == "OK":
        local.pump.run(hours=1)
    breakers.trip("quickaudience", text, int(time.time()))
    dead("receipts", f"<script>alert(1)</script>{short}")
    query = "?outId=" + _quoted(short)
    answers = [
        visitor.get("/campaigns"),
        visitor.get("/campaign" + query),
        visitor.get("/health"),
        visitor.get("/actions/close?breaker=quickaudience"),
        visitor.get("/actions/stop" + query),
        visitor.post("/parts/deadletters/dead_contents"),
        visitor.post("/actions/stop", outId=short, typed="other"),
    ]
    for answer in answers:
        only_own_markup(answer.text)


@pytest.mark.parametrize("text", some(HOSTILE.values(), 2), ids=some(HOSTILE, 2))
def test_hostile_words_of_others_stay_text(local: Bridge, visitor: Visitor, text: str) -> None:
    """Whatever a recipient replies, Tencent's description of a failure, a reviewer's words, a sign or an error say."""
    short = text[:200]
    local.link()
    code = local.template()
    local.campaign([A, B], {"name": "您"}, code=code, out_id=OUT_ID)
    local.pump.run(hours=1)
    first, second = local.tencent.sent
    local.callback([tencent.status(first)])
    local.callback([tencent.status(second, "FAIL", errmsg=short[:40], description=short)])
    local.callback(tencent.reply("86" + A, short, SIGN))
    local.quick_audience.always(lambda: respond(500, {"code": short[:40], "message": short}))
    local.pump.run(hours=1)
    local.tencent.signs[900] = {"id": 900, "text": short[:30], "status": 2, "reply": short}
    local.link(short[:30], 901, status=2)
    with audit.action("campaign pause", outId=short):
        pass
    pages_shown = [
        visitor.get(f"/campaign?outId={OUT_ID}"),
        *(visitor.get(visitor.post("/phone", phone=one).headers["Location"]) for one in (A, B)),
        visitor.get("/catalogue"),
        visitor.post("/parts/catalogue/signs", refresh="1"),
        visitor.get("/audit"),
        visitor.get("/health"),
        visitor.get("/campaign?outId=" + _quoted(short)),
        visitor.get("/template?code=" + _quoted(short)),
        visitor.post("/phone", phone=short),
    ]
    for answer in pages_shown:
        only_own_markup(answer.text)
    if text == HOSTILE["script"]:
        # It is shown, so the above proves something.
        assert [("&lt;script&gt;" in answer.text) for answer in pages_shown] == [
            *([True] * 6),
            False,
            *([True] * 3),
        ]


def only_own_markup(page: str) -> None:
    """Assert that a page has no element and no attribute that its templates don't have."""
    tags = re.findall(r"<(\w+)([^>]*)>", page)
    assert not {name for name, _ in tags} & {
        "iframe",
        "img",
        "style",
        "object",
        "embed",
        "base",
    }
    assert all(
        attributes.strip().startswith("src=") for name, attributes in tags if name == "script"
    )
    assert not [
        attributes for _, attributes in tags if re.search(r"\son\w+\s*=", _unquoted(attributes))
    ]


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="replace")


def _unquoted(attributes: str) -> str:
    """Return attributes without their values."""
    return re.sub(r'"[^"]*"', '""', attributes)
