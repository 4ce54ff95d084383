"""Templates and signs: their calls, and their review."""

import re
from typing import Any

import pytest

from tests.support.simulators.tencent import (
    CODE_TEMPLATE,
    FOREIGN_TEMPLATE,
    PLAIN_TEMPLATE,
    Caller,
)
from tests.support.waiting import wait_for

PENDING, REJECTED = 1, 2
DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


def reviewed(simulator: Caller, text: str, **fields: Any) -> dict[str, Any]:
    answer = simulator.call("add_template", text=text, **{"type": 0, **fields})
    tpl_id = answer["data"]["id"]
    return wait_for(
        lambda: found if (found := simulator.template(tpl_id))["status"] != PENDING else {}
    )


def reviewed_sign(simulator: Caller, text: str, **fields: Any) -> dict[str, Any]:
    sign_id = simulator.call("add_sign", text=text, **fields)["data"]["id"]
    return wait_for(
        lambda: found if (found := simulator.sign(sign_id))["status"] != PENDING else {}
    )


@pytest.mark.parametrize(
    "text",
    [
        "您好",
        "您好{1}，余额{2}元。",
        "{2}号{1}",
        "详情见http://a.example/x，{1}",
        "详情见https://a.cn/b?c=d {1}",
        "{1}，见 t.cn/abc",
        "比例{1}/{2}",
        "时间{1}:{2}",
    ],
)
def test_valid_templates_are_approved(simulator: Caller, text: str) -> None:
    found = reviewed(simulator, text)
    assert (found["status"], found["reply"]) == (0, "审核通过")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("您好{2}", "连续编号"),
        ("您好{1}，{3}", "连续编号"),
        ("您好{1}，{1}", "连续编号"),
        ("您好{0}", "变量格式"),
        ("您好{name}", "变量格式"),
        ("您好{ 1}", "变量格式"),
        ("您好{1", "变量格式"),
        ("您好｛1｝", "变量格式"),
        ("您好${name}", "变量格式"),
        ("您好{1}{2}", "相邻"),
        ("{1}", "全部由变量"),
        ("{1}，{2}！", "全部由变量"),
        ("【签名】您好", "【】"),
        ("价格¥5", "非常用字符"),
        ("点http://a.example/{1}", "链接"),
        ("点www.{1}.com看", "链接"),
        ("点{1}.cn看", "链接"),
        ("点a.cn/x?{1}看", "链接"),
    ],
)
def test_invalid_templates_are_rejected_with_a_reason(
    simulator: Caller, text: str, reason: str
) -> None:
    found = reviewed(simulator, text)
    assert found["status"] == REJECTED
    assert reason in found["reply"]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("新品上市", REJECTED),
        ("新品上市，拒收请回复R", 0),
        ("新品上市，拒收回R", 0),
        ("新品上市，回T退订", 0),
        ("新品上市 回复TD退订", 0),
        ("新品上市，退订回T", 0),
        ("新品上市，TD退订", 0),
        ("不可退订", REJECTED),
    ],
)
def test_marketing_templates_must_say_how_to_unsubscribe(
    simulator: Caller, text: str, status: int
) -> None:
    assert reviewed(simulator, text, type=1)["status"] == status
    # International messages cannot be replied to.
    assert reviewed(simulator, text, type=1, international=1)["status"] == 0


def test_a_new_template_is_pending_until_its_review(simulator: Caller) -> None:
    simulator.set_switches(review="hold")
    answer = simulator.call("add_template", text="您好", type=1, title="t", remark="r")
    tpl_id = answer["data"].pop("id")
    assert answer == {
        "result": 0,
        "errmsg": "OK",
        "data": {"international": 0, "status": PENDING, "text": "您好", "type": 1},
    }
    found = simulator.template(tpl_id)
    assert DATE.fullmatch(found.pop("apply_time"))
    assert found == {
        "id": tpl_id,
        "international": 0,
        "text": "您好",
        "status": PENDING,
        "reply": "",
        "reply_time": "",
        "title": "t",
        "type": 1,
    }
    simulator.set_switches(review="auto")
    wait_for(lambda: simulator.template(tpl_id)["status"] == REJECTED)
    assert DATE.fullmatch(simulator.template(tpl_id)["reply_time"])


