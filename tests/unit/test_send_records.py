"""Pairing Tencent's send records with messages of unknown outcome: each rule, and properties of any pairing."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.delivery import outcome_queries
from chalicelib.domain import send_records
from chalicelib.domain.send_records import CLOCK_TOLERANCE_SECONDS, Send, fits
from chalicelib.domain.template_text import constants
from tests.support.adopting import ADOPT_AFTER_SECONDS
from tests.support.property_tests import examples

T0 = 1_772_416_800
SIGN = "某某科技"
TEXT = "您好{1}, 您的订单已发货"
CONTENT = "【某某科技】您好李*, 您的订单已发货"
LATER = T0 + 10_000


class Record(NamedTuple):
    sid: str
    sent_at: int = T0 + 5
    content: str = CONTENT


def send(
    position: int = 0, out_id: str = "task-1", at: int = T0, text: str = TEXT, sign: str = SIGN
) -> Send:
    return Send(
        key=(f"biz of {out_id}", position),
        out_id=out_id,
        sign=sign,
        text=text,
        sent_at=at,
        began=at,
        ended=at + 15,
    )


def sids(found: dict[tuple[str, int], Record]) -> dict[tuple[str, int], str]:
    return {key: record.sid for key, record in found.items()}


# --- contents ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("【某某科技】您好李雷, 您的订单已发货", TEXT),
        ("【某某科技】您好李****雷, 您的订单已发货", TEXT),
        ("【某某科技】您好****, 您的订单已发货", TEXT),
        ("【某某科技】您好, 您的订单已发货", TEXT),
        (" 【某某科技】 您好李雷,您的订单已发货\n", TEXT),
        ("【某某科技】您好李雷, 您的订单已发货 拒收请回复R", TEXT),
        ("【某某科技】您的验证码为0****1，5分钟内有效。", "您的验证码为{1}，{2}分钟内有效。"),
        ("【某某科技】0****1", "{1}"),
        ("[某某科技] 您好李雷, 您的订单已发货", TEXT),
        ("【某某科技】您好", "您好"),
    ],
)
def test_a_content_fits_by_its_sign_and_the_constant_parts(content: str, text: str) -> None:
    assert fits(content, SIGN, text)


@pytest.mark.parametrize(
    "content",
    [
        "****",
        "",
        "您好李雷, 您的订单已发货",
        "【别的系统】您好李雷, 您的订单已发货",
        "您好李雷, 您的订单已发货【某某科技】",
        "【某某科技】您好李雷, 您的订单已取消",
        "【某某科技】亲, 您好李雷, 您的订单已发货",
        "【某某科技】, 您的订单已发货您好",
    ],
)
def test_another_content_does_not_fit(content: str) -> None:
    assert not fits(content, SIGN, TEXT)


def test_the_brackets_of_a_stored_sign_are_left_out() -> None:
    assert fits(CONTENT, "【某某科技】", TEXT)


def test_the_constant_parts_of_a_template() -> None:
    assert constants("您好{1}, {12}") == ["您好", ", ", ""]
    assert constants("您好") == ["您好"]


# --- the rules, one by one --------------------------------------------------------------------------------------


def test_one_record_belongs_to_one_message() -> None:
    found = send_records.pair([Record("a")], [send()], horizon=LATER)
    assert sids(found) == {("biz of task-1", 0): "a"}


def test_no_record_decides_nothing() -> None:
    assert send_records.pair([], [send()], horizon=LATER) == {}


def test_a_record_of_a_known_message_is_taken_out() -> None:
    records = [Record("known"), Record("a")]
    assert not send_records.pair(records[:1], [send()], known_sids={"known"}, horizon=LATER)
    found = send_records.pair(records, [send()], known_sids={"known"}, horizon=LATER)
    assert sids(found) == {("biz of task-1", 0): "a"}


@pytest.mark.parametrize("seconds", [0, 1, 200])
def test_what_was_sent_from_the_horizon_on_may_belong_to_a_send_under_way(seconds: int) -> None:
    records = [Record("a", T0 + 20 + seconds)]
    assert not send_records.pair(records, [send()], horizon=T0 + 20)
    assert send_records.pair(records, [send()], horizon=T0 + 21 + seconds)


def test_a_message_that_was_sent_from_the_horizon_on_does_not_count() -> None:
    sends = [send(), send(1, "task-2", T0 + 400)]
    found = send_records.pair([Record("a")], sends, horizon=T0 + 400)
    assert sids(found) == {("biz of task-1", 0): "a"}


def test_a_message_from_before_the_records_begin_does_not_count() -> None:
    sends = [send(1, "task-0", T0 - 80_000), send()]
    found = send_records.pair([Record("a")], sends, since=T0 - 300, horizon=LATER)
    assert sids(found) == {("biz of task-1", 0): "a"}


def test_truncated_records_decide_nothing() -> None:
    assert not send_records.pair([Record("a")], [send()], horizon=LATER, complete=False)


@pytest.mark.parametrize(
    ("moment", "belongs"),
    [
        (T0 - CLOCK_TOLERANCE_SECONDS - 1, False),
        (T0 - CLOCK_TOLERANCE_SECONDS, True),
        (T0 + 15 + CLOCK_TOLERANCE_SECONDS, True),
        (T0 + 16 + CLOCK_TOLERANCE_SECONDS, False),
    ],
)
def test_a_record_of_another_time_does_not_belong(moment: int, belongs: bool) -> None:
    assert bool(send_records.pair([Record("a", moment)], [send()], horizon=LATER)) is belongs


@pytest.mark.parametrize("content", ["****", "【别的系统】请忽略本短信。", ""])
def test_a_record_of_another_text_does_not_belong(content: str) -> None:
    assert not send_records.pair([Record("a", content=content)], [send()], horizon=LATER)


def test_as_many_records_as_messages_are_paired_in_order_of_time() -> None:
    sends = [send(7, "task-2", T0 + 60), send(3, "task-1", T0)]
    found = send_records.pair([Record("b", T0 + 70), Record("a", T0 + 5)], sends, horizon=LATER)
    assert sids(found) == {("biz of task-1", 3): "a", ("biz of task-2", 7): "b"}


def test_records_whose_order_contradicts_the_times_are_left_open() -> None:
    sends = [send(0, "task-1", T0), send(1, "task-2", T0 + 5000)]
    records = [Record("a", T0 + 5001), Record("b", T0 + 5002)]
    assert not send_records.pair(records, sends, horizon=LATER)


def test_fewer_records_within_one_out_id_belong_to_any_of_its_messages() -> None:
    found = send_records.pair([Record("a")], [send(0), send(1)], horizon=LATER)
    assert list(sids(found).values()) == ["a"]


def test_fewer_records_across_out_ids_are_left_open() -> None:
    sends = [send(0, "task-1"), send(1, "task-2")]
    assert not send_records.pair([Record("a")], sends, horizon=LATER)


def test_messages_of_two_out_ids_that_were_sent_at_once_are_left_open() -> None:
    records = [Record("a", T0 + 5), Record("b", T0 + 6)]
    sends = [send(0, "task-1", T0), send(1, "task-2", T0 + 14)]
    assert not send_records.pair(records, sends, horizon=LATER)
    sends = [send(0, "task-1", T0), send(1, "task-1", T0 + 14)]
    assert send_records.pair(records, sends, horizon=LATER)


def test_more_records_than_messages_are_left_open() -> None:
    assert not send_records.pair([Record("a"), Record("b")], [send()], horizon=LATER)


def test_messages_with_other_texts_are_paired_by_themselves() -> None:
    sends = [send(0), send(1, "task-2", text="再见{1}")]
    records = [Record("a"), Record("b", content="【某某科技】再见")]
    found = send_records.pair(records, sends, horizon=LATER)
    assert sids(found) == {("biz of task-1", 0): "a", ("biz of task-2", 1): "b"}


def test_a_record_that_fits_two_texts_leaves_both_open() -> None:
    sends = [send(0), send(1, "task-2", text="{1}订单已发货")]
    records = [Record("a"), Record("b", content="【某某科技】订单已发货")]
    assert not send_records.pair(records, sends, horizon=LATER)


def test_the_record_of_a_refusal_that_is_known_is_taken_out() -> None:
    refused = [send(5, "task-2")]
    assert not send_records.pair([Record("")], [send()], refused=refused, horizon=LATER)
    assert send_records.pair([Record("")], [send()], horizon=LATER)
    assert send_records.pair([Record("a")], [send()], refused=refused, horizon=LATER)


def test_a_sid_that_is_listed_twice_counts_once() -> None:
    found = send_records.pair([Record("a"), Record("a")], [send(0), send(1)], horizon=LATER)
    assert list(sids(found).values()) == ["a"]


# --- how fast ---------------------------------------------------------------------------------------------------


def test_a_thousand_recipients_are_asked_about_within_ten_minutes_and_tencents_limits() -> None:
    assert outcome_queries.RECORDS_PER_SECOND < 10
    assert outcome_queries.STATUSES_PER_SECOND < 20
    # With the wait before, a minute until `release` runs, and a pause of 10 s in every 40 s.
    asking = 1000 / outcome_queries.RECORDS_PER_SECOND * 4 / 3
    assert ADOPT_AFTER_SECONDS + 60 + asking < 600


# --- any records and messages -----------------------------------------------------------------------------------

TEXTS = ["您好{1}, 您的订单已发货", "您好{1}", "{1}", "再见"]
SENDS = st.lists(
    st.builds(
        send,
        position=st.integers(0, 999),
        out_id=st.sampled_from(["task-1", "task-2"]),
        at=st.integers(T0 - 2000, T0 + 2000),
        text=st.sampled_from(TEXTS),
        sign=st.sampled_from([SIGN, "别的"]),
    ),
    max_size=4,
    unique_by=lambda one: one.key,
)
RECORDS = st.lists(
    st.builds(
        Record,
        sid=st.sampled_from(["", "a", "b", "c", "d", "e"]),
        sent_at=st.integers(T0 - 3000, T0 + 3000),
        content=st.sampled_from([CONTENT, "【某某科技】再见", "【别的】您好", "****"]),
    ),
    max_size=5,
)


@examples(300)
@given(
    records=RECORDS,
    sends=SENDS,
    known=st.sets(st.sampled_from("abc")),
    ahead=st.integers(-2000, 4000),
)
def test_a_pairing_is_certain(
    records: list[Record], sends: list[Send], known: set[str], ahead: int
) -> None:
    horizon = T0 + ahead
    found = send_records.pair(records, sends, known_sids=known, horizon=horizon)
    by_key = {one.key: one for one in sends}
    assert set(found) <= set(by_key)
    given_sids = [record.sid for record in found.values() if record.sid]
    assert len(given_sids) == len(set(given_sids)), "one record to two messages"
    assert len(found) <= len(records)
    for key, record in found.items():
        assert record.sid not in known
        assert record.sent_at < horizon
        assert by_key[key].fits(record)
        form = by_key[key].form
        alike = [one for one in sends if one.form == form and one.began < horizon]
        if len({one.out_id for one in alike}) > 1:
            assert {one.key for one in alike} <= set(found), "across outIds with other counts"


@examples(100)
@given(records=RECORDS, sends=SENDS, order=st.randoms())
def test_a_pairing_does_not_depend_on_the_order_of_the_records(
    records: list[Record], sends: list[Send], order: st.DataObject
) -> None:
    """Every record has a time and a sid of its own."""
    distinct = list({(one.sid, one.sent_at): one for one in records}.values())
    distinct = [one for one in distinct if one.sid]
    distinct = list({one.sid: one for one in distinct}.values())
    distinct = list({one.sent_at: one for one in distinct}.values())
    before = send_records.pair(distinct, sends, horizon=LATER)
    order.shuffle(distinct)  # type: ignore[attr-defined]
    assert send_records.pair(distinct, sends, horizon=LATER) == before


def test_a_message_whose_text_is_not_known_gets_no_record_and_keeps_it_from_others() -> None:
    lost = send(text="")
    assert send_records.pair([Record("1")], [lost], horizon=LATER) == {}
    assert send_records.pair([Record("1")], [lost, send(1)], horizon=LATER) == {}
