"""§12: the pages of sending details."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.client import BaseClient

from chalicelib.store import table
from tests.support.in_process.bridge import Answer, Bridge
from tests.support.in_process.meter import Meter
from tests.support.in_process.outside import Fault
from tests.support.in_process.snapshot import snapshot
from tests.support.in_process.tencent import refused, status

FIELDS = {
    "content",
    "errCode",
    "outId",
    "phoneNum",
    "receiveDate",
    "sendDate",
    "sendStatus",
    "templateCode",
}


def mobile(number: int) -> str:
    return f"139{number:08d}"


def ask(
    bridge: Bridge, out_id: str = "task-1", page: Any = 1, size: Any = 1000, **dates: str
) -> Answer:
    body = {
        "outId": out_id,
        "currentPage": page,
        "pageSize": size,
        "startDate": "2026-02-01 00:00:00",
        "endDate": "2026-03-03 00:00:00",
    } | dates
    return bridge.ask("POST", "/sms/sendDetails", body)


def send(
    bridge: Bridge, count: int, *, params: Any = None, out_id: str = "task-1", first: int = 0
) -> str:
    """Send a campaign whose messages are all delivered."""
    code = bridge.template("您好${name}")
    phones = [mobile(number) for number in range(first, first + count)]
    given = params or {"name": "会员"}
    assert bridge.campaign(phones, given, code=code, out_id=out_id).code == "OK"
    bridge.pump.drain()
    bridge.deliver_all()
    bridge.pump.drain()
    return code


@contextmanager
def reads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Return a list to which the names of read operations are added as they are made."""
    made: list[str] = []
    from botocore.client import BaseClient

    before = BaseClient._make_api_call  # type: ignore[attr-defined]

    def count(self: Any, operation: str, params: Any) -> Any:
        if operation in ("GetItem", "Query", "BatchGetItem"):
            made.append(operation)
        return before(self, operation, params)

    with monkeypatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", count)
        yield made


def test_a_row_shows_the_message_and_its_final_state(linked: Bridge) -> None:
    code = send(linked, 1)

    answer = ask(linked)

    assert answer["totalCount"] == 1
    [row] = answer["sendDetailDTOs"]
    assert set(row) == FIELDS
    assert row["content"] == "【某某科技】您好会员"
    assert (row["phoneNum"], row["outId"], row["templateCode"]) == (mobile(0), "task-1", code)
    assert (row["sendStatus"], row["errCode"]) == (2, "DELIVERED")
    assert row["sendDate"] <= row["receiveDate"]


def test_a_failure_has_its_code_and_status_1(linked: Bridge) -> None:
    code = linked.template("通知")
    linked.tencent.next("sendsms", refused(1015, "black"))
    linked.campaign([mobile(1)], code=code)
    linked.pump.drain()

    [row] = ask(linked)["sendDetailDTOs"]

    assert (row["sendStatus"], row["errCode"]) == (1, "isv.BLACK_KEY_CONTROL_LIMIT")


def test_a_message_without_a_final_state_has_no_row_and_is_not_counted(linked: Bridge) -> None:
    code = linked.template("通知")
    linked.campaign([mobile(1), mobile(2)], code=code)
    linked.pump.drain()
    linked.callback([status(linked.tencent.sent[0])])
    linked.pump.drain()

    answer = ask(linked)

    assert answer["totalCount"] == 1
    assert [row["phoneNum"] for row in answer["sendDetailDTOs"]] == [mobile(1)]


def test_pages_are_full_and_hold_every_row_once(linked: Bridge) -> None:
    send(linked, 450)
    send(linked, 130, first=1000)

    pages = [ask(linked, page=page, size=200) for page in (1, 2, 3, 4)]

    rows = [[row["phoneNum"] for row in page["sendDetailDTOs"]] for page in pages]
    assert [len(page) for page in rows] == [200, 200, 180, 0]
    assert sorted([phone for page in rows for phone in page]) == sorted(
        [mobile(n) for n in range(450)] + [mobile(1000 + n) for n in range(130)]
    )
    assert {page["totalCount"] for page in pages} == {580}


