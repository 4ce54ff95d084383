"""Signs that Tencent lists by name (API 3.0): they are found without a link."""

import json
from pathlib import Path
from urllib.parse import quote

import pytest

from chalicelib.store import sign_list, signs
from ops import sign as ops_sign
from tests.support.in_process.bridge import ENVIRONMENT, SIGN, Bridge
from tests.support.in_process.clock import beijing
from tests.support.in_process.operator import PNG, Ops, answer, made
from tests.support.in_process.tencent import (
    SETTINGS,
    FakeTencent,
    answered,
    refused,
    unlisted,
)

PHONE = "13900001111"
LIST = "DescribeSmsSignList"


@pytest.mark.parametrize(
    ("code", "reply", "status", "reason"),
    [
        (0, "", 1, "无审核备注"),
        (1, "", 0, "无审核备注"),
        (2, "", 0, "审核通过, 待生效"),
        (-1, "资质不全", 2, "资质不全"),
        (9, "", 0, "无审核备注"),
    ],
)
def test_a_sign_is_found_by_its_name(
    bridge: Bridge, tencent: FakeTencent, code: int, reply: str, status: int, reason: str
) -> None:
    tencent.add_sign(SIGN, StatusCode=code, ReviewReply=reply)
    answer = bridge.ask("GET", f"/sms/smsSign/{quote(SIGN)}")
    assert (answer.code, answer["signName"]) == ("OK", SIGN)
    assert (answer["signStatus"], answer["reason"]) == (status, reason)
    assert answer["createDate"] == beijing(1_617_508_800)
    assert list(signs.all_signs()) == []


@pytest.mark.parametrize(
    ("at_tencent", "written"),
    [("【Café】", "Ｃａｆé"), ("Café", "Cafe\u0301"), ("A B", "A+B"), ("A+B", "A+B")],
    ids=ascii,
)
def test_a_listed_name_is_compared_as_a_linked_one_is(
    bridge: Bridge, tencent: FakeTencent, at_tencent: str, written: str
) -> None:
    tencent.add_sign("别的", 700)
    tencent.add_sign(at_tencent)
    answer = bridge.ask("GET", f"/sms/smsSign/{quote(written, safe='+')}")
    assert (answer.code, answer["signName"]) == ("OK", at_tencent.strip("【】"))


def test_a_campaign_is_sent_under_a_sign_that_was_never_linked(
    bridge: Bridge, tencent: FakeTencent
) -> None:
    tencent.add_sign(f"【{SIGN}】")
    assert bridge.campaign([PHONE], code=tencent.add_template("您好")).code == "OK"
    bridge.pump.drain()
    assert [call["SignName"] for call in tencent.requests_of("SendSms")] == [SIGN]


@pytest.mark.parametrize(
    ("code", "said"), [(1, "审核中"), (2, "审核通过, 待生效"), (-1, "未通过审核: 资质不全")]
)
def test_a_campaign_under_a_sign_that_can_not_be_used_is_refused(
    bridge: Bridge, tencent: FakeTencent, code: int, said: str
) -> None:
    tencent.add_sign(SIGN, StatusCode=code, ReviewReply="资质不全")
    answer = bridge.campaign([PHONE], code=tencent.add_template("您好"))
    assert answer.code == "isv.SIGN_STATE_ILLEGAL"
    assert said in answer.message
    assert tencent.sent == []


def test_the_list_is_kept_for_ten_minutes(bridge: Bridge, tencent: FakeTencent) -> None:
    tencent.add_sign(SIGN)
    code = tencent.add_template("您好")
    for minute in range(10):
        assert bridge.campaign([PHONE], code=code, out_id=f"task-{minute}").code == "OK"
        bridge.clock.advance(seconds=60)
    listed = len(tencent.requests_of(LIST))
    assert bridge.campaign([PHONE], code=code, out_id="later").code == "OK"
    assert len(tencent.requests_of(LIST)) == 2 * listed


def test_one_of_several_campaigns_asks_for_a_new_list(
    bridge: Bridge, tencent: FakeTencent, monkeypatch: pytest.MonkeyPatch
) -> None:
    tencent.add_sign(SIGN)
    code = tencent.add_template("您好")
    assert bridge.campaign([PHONE], code=code, out_id="first").code == "OK"
    listed, old = len(tencent.requests_of(LIST)), sign_list.get()
    bridge.clock.advance(seconds=601)
    # All read the list before the first of them has a new one.
    monkeypatch.setattr(sign_list, "get", lambda: old)
    for number in range(5):
        assert bridge.campaign([PHONE], code=code, out_id=f"task-{number}").code == "OK"
    assert len(tencent.requests_of(LIST)) == 2 * listed
    # Nobody relies on a list of yesterday.
    bridge.clock.advance(seconds=86_400)
    for number in range(2):
        assert bridge.campaign([PHONE], code=code, out_id=f"later-{number}").code == "OK"
    assert len(tencent.requests_of(LIST)) == 4 * listed


