import re
from typing import Any

import pytest

from chalicelib.domain import messages
from chalicelib.domain.messages import Message, Origin, Receipt
from chalicelib.domain.planning import Failure
from chalicelib.domain.push_batches import Entry

NOW = 1445040186.0  # 2015-10-17 08:03:06 in Beijing
ORIGIN = Origin(
    out_id="out-1", biz_id="biz-1", sign="腾讯云", template_code="19", sent_at=1546937053
)
# The document's own example.
DELIVERED = {
    "user_receive_time": "2015-10-17 08:03:05",
    "nationcode": "86",
    "mobile": "13xxxxxxxx",
    "report_status": "SUCCESS",
    "errmsg": "DELIVRD",
    "description": "The SMS message is successfully sent ",
    "sid": "xxxxxxx",
}


def test_a_success_has_aliyuns_code_for_delivered() -> None:
    assert messages.read_status(DELIVERED, NOW) == Receipt(
        state="delivered", code="DELIVERED", reason="", received="2015-10-17 08:03:05"
    )


def test_a_failure_keeps_tencents_code_and_text() -> None:
    report = DELIVERED | {"report_status": "FAIL", "errmsg": "MK:0001", "description": "空号"}
    assert messages.read_status(report, NOW) == Receipt(
        state="failed", code="MK:0001", reason="空号", received="2015-10-17 08:03:05"
    )


@pytest.mark.parametrize("status", ["SUCCESS", "success", " Success "])
def test_a_status_is_read_in_either_case(status: str) -> None:
    assert messages.read_status(DELIVERED | {"report_status": status}, NOW).state == "delivered"


@pytest.mark.parametrize(
    "status", ["FAIL", "", None, 0, True, "SUCCESSFUL", [], {}, "ＳＵＣＣＥＳＳ"]
)
def test_anything_but_success_is_a_failure(status: Any) -> None:
    assert messages.read_status(DELIVERED | {"report_status": status}, NOW).state == "failed"


@pytest.mark.parametrize(
    "received",
    [
        None,
        "",
        0,
        "2015-10-17",
        "0000-00-00 00:00:00",
        [],
        "x" * 9999,
    ],
    ids=lambda received: repr(received)[:20],
)
def test_the_time_of_arrival_replaces_an_invalid_date(received: Any) -> None:
    report = DELIVERED | {"user_receive_time": received}
    assert messages.read_status(report, NOW).received == "2015-10-17 08:03:06"


@pytest.mark.parametrize(
    "received", ["2015-1-7 8:3:5", "2015-10-17  08:03:05", "２０１５-10-17 08:03:05"]
)
def test_a_date_is_reported_in_the_documented_format_only(received: str) -> None:
    received_date = messages.read_status(DELIVERED | {"user_receive_time": received}, NOW).received
    assert re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}", received_date)


@pytest.mark.parametrize(
    "received",
    [
        1445040185,
        "1445040185000",
        "2015-10-17T08:03:05",
        "2015/10/17 8:03:05",
        "2015-10-17T00:03:05Z",
    ],
)
def test_a_date_in_another_customary_form_is_read(received: Any) -> None:
    report = DELIVERED | {"user_receive_time": received}
    assert messages.read_status(report, NOW).received == "2015-10-17 08:03:05"


@pytest.mark.parametrize(
    "received",
    ["2015-10-17 08:03:07", "2015-10-17 16:03:05", "2016-10-17 08:03:05", 1445040187, 4102444799],
)
def test_no_message_is_received_after_its_status_arrived(received: Any) -> None:
    report = DELIVERED | {"user_receive_time": received}
    assert messages.read_status(report, NOW).received == "2015-10-17 08:03:06"


def test_a_report_without_any_field_is_a_failure_with_a_code_and_a_reason() -> None:
    assert messages.read_status({}, NOW) == Receipt(
        state="failed", code="UNKNOWN", reason="短信未送达", received="2015-10-17 08:03:06"
    )


@pytest.mark.parametrize(
    ("errmsg", "code"),
    [
        ("UNDELIVRD", "UNDELIVRD"),
        ("BWLIST _006", "BWLIST _006"),
        ("CJ：0006", "CJ：0006"),
        (" MI0020 ", "MI0020"),
        (-1, "-1"),
        (5, "5"),
        ("  ", "UNKNOWN"),
        (None, "UNKNOWN"),
    ],
)
def test_a_code_is_passed_on_unchanged(errmsg: Any, code: str) -> None:
    report = {"report_status": "FAIL", "errmsg": errmsg}
    assert messages.read_status(report, NOW).code == code


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"sub_error": "2041", "sub_error_desc": "终端关机"}, "空号(2041: 终端关机)"),
        ({"sub_error": "2041"}, "空号(2041)"),
        ({"sub_error_desc": "终端关机"}, "空号(终端关机)"),
        ({"sub_error": 2041, "sub_error_desc": None}, "空号(2041)"),
        ({"sub_error": " ", "sub_error_desc": ""}, "空号"),
    ],
)
def test_sub_errors_of_a_failure_are_in_its_text(fields: dict[str, Any], reason: str) -> None:
    failed = {"report_status": "FAIL", "errmsg": "MK:0001", "description": "空号"}
    receipt = messages.read_status(failed | fields, 0)
    assert (receipt.code, receipt.reason) == ("MK:0001", reason)
    assert messages.read_status(failed | fields | {"report_status": "SUCCESS"}, 0).reason == ""