def test_the_last_page_costs_the_same_reads_as_the_first(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(linked, 1_000)
    with reads(monkeypatch) as first:
        assert len(ask(linked, page=1, size=100)["sendDetailDTOs"]) == 100
    with reads(monkeypatch) as last:
        assert len(ask(linked, page=10, size=100)["sendDetailDTOs"]) == 100

    assert sorted(last) == sorted(first)


@pytest.mark.parametrize(
    ("dates", "rows"),
    [
        ({"startDate": "2026-03-02 09:00:00", "endDate": "2026-03-02 11:00:00"}, 1),
        ({"startDate": "2026-03-02", "endDate": "2026-03-02"}, 1),
        ({"startDate": "2026-03-02T09:00:00", "endDate": "2026-03-02T11:00:00.000"}, 1),
        ({"startDate": "2026-03-02 11:00:00", "endDate": "2026-03-02 09:00:00"}, 1),
        ({"startDate": "", "endDate": ""}, 1),
        ({"startDate": "2026-03-03", "endDate": "2026-03-04"}, 0),
        ({"startDate": "2026-02-20", "endDate": "2026-03-01"}, 0),
    ],
    ids=["span", "day", "T", "reversed", "open", "later", "earlier"],
)
def test_dates_are_inclusive_and_in_beijing_time(
    linked: Bridge, dates: dict[str, str], rows: int
) -> None:
    # The tests' clock stands at 10:00 on 2026-03-02 in Beijing.
    send(linked, 1)

    answer = ask(linked, **dates)

    assert (answer["totalCount"], len(answer["sendDetailDTOs"])) == (rows, rows)


@pytest.mark.parametrize(
    ("start", "end", "rows"),
    [
        ("2026-03-02 10:00:05", "2026-03-02 11:00:00", 1),
        ("2026-03-02 10:15:00", "2026-03-02 11:00:00", 1),
        ("2026-03-02 09:00:00", "2026-03-02 09:45:00", 1),
        ("2026-03-02 10:20:00", "2026-03-02 11:00:00", 0),
        ("2026-03-02 09:00:00", "2026-03-02 09:40:00", 0),
    ],
)
def test_a_caller_may_pass_its_own_time_of_sending(
    linked: Bridge, start: str, end: str, rows: int
) -> None:
    send(linked, 1)

    assert ask(linked, startDate=start, endDate=end)["totalCount"] == rows


def test_a_request_counts_where_it_was_accepted_and_where_it_was_sent(linked: Bridge) -> None:
    code = linked.template("您好")
    linked.campaign(["13900001111"], code=code)
    linked.clock.advance(hours=24)
    linked.campaign(["13900002222"], code=code)
    linked.pump.drain()
    linked.clock.advance(hours=24)
    linked.deliver_all()
    linked.pump.drain()

    def count(start: str, end: str) -> int:
        return int(ask(linked, startDate=start, endDate=end)["totalCount"])

    assert count("2026-03-02 09:00:00", "2026-03-02 11:00:00") == 1, "accepted"
    assert count("2026-03-03 09:00:00", "2026-03-03 11:00:00") == 2, "accepted, and sent"
    assert count("2026-03-02 12:00:00", "2026-03-02 20:00:00") == 0
    assert count("2026-03-03 12:00:00", "2026-03-03 20:00:00") == 0
    assert count("2026-03-04", "2026-03-04") == 0, "only its receipts came then"


def test_the_days_of_a_recurring_campaign_are_kept_apart(linked: Bridge) -> None:
    for day in range(3):
        send(linked, 2, first=10 * day)
        linked.clock.advance(hours=24)
    for day in (2, 3, 4):
        dates = {"startDate": f"2026-03-0{day}", "endDate": f"2026-03-0{day}"}
        found = ask(linked, **dates)
        assert sorted(row["phoneNum"] for row in found["sendDetailDTOs"]) == [
            mobile(10 * (day - 2)),
            mobile(10 * (day - 2) + 1),
        ]


@pytest.mark.parametrize(
    ("dates", "named"),
    [
        ({"startDate": "2026-01-01", "endDate": "2026-03-02"}, "30"),
        ({"startDate": "yesterday"}, "startDate"),
        ({"endDate": "2026-13-01 00:00:00"}, "endDate"),
    ],
    ids=["31 days", "word", "month 13"],
)
def test_an_invalid_span_is_refused(linked: Bridge, dates: dict[str, str], named: str) -> None:
    answer = ask(linked, **dates)

    assert answer.code == "isv.INVALID_PARAMETERS"
    assert named in answer.message
    assert (answer["totalCount"], answer["sendDetailDTOs"]) == (0, [])


@pytest.mark.parametrize(("page", "size"), [(0, 0), (None, None), ("1", "1000"), (-3, 99_999)])
def test_an_invalid_page_is_read_as_the_first_page_of_the_largest_size(
    linked: Bridge, page: Any, size: Any
) -> None:
    send(linked, 3)

    assert len(ask(linked, page=page, size=size)["sendDetailDTOs"]) == 3


def test_an_unknown_campaign_has_no_rows(linked: Bridge) -> None:
    answer = ask(linked, "unknown")

    assert (answer.code, answer["totalCount"], answer["sendDetailDTOs"]) == ("OK", 0, [])


@pytest.mark.parametrize(
    ("call", "how"),
    [(-2, "killed before"), (-1, "killed before"), (-1, "killed after")],
    ids=["before the slot", "before the counter", "at the end"],
)
def test_a_row_is_counted_once_although_its_work_is_repeated(
    linked: Bridge, call: int, how: Fault
) -> None:
    """A function dies while it appends, or after it: the queue gives out its statuses again."""
    code = linked.template("您好${name}")
    phones = [mobile(number) for number in range(5)]
    assert linked.campaign(phones, {"name": "会员"}, code=code).code == "OK"
    linked.pump.drain("deliver")
    linked.deliver_all()
    restore = snapshot(linked)
    names = linked.pump.watch("settle")
    assert names[-2:] == ["dynamodb PutItem", "dynamodb PutItem"]
    restore()
    linked.pump.watch("settle", len(names) + call, how)
    linked.pump.run("settle", hours=1)

    answer = ask(linked)

    assert answer["totalCount"] == 5
    assert sorted(one["phoneNum"] for one in answer["sendDetailDTOs"]) == phones


def test_in_poll_mode_nothing_is_pushed_and_everything_can_be_queried(linked: Bridge) -> None:
    linked.configure(QA_RECEIPTS="poll")

    send(linked, 5)

    assert linked.quick_audience.receipts == []
    assert ask(linked)["totalCount"] == 5


def test_a_page_is_read_consistently(linked: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise, rows may be missing from a page right after their final states."""
    send(linked, 3)
    asked: list[tuple[str, bool]] = []
    make = BaseClient._make_api_call  # type: ignore[attr-defined]

    def call(client: BaseClient, name: str, parameters: Any) -> Any:
        if name == "BatchGetItem":
            tables = parameters["RequestItems"].values()
            asked.append((name, all(one.get("ConsistentRead") for one in tables)))
        elif name in ("GetItem", "Query"):
            asked.append((name, bool(parameters.get("ConsistentRead"))))
        return make(client, name, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    answer = ask(linked)
    assert (answer["totalCount"], len(answer["sendDetailDTOs"])) == (3, 3)
    assert {name for name, _ in asked} == {"GetItem", "Query", "BatchGetItem"}
    assert [one for one in asked if not one[1]] == []


def test_a_page_costs_a_read_unit_a_row(linked: Bridge) -> None:
    """docs/scaling.md has the figure. Reads that may be a second old would cost half of it."""
    send(linked, 100)
    meter = Meter()
    linked.outside.observers[:] = [meter]
    with linked.outside.watched():
        assert len(ask(linked)["sendDetailDTOs"]) == 100
    assert meter.reads == 105


def test_a_page_whose_first_rows_have_expired_is_answered(linked: Bridge) -> None:
    send(linked, 3)
    assert ask(linked)["totalCount"] == 3
    [slot] = [item for item in table.query("OUT#task-1") if str(item["sk"]).startswith("DETAIL#")]
    table.delete(slot["pk"], slot["sk"])
    answer = ask(linked)
    assert (answer.status, answer.code, answer["sendDetailDTOs"]) == (200, "OK", [])
    # At its end, every test checks that the log is complete.
    table.put(slot)
