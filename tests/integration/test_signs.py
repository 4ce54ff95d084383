"""§1: the review status of a sign."""

import unicodedata
from urllib.parse import quote

import pytest

from chalicelib.store import signs, table
from ops import sign as ops_sign
from tests.support.in_process.bridge import SIGN, SIGN_ID, Bridge
from tests.support.in_process.clock import START, beijing
from tests.support.in_process.tencent import lost, raw_answer, refused, reply, shown
from tests.support.in_process.web import never_connected, read_timeout
from tests.support.thoroughness import some


@pytest.mark.both_apis
@pytest.mark.parametrize(
    ("tencents", "reply", "status", "reason"),
    [
        (0, "", 1, "无审核备注"),
        (0, "ok", 1, "无审核备注"),
        (1, "", 0, "无审核备注"),
        (2, "资质不全", 2, "资质不全"),
        (2, "", 2, "审核未通过"),
    ],
)
def test_tencents_review_is_answered_in_quick_audiences_numbers(
    bridge: Bridge, tencents: int, reply: str, status: int, reason: str
) -> None:
    bridge.link(status=1)
    bridge.tencent.signs[SIGN_ID] |= {"status": tencents, "reply": reply}
    answer = bridge.ask("GET", f"/sms/smsSign/{SIGN}")
    assert answer.code == "OK"
    assert answer["signName"] == SIGN
    assert answer["signStatus"] == status
    assert answer["reason"] == reason
    assert answer["createDate"] == beijing(START.timestamp())


@pytest.mark.parametrize(
    "written",
    [
        SIGN,
        quote(SIGN),
        quote(quote(SIGN)),
        quote(SIGN.encode("gbk")),
        quote(f"【{SIGN}】"),
        quote(f"[{SIGN}]"),
        quote(f" {SIGN} "),
    ],
)
def test_the_name_of_a_sign_is_found_in_many_spellings(linked: Bridge, written: str) -> None:
    answer = linked.ask("GET", f"/sms/smsSign/{written}")
    assert (answer.code, answer["signName"]) == ("OK", SIGN)


@pytest.mark.parametrize("name", ["A/B 店", "100%41", "A+B", "ＡＢＣ"])
def test_a_name_with_odd_characters_is_found(bridge: Bridge, name: str) -> None:
    bridge.link(name)
    answer = bridge.ask("GET", f"/sms/smsSign/{quote(name, safe='')}")
    assert (answer.code, answer["signName"]) == ("OK", name)


@pytest.mark.parametrize(
    "written", ["Tencent+Cloud", "Tencent%20Cloud", "%E3%80%90Tencent+Cloud%E3%80%91"]
)
def test_a_plus_sign_in_the_path_may_stand_for_a_blank(bridge: Bridge, written: str) -> None:
    bridge.link("Tencent Cloud")
    answer = bridge.ask("GET", f"/sms/smsSign/{written}")
    assert (answer.code, answer["signName"]) == ("OK", "Tencent Cloud")


@pytest.mark.parametrize("written", ["Tencent+Cloud", "Tencent%2BCloud"])
def test_a_plus_sign_in_the_path_is_first_itself(bridge: Bridge, written: str) -> None:
    bridge.link("Tencent Cloud")
    bridge.link("Tencent+Cloud", 502)
    assert bridge.ask("GET", f"/sms/smsSign/{written}")["signName"] == "Tencent+Cloud"


NFD = unicodedata.normalize("NFD", "Café")


@pytest.mark.parametrize(
    "at_tencent", some(["Café", NFD, "Ｃａｆé", "【Café】", "Caf\u200bé"], 2), ids=ascii
)
@pytest.mark.parametrize(
    "written",
    [
        "Café",
        NFD,
        f"［{NFD}］",
        "Ｃａｆé",
        "Ca\u200bfé",
        "\ufeffCafé",
        "\u00a0Café\u00a0",
        "〖Café〗",
    ],
    ids=ascii,
)
def test_a_sign_is_found_in_every_unicode_form_and_sent_as_tencent_has_it(
    bridge: Bridge, at_tencent: str, written: str
) -> None:
    bridge.tencent.signs[SIGN_ID] = {"id": SIGN_ID, "text": at_tencent, "status": 0, "reply": ""}
    ops_sign.link(NFD, SIGN_ID)
    sent = at_tencent.strip("【】")
    answer = bridge.ask("GET", f"/sms/smsSign/{quote(written, safe='')}")
    assert (answer.code, answer["signName"]) == ("OK", sent)
    code = bridge.template("您好")
    assert bridge.campaign(["13900001111"], code=code, signName=written).code == "OK"
    bridge.pump.drain()
    assert [sms.sign for sms in bridge.tencent.sent] == [sent]


