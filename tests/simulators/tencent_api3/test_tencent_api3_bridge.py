"""The bridge's own client of API 3.0 against the simulator, in every variation that its switches know."""

import random
import time
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.connections import new_session
from chalicelib.domain.planning import Call
from chalicelib.tencent.answers import (
    ReviewStatus,
    SendStatus,
    SignApplication,
    SignReview,
    TemplateDraft,
    TemplateReview,
)
from chalicelib.tencent.api3 import Api3
from chalicelib.tencent.api3_transport import Account
from chalicelib.tencent.interface import (
    Accepted,
    CallRefusedError,
    NumberRefused,
    NumberResult,
    OutcomeUnknownError,
    PullType,
)
from tests.support.simulators.tencent import (
    CODE_TEMPLATE,
    FOREIGN_TEMPLATE,
    MOBILE,
    PLAIN_TEMPLATE,
    SDKAPPID,
    Caller,
)
from tests.support.simulators.tencent_api3 import (
    FOREIGN_SIGN,
    REGION,
    SECRET_ID,
    SECRET_KEY,
    SIGN,
)
from tests.support.waiting import wait_for

PHONE = f"86{MOBILE}"
PHONES = tuple(f"86138{number:08}" for number in range(100))
PICTURE = "cGljdHVyZQ=="
QUALIFICATION = 1_000_001


@pytest.fixture
def api(simulator: Caller) -> Iterator[Api3]:
    session = new_session(2, max_idle_seconds=80)
    yield Api3(Account(simulator.url, REGION, SECRET_ID, SECRET_KEY, session), SDKAPPID)
    session.close()


def send(
    api: Api3, *phones: str, template: int = PLAIN_TEMPLATE, sign: str = SIGN
) -> list[NumberResult]:
    return api.send(Call(phones or (PHONE,), ()), sign=sign, template_id=template)


def codes(results: list[NumberResult]) -> list[Any]:
    """Return "ok", the code of a refusal, or None for an unknown outcome."""
    return ["ok" if isinstance(one, Accepted) else one and one.code for one in results]


# sends


def test_a_send_is_accepted_and_identified_by_its_sid(api: Api3, simulator: Caller) -> None:
    call = Call((PHONE,), ("卡", "123456", "5"))
    (result,) = api.send(call, sign=SIGN, template_id=CODE_TEMPLATE, context="b:0")
    (message,) = simulator.messages()
    assert result == Accepted(message["sid"], 1)
    assert (message["text"], message["ext"]) == ("【测试签名】您的卡是123456，5分钟内有效。", "b:0")


def test_foreign_numbers_are_sent_to_with_and_without_a_sign(api: Api3, simulator: Caller) -> None:
    call = Call(("85251234567", "6591234567"), ("Li",))
    assert codes(api.send(call, sign=FOREIGN_SIGN, template_id=FOREIGN_TEMPLATE)) == ["ok", "ok"]
    assert simulator.text_sent("51234567") == "[TestSign]Hello Li"
    assert codes(api.send(call, sign="", template_id=FOREIGN_TEMPLATE)) == ["ok", "ok"]
    messages = [("85251234567", FOREIGN_TEMPLATE, ("A",)), ("6591234567", FOREIGN_TEMPLATE, ())]
    assert codes(api.send_to_foreign(messages)) == [
        "ok",
        "FailedOperation.TemplateParamSetNotMatchApprovedTemplate",
    ]


@pytest.mark.parametrize(
    "switches",
    [
        {"shuffle_detail": True},
        {"api3": {"repeated_rows": 1}},
        {"api3": {"repeated_rows": 0.5}, "shuffle_detail": True},
        {"api3": {"unknown_fields": True}},
        {"api3": {"ok_code": "OK"}},
        {"api3": {"ok_code": "ok"}},
        {"api3": {"empty_iso_code": True, "echo_session_context": False}},
        {"api3": {"phone_numbers": "as-given"}},
        {"api3": {"refused_serial": True}},
        {"json_style": "bom"},
        {"json_style": "gb18030"},
        {"early_receipts": True},
    ],
)
def test_every_row_finds_its_number_whatever_the_answer_looks_like(
    api: Api3, simulator: Caller, switches: dict[str, Any]
) -> None:
    simulator.set_switches(**switches)
    refused = "8613800009914"
    results = send(api, *PHONES, refused)
    assert codes(results) == ["ok"] * 100 + ["LimitExceeded.PhoneNumberDailyLimit"]
    sids = {
        message["mobile"]: message["sid"] for message in simulator.inspect("messages")["messages"]
    }
    for phone, result in zip(PHONES, results, strict=False):
        assert result == Accepted(sids[phone[2:]], 1)


