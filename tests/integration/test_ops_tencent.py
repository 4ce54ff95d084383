"""`ops sign`, `ops template` and `ops stats`: their calls to Tencent, and their output."""

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.store import signs
from tests.support.in_process.bridge import SIGN, SIGN_ID, Bridge
from tests.support.in_process.operator import PNG, Ops, made
from tests.support.in_process.pulls import Pulls, run
from tests.support.in_process.tencent import (
    API,
    Answer,
    Call,
    FakeTencent,
    answered,
    lost,
    refused,
    shown,
    statuses,
)
from tests.support.in_process.web import read_timeout


@pytest.fixture
def ops(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> Ops:
    monkeypatch.setenv("BRIDGE_STATE", bridge.state)
    return Ops(bridge)


# --- signs --------------------------------------------------------------------------------------


def test_a_sign_is_applied_for_and_linked_at_once(bridge: Bridge, ops: Ops, tmp_path: Path) -> None:
    bridge.tencent.always("add_sign", made())
    picture = tmp_path / "licence.png"
    picture.write_bytes(PNG)
    shown = ops.json("sign", "add", "【新品牌】", "--picture", str(picture), "--remark", "通知")
    assert (shown["name"], shown["signId"], shown["status"]) == ("新品牌", 601, "pending")
    body = bridge.tencent.calls_of("add_sign")[0].body
    assert body.keys() == {"sig", "time", "text", "remark", "pic"}
    assert (body["text"], body["remark"]) == ("新品牌", "通知")
    assert body["pic"].startswith("iVBORw0KGgo")
    assert bridge.ask("GET", "/sms/smsSign/新品牌")["signStatus"] == 0


def test_an_international_sign_is_marked_as_such(bridge: Bridge, ops: Ops) -> None:
    bridge.tencent.always("add_sign", made())
    ops.json("sign", "add", "Brand", "--international")
    assert bridge.tencent.calls_of("add_sign")[0].body["international"] == 1


def test_a_sign_that_is_linked_is_not_applied_for_again(linked: Bridge, ops: Ops) -> None:
    assert str(SIGN_ID) in ops.fails("sign", "add", SIGN)
    assert linked.tencent.calls_of("add_sign") == []


@pytest.mark.parametrize("name", ["", " ", "【】", "[]"])
def test_a_sign_needs_a_name(bridge: Bridge, ops: Ops, name: str) -> None:
    assert "empty" in ops.fails("sign", "add", name)


def test_a_file_that_is_no_picture_is_refused(bridge: Bridge, ops: Ops, tmp_path: Path) -> None:
    text = tmp_path / "licence.txt"
    text.write_text("I am the owner")
    assert "licence.txt is no picture" in ops.fails("sign", "add", "x", "--picture", str(text))


@pytest.mark.parametrize("words", [("add", "新品牌"), ("modify", SIGN), ("delete", SIGN, "--yes")])
def test_a_refusal_of_tencent_is_shown_in_one_line(
    linked: Bridge, ops: Ops, words: tuple[str]
) -> None:
    for name in ("add_sign", "mod_sign", "del_sign"):
        linked.tencent.always(name, refused(1030, "不支持[/修改]"))
    line = ops.fails("sign", *words)
    assert shown(1030) in line
    assert "不支持[/修改]" in line
    assert signs.get(SIGN) is not None
    assert signs.get("新品牌") is None


def test_an_application_without_an_answer_says_where_to_check(bridge: Bridge, ops: Ops) -> None:
    bridge.tencent.always("add_sign", lost(read_timeout, sent=False))
    line = ops.fails("sign", "add", "x")
    assert "console" in line
    assert "ops sign link" in line


def test_a_rejected_sign_is_changed_under_another_name(linked: Bridge, ops: Ops) -> None:
    linked.tencent.always("mod_sign", made())
    shown = ops.json("sign", "modify", SIGN, "--text", "别的品牌", "--remark", "更正")
    assert (shown["name"], shown["signId"], shown["status"]) == ("别的品牌", SIGN_ID, "pending")
    body = linked.tencent.calls_of("mod_sign")[0].body
    assert (body["sign_id"], body["text"], body["remark"]) == (SIGN_ID, "别的品牌", "更正")
    assert [sign.name for sign in signs.all_signs()] == ["别的品牌"]


@pytest.mark.v5_only("3.0 finds a sign that Tencent still lists")
def test_a_sign_is_deleted_only_after_confirmation(linked: Bridge, ops: Ops) -> None:
    linked.tencent.always("del_sign", answered())
    for answer in ("", "n\n"):
        assert "nothing was done" in ops.fails("sign", "delete", SIGN, answer=answer)
    assert linked.tencent.calls_of("del_sign") == []
    assert ops.type("sign", "delete", SIGN, answer="y\n").exit_code == 0
    assert linked.tencent.calls_of("del_sign")[0].body["sign_id"] == SIGN_ID
    assert list(signs.all_signs()) == []
    assert "no sign" in ops.fails("sign", "delete", SIGN, "--yes")


def test_a_sign_that_tencent_no_longer_has_can_be_removed(linked: Bridge, ops: Ops) -> None:
    linked.tencent.signs.clear()
    linked.tencent.always("del_sign", refused(1012))
    result = ops.type("sign", "delete", SIGN, "--yes")
    assert result.exit_code == 0
    assert "any more" in result.stderr
    assert list(signs.all_signs()) == []


def test_the_list_can_be_refreshed(bridge: Bridge, ops: Ops) -> None:
    bridge.link(status=1)
    bridge.tencent.signs[SIGN_ID] |= {"status": 2, "reply": "资质不全"}
    assert ops.json("sign", "list")[0]["status"] == "pending"
    [row] = ops.json("sign", "list", "--refresh")
    assert (row["status"], row["reply"]) == ("rejected", "资质不全")
    assert ops.json("sign", "list")[0]["status"] == "rejected"


# --- templates ----------------------------------------------------------------------------------


def page(bridge: Bridge) -> None:
    """Let Tencent return templates by page, and delete them."""

    def get(tencent: FakeTencent, call: Call) -> Answer:
        if "tpl_page" not in call.body:
            return tencent.obey(call)
        asked = call.body["tpl_page"]
        every = list(tencent.templates.values())
        data = every[asked["offset"] : asked["offset"] + asked["max"]]
        return {"result": 0, "errmsg": "", "total": len(every), "data": data}

    def delete(tencent: FakeTencent, call: Call) -> Answer:
        ids = call.body["tpl_id"]
        if any(one not in tencent.templates for one in ids):
            return {"result": 1014, "errmsg": "no such template"}
        for one in ids:
            del tencent.templates[one]
        return {"result": 0, "errmsg": ""}

    bridge.tencent.always("get_template", get)
    bridge.tencent.always("del_template", delete)


def test_templates_are_listed_with_their_review(bridge: Bridge, ops: Ops) -> None:
    page(bridge)
    code = bridge.template("您好[/${name}]", approve=False)
    bridge.tencent.review(int(code), 2, "缺少退订")
    [row] = ops.json("template", "list")
    assert (row["code"], row["status"], row["reply"]) == (code, "rejected", "缺少退订")
    assert code in ops.type("template", "list").stdout


@pytest.mark.v5_only("its pages have 50 templates and a total")
def test_all_of_the_accounts_templates_are_listed_page_by_page(bridge: Bridge, ops: Ops) -> None:
    page(bridge)
    code = bridge.template()
    for number in range(120):
        bridge.tencent.templates[number] = {"id": number, "text": "x", "status": 0, "type": 1}
    rows = ops.json("template", "list", "--all")
    assert len(rows) == 121
    assert [row["code"] for row in rows if row["code"]] == [code]
    pages = [call.body["tpl_page"] for call in bridge.tencent.calls if "tpl_page" in call.body]
    assert pages == [{"offset": offset, "max": 50} for offset in (0, 50, 100)]


def test_a_template_is_shown_with_its_revisions(bridge: Bridge, ops: Ops) -> None:
    page(bridge)
    code = bridge.template("您好${name}")
    bridge.ask("PUT", f"/sms/smsTemplate/{code}", {
        "templateName": "x", "templateContent": "再见${name}", "templateType": 1,
    })  # fmt: skip
    shown = ops.json("template", "show", code)
    assert [one["number"] for one in shown["revisions"]] == [2, 1]
    assert (shown["text"], shown["variables"]) == ("再见{1}", ["name"])
    assert len({one["tplId"] for one in shown["revisions"]}) == 2
    assert "再见" in ops.type("template", "show", code).stdout


@pytest.mark.v5_only("3.0's lists have no type of a template")
def test_a_template_that_only_tencent_has_is_shown_and_not_imported(
    bridge: Bridge, ops: Ops
) -> None:
    page(bridge)
    bridge.tencent.templates[77] = {"id": 77, "text": "x", "status": 0, "type": 1}
    assert ops.json("template", "show", "77")["kind"] == "promotion"
    assert ops.json("template", "list") == []


@pytest.mark.parametrize("code", ["999", "abc", "", "1e3", "９", "9" * 40])
@pytest.mark.parametrize("verb", ["show", "delete"])
def test_an_unknown_template_is_an_error(bridge: Bridge, ops: Ops, verb: str, code: str) -> None:
    page(bridge)
    assert "have a template" in ops.fails("template", verb, code)


def test_a_template_is_deleted_with_all_its_revisions(linked: Bridge, ops: Ops) -> None:
    page(linked)
    code = linked.template("您好")
    linked.ask("PUT", f"/sms/smsTemplate/{code}", {
        "templateName": "x", "templateContent": "再见", "templateType": 1,
    })  # fmt: skip
    assert "nothing was done" in ops.fails("template", "delete", code)
    ops.json("template", "delete", code, "--yes")
    assert linked.tencent.templates == {}
    assert linked.ask("GET", f"/sms/smsTemplate/{code}").status == 404
    assert linked.campaign(["13900001111"], code=code).status == 404
    assert ops.json("template", "list") == []


def test_a_revision_that_tencent_no_longer_has_does_not_prevent_deleting_the_others(
    bridge: Bridge, ops: Ops
) -> None:
    page(bridge)
    code = bridge.template("您好")
    bridge.tencent.templates.clear()
    result = ops.type("template", "delete", code, "--yes")
    assert result.exit_code == 0
    assert bridge.ask("GET", f"/sms/smsTemplate/{code}").status == 404


def test_a_refused_deletion_changes_nothing(bridge: Bridge, ops: Ops) -> None:
    page(bridge)
    code = bridge.template("您好")
    bridge.tencent.always("del_template", refused(1030, "使用中"))
    assert shown(1030) in ops.fails("template", "delete", code, "--yes")
    assert bridge.ask("GET", f"/sms/smsTemplate/{code}").status == 200


def test_a_template_that_becomes_international_is_a_new_one_at_tencent(bridge: Bridge) -> None:
    """mod_template has no `international`."""
    code = bridge.template("Hello", 1, approve=False)
    bridge.ask("PUT", f"/sms/smsTemplate/{code}", {
        "templateName": "x", "templateContent": "Hello", "templateType": 3,
    })  # fmt: skip
    assert bridge.tencent.calls_of("mod_template") == []
    assert [one.body.get("international") for one in bridge.tencent.calls_of("add_template")] == [
        None,
        1,
    ]


# --- statistics ---------------------------------------------------------------------------------

SENT = {"request": 4, "success": 3, "bill_number": 3}
REPORTED = {"success": 3, "status": 3, "status_success": 2, "status_fail": 1, "status_fail_1": 1}


@pytest.fixture
def counted(linked: Bridge) -> Bridge:
    linked.tencent.always("pullsendstatus", answered(data=SENT))
    linked.tencent.always("pullcallbackstatus", answered(data=REPORTED))
    return linked


def counts(ops: Ops, *words: str) -> dict[str, tuple[Any, Any, Any]]:
    rows = ops.json("stats", *words)["counts"]
    return {row["count"]: (row["tencent"], row["ours"], row["difference"]) for row in rows}


def test_tencents_counts_are_shown_beside_the_bridges(counted: Bridge, ops: Ops) -> None:
    pulls = Pulls(counted)
    counted.configure(TENCENT_RECEIPTS="pull")
    counted.tencent.always("8613900003333", refused(1016))
    phones = ["13900001111", "13900002222", "13900003333", "13900004444", "bad"]
    params = [{"n": str(number)} for number in range(5)]
    counted.campaign(phones, params, code=counted.template("您好${n}"))
    counted.pump.drain()
    first, second, _ = counted.tencent.sent
    pulls.add(*statuses([first]), *statuses([second], "FAIL"))
    run("pull")
    counted.pump.drain()
    shown = counts(ops, "--from", "2026-03-02", "--to", "2026-03-02 10")
    assert shown["submitted"] == (4, 4, 0)
    assert shown["accepted"] == (3, 3, 0)
    assert shown["billed"] == (3, None, None)
    assert shown["delivered"] == (2, 1, -1)
    assert shown["failed"] == (1, 1, 0)
    assert shown["failed: number is invalid"] == (1, None, None)
    assert shown["waiting"] == (None, 1, None)
    assert (
        "number is invalid"
        in ops.type("stats", "--from", "2026-03-02", "--to", "2026-03-02").stdout
    )


DAY = ("--from", "2026-03-02", "--to", "2026-03-02")


@pytest.mark.parametrize(
    ("sent", "reported", "notes"),
    [
        ({}, {}, []),
        ({"request": 796}, {}, ["submitted below 0: "]),
        ({}, {"status": 1}, ["Others below 0: "]),
        ({"request": 796}, {"status": 1}, ["submitted below 0: ", "Others below 0: "]),
    ],
)
def test_a_difference_is_explained(
    linked: Bridge, ops: Ops, sent: dict[str, int], reported: dict[str, int], notes: list[str]
) -> None:
    linked.tencent.always("pullsendstatus", answered(data=dict.fromkeys(SENT, 0) | sent))
    none = dict.fromkeys(REPORTED, 0)
    linked.tencent.always("pullcallbackstatus", answered(data=none | reported))
    lines = ops.type("stats", *DAY).stdout.splitlines()
    assert lines[0] == "From 2026-03-02 00:00:00 to 2026-03-02 23:59:59, Beijing time"
    shown = [line for line in lines if line.startswith("- ")]
    assert len(shown) == len(notes)
    assert all(line.startswith(f"- {note}") for line, note in zip(shown, notes, strict=True))
    assert any("Harmless reasons" in line for line in lines) == bool(notes)


def test_a_higher_count_of_the_bridge_is_explained(linked: Bridge, ops: Ops) -> None:
    linked.tencent.always("pullsendstatus", answered(data=dict.fromkeys(SENT, 0)))
    linked.tencent.always("pullcallbackstatus", answered(data=dict.fromkeys(REPORTED, 0)))
    linked.campaign(["13900001111"], {"name": "您"}, code=linked.template())
    linked.pump.drain()
    assert "- Above 0: " in ops.type("stats", *DAY).stdout


@pytest.mark.parametrize(
    ("first", "last", "hours"),
    [
        ("2026-03-01", "2026-03-02", (2026030100, 2026030223)),
        ("2026-03-02 07", "2026-03-02 07", (2026030207, 2026030207)),
        ("2026-03-02T07", " 2026-03-02 ", (2026030207, 2026030223)),
    ],
)
def test_hours_are_in_beijing_time_and_both_ends_are_included(
    counted: Bridge, ops: Ops, first: str, last: str, hours: tuple[int, int]
) -> None:
    counts(ops, "--from", first, "--to", last)
    begin, end = hours
    # It is 10 o'clock, and with API 3.0 a span never ends in the future.
    end = min(end, 2026030210) if API == "3.0" else end
    for name in ("pullsendstatus", "pullcallbackstatus"):
        [call] = counted.tencent.calls_of(name)
        assert (call.body["begin_date"], call.body["end_date"]) == (begin, end)


def test_for_hours_that_are_closed_only_tencents_counts_are_shown(
    counted: Bridge, ops: Ops
) -> None:
    result = ops.type("stats", "--from", "2026-02-01", "--to", "2026-03-02", "--json")
    assert "72 hours" in result.stderr
    rows = json.loads(result.stdout)["counts"]
    assert {row["ours"] for row in rows} == {None}
    assert rows[0]["tencent"] == 4


def test_other_hours_campaigns_are_not_counted(counted: Bridge, ops: Ops) -> None:
    counted.campaign(["13900001111"], code=counted.template())
    counted.pump.drain()
    assert counts(ops, "--from", "2026-03-02 09", "--to", "2026-03-02 09")["accepted"][1] == 0


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026-13-01", "2026-03-02"),
        ("2026-03-02", "yesterday"),
        ("2026-03-02 24", "2026-03-03"),
        ("2026-03-02 10:00", "2026-03-03"),
        ("", "2026-03-03"),
        ("2026-03-03", "2026-03-02"),
        ("2026-03-02 10", "2026-03-02 09"),
    ],
)
def test_an_invalid_span_of_hours_is_refused(
    counted: Bridge, ops: Ops, first: str, last: str
) -> None:
    line = ops.fails("stats", "--from", first, "--to", last)
    assert first in line or last in line
    assert counted.tencent.calls_of("pullsendstatus") == []
