"""The requests that the client sends: address, query, body, signature."""

import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import time_machine

from chalicelib.domain.planning import Call
from chalicelib.tencent import v5
from chalicelib.tencent.v5 import Client
from tests.support.settings import Configure
from tests.support.transport import Transport

KEY = "5f03a35d00ee52a21327ab048186a2c4"
OK = {"result": 0, "errmsg": "OK", "ext": "", "sid": "8:x", "fee": 1, "data": {"id": 1}}


def connected(*answers: Any) -> tuple[Client, Transport]:
    session, transport = requests.Session(), Transport(*answers or (OK,))
    session.trust_env = False
    session.mount("https://", transport)
    return Client("https://yun.tim.qq.com/v5/tlssmssvr", "1400006666", KEY, session), transport


def query(request: requests.PreparedRequest) -> dict[str, str]:
    pairs = parse_qs(urlsplit(request.url or "").query, strict_parsing=True)
    return {name: values[0] for name, values in pairs.items()}


def path(request: requests.PreparedRequest) -> str:
    return str(urlsplit(request.url or "").path)


def digest(transport: Transport, more: str = "") -> str:
    """The signature that fits the request which was sent."""
    random, now = query(transport.sent[0])["random"], transport.body()["time"]
    return hashlib.sha256(f"appkey={KEY}&random={random}&time={now}{more}".encode()).hexdigest()


CALLS: dict[str, tuple[Any, str]] = {
    "sendsms": (
        lambda c: c.send(Call(("8613788888888",), ()), sign="s", tpl_id=1),
        "&mobile=13788888888",
    ),
    "sendisms": (
        lambda c: c.send(Call(("85251234567",), ()), sign="s", tpl_id=1),
        "&tel=+85251234567",
    ),
    "sendmultisms2": (
        lambda c: c.send(Call(("8613788888889", "8613788888888"), ()), sign="s", tpl_id=1),
        "&mobile=13788888889,13788888888",
    ),
    "add_template": (
        lambda c: c.add_template(text="t", title="n", remark="r", kind=0, international=False),
        "",
    ),
    "mod_template": (lambda c: c.mod_template(7, text="t", title="n", remark="r", kind=1), ""),
    "get_template": (lambda c: c.get_template([7]), ""),
    "get_sign": (lambda c: c.get_sign([7]), ""),
}
each_call = pytest.mark.parametrize("name", CALLS)


@each_call
def test_a_call_has_the_documented_address_and_query(name: str) -> None:
    client, transport = connected()
    CALLS[name][0](client)
    [sent] = transport.sent
    assert sent.method == "POST"
    assert (sent.url or "").startswith(f"https://yun.tim.qq.com/v5/tlssmssvr/{name}?")
    assert query(sent).keys() == {"sdkappid", "random"}
    assert query(sent)["sdkappid"] == "1400006666"
    assert query(sent)["random"].isdigit()


@each_call
def test_a_call_is_signed_for_the_request_that_was_sent(name: str) -> None:
    client, transport = connected()
    CALLS[name][0](client)
    assert transport.body()["sig"] == digest(transport, CALLS[name][1])


@each_call
@time_machine.travel(1457336869.9, tick=False)
def test_a_call_sends_the_time_in_whole_seconds(name: str) -> None:
    client, transport = connected()
    CALLS[name][0](client)
    assert transport.body()["time"] == 1457336869
    assert type(transport.body()["time"]) is int


@each_call
def test_a_call_declares_json_in_utf_8(name: str) -> None:
    client, transport = connected()
    CALLS[name][0](client)
    assert transport.sent[0].headers["Content-Type"] == "application/json;charset=utf-8"


@each_call
def test_a_call_waits_for_a_limited_time_only(name: str) -> None:
    client, transport = connected()
    CALLS[name][0](client)
    connect, read = transport.options[0]["timeout"]
    assert 0 < connect <= 10
    assert 10 <= read <= 25


def test_every_call_has_a_random_number_of_its_own() -> None:
    client, transport = connected(*[OK] * 20)
    for _ in range(20):
        client.get_sign([1])
    assert len({query(sent)["random"] for sent in transport.sent}) == 20


def test_a_slash_at_the_end_of_the_base_address_does_no_harm() -> None:
    session, transport = requests.Session(), Transport(OK)
    session.mount("http://", transport)
    Client("http://127.0.0.1:9/v5/", "1", KEY, session).get_sign([1])
    assert path(transport.sent[0]) == "/v5/get_sign"


@pytest.fixture
def documented(monkeypatch: pytest.MonkeyPatch) -> None:
    """The random number of the document's examples."""
    monkeypatch.setattr("secrets.randbelow", lambda _: 7226249334 - 10**9)


