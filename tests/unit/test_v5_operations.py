"""The calls that send no message: signs, templates by page, pulls, statistics."""

from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from chalicelib.tencent.interface import (
    CallRefusedError,
    OutcomeUnknownError,
    PullType,
)
from chalicelib.tencent.v5 import Client, TemplatePage
from tests.support.transport import Transport

OK: dict[str, Any] = {"result": 0, "errmsg": "OK"}
HOUR = 1473264000  # 2016-09-08 00:00:00 in Beijing


def connected(*answers: Any) -> tuple[Client, Transport]:
    session, transport = requests.Session(), Transport(*answers)
    session.mount("https://", transport)
    return Client("https://yun.tim.qq.com/v5/tlssmssvr", "1400006666", "key", session), transport


MADE = OK | {"data": {"id": 5}}
CALLS: dict[str, tuple[str, Any, dict[str, Any], dict[str, Any]]] = {
    # the name of the test: the name of the call, the call, the answer, the documented fields
    "delete-a-template": ("del_template", lambda c: c.del_template(123), OK, {"tpl_id": 123}),
    "delete-templates": (
        "del_template",
        lambda c: c.del_template((123, 124)),
        OK,
        {"tpl_id": [123, 124]},
    ),
    "page-of-templates": (
        "get_template",
        lambda c: c.get_template_page(50, 10),
        OK,
        {"tpl_page": {"offset": 50, "max": 10}},
    ),
    "add-a-sign": (
        "add_sign",
        lambda c: c.add_sign(text="腾讯科技", remark="r", pic="aGk="),
        MADE,
        {"text": "腾讯科技", "remark": "r", "pic": "aGk="},
    ),
    "add-a-bare-sign": ("add_sign", lambda c: c.add_sign(text="x"), MADE, {"text": "x"}),
    "add-an-international-sign": (
        "add_sign",
        lambda c: c.add_sign(text="x", international=True),
        MADE,
        {"text": "x", "international": 1},
    ),
    "modify-a-sign": (
        "mod_sign",
        lambda c: c.mod_sign(5, text="x", remark="r", pic="aGk="),
        MADE,
        {"sign_id": 5, "text": "x", "remark": "r", "pic": "aGk="},
    ),
    "delete-a-sign": ("del_sign", lambda c: c.del_sign(5), OK, {"sign_id": 5}),
    "delete-signs": ("del_sign", lambda c: c.del_sign([5, 6]), OK, {"sign_id": [5, 6]}),
    "query-a-sign": ("get_sign", lambda c: c.get_sign(5), OK, {"sign_id": 5}),
    "pull-statuses": (
        "pullstatus",
        lambda c: c.pullstatus(PullType.STATUSES),
        OK,
        {"type": 0, "max": 100},
    ),
    "pull-replies": (
        "pullstatus",
        lambda c: c.pullstatus(PullType.REPLIES, 10),
        OK,
        {"type": 1, "max": 10},
    ),
    "pull-of-a-mainland-phone": (
        "pullstatus4mobile",
        lambda c: c.pullstatus4mobile(
            PullType.REPLIES, "8613788888888", 1464624000, 1464706800, 10
        ),
        OK,
        {
            "type": 1,
            "max": 10,
            "begin_time": 1464624000,
            "end_time": 1464706800,
            "nationcode": "86",
            "mobile": "13788888888",
        },
    ),
    "pull-of-a-foreign-phone": (
        "pullstatus4mobile",
        lambda c: c.pullstatus4mobile(PullType.STATUSES, "85251234567", 1, 2),
        OK,
        {
            "type": 0,
            "max": 100,
            "begin_time": 1,
            "end_time": 2,
            "nationcode": "852",
            "mobile": "51234567",
        },
    ),
    "delivery-statistics": (
        "pullsendstatus",
        lambda c: c.pullsendstatus(HOUR, HOUR + 23 * 3600 + 3599),
        OK,
        {"begin_date": 2016090800, "end_date": 2016090823},
    ),
    "report-statistics": (
        "pullcallbackstatus",
        lambda c: c.pullcallbackstatus(HOUR, HOUR),
        OK,
        {"begin_date": 2016090800, "end_date": 2016090800},
    ),
}


