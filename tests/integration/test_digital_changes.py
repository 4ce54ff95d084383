"""§8 and §9: modifying and deleting digital templates."""

import pytest

from chalicelib.store import templates
from tests.support.in_process.bridge import Answer, Bridge, template_body
from tests.support.in_process.digital import (
    PATH,
    body,
    create,
    newest,
    page,
    page_code,
    query,
    send,
    text,
)
from tests.support.in_process.tencent import and_first, lost, obeyed, refused
from tests.support.in_process.web import read_timeout

# --- modifying ----------------------------------------------------------------------------------


def modify(bridge: Bridge, code: str, contents: str) -> Answer:
    return bridge.ask("PUT", f"{PATH}/{code}", body([text(contents)], modifierAccount="another"))


@pytest.mark.parametrize("review", [1, 2])
def test_a_template_that_is_not_approved_is_modified_at_tencent(here: Bridge, review: int) -> None:
    code = create(here)
    old = page_code(here)
    here.tencent.review(7000, review, "不行")
    answer = modify(here, code, "新的${a}")
    assert (answer.code, answer["templateCode"]) == ("OK", code)
    assert [call.body["tpl_id"] for call in here.tencent.calls_of("mod_template")] == [7000]
    assert page_code(here) != old
    assert "新的**" in page(f"/m/{page_code(here)}").body.decode()
    assert "Text" in page(f"/m/{old}").body.decode()
    assert query(here, code)["templateStatus"] == 0


def test_changing_an_approved_template_makes_a_new_one_and_sent_messages_keep_their_page(
    here: Bridge,
) -> None:
    code = create(here, [text("旧${a}")])
    here.tencent.review(7000, 0)
    assert modify(here, code, "新${b}和${a}").code == "OK"
    assert not here.tencent.calls_of("mod_template")
    values = {"a": "1", "b": "2"}
    for phone, tpl_id, params in (
        ("13900000001", 7000, ("1",)),
        ("13900000002", 7001, ("2", "1")),
    ):
        assert send(here, code, phone, values).code == "OK"
        here.pump.drain()
        assert (here.tencent.sent[-1].tpl_id, here.tencent.sent[-1].params) == (tpl_id, params)
        here.tencent.review(7001, 0)
        here.clock.advance(seconds=31)
    assert "旧**" in page(f"/m/{page_code(here, 7000)}").body.decode()
    assert "新**和**" in page(f"/m/{page_code(here, 7001)}").body.decode()


def test_a_text_that_reviewers_changed_is_recognised_by_its_link(here: Bridge) -> None:
    code = create(here, [text("甲${a}乙${b}")])
    here.tencent.next("mod_template", lost(read_timeout, sent=False))
    assert modify(here, code, "乙${b}甲${a}").code == "isp.SYSTEM_ERROR"
    template = newest(here)
    template |= {"text": template["text"].replace("甲", "【甲】"), "status": 0}
    assert send(here, code, params={"a": "1", "b": "2"}).code == "OK"
    here.pump.drain()
    assert here.tencent.sent[0].params == ("1", "2")


# --- deleting -----------------------------------------------------------------------------------


def delete(bridge: Bridge, code: str) -> Answer:
    return bridge.ask("DELETE", f"{PATH}/{code}")


@pytest.mark.v5_only("one call deletes several templates")
def test_a_template_is_deleted_at_tencent_with_all_its_revisions(here: Bridge) -> None:
    code = create(here)
    here.tencent.review(7000, 0)
    modify(here, code, "新的")
    answer = delete(here, code)
    assert (answer.status, answer.code, answer["templateCode"]) == (200, "OK", code)
    assert [call.body["tpl_id"] for call in here.tencent.calls_of("del_template")] == [[7000, 7001]]
    assert not here.tencent.templates


def test_deleting_can_be_repeated(here: Bridge) -> None:
    code = create(here)
    assert [delete(here, code).code for _ in range(3)] == ["OK"] * 3
    assert len(here.tencent.calls_of("del_template")) == 1


def test_a_deleted_template_is_404_and_its_page_is_still_served(here: Bridge) -> None:
    code = create(here)
    here.tencent.review(7000, 0)
    shown = page_code(here)
    delete(here, code)
    for answer in (query(here, code), modify(here, code, "新"), send(here, code)):
        assert (answer.status, answer.code) == (404, "404")
        assert "已删除" in answer.message
    assert page(f"/m/{shown}").status_code == 200


def test_a_text_template_that_an_operator_deleted_is_404(here: Bridge) -> None:
    code = here.template("您好")
    templates.delete(code, 0)
    path = f"/sms/smsTemplate/{code}"
    for answer in (
        here.ask("GET", path),
        here.ask("PUT", path, template_body("新")),
        here.campaign(["13900001111"], code=code),
        send(here, code),
    ):
        assert (answer.status, answer.code) == (404, "404")


def test_messages_sent_before_the_deletion_are_still_settled(here: Bridge) -> None:
    code = create(here)
    here.tencent.review(7000, 0)
    assert send(here, code).code == "OK"
    here.pump.drain()
    delete(here, code)
    here.deliver_all()
    here.pump.drain()
    assert [entry["sendStatus"] for entry in here.quick_audience.receipts] == [2]


def test_without_an_answer_of_tencent_nothing_is_deleted_and_the_request_can_be_repeated(
    here: Bridge,
) -> None:
    code = create(here)
    here.tencent.next("del_template", lost(read_timeout, sent=True))
    assert delete(here, code).code == "isp.SYSTEM_ERROR"
    assert delete(here, code).code == "OK"
    assert query(here, code).status == 404
    assert len(here.tencent.calls_of("del_template")) == 1


def test_tencents_refusal_to_delete_is_answered(here: Bridge) -> None:
    code = create(here)
    here.tencent.next("del_template", refused(1004, "in review"))
    answer = delete(here, code)
    assert (answer.status, answer.code) == (200, "isv.INVALID_PARAMETERS")
    assert query(here, code).code == "OK"


def test_a_template_that_is_deleted_during_a_query_is_404_in_the_next_one(here: Bridge) -> None:
    code = create(here)
    here.tencent.next("del_template", and_first(here.tencent.templates.clear, obeyed))
    delete(here, code)
    assert delete(here, code).code == "OK"