@pytest.mark.usefixtures("documented")
@time_machine.travel(1457336869, tick=False)
def test_a_single_send_is_the_documents_example() -> None:
    client, transport = connected()
    call = Call(("8613788888888",), ("Verification code", "1234", "4"))
    client.send(call, sign="Tencent Cloud", tpl_id=19)
    assert query(transport.sent[0])["random"] == "7226249334"
    assert transport.body() == {
        "ext": "",
        "extend": "",
        "params": ["Verification code", "1234", "4"],
        "sig": "ecab4881ee80ad3d76bb1da68387428ca752eb885e52621a3129dcf4d9bc4fd4",
        "sign": "Tencent Cloud",
        "tel": {"mobile": "13788888888", "nationcode": "86"},
        "time": 1457336869,
        "tpl_id": 19,
    }


@pytest.mark.usefixtures("documented")
@time_machine.travel(1457336869, tick=False)
def test_a_bulk_send_is_the_documents_example() -> None:
    client, transport = connected()
    call = Call(("8613788888888", "8613788888889"), ("Verification code", "1234", "4"))
    client.send(call, sign="Tencent Cloud ", tpl_id=19)
    assert path(transport.sent[0]).endswith("/sendmultisms2")
    assert transport.body() == {
        "tel": [
            {"nationcode": "86", "mobile": "13788888888"},
            {"nationcode": "86", "mobile": "13788888889"},
        ],
        "sign": "Tencent Cloud ",
        "tpl_id": 19,
        "params": ["Verification code", "1234", "4"],
        "sig": "be66bb4aeb54701ed0637d0996a0b75111d5b8eda9b3a71bdc579a3d26f3edfb",
        "time": 1457336869,
        "extend": "",
        "ext": "",
    }


@pytest.mark.usefixtures("documented")
@time_machine.travel(1457336869, tick=False)
def test_a_foreign_send_has_one_text_for_a_number() -> None:
    client, transport = connected()
    client.send(Call(("85251234567",), ("x",)), sign="s", tpl_id=19)
    sig = hashlib.sha256(
        f"appkey={KEY}&random=7226249334&time=1457336869&tel=+85251234567".encode()
    ).hexdigest()
    assert transport.body() == {
        "ext": "",
        "extend": "",
        "params": ["x"],
        "sig": sig,
        "sign": "s",
        "tel": "+85251234567",
        "time": 1457336869,
        "tpl_id": 19,
    }


def test_values_and_sign_are_sent_unchanged() -> None:
    client, transport = connected()
    params = ("", "😀\n\"'\\", "null", "0", "{1}")
    client.send(Call(("8613788888888",), params), sign="品牌", tpl_id=2**40)
    assert transport.body()["params"] == list(params)
    assert transport.body()["sign"] == "品牌"
    assert transport.body()["tpl_id"] == 2**40


def test_a_bulk_call_may_have_200_numbers_signed_in_their_order() -> None:
    numbers = [f"138{number:08d}" for number in range(200)][::-1]
    client, transport = connected()
    client.send(Call(tuple("86" + number for number in numbers), ()), sign="s", tpl_id=1)
    assert [tel["mobile"] for tel in transport.body()["tel"]] == numbers
    assert transport.body()["sig"] == digest(transport, "&mobile=" + ",".join(numbers))
    assert transport.body()["params"] == []


def test_a_template_is_added_with_the_documented_fields() -> None:
    client, transport = connected()
    client.add_template(text="{1}你好", title="名", remark="", kind=1, international=False)
    body = transport.body()
    assert body.keys() == {"sig", "time", "title", "remark", "text", "type"}
    assert (body["text"], body["title"], body["remark"], body["type"]) == ("{1}你好", "名", "", 1)


def test_an_international_template_is_marked_as_such() -> None:
    client, transport = connected()
    client.add_template(text="t", title="n", remark="r", kind=0, international=True)
    assert transport.body()["international"] == 1


def test_a_template_is_modified_by_its_number() -> None:
    client, transport = connected()
    client.mod_template(123, text="t", title="n", remark="r", kind=1)
    body = transport.body()
    assert body.keys() == {"sig", "time", "title", "remark", "text", "tpl_id", "type"}
    assert (body["tpl_id"], body["type"]) == (123, 1)


@pytest.mark.parametrize(("name", "field"), [("get_template", "tpl_id"), ("get_sign", "sign_id")])
def test_reviews_are_asked_for_by_a_list_of_numbers(name: str, field: str) -> None:
    client, transport = connected(OK | {"data": []})
    getattr(client, name)((123, 124))
    assert transport.body().keys() == {"sig", "time", field}
    assert transport.body()[field] == [123, 124]


def test_the_client_of_a_process_is_kept_until_its_app_key_is_rotated(configure: Configure) -> None:
    v5._client.cache_clear()
    try:
        configure()
        first = v5.client()
        assert v5.client() is first
        configure(TENCENT_APP_KEY="rotated")
        assert v5.client() is not first
    finally:
        v5._client.cache_clear()