def test_a_new_list_is_asked_for_again_if_the_one_that_asks_fails(
    bridge: Bridge, tencent: FakeTencent
) -> None:
    tencent.add_sign(SIGN)
    code = tencent.add_template("您好")
    assert bridge.campaign([PHONE], code=code, out_id="first").code == "OK"
    bridge.clock.advance(seconds=601)
    tencent.always("get_sign", refused("RequestLimitExceeded"))
    second = bridge.campaign([PHONE], code=code, out_id="second")
    assert second.code == "isv.BUSINESS_LIMIT_CONTROL"
    assert bridge.campaign([PHONE], code=code, out_id="third").code == "OK"
    tencent.always("get_sign", None)
    tencent.signs[701]["StatusCode"] = -1
    bridge.clock.advance(seconds=31)
    answer = bridge.campaign([PHONE], code=code, out_id="fourth")
    assert answer.code == "isv.SIGN_STATE_ILLEGAL"


def test_unknown_names_make_tencent_list_its_signs_once_a_minute(
    bridge: Bridge, tencent: FakeTencent
) -> None:
    tencent.add_sign(SIGN)
    assert bridge.ask("GET", f"/sms/smsSign/{quote('甲')}").status == 404
    listed = len(tencent.requests_of(LIST))
    for name in ("乙", "丙", "%", "【】"):
        assert bridge.ask("GET", f"/sms/smsSign/{quote(name)}").status == 404
    assert bridge.campaign([PHONE], code="1", signName="丁").status == 404
    assert len(tencent.requests_of(LIST)) == listed
    tencent.add_sign("甲", 702)
    bridge.clock.advance(seconds=60)
    assert bridge.ask("GET", f"/sms/smsSign/{quote('甲')}")["signStatus"] == 1


def test_a_sign_that_waits_for_its_review_is_asked_for_again(
    bridge: Bridge, tencent: FakeTencent
) -> None:
    tencent.add_sign(SIGN, StatusCode=1)
    path = f"/sms/smsSign/{quote(SIGN)}"
    assert bridge.ask("GET", path)["signStatus"] == 0
    tencent.signs[701]["StatusCode"] = 0
    assert bridge.ask("GET", path)["signStatus"] == 0
    bridge.clock.advance(seconds=60)
    assert bridge.ask("GET", path)["signStatus"] == 1


def test_a_link_wins_over_the_list(bridge: Bridge, tencent: FakeTencent) -> None:
    tencent.add_sign(SIGN, 701)
    tencent.add_sign(SIGN, 702, StatusCode=-1, ReviewReply="资质不全", International=1)
    ops_sign.link(SIGN, 702)
    answer = bridge.ask("GET", f"/sms/smsSign/{quote(SIGN)}")
    assert (answer["signStatus"], answer["reason"]) == (2, "资质不全")
    assert (
        bridge.campaign([PHONE], code=tencent.add_template("您好")).code == "isv.SIGN_STATE_ILLEGAL"
    )


@pytest.mark.parametrize(
    ("at_home", "abroad", "template", "said"),
    [
        (0, 0, 0, ""),
        (0, 0, 1, ""),
        (0, 1, 0, ""),
        (0, 1, 1, "没有审核通过的国际/港澳台短信签名"),
        (-1, 0, 1, ""),
        (-1, 0, 0, "没有审核通过的国内短信签名"),
        (-1, 0, 3, ""),
        (0, -1, 3, ""),
    ],
)
def test_a_name_may_be_a_sign_at_home_and_one_abroad(
    bridge: Bridge, tencent: FakeTencent, at_home: int, abroad: int, template: int, said: str
) -> None:
    tencent.add_sign(SIGN, 702, StatusCode=abroad, International=1)
    tencent.add_sign(SIGN, 701, StatusCode=at_home)
    assert bridge.ask("GET", f"/sms/smsSign/{quote(SIGN)}")["signStatus"] == 1
    code = tencent.add_template("您好", International=template)
    phone = "+85251234567" if template == 1 else PHONE
    answer = bridge.campaign([phone], code=code)
    assert said in answer.message
    assert (answer.code == "OK") == (not said)


