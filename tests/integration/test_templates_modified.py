"""§3: modifying a template, and the revision that a campaign uses meanwhile."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.endpoints import template_revisions
from chalicelib.store import templates
from tests.support.in_process.bridge import Answer, Bridge, template_body
from tests.support.in_process.tencent import (
    and_first,
    lost,
    obeyed,
    refused,
)
from tests.support.in_process.web import never_connected, read_timeout, reset

PATH = "/sms/smsTemplate"
OLD, NEW = "甲${a}乙${b}", "乙${b}甲${a}丙"
VALUES = {"a": "1", "b": "2"}


def modify(bridge: Bridge, code: str, content: str = NEW, **fields: Any) -> Answer:
    return bridge.ask("PUT", f"{PATH}/{code}", template_body(content, **fields))


def send(bridge: Bridge, code: str, phone: str = "13900001111") -> tuple[int, tuple[str, ...]]:
    """Send a campaign, and return the template's id at Tencent and the values in order."""
    answer = bridge.campaign([phone], VALUES, code=code, out_id=f"task-{phone}")
    assert answer.code == "OK"
    bridge.pump.drain()
    sms = bridge.tencent.sent[-1]
    assert sms.phone == "86" + phone
    return sms.tpl_id, sms.params


def status(bridge: Bridge, code: str) -> tuple[int, str]:
    answer = bridge.ask("GET", f"{PATH}/{code}")
    return int(answer["templateStatus"]), str(answer["templateContent"])


@pytest.mark.both_apis
@pytest.mark.parametrize("review", [1, 2])
def test_a_template_that_is_not_approved_is_modified_at_tencent(
    bridge: Bridge, review: int
) -> None:
    code = bridge.template(OLD, approve=False)
    bridge.tencent.review(int(code), review, "不行")
    answer = modify(bridge, code, name="新名称", modifierAccount="another")
    assert (answer.code, answer["templateCode"]) == ("OK", code)
    (call,) = bridge.tencent.calls_of("mod_template")
    assert call.body["tpl_id"] == int(code)
    assert (call.body["text"], call.body["title"]) == ("乙{1}甲{2}丙", "新名称")
    assert status(bridge, code) == (0, NEW)
    assert bridge.ask("GET", f"{PATH}/{code}")["templateName"] == "新名称"


def test_the_modified_template_is_sent_in_its_own_order(linked: Bridge) -> None:
    code = linked.template(OLD, approve=False)
    modify(linked, code)
    linked.tencent.review(int(code), 0)
    assert send(linked, code) == (int(code), ("2", "1"))
    assert status(linked, code) == (1, NEW)


def test_changing_an_approved_template_makes_a_new_one_with_the_same_code(linked: Bridge) -> None:
    code = linked.template(OLD)
    answer = modify(linked, code)
    assert (answer.code, answer["templateCode"]) == ("OK", code)
    assert len(linked.tencent.calls_of("add_template")) == 2
    assert not linked.tencent.calls_of("mod_template")
    assert status(linked, code) == (0, NEW)


def test_sends_use_the_approved_revision_until_the_new_one_is_approved(linked: Bridge) -> None:
    code = linked.template(OLD)
    modify(linked, code)
    assert send(linked, code, "13900000001") == (7000, ("1", "2"))
    linked.clock.advance(seconds=31)
    assert send(linked, code, "13900000002") == (7000, ("1", "2"))
    linked.tencent.review(7001, 0)
    linked.clock.advance(seconds=31)
    assert send(linked, code, "13900000003") == (7001, ("2", "1"))
    assert status(linked, code) == (1, NEW)


def test_sends_keep_the_approved_revision_if_the_new_one_is_rejected(
    linked: Bridge,
) -> None:
    code = linked.template(OLD)
    modify(linked, code)
    linked.tencent.review(7001, 2, "含敏感词")
    assert status(linked, code) == (2, NEW)
    assert send(linked, code) == (7000, ("1", "2"))


def test_a_rejected_second_revision_is_modified_and_the_first_still_sends(linked: Bridge) -> None:
    code = linked.template(OLD)
    modify(linked, code)
    linked.tencent.review(7001, 2, "不行")
    assert modify(linked, code, "丙${b}丁${a}").code == "OK"
    assert [call.body["tpl_id"] for call in linked.tencent.calls_of("mod_template")] == [7001]
    assert send(linked, code, "13900000001") == (7000, ("1", "2"))
    linked.tencent.review(7001, 0)
    linked.clock.advance(seconds=31)
    assert send(linked, code, "13900000002") == (7001, ("2", "1"))


@pytest.mark.both_apis
def test_a_template_approved_a_moment_ago_gets_a_new_one(linked: Bridge) -> None:
    code = linked.template(OLD, approve=False)
    linked.tencent.next(
        "mod_template", and_first(lambda: linked.tencent.review(int(code), 0), obeyed)
    )
    answer = modify(linked, code)
    assert (answer.code, answer["templateCode"]) == ("OK", code)
    assert send(linked, code, "13900000001") == (7000, ("1", "2"))
    linked.tencent.review(7001, 0)
    linked.clock.advance(seconds=31)
    assert send(linked, code, "13900000002") == (7001, ("2", "1"))


