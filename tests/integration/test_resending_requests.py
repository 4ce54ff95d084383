"""`ops campaign resend` of all kinds of requests: from files, digital, erased, cut off."""

from typing import Any

import pytest

from chalicelib.domain.periods import CLOSED_AFTER_SECONDS, RETENTION_SECONDS, SAME_REQUEST_SECONDS
from chalicelib.queues.sending import NotQueuedError
from chalicelib.store import chunks, resends, send_requests
from ops import erasure, export, resend_drafts, resend_reasons
from ops.errors import OperatorError
from tests.support.in_process import digital
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.file_campaigns import FileCampaigns
from tests.support.in_process.final_state_logs import stored_items
from tests.support.in_process.operator import Ops, counts
from tests.support.in_process.oss import BUCKET
from tests.support.in_process.quickaudience import by_phone
from tests.support.in_process.resends import (
    DELIVERED,
    ILLEGAL,
    PHONES,
    REFUSED,
    accept_again,
    campaign,
    check_once,
    left_out,
    look,
    refuse,
    resend,
    sent_to,
    settle,
)
from tests.support.in_process.tencent import coded, refused

# With `local`, the operator's commands find the bridge.
pytestmark = pytest.mark.usefixtures("local")


# --- kinds of requests ----------------------------------------------------------------------------


def test_receipts_repeat_the_number_as_quick_audience_wrote_it(linked: Bridge) -> None:
    linked.tencent.always("send", refused(coded(1016)))
    asked = ["+86 139-0000-1111", "8613900001111", "13900002222"]
    assert linked.campaign(asked, code=linked.template("您好")).code == "OK"
    linked.pump.drain("deliver", "push")
    linked.tencent.always("send", None)
    assert resend()["recipients"] == 2
    reported = settle(linked)
    assert reported == {number: {(1, ILLEGAL), *DELIVERED} for number in asked}


def test_recipients_with_one_text_share_calls(linked: Bridge) -> None:
    linked.tencent.always("send", refused(coded(1016)))
    assert linked.campaign(PHONES, code=linked.template("您好")).code == "OK"
    linked.pump.run("deliver", hours=1)
    linked.tencent.always("send", None)
    made = len(linked.tencent.send_calls)
    assert resend()["recipients"] == 6
    settle(linked)
    assert len(linked.tencent.send_calls) == made + 1