@pytest.mark.parametrize("switch", ["omitted_rows", "rows_without_serial"])
def test_what_a_row_does_not_say_is_unknown(api: Api3, simulator: Caller, switch: str) -> None:
    simulator.set_switches(api3={switch: 0.3})
    results = send(api, *PHONES)
    assert set(codes(results)) == {"ok", None}
    simulator.set_switches(api3={switch: 1})
    assert codes(send(api, *PHONES)) == [None] * 100


@pytest.mark.parametrize("accept", [False, True])
def test_a_refused_row_with_a_fee_is_unknown(api: Api3, simulator: Caller, accept: bool) -> None:
    code = "LimitExceeded.DeliveryFrequencyLimit"
    fault = {"answer": "error", "code": code, "level": "row", "accept": accept, "rows": 0.5}
    simulator.set_switches(faults=[fault])
    results = send(api, *PHONES)
    assert set(codes(results)) == {"ok", None if accept else code}


@pytest.mark.parametrize(
    ("code", "raised"),
    [
        ("RequestLimitExceeded", CallRefusedError),
        ("UnauthorizedOperation.ServiceSuspendDueToArrears", CallRefusedError),
        ("InternalError.Timeout", OutcomeUnknownError),
        ("FailedOperation", OutcomeUnknownError),
    ],
)
@pytest.mark.parametrize("accept", [False, True])
def test_an_error_refuses_the_call_or_leaves_it_unknown(
    api: Api3, simulator: Caller, code: str, raised: type[Exception], accept: bool
) -> None:
    simulator.set_switches(faults=[{"answer": "error", "code": code, "accept": accept, "times": 1}])
    with pytest.raises(raised):
        send(api)


@pytest.mark.parametrize(
    "fault",
    [
        {"answer": "reset"},
        {"answer": "hang", "seconds": 0.05},
        {"answer": "garbage"},
        {"answer": "http", "status": 503},
    ],
)
def test_a_call_without_a_readable_answer_is_unknown(
    api: Api3, simulator: Caller, fault: dict[str, Any]
) -> None:
    simulator.set_switches(faults=[{**fault, "accept": True, "times": 1}])
    with pytest.raises(OutcomeUnknownError):
        send(api)
    assert simulator.inspect("state")["numbers"]["accepted"] == 1
    assert simulator.inspect("state")["calls"]["SendSms"] == 1


@pytest.mark.parametrize("level", ["row", "call"])
@pytest.mark.parametrize("spelling", ["listed", "misspelled"])
def test_a_refusal_means_the_same_at_either_level_and_in_either_spelling(
    api: Api3, simulator: Caller, level: str, spelling: str
) -> None:
    simulator.set_switches(api3={"content_errors": level, "code_spelling": spelling})
    call = Call((PHONE,), ("too", "many"))
    if level == "row":
        (result,) = api.send(call, sign=SIGN, template_id=PLAIN_TEMPLATE)
        assert isinstance(result, NumberRefused)
        return
    with pytest.raises(CallRefusedError):
        api.send(call, sign=SIGN, template_id=PLAIN_TEMPLATE)


# templates and signs


def review(api: Api3, template_id: int) -> TemplateReview:
    (found,) = api.get_templates([template_id])
    return found


def sign(api: Api3, sign_id: int) -> SignReview:
    (found,) = api.get_signs([sign_id])
    return found


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (0, "您的验证码是{1}。"),
        (1, "您好{1}，已发货。"),
        (2, "周年庆{1}，拒收请回复R"),
        (3, "Hello {1}"),
    ],
)
def test_a_template_of_each_type_is_approved_and_read_back(
    api: Api3, simulator: Caller, kind: int, text: str
) -> None:
    template_id = api.add_template(TemplateDraft(text, "名", "", kind))
    wait_for(lambda: review(api, template_id).status == ReviewStatus.APPROVED)
    found = review(api, template_id)
    assert (found.text, found.title, found.type, found.anywhere) == (text, "名", kind, False)
    api.delete_templates([template_id])
    assert api.get_templates([template_id]) == []