def test_unknown_fields_are_ignored() -> None:
    report = DELIVERED | {"sub_error": "x", "sub_error_desc": "y", "ext": {}}
    assert messages.read_status(report, NOW).state == "delivered"


def test_a_failure_that_the_bridge_found_is_dated_in_beijing_time() -> None:
    assert messages.failure_receipt(Failure("code", "why"), NOW) == Receipt(
        state="failed", code="code", reason="why", received="2015-10-17 08:03:06"
    )


def message(phone: str = "8613900001111", **fields: Any) -> Message:
    return Message(phone=phone, position=3, origin=ORIGIN, **fields)


RECEIPT = Receipt(state="delivered", code="DELIVERED", reason="", received="2019-01-08 16:45:00")


def test_an_entry_has_the_documented_fields_and_its_position() -> None:
    assert message(sid="8:x").with_receipt(RECEIPT).entry() == Entry(
        {
            "outId": "out-1",
            "phoneNum": "13900001111",
            "sendStatus": 2,
            "sendDate": "2019-01-08 16:44:13",
            "receiveDate": "2019-01-08 16:45:00",
            "errCode": "DELIVERED",
            "message": "",
        },
        ("biz-1", 3),
    )


def test_an_entry_of_a_failure_has_status_1_and_the_reason() -> None:
    entry = (
        message().with_receipt(messages.failure_receipt(messages.NO_RECEIPT, NOW)).entry().fields
    )
    assert (entry["sendStatus"], entry["errCode"]) == (1, "NO_RECEIPT")
    assert "72小时" in entry["message"]


def test_an_entry_of_a_foreign_number_has_its_country_code() -> None:
    assert message("85251234567").with_receipt(RECEIPT).entry().fields["phoneNum"] == "85251234567"


def test_an_entry_has_the_number_as_quick_audience_wrote_it() -> None:
    made = message(original_form="+86 139-0000-1111")
    assert (
        made.with_receipt(RECEIPT).entry().fields["phoneNum"]
        == made.phone_num
        == "+86 139-0000-1111"
    )


@pytest.mark.parametrize(
    "received", ["2019-01-08 16:44:12", "2019-01-08 16:44:13", "2019-01-08 16:44:14"]
)
def test_the_receive_date_is_never_before_the_send_date(received: str) -> None:
    receipt = Receipt(state="delivered", code="DELIVERED", reason="", received=received)
    entry = message().with_receipt(receipt).entry().fields
    assert entry["sendDate"] == "2019-01-08 16:44:13"
    assert entry["receiveDate"] == max(received, "2019-01-08 16:44:13")


def test_without_a_receipt_there_is_no_entry() -> None:
    with pytest.raises(ValueError, match="position 3 of biz-1"):
        message().entry()


@pytest.mark.parametrize(
    ("made", "state"),
    [
        (message(), "waiting"),
        (message(sid="x"), "waiting"),
        (message(unknown=True), "unknown"),
        (message(unknown=True).with_receipt(RECEIPT), "delivered"),
        (message().with_receipt(messages.failure_receipt(messages.NOT_SENT, NOW)), "failed"),
    ],
    ids=["accepted", "sent", "unknown", "settled", "failed"],
)
def test_a_state_is_one_word(made: Message, state: str) -> None:
    assert made.state == state


def test_settling_changes_nothing_but_the_receipt() -> None:
    before = message(sid="x")
    after = before.with_receipt(RECEIPT)
    assert (after.phone, after.position, after.origin, after.sid) == (
        before.phone,
        before.position,
        before.origin,
        before.sid,
    )
    assert before.receipt is None


@pytest.mark.parametrize("status", ["SUCCESS", "FAIL"])
def test_a_receipt_names_the_work_item_that_found_it(status: str) -> None:
    report = DELIVERED | {"report_status": status}
    assert messages.read_status(report, NOW, "queue:1").by == "queue:1"
    assert messages.failure_receipt(messages.NO_RECEIPT, NOW, "sweep").by == "sweep"