@pytest.mark.parametrize(
    "fields",
    [
        {"text": "", "type": 0},
        {"text": " ", "type": 0},
        {"text": 5, "type": 0},
        {"text": "您好"},
        {"text": "您好", "type": "0"},
        {"text": "您好", "type": 3},
        {"text": "您好", "type": 0, "international": 2},
        {"text": "您好", "type": 0, "international": "1"},
        {"text": "您好", "type": 0, "title": 5},
    ],
)
def test_the_fields_of_a_template_are_checked(simulator: Caller, fields: dict[str, Any]) -> None:
    assert simulator.refusal("add_template", **fields) == 1004


def test_a_rejected_template_can_be_changed_and_an_approved_one_cannot(simulator: Caller) -> None:
    tpl_id = reviewed(simulator, "您好{2}", title="t")["id"]
    answer = simulator.call("mod_template", tpl_id=tpl_id, text="您好{1}", type=0)
    assert answer["data"]["status"] == PENDING
    wait_for(lambda: simulator.template(tpl_id)["status"] == 0)
    assert simulator.template(tpl_id)["title"] == "t"
    assert simulator.refusal("mod_template", tpl_id=tpl_id, text="再见", type=0) == 1030
    assert simulator.template(tpl_id)["text"] == "您好{1}"
    assert simulator.refusal("mod_template", tpl_id=1, text="再见", type=0) == 1014


def test_a_change_during_a_review_starts_another_review(simulator: Caller) -> None:
    simulator.set_switches(review_seconds=0.1)
    tpl_id = simulator.call("add_template", text="您好{2}", type=0)["data"]["id"]
    simulator.call("mod_template", tpl_id=tpl_id, text="您好{1}", type=0)
    wait_for(lambda: simulator.template(tpl_id)["status"] == 0)


def test_templates_are_deleted_all_or_none(simulator: Caller) -> None:
    ids = [reviewed(simulator, text)["id"] for text in ("您好", "再见", "谢谢")]
    assert simulator.refusal("del_template", tpl_id=[ids[0], 1]) == 1014
    assert simulator.call("del_template", tpl_id=ids[0]) == {"result": 0, "errmsg": "OK"}
    assert simulator.call("del_template", tpl_id=ids[1:])["result"] == 0
    assert simulator.call("get_template", tpl_id=ids)["data"] == []
    assert reviewed(simulator, "您好")["id"] > max(ids)


def test_templates_are_found_by_id(simulator: Caller) -> None:
    answer = simulator.call("get_template", tpl_id=[PLAIN_TEMPLATE, 1, CODE_TEMPLATE])
    assert [item["id"] for item in answer["data"]] == [PLAIN_TEMPLATE, CODE_TEMPLATE]
    assert answer["count"] == 2
    assert "total" not in answer
    assert simulator.call("get_template", tpl_id=PLAIN_TEMPLATE)["count"] == 1


def test_templates_are_listed_by_page(simulator: Caller) -> None:
    def page(offset: Any, limit: Any) -> Any:
        return simulator.call("get_template", tpl_page={"offset": offset, "max": limit})

    first = page(0, 2)
    assert (first["total"], first["count"]) == (3, 2)
    assert [item["id"] for item in first["data"]] == [CODE_TEMPLATE, PLAIN_TEMPLATE]
    assert [item["id"] for item in page(2, 2)["data"]] == [FOREIGN_TEMPLATE]
    assert page(4, 2) == {"result": 0, "errmsg": "OK", "total": 3, "count": 0, "data": []}
    assert page(0, 50)["count"] == 3
    for wrong in ((0, 51), (0, 0), (-1, 5), ("0", 5)):
        assert page(*wrong)["result"] == 1004
    assert simulator.refusal("get_template", tpl_page=[0, 10]) == 1004
    assert simulator.refusal("get_template") == 1004
    assert simulator.refusal("get_template", tpl_id=[]) == 1004