def test_tencents_refusal_of_a_change_changes_nothing(linked: Bridge) -> None:
    code = linked.template(OLD, approve=False)
    linked.tencent.next("mod_template", refused(1002, "敏感词"))
    answer = modify(linked, code)
    assert (answer.status, answer.code) == (200, "isv.SMS_CONTENT_ILLEGAL")
    assert status(linked, code) == (0, OLD)
    linked.tencent.review(int(code), 0)
    assert send(linked, code) == (7000, ("1", "2"))


@pytest.mark.parametrize("error", [read_timeout, reset, never_connected])
def test_after_a_change_of_unknown_outcome_the_text_at_tencent_decides(
    linked: Bridge, error: Any
) -> None:
    done = linked.template(OLD, approve=False)
    linked.tencent.next("mod_template", lost(error, sent=True))
    assert modify(linked, done).code == "isp.SYSTEM_ERROR"
    not_done = linked.template(OLD, approve=False)
    linked.tencent.next("mod_template", lost(error, sent=False))
    assert modify(linked, not_done).code == "isp.SYSTEM_ERROR"
    for code in (done, not_done):
        linked.tencent.review(int(code), 0)
    assert send(linked, done, "13900000001") == (int(done), ("2", "1"))
    assert send(linked, not_done, "13900000002") == (int(not_done), ("1", "2"))


def test_a_text_with_other_white_space_from_reviewers_is_recognised(linked: Bridge) -> None:
    code = linked.template(OLD, approve=False)
    modify(linked, code)
    linked.tencent.templates[int(code)] |= {"text": " 乙 {1}甲 {2} 丙\n", "status": 0}
    assert send(linked, code) == (int(code), ("2", "1"))


def test_a_change_that_never_arrived_does_not_count_as_approved_for_the_next_change(
    linked: Bridge,
) -> None:
    code = linked.template(OLD, approve=False)
    linked.tencent.next("mod_template", lost(read_timeout, sent=False))
    assert modify(linked, code).code == "isp.SYSTEM_ERROR"
    linked.tencent.review(int(code), 0)
    assert modify(linked, code).code == "OK"
    assert linked.tencent.templates[int(code)]["text"] == "甲{1}乙{2}"
    assert send(linked, code) == (int(code), ("1", "2"))


def test_a_second_change_during_a_change_is_refused(linked: Bridge) -> None:
    code = linked.template(OLD, approve=False)
    answers: list[Answer] = []

    def another() -> None:
        answers.append(modify(linked, code, "别人的${b}和${a}改动"))

    linked.tencent.next("mod_template", obeyed)
    linked.tencent.next("get_template", and_first(another))
    answers.append(modify(linked, code))
    assert [answer.code for answer in answers] == ["OK", "isp.SYSTEM_ERROR"]
    assert len(linked.tencent.calls_of("mod_template")) == 1
    assert status(linked, code) == (0, "别人的${b}和${a}改动")


def test_sending_an_approved_template_needs_no_answer_about_a_pending_change(
    linked: Bridge,
) -> None:
    code = linked.template(OLD)
    modify(linked, code)
    linked.clock.advance(seconds=31)
    linked.tencent.next("get_template", lost(read_timeout, sent=False))
    assert linked.campaign(["13900001111"], VALUES, code=code).code == "OK"


@pytest.mark.parametrize("review", [1, 2])
def test_a_campaign_with_an_unapproved_template_is_refused(linked: Bridge, review: int) -> None:
    code = linked.template(OLD, approve=False)
    linked.tencent.review(int(code), review, "含敏感词")
    answer = linked.campaign(["13900001111"], VALUES, code=code)
    assert (answer.status, answer.code) == (200, "isv.SMS_TEMPLATE_ILLEGAL")
    assert review == 1 or "含敏感词" in answer.message
    linked.pump.drain()
    assert not linked.tencent.sent


def test_an_unapproved_template_is_asked_about_again_for_each_campaign(linked: Bridge) -> None:
    code = linked.template(OLD, approve=False)
    assert linked.campaign(["13900001111"], VALUES, code=code).code == "isv.SMS_TEMPLATE_ILLEGAL"
    linked.tencent.review(int(code), 0)
    assert linked.campaign(["13900001111"], VALUES, code=code).code == "OK"


@pytest.mark.parametrize("replaced", [False, True])
def test_a_late_refresh_does_not_put_back_a_revision_that_was_removed(
    linked: Bridge, replaced: bool
) -> None:
    code = linked.template(OLD, approve=False)
    modify(linked, code, NEW)
    linked.clock.advance(seconds=60)
    read = templates.revisions(code)
    linked.tencent.review(int(code), 2, "不行")
    # Meanwhile, the other request finds that Tencent refuses its text.
    templates.remove(read[0])
    stored = [read[1]]
    if replaced:
        stored.insert(0, replace(read[0], text="丁", content="丁", names=()))
        assert templates.add(stored[0])
    template_revisions.refresh(read)
    found = templates.revisions(code)
    assert [(one.number, one.text) for one in found] == [(one.number, one.text) for one in stored]
    assert found[-1].status == 2, "the other revision is refreshed"
    if replaced:
        assert found[0] == stored[0]