@pytest.mark.parametrize("step", [1, 2, 3])
def test_large_campaigns_are_planned_in_steps(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    monkeypatch.setattr(resend_drafts, "STEP", step)
    campaign(linked)
    [request] = resend()["requests"]
    planned = chunks.all_progress("task-1", request["bizId"])
    assert [(key.start, len(one.plan.phones)) for key, one in planned] == [
        (start, min(step, 4 - start)) for start in range(0, 4, step)
    ]
    settle(linked)
    assert counts()["recipients"] == 10


def test_recipients_of_a_file(linked: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    files = FileCampaigns(linked, monkeypatch)
    text = "".join(f'{phone},{{"name":"{phone}"}}\n' for phone in PHONES)
    refuse(linked)
    files.send(text + "nonsense,{}\n", linked.template())
    with pytest.raises(OperatorError, match="is not read to its end"):
        resend()
    linked.pump.run("read", "deliver", "push", hours=1)
    accept_again(linked)
    account = resend()
    assert account["recipients"] == 4
    assert settle(linked) == by_phone(linked.quick_audience.receipts)
    assert sent_to(linked) == {phone: (phone,) for phone in PHONES}
    assert files.shown()["recipients"] == 11


def test_a_file_that_failed_as_a_whole_is_sent_again_by_quick_audience_only(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its repetition is a new request, so a resend would be the second message."""
    files = FileCampaigns(linked, monkeypatch)
    code = linked.template("您好")
    files.send("".join(f"{phone}\n" for phone in PHONES), code, limit=5)
    linked.pump.run("read", "deliver", "push", hours=1)
    account = resend()
    assert account["recipients"] == 0
    assert left_out(account) == {resend_reasons.WHOLE_FILE: 6}
    assert files.ask(f"{BUCKET}/task-1.txt", code).code == "OK"
    linked.pump.run("read", "deliver", hours=1)
    assert len(linked.tencent.sent) == 6
    check_once(linked)


def test_a_file_that_can_be_replayed_counts_as_read_after_72_hours(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = FileCampaigns(linked, monkeypatch)
    campaign(linked)
    answer = files.ask(f"{BUCKET}/missing.txt", linked.template("您好"))
    linked.pump.run("read", hours=20)
    file = files.file(answer)
    assert (file.state, file.replayable) == ("failed", True)
    with pytest.raises(OperatorError, match="is not read to its end"):
        look()
    accepted_at = file.expires - RETENTION_SECONDS
    linked.clock.move_to(accepted_at + CLOSED_AFTER_SECONDS + 14 * 60)
    with pytest.raises(OperatorError, match="ops deadletters replay"):
        look()
    linked.clock.move_to(accepted_at + CLOSED_AFTER_SECONDS + 15 * 60)
    assert resend()["recipients"] == 4
    settle(linked)


def test_a_file_that_never_ends_blocks_no_resend_after_72_hours(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = FileCampaigns(linked, monkeypatch)
    campaign(linked)
    answer = files.send(PHONES[0], linked.template("您好"))
    accepted_at = files.file(answer).expires - RETENTION_SECONDS
    linked.clock.move_to(accepted_at + CLOSED_AFTER_SECONDS + 14 * 60)
    with pytest.raises(OperatorError, match="is not read to its end"):
        look()
    linked.clock.move_to(accepted_at + CLOSED_AFTER_SECONDS + 15 * 60)
    assert resend()["recipients"] == 4
    # It is not read any more.
    linked.pump.run("read", hours=1)
    assert files.file(answer).state == "failed"
    settle(linked)


def test_a_file_that_failed_as_a_whole_does_not_hide_older_failures(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = FileCampaigns(linked, monkeypatch)
    campaign(linked)
    linked.clock.advance(seconds=10)
    files.send("".join(f"{phone}\n" for phone in PHONES[:4]), linked.template("您好"), limit=3)
    linked.pump.run("read", "deliver", hours=1)
    account = resend()
    assert account["recipients"] == 4
    assert left_out(account) == {resend_reasons.ACCEPTED: 2, resend_reasons.WHOLE_FILE: 4}
    settle(linked)


def test_recipients_of_a_digital_campaign(here: Bridge) -> None:
    code = digital.create(here, [digital.text("您好${name}")])
    here.tencent.review(7000, 0)
    refuse(here)
    names = [{"name": phone} for phone in PHONES]
    assert digital.campaign(here, code, PHONES, names, out_id="task-1").code == "OK"
    here.pump.run("deliver", hours=1)
    accept_again(here)
    account = resend()
    assert account["recipients"] == 4
    assert account["segments"] >= 4
    settle(here)
    assert set(sent_to(here)) == set(PHONES)


def test_an_erased_number_is_skipped(linked: Bridge) -> None:
    campaign(linked)
    settle(linked)
    erasure.erase(erasure.find(PHONES[0]))
    account = resend()
    assert account["recipients"] == 3
    assert left_out(account)[resend_reasons.ERASED] == 1
    linked.pump.drain("deliver")
    assert not linked.tencent.sent_to("86" + PHONES[0])


def test_a_number_is_erased_from_both_requests(linked: Bridge) -> None:
    campaign(linked)
    settle(linked)
    resend()
    with pytest.raises(OperatorError, match="is not sent yet"):
        erasure.find(PHONES[0])
    settle(linked)
    erasure.erase(erasure.find(PHONES[0]))
    assert not [item for item in stored_items() if PHONES[0] in str(item)]
    assert counts()["recipients"] == 10


def test_an_export_has_a_row_for_each_recipient_of_each_request(linked: Bridge) -> None:
    campaign(linked)
    linked.clock.advance(seconds=1)
    resend()
    settle(linked)
    rows = list(export.rows("task-1"))
    of_first = [(row["state"], row["code"]) for row in rows if row["phone"] == PHONES[0]]
    assert of_first == [("failed", ILLEGAL), ("delivered", "DELIVERED")]
    assert len(rows) == counts()["recipients"] == 10


# --- requests that were cut off -----------------------------------------------------------------


@pytest.mark.counts("calls, and dies at one of them")
def test_a_request_that_was_cut_off_counts_for_as_long_as_it_may_be_continued(
    linked: Bridge,
) -> None:
    """Its chunks are planned, and it is not stored: a repetition of Quick Audience's may queue them."""
    code = linked.template("又")
    with linked.outside.watched():
        assert linked.campaign(PHONES[:1], code=code, out_id="other").code == "OK"
    writes = [n for n, name in enumerate(linked.outside.names) if "BatchWriteItem" in name]
    campaign(linked)
    with linked.outside.watched(writes[1], "killed before"):
        linked.campaign(PHONES[:1], code=code)
    linked.restart()
    assert len(send_requests.of_out_id("task-1")) == 1
    assert look()["recipients"] == 3
    linked.clock.advance(seconds=SAME_REQUEST_SECONDS + 3600)
    assert look()["recipients"] == 4


def test_a_resend_that_was_cut_off_is_named_and_completed(
    linked: Bridge, operator: Ops, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign(linked)
    with monkeypatch.context() as broken:
        broken.setattr("ops.resending.sending.send", _dies)
        line = operator.fails("campaign", "resend", "task-1", "--yes")
    assert "perhaps not all of it is queued" in line
    assert resends.get("task-1").unqueued
    assert counts()["unsent"] == 4
    assert "was cut off" in look()["warnings"][0]
    account = operator.json("campaign", "resend", "task-1", "--yes")
    assert account["recipients"] == 0
    assert "the rest is queued now" in account["warnings"][0]
    assert not resends.get("task-1").unqueued
    settle(linked)
    assert set(sent_to(linked)) == set(PHONES)


def _dies(*_: Any, **__: Any) -> None:
    raise NotQueuedError("no")


def test_a_cut_off_resend_that_nobody_completes_ends_after_72_hours(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign(linked)
    with monkeypatch.context() as broken:
        broken.setattr("ops.resending.sending.send", _dies)
        with pytest.raises(OperatorError):
            resend()
    linked.clock.advance(hours=74)
    linked.pump.sweep()
    linked.pump.run(hours=2)
    assert counts()["unsent"] == 0
    assert all(
        (1, "NOT_SENT") in reports for reports in map(linked.quick_audience.reported, REFUSED)
    )
    account = resend("NOT_SENT")
    assert account["recipients"] == 4, account
    settle(linked)