@pytest.mark.parametrize(
    ("text", "international", "status"),
    [
        ("测试", 0, 0),
        ("Shop24", 0, 0),
        ("测", 0, REJECTED),
        ("测" * 13, 0, REJECTED),
        ("【测试】", 0, REJECTED),
        ("Tencent Cloud", 1, 0),
        ("x" * 16, 1, REJECTED),
    ],
)
def test_signs_are_reviewed_by_their_length_and_characters(
    simulator: Caller, text: str, international: int, status: int
) -> None:
    assert reviewed_sign(simulator, text, international=international)["status"] == status


def test_signs_are_added_changed_found_used_and_deleted(simulator: Caller) -> None:
    answer = simulator.call("add_sign", text="测", remark="r", pic="aGVsbG8=")
    sign_id = answer["data"]["id"]
    assert answer["data"] == {"id": sign_id, "international": 0, "status": 1, "text": "测"}
    wait_for(lambda: simulator.sign(sign_id)["status"] == REJECTED)
    assert "2-12" in simulator.sign(sign_id)["reply"]
    assert simulator.call("mod_sign", sign_id=sign_id, text="好店")["data"]["status"] == PENDING
    wait_for(lambda: simulator.sign(sign_id)["status"] == 0)
    assert simulator.refusal("mod_sign", sign_id=sign_id, text="坏店") == 1030
    assert simulator.refusal("mod_sign", sign_id=1, text="坏店") == 1012
    assert simulator.refusal("add_sign", text="") == 1004
    assert simulator.refusal("add_sign", text="好店", pic=5) == 1004
    answer = simulator.call("get_sign", sign_id=[sign_id, 1, 1001])
    assert [item["text"] for item in answer["data"]] == ["好店", "测试签名"]
    assert answer["count"] == 2
    assert simulator.call("get_sign", sign_id=1001)["data"][0]["status"] == 0
    simulator.send(sign="好店")
    assert simulator.text_sent().startswith("【好店】")
    assert simulator.refusal("del_sign", sign_id=[sign_id, 1]) == 1012
    assert simulator.call("del_sign", sign_id=[sign_id]) == {"result": 0, "errmsg": "OK"}
    assert simulator.call("get_sign", sign_id=sign_id)["count"] == 0


def test_template_and_sign_calls_can_use_the_text_key_of_2018(simulator: Caller) -> None:
    simulator.set_switches(error_text_key="msg")
    assert simulator.call("get_sign", sign_id=1001)["msg"] == ""
    answer = simulator.call("del_sign", sign_id=1)
    assert answer == {
        "result": 1012,
        "msg": "package format error, sdkappid not have this sign_id",
    }
    # The other calls always use errmsg.
    assert "errmsg" in simulator.send()
    assert "errmsg" in simulator.call("pullstatus", type=0, max=1)


def test_reviews_can_be_held_and_rejected(simulator: Caller) -> None:
    simulator.set_switches(review="hold")
    held = simulator.call("add_template", text="您好", type=0)["data"]["id"]
    held_sign = simulator.call("add_sign", text="好店")["data"]["id"]
    simulator.wait_until_idle()
    assert simulator.template(held)["status"] == PENDING
    simulator.set_switches(review="reject", review_reply="不行")
    wait_for(lambda: simulator.template(held)["status"] == REJECTED)
    wait_for(lambda: simulator.sign(held_sign)["status"] == REJECTED)
    assert simulator.template(held)["reply"] == "不行"


def test_a_review_can_be_decided_by_hand(simulator: Caller) -> None:
    simulator.set_switches(review="hold")
    tpl_id = simulator.call("add_template", text="您好{1}{2}", type=0)["data"]["id"]
    answer = simulator.control("review", {"tpl_id": tpl_id, "status": 0, "reply": "好"})
    assert answer == {"id": tpl_id, "status": 0, "reply": "好"}
    assert simulator.template(tpl_id)["status"] == 0
    simulator.control("review", {"sign_id": 1001, "status": 2, "reply": "过期"})
    assert simulator.sign(1001)["status"] == REJECTED
    assert simulator.send()["result"] == 1012
    # A review that was decided by hand is not repeated.
    simulator.set_switches(review="auto")
    simulator.wait_until_idle()
    assert simulator.template(tpl_id)["status"] == 0