def test_a_rejected_template_is_changed(api: Api3) -> None:
    template_id = api.add_template(TemplateDraft("【不】", "名", "r", 1))
    wait_for(lambda: review(api, template_id).status == ReviewStatus.REJECTED)
    assert "【】" in review(api, template_id).reply
    api.modify_template(template_id, TemplateDraft("您好", "名", "r", 1))
    wait_for(lambda: review(api, template_id).status == ReviewStatus.APPROVED)
    with pytest.raises(CallRefusedError):
        api.modify_template(template_id, TemplateDraft("再见", "名", "r", 1))


LISTS: list[dict[str, Any]] = [
    {},
    {"page_size": 1},
    {"page_size": 3},
    {"international_filter": False},
    {"international_filter": False, "page_size": 2},
    {"international_both": True},
    {"unknown_ids": "refuse"},
    {"unknown_fields": True},
]


@pytest.mark.parametrize("switches", LISTS)
def test_lists_are_complete_however_they_are_paged(
    api: Api3, simulator: Caller, switches: dict[str, Any]
) -> None:
    added = [api.add_template(TemplateDraft(f"您好{n}号", "名", "", 1)) for n in range(4)]
    simulator.set_switches(api3=switches)
    known = {CODE_TEMPLATE, PLAIN_TEMPLATE, FOREIGN_TEMPLATE, *added}
    listed = [template.id for template in api.all_templates()]
    assert sorted(listed) == sorted(known)
    wanted = random.Random(1).sample(sorted(known), 7)
    assert {template.id for template in api.get_templates([*wanted, 9])} == known
    assert sorted(one.text for one in api.all_signs()) == [FOREIGN_SIGN, SIGN]
    assert {one.id for one in api.get_signs([1001, 1002, 9])} == {1001, 1002}


def test_what_is_not_effective_is_pending(api: Api3, simulator: Caller) -> None:
    template_id = api.add_template(TemplateDraft("您好", "名", "", 1))
    wait_for(lambda: review(api, template_id).status == ReviewStatus.APPROVED)
    simulator.set_switches(api3={"effective_seconds": 3600})
    assert review(api, template_id).status == ReviewStatus.PENDING
    assert sign(api, 1001).status == ReviewStatus.PENDING


def test_a_sub_account_asks_by_ids(api: Api3, simulator: Caller) -> None:
    simulator.set_switches(api3={"template_listing": "ids-only", "sign_listing": "ids-only"})
    assert [one.id for one in api.get_templates([PLAIN_TEMPLATE])] == [PLAIN_TEMPLATE]
    assert [one.id for one in api.get_signs([1001])] == [1001]
    with pytest.raises(CallRefusedError):
        list(api.all_templates())
    with pytest.raises(CallRefusedError):
        list(api.all_signs())


def test_a_sign_is_applied_for_changed_and_deleted(api: Api3, simulator: Caller) -> None:
    application = SignApplication("好-店", "r", PICTURE, qualification=QUALIFICATION)
    made = api.add_sign(application)
    assert (made.status, made.text) == (ReviewStatus.PENDING, "好-店")
    wait_for(lambda: sign(api, made.id).status == ReviewStatus.REJECTED)
    api.modify_sign(made.id, application._replace(text="好店"))
    wait_for(lambda: sign(api, made.id).status == ReviewStatus.APPROVED)
    assert (sign(api, made.id).international, sign(api, made.id).qualification_status) == (False, 1)
    api.delete_sign(made.id)
    assert api.get_signs([made.id]) == []
    abroad = SignApplication("Shop", "", PICTURE, international=True)
    assert api.add_sign(abroad).international


# events, records and statistics