@pytest.mark.parametrize(("name", "call", "answer", "fields"), CALLS.values(), ids=CALLS)
def test_a_call_has_the_documented_name_and_fields(
    name: str, call: Any, answer: Any, fields: dict[str, Any]
) -> None:
    client, transport = connected(answer)
    call(client)
    [sent] = transport.sent
    assert urlsplit(sent.url or "").path == f"/v5/tlssmssvr/{name}"
    body = transport.body()
    assert {field: body[field] for field in body.keys() - {"sig", "time"}} == fields
    assert {field: type(body[field]) for field in fields} == {
        field: type(value) for field, value in fields.items()
    }


@pytest.mark.parametrize(("name", "call", "answer", "fields"), CALLS.values(), ids=CALLS)
def test_a_refused_call_is_an_error(name: str, call: Any, answer: Any, fields: Any) -> None:
    client, _ = connected({"result": 1006, "msg": "no permission"})
    with pytest.raises(CallRefusedError, match="no permission"):
        call(client)


def test_pulled_events_have_the_fields_of_callbacks() -> None:
    client, _ = connected(OK | {"count": 2, "data": [{"sid": "x"}, None, {"text": "T"}]})
    assert client.pullstatus(PullType.STATUSES) == [{"sid": "x"}, {"text": "T"}]


@pytest.mark.parametrize("data", [{}, {"data": None}, {"data": {}}, {"count": 3}], ids=str)
def test_without_data_nothing_was_pulled(data: dict[str, Any]) -> None:
    client, _ = connected(OK | data)
    assert client.pullstatus(PullType.STATUSES) == []


def test_statistics_are_the_documents_counts() -> None:
    counts = {"request": 101, "success": 100, "bill_number": 120}
    client, _ = connected(OK | {"data": counts | {"note": "text"}})
    assert client.pullsendstatus(HOUR, HOUR) == counts


@pytest.mark.parametrize("data", [None, [], "x", {}], ids=repr)
def test_statistics_without_data_are_empty(data: Any) -> None:
    client, _ = connected(OK | {"data": data})
    assert client.pullcallbackstatus(HOUR, HOUR) == {}


def templates(first: int, last: int) -> list[dict[str, Any]]:
    return [{"id": number} for number in range(first, last)]


@pytest.mark.parametrize(
    ("answer", "page"),
    [
        ({"total": 100, "count": 1, "data": [{"id": 1}]}, TemplatePage([{"id": 1}], 100)),
        ({"data": [{"id": 1}]}, TemplatePage([{"id": 1}], None)),
        ({"total": None}, TemplatePage([], None)),
        ({"total": "100"}, TemplatePage([], 100)),
        ({"total": 100.0}, TemplatePage([], 100)),
        ({"total": "many"}, TemplatePage([], None)),
        ({"total": 0, "data": []}, TemplatePage([], 0)),
    ],
    ids=str,
)
def test_a_page_has_its_templates_and_the_total(answer: dict[str, Any], page: TemplatePage) -> None:
    client, _ = connected(OK | answer)
    assert client.get_template_page() == page


@pytest.mark.parametrize(
    ("total", "pages"),
    [(0, [0]), (1, [1]), (50, [50]), (51, [50, 1]), (120, [50, 50, 20])],
)
def test_all_templates_are_read_page_by_page(total: int, pages: list[int]) -> None:
    firsts = [sum(pages[:number]) for number in range(len(pages))]
    answers = [
        OK | {"total": total, "data": templates(first, first + size)}
        for first, size in zip(firsts, pages, strict=True)
    ]
    client, transport = connected(*answers)
    assert list(client.all_templates()) == templates(0, total)
    offsets = [transport.body(number)["tpl_page"]["offset"] for number in range(len(pages))]
    assert offsets == [50 * number for number in range(len(pages))]


def test_without_a_total_pages_are_read_until_one_is_empty() -> None:
    client, _ = connected(OK | {"data": templates(0, 50)}, OK | {"data": templates(50, 60)}, OK)
    assert list(client.all_templates()) == templates(0, 60)


def test_a_sign_that_is_answered_without_an_id_may_have_been_created() -> None:
    client, _ = connected(OK)
    with pytest.raises(OutcomeUnknownError):
        client.add_sign(text="x")