@pytest.mark.v5_only("3.0 lists the signs by name")
@pytest.mark.parametrize("stored", [NFD, "Ｃａｆé", "（Café）", "Caf\u200bé"], ids=ascii)
def test_a_sign_that_was_stored_under_another_form_is_found_and_moved(
    bridge: Bridge, stored: str
) -> None:
    bridge.link("Café")
    item = table.get("SIGN#Café", "-", consistent=True)
    assert item
    signs.delete("Café")
    table.put(item | {"pk": f"SIGN#{stored}", "name": stored})
    table.put(table.key("SIGNS", stored))
    assert bridge.ask("GET", f"/sms/smsSign/{quote('Café')}").code == "OK"
    assert [sign.name for sign in signs.all_signs()] == ["Café"]
    assert [entry["sk"] for entry in table.query("SIGNS")] == ["Café"]
    assert table.get(f"SIGN#{stored}", "-", consistent=True) is None
    signs.delete("Café")
    assert bridge.ask("GET", f"/sms/smsSign/{quote('Café')}").status == 404


def test_a_reply_that_writes_the_sign_otherwise_is_matched_by_it(bridge: Bridge) -> None:
    bridge.link("Café")
    bridge.link("别的", 502)
    code = bridge.template("您好")
    for out_id, name in (("wanted", "Café"), ("other", "别的")):
        bridge.campaign(["13900001111"], code=code, signName=name, out_id=out_id)
        bridge.pump.drain()
        bridge.clock.advance(seconds=60)
    bridge.callback(reply("8613900001111", "T", f"【{NFD}】"))
    bridge.pump.drain()
    assert [one["outId"] for one in bridge.quick_audience.replies] == ["wanted"]


@pytest.mark.v5_only("3.0 lists the signs by name")
@pytest.mark.parametrize(
    "name", ["别的", "%", "【】", "%FF%FE", "a" * 3000, "\ufdfa" * 100, "+", "\u200b"], ids=ascii
)
def test_an_unknown_sign_is_404(linked: Bridge, name: str) -> None:
    with linked.outside.watched():
        answer = linked.ask("GET", f"/sms/smsSign/{quote(name)}")
    assert (answer.status, answer.code) == (404, "404")
    assert answer["signStatus"] == 0
    assert not linked.tencent.calls


@pytest.mark.both_apis
def test_a_sign_that_tencent_no_longer_has_is_404_and_not_approved(linked: Bridge) -> None:
    linked.tencent.signs.clear()
    answer = linked.ask("GET", f"/sms/smsSign/{SIGN}")
    assert (answer.status, answer["signStatus"]) == (404, 0)
    assert str(SIGN_ID) in answer.message


@pytest.mark.both_apis
@pytest.mark.parametrize(
    "behaviour",
    [
        lost(never_connected, sent=False),
        lost(read_timeout, sent=False),
        raw_answer(502, b"<html>"),
        raw_answer(200, b""),
        raw_answer(429, b""),
        refused(60008),
        refused(1008),
    ],
)
def test_an_outage_of_tencent_is_a_system_error_with_http_200(
    linked: Bridge, behaviour: object
) -> None:
    linked.tencent.next("get_sign", behaviour)  # type: ignore[arg-type]
    answer = linked.ask("GET", f"/sms/smsSign/{SIGN}")
    assert (answer.status, answer.code) == (200, "isp.SYSTEM_ERROR")
    assert answer["signStatus"] == 0


@pytest.mark.parametrize(
    ("code", "aliyun"),
    [(1001, "isp.RAM_PERMISSION_DENY"), (1033, "isv.OUT_OF_SERVICE"), (4321, "isp.SYSTEM_ERROR")],
)
def test_tencents_refusal_is_answered_with_its_number_and_text(
    linked: Bridge, code: int, aliyun: str
) -> None:
    linked.tencent.always("get_sign", refused(code, "because"))
    answer = linked.ask("GET", f"/sms/smsSign/{SIGN}")
    assert (answer.status, answer.code) == (200, aliyun)
    assert shown(code) in answer.message
    assert "because" in answer.message
