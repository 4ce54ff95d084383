"""The JSON examples of Tencent's document of 2018: the client sends and reads each unchanged."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import time_machine

from chalicelib.tencent.interface import CallRefusedError
from chalicelib.tencent.v5 import Client
from tests.support.documents.tencent_cases import CASES, SIG, Case
from tests.support.transport import Transport


def connected(answer: Any) -> tuple[Client, Transport]:
    session, transport = requests.Session(), Transport(answer)
    session.mount("https://", transport)
    key = "5f03a35d00ee52a21327ab048186a2c4"
    return Client("https://yun.tim.qq.com/v5/tlssmssvr", "1400006666", key, session), transport


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@time_machine.travel(1457336869, tick=False)
def test_an_example_is_sent_and_read_unchanged(monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
    name, call, request, response, found = case
    monkeypatch.setattr("secrets.randbelow", lambda _: 7226249334 - 10**9)
    client, transport = connected(response.encode())
    assert call(client) == found
    url = urlsplit(transport.sent[0].url or "")
    assert url.path == f"/v5/tlssmssvr/{name}"
    assert "random=7226249334" in url.query
    assert transport.body() == json.loads(request)
    assert transport.body()["sig"] == SIG


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("text", ["msg", "errmsg"])
def test_a_refusal_is_read_in_the_form_of_either_document(case: Case, text: str) -> None:
    client, _ = connected({"result": 1006, text: "请求没有权限"})
    with pytest.raises(CallRefusedError) as caught:
        case[1](client)
    assert (caught.value.code, caught.value.said) == (1006, "请求没有权限")


LATER = {
    # Fields that the documents of 2019 add to the answers.
    "add_sign": {"data": {"id": 5, "international": 1, "status": 1, "text": "x"}},
    "add_template": {"data": {"id": 5, "international": 1, "status": 1, "text": "x", "type": 0}},
}


def test_fields_that_later_documents_add_are_passed_on() -> None:
    client, transport = connected({"result": 0, "errmsg": "", **LATER["add_sign"]})
    assert client.add_sign(text="x", international=True) == LATER["add_sign"]["data"]
    assert transport.body()["international"] == 1
    client, transport = connected({"result": 0, "errmsg": "", **LATER["add_template"]})
    made = client.add_template(text="x", title="", remark="", kind=0, international=True)
    assert made == LATER["add_template"]["data"]