@pytest.mark.parametrize("enabled", [False, True])
def test_events_have_the_shape_of_callbacks(api: Api3, simulator: Caller, enabled: bool) -> None:
    simulator.set_switches(
        pull_enabled=True, api3={"session_context_enabled": enabled, "sub_errors": True}
    )
    call = Call(("8613800009941",), ())
    (result,) = api.send(call, sign=SIGN, template_id=PLAIN_TEMPLATE, context="b:0")
    assert isinstance(result, Accepted)
    simulator.wait_until_idle()
    now = int(time.time())
    begin, end = now - 600, now + 600
    by_phone = [
        api.events_of_phone(kind, "8613800009941", begin, end)
        for kind in (PullType.STATUSES, PullType.REPLIES)
    ]
    assert by_phone == [api.pull(PullType.STATUSES), api.pull(PullType.REPLIES)]
    ([status], [reply]) = by_phone
    assert (status["sid"], status["report_status"], status["errmsg"]) == (
        *(result.sid, "SUCCESS"),
        "DELIVRD",
    )
    assert (status["nationcode"], status["mobile"]) == ("86", "13800009941")
    assert status.get("ext") == ("b:0" if enabled else None)
    assert (reply["text"], reply["sign"], reply["mobile"]) == ("T", SIGN, "13800009941")
    assert api.pull(PullType.STATUSES) == []


@pytest.mark.parametrize("shift", [0, 1, 30])
def test_records_are_read_page_by_page(api: Api3, simulator: Caller, shift: int) -> None:
    simulator.set_switches(api3={"records_shift": shift})
    sids = [one.sid for _ in range(120) for one in send(api) if isinstance(one, Accepted)]
    found = api.send_records(PHONE, int(time.time()) - 300)
    assert [record.sid for record in found.records] == sids[::-1]
    assert found.complete


def test_a_record_has_the_state_of_its_message(api: Api3, simulator: Caller) -> None:
    begin = int(time.time()) - 300
    send(api, PHONE, "8613800009902", "8613800009914")
    simulator.wait_until_idle()
    (record,) = api.send_records(PHONE, begin).records
    assert (record.status, record.request_code) == (SendStatus.DELIVERED, "Ok")
    assert record.content == "【测试签名】感谢您的惠顾。"
    (record,) = api.send_records("8613800009902", begin).records
    assert (record.status, record.status_code) == (SendStatus.FAILED, "MK:0001")
    (record,) = api.send_records("8613800009914", begin).records
    assert record.status == SendStatus.NOT_SENT
    assert record.request_code == "LimitExceeded.PhoneNumberDailyLimit"
    simulator.set_switches(api3={"records_of_others": 1200})
    assert not api.send_records(PHONE, begin).complete
    simulator.set_switches(api3={"records_of_others": 0, "records_lag": 3600})
    assert api.send_records(PHONE, begin).records == []
    simulator.set_switches(api3={"unknown_actions": ["DescribeSendRecordList"]})
    with pytest.raises(CallRefusedError):
        api.send_records(PHONE, begin)


def test_messages_and_packages_are_counted(api: Api3, simulator: Caller) -> None:
    send(api, PHONE, "8613800009902", "8613800009914")
    simulator.wait_until_idle()
    now = int(time.time())
    assert api.send_counts(now - 3600, now) == (3, 2, 2)
    counts = api.report_counts(now - 3600, now)
    assert (counts.accepted, counts.reported, counts.delivered, counts.failed) == (2, 2, 1, 1)
    assert counts.invalid_numbers == 1
    (package,) = api.packages()
    assert (package.bought, package.amount, package.used) == (True, 1_000_000, 2)
    assert package.expires_at > now


def test_the_account_is_checked(api: Api3, simulator: Caller) -> None:
    api.check_account()
    assert api.is_reachable()
    session = new_session(1, max_idle_seconds=80)
    try:
        stranger = Account(simulator.url, REGION, SECRET_ID, "wrong", session)
        with pytest.raises(CallRefusedError):
            Api3(stranger, SDKAPPID).check_account()
        assert Api3(stranger, SDKAPPID).is_reachable()
        other = Account(simulator.url, REGION, SECRET_ID, SECRET_KEY, session)
        with pytest.raises(CallRefusedError):
            Api3(other, "1400000009").check_account()
    finally:
        session.close()