@pytest.mark.parametrize("code", ["MissingParameter", "InvalidParameter", "missingparameter."])
def test_an_account_whose_signs_are_not_listed_goes_on_linking_them(
    bridge: Bridge, tencent: FakeTencent, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    tencent.add_sign(SIGN)
    tencent.always("get_sign", refused(code))
    for _ in range(3):
        answer = bridge.ask("GET", f"/sms/smsSign/{quote(SIGN)}")
        assert answer.status == 404
        assert "ops sign link" in answer.message
        bridge.clock.advance(seconds=61)
    said = [one for one in caplog.records if "does not list" in one.message]
    assert len(said) == 1
    tencent.always("get_sign", None)
    ops_sign.link(SIGN, 701)
    assert bridge.ask("GET", f"/sms/smsSign/{quote(SIGN)}")["signStatus"] == 1


def test_a_refused_account_is_no_unknown_sign(bridge: Bridge, tencent: FakeTencent) -> None:
    tencent.always("get_sign", refused("AuthFailure.UnauthorizedOperation"))
    answer = bridge.ask("GET", f"/sms/smsSign/{quote(SIGN)}")
    assert (answer.status, answer.code) == (200, "isp.RAM_PERMISSION_DENY")
    assert "访问策略" in answer.message


def test_a_list_that_is_too_long_for_the_table_keeps_the_approved_signs(
    bridge: Bridge, tencent: FakeTencent
) -> None:
    for number in range(600):
        tencent.add_sign(f"签名{number}", number, StatusCode=-1, ReviewReply="长" * 5000)
    tencent.add_sign(SIGN)
    assert bridge.ask("GET", f"/sms/smsSign/{quote(SIGN)}")["signStatus"] == 1
    stored = sign_list.get()
    assert len(stored.signs) == 500
    assert [sign.name for sign in stored.named(SIGN)] == [SIGN]


def test_signs_without_a_link_are_listed_for_the_operator(
    local: Bridge, tencent: FakeTencent
) -> None:
    environment = {"environment": ENVIRONMENT | SETTINGS["3.0"]}
    Path(local.state, "stack.json").write_text(json.dumps(environment))
    tencent.add_sign(f"【{SIGN}】", 701)
    tencent.add_sign("别的", 702, StatusCode=2)
    ops_sign.link(SIGN, 701)
    assert [row["name"] for row in answer("sign", "list")] == [SIGN]
    rows = {row["name"]: row for row in answer("sign", "list", "--all")}
    assert rows.keys() == {SIGN, "别的"}
    assert (rows["别的"]["signId"], rows["别的"]["status"]) == (702, "pending")
    assert (rows["别的"]["linked"], rows["别的"]["reply"]) == ("", "审核通过, 待生效")


@pytest.fixture
def operator(local: Bridge, tencent: FakeTencent) -> Ops:
    operator = Ops(local)
    environment = {"environment": ENVIRONMENT | SETTINGS["3.0"]}
    Path(local.state, "stack.json").write_text(json.dumps(environment))
    return operator


def test_a_sign_is_applied_for_with_its_qualification_and_needs_no_link(
    tencent: FakeTencent, operator: Ops, tmp_path: Path
) -> None:
    picture = tmp_path / "licence.png"
    picture.write_bytes(PNG)
    tencent.always("add_sign", made(801))
    words = ("--picture", str(picture), "--qualification", "7", "--sign-type", "4")
    row = operator.json("sign", "add", "新品牌", *words, "--document-type", "7")
    assert (row["signId"], row["status"], row["linked"]) == (801, "pending", "")
    [application] = tencent.requests_of("AddSmsSign")
    assert (
        application["QualificationId"],
        application["SignType"],
        application["DocumentType"],
    ) == (7, 4, 7)
    assert list(signs.all_signs()) == []


def test_a_sign_that_tencent_does_not_list_is_linked_when_it_is_applied_for(
    bridge: Bridge, tencent: FakeTencent, operator: Ops
) -> None:
    tencent.always("get_sign", unlisted)
    assert bridge.ask("GET", f"/sms/smsSign/{quote(SIGN)}").status == 404
    tencent.always("add_sign", made(801))
    assert operator.json("sign", "add", SIGN)["linked"]
    assert [sign.sign_id for sign in signs.all_signs()] == [801]


def test_an_operator_of_an_account_without_a_list_learns_what_to_do(
    tencent: FakeTencent, operator: Ops
) -> None:
    tencent.always("get_sign", unlisted)
    assert "ops sign list" in operator.fails("sign", "modify", SIGN)
    result = operator.type("sign", "list", "--all")
    assert result.exit_code == 0
    assert "its console shows them" in result.stderr
    tencent.always("get_sign", refused("AuthFailure.SecretIdNotFound"))
    assert "SecretIdNotFound" in operator.fails("sign", "modify", SIGN)
    assert "SecretIdNotFound" in operator.fails("sign", "list", "--all")


def test_a_sign_without_a_link_is_changed_and_deleted_by_its_name(
    tencent: FakeTencent, operator: Ops
) -> None:
    tencent.add_sign("Brand", 702, StatusCode=-1, International=1)
    tencent.always("mod_sign", answered(data={"id": 702}))
    tencent.always("del_sign", answered())
    row = operator.json("sign", "modify", "Brand", "--text", "Brand2")
    assert (row["name"], row["signId"], row["linked"]) == ("Brand2", 702, "")
    [changed] = tencent.requests_of("ModifySmsSign")
    assert (changed["SignId"], changed["International"]) == (702, 1)
    # The list has all that is needed: Tencent is not asked for the sign again.
    assert not [fields for fields in tencent.requests_of(LIST) if "SignIdSet" in fields]
    operator.json("sign", "delete", "Brand", "--yes")
    assert tencent.requests_of("DeleteSmsSign") == [{"SignId": 702}]
    assert list(signs.all_signs()) == []


def test_a_sign_that_was_deleted_is_not_sent_with_any_more(
    bridge: Bridge, tencent: FakeTencent, operator: Ops
) -> None:
    tencent.add_sign(SIGN)
    code = tencent.add_template("您好")
    assert bridge.campaign([PHONE], code=code, out_id="before").code == "OK"
    tencent.always("del_sign", answered())
    operator.json("sign", "delete", SIGN, "--yes")
    tencent.signs.clear()
    assert bridge.campaign([PHONE], code=code, out_id="after").status == 404


def test_a_name_that_is_listed_twice_is_not_changed(tencent: FakeTencent, operator: Ops) -> None:
    tencent.add_sign(SIGN, 701, StatusCode=-1)
    tencent.add_sign(SIGN, 702, StatusCode=-1, International=1)
    line = operator.fails("sign", "modify", SIGN)
    assert "701, 702" in line
    assert tencent.requests_of("ModifySmsSign") == []


def test_a_stage_that_goes_back_to_v5_needs_links(bridge: Bridge, tencent: FakeTencent) -> None:
    tencent.add_sign(SIGN)
    assert bridge.ask("GET", f"/sms/smsSign/{quote(SIGN)}").code == "OK"
    bridge.configure(TENCENT_API="v5", TENCENT_BASE_URL="https://tencent.test/v5/tlssmssvr")
    bridge.clock.advance(seconds=601)
    for _ in range(3):
        answer = bridge.ask("GET", f"/sms/smsSign/{quote(SIGN)}")
        assert answer.status == 404
        assert "ops sign link" in answer.message


def test_a_sign_that_tencent_calls_differently_is_linked_and_sent_under_tencents_name(
    bridge: Bridge, tencent: FakeTencent, operator: Ops
) -> None:
    tencent.add_sign(SIGN, 701)
    row = operator.json("sign", "link", "【夏季活动】", "701")
    assert (row["name"], row["atTencent"], row["signId"]) == ("夏季活动", SIGN, 701)
    answer = bridge.ask("GET", f"/sms/smsSign/{quote('夏季活动')}")
    assert (answer.code, answer["signName"], answer["signStatus"]) == ("OK", "夏季活动", 1)
    code = tencent.add_template("您好")
    assert bridge.campaign([PHONE], code=code, signName="夏季活动").code == "OK"
    bridge.pump.drain("deliver")
    assert [sms.sign for sms in tencent.sent] == [SIGN]
    # Tencent's own name is found as before.
    assert bridge.campaign([PHONE], code=code, out_id="own").code == "OK"
    [row] = operator.json("sign", "list", "--refresh")
    assert (row["name"], row["atTencent"]) == ("夏季活动", SIGN)
    tencent.always("del_sign", answered())
    operator.json("sign", "delete", "夏季活动", "--yes")
    assert list(signs.all_signs()) == []


def test_a_link_that_would_hide_a_sign_of_its_name_is_refused(
    tencent: FakeTencent, operator: Ops
) -> None:
    tencent.add_sign(SIGN, 701)
    tencent.add_sign("另一品牌", 702)
    line = operator.fails("sign", "link", SIGN, "702")
    assert "另一品牌" in line
    assert "701" in line
    assert list(signs.all_signs()) == []


def test_a_differing_sign_that_is_changed_keeps_its_link(
    tencent: FakeTencent, operator: Ops
) -> None:
    tencent.add_sign(SIGN, 701, StatusCode=-1)
    operator.json("sign", "link", "夏季活动", "701")
    tencent.always("mod_sign", answered(data={"id": 701}))
    row = operator.json("sign", "modify", "夏季活动", "--text", "新品牌")
    assert (row["name"], row["atTencent"]) == ("夏季活动", "新品牌")
    assert [sign.called for sign in signs.all_signs()] == ["夏季活动"]
