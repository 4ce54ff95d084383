"""Limits that keep the work for a request small and hostile input from becoming a 500."""

import base64
import contextlib
import gc
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from chalice.app import Request
from pydantic import BaseModel

from chalicelib.domain import digital_message, parameters, phones, template_text
from chalicelib.domain.digital_message import ContentError, Part
from chalicelib.domain.planning import Failure
from chalicelib.domain.template_text import UntranslatableError
from chalicelib.endpoints import envelope
from chalicelib.errors import Refused
from chalicelib.lenient_json import loads
from chalicelib.quickaudience import bodies, coercion
from chalicelib.quickaudience.bodies import DigitalTemplate, SendBatchList, SendDetails

LINK = "https://m.example.cn/m/abcdefghijk"
SEND = {"outId": "o", "signName": "s", "templateCode": "t"}


@contextmanager
def quick() -> Iterator[None]:
    """Assert that the block takes less than a second; without its limit it would take minutes."""
    began = time.process_time()
    yield
    assert time.process_time() - began < 1


def request(body: Any, *, encoded: bool) -> Request:
    return Request(
        {
            "multiValueQueryStringParameters": None,
            "headers": {},
            "pathParameters": None,
            "requestContext": {"httpMethod": "POST", "resourcePath": "/sms/sendBatchList"},
            "stageVariables": None,
            "body": body,
            "isBase64Encoded": encoded,
        }
    )


@pytest.mark.parametrize(
    ("body", "encoded"), [("A", True), ("AAAAA", True), ("é", True), ("\ud800", False)]
)
def test_a_body_that_cannot_be_decoded_is_refused(body: str, *, encoded: bool) -> None:
    with pytest.raises(Refused) as refusal:
        envelope.raw_body(request(body, encoded=encoded))
    assert refusal.value.code == "isv.INVALID_JSON_PARAM"


def test_a_body_in_base64_is_decoded() -> None:
    assert envelope.raw_body(request(base64.b64encode(b"{}").decode(), encoded=True)) == b"{}"
    assert envelope.raw_body(request(None, encoded=False)) == b""


@pytest.mark.parametrize("raw", ["x" * 10_000, "%41" * 5_000, "好" * 101, "%E5%A5%BD" * 101])
def test_a_name_that_is_too_long_for_a_key_matches_no_item(raw: str) -> None:
    assert {len(name) for name in envelope.path_names(raw)} == {coercion.MAX_NAME + 1}


def test_a_name_of_the_maximum_length_is_kept() -> None:
    assert envelope.path_names("好" * coercion.MAX_NAME) == ["好" * coercion.MAX_NAME]


@pytest.mark.parametrize("raw", ["\ud800", "a\udc00b", "%ED%A0%80", "%ff\ud800"])
def test_no_reading_of_a_name_holds_half_a_character(raw: str) -> None:
    for name in envelope.path_names(raw):
        assert name.encode()


def test_a_number_with_too_many_digits_for_python_is_too_high() -> None:
    with pytest.raises(UntranslatableError, match="过大"):
        template_text.translate("{" + "9" * 5000 + "}")
    assert template_text.translate("{" + "0" * 5000 + "1}").names == ("1",)


@pytest.mark.parametrize(
    "text",
    [
        "T" + " " * 1_000_000 + "x",
        "${T" + " " * 1_000_000 + "x}",
        "${" + "a" * 400_000 + "}",
        "x" * 501,
    ],
    ids=["run", "run in a name", "name", "text"],
)
def test_a_long_text_is_refused_before_it_is_searched(text: str) -> None:
    with quick(), pytest.raises(ContentError, match="第 1 部分太长"):
        digital_message.tencent_template("主题", [Part("text", "txt", "", text)], LINK)


def test_the_url_of_a_file_has_a_maximum_length() -> None:
    assert digital_message.origin("https://a.example.cn/" + "x" * 4000) == "https://a.example.cn"
    with quick(), pytest.raises(ValueError, match="too long"):
        digital_message.origin("https://" + "ü." * 1_000_000 + "cn/")


def test_a_phone_number_has_at_most_40_characters() -> None:
    assert phones.parse("+86" + " " * 26 + "13900001111") == "8613900001111"
    with pytest.raises(ValueError, match="not a phone number"):
        phones.parse("+86" + " " * 27 + "13900001111")


def test_a_value_that_is_not_text_is_serialised_up_to_the_limit() -> None:
    given = {"a": [1] * 3_000_000}
    with quick():
        refused = parameters.values(given, ["a"] * 100)
    assert refused == Failure("isv.PARAM_LENGTH_LIMIT", "模板变量取值合计超过 500 个字符")
    longest = [1] * 249 + [2]
    assert parameters.values({"a": longest[1:]}, ["a"]) == (
        json.dumps(longest[1:]).replace(" ", ""),
    )
    assert isinstance(parameters.values({"a": longest}, ["a"]), Failure)


@pytest.mark.parametrize(
    ("model", "body", "problem"),
    [
        (SendBatchList, {"phoneNumberJson": "1," * 500_000 + "1"}, "最多 500000 个手机号"),
        (
            SendBatchList,
            {"phoneNumberJson": ["1"], "templateParamJson": ["{}"] * 1_000_000},
            "有 1000000 组变量",
        ),
        (
            DigitalTemplate,
            {"templateTheme": "t", "templateContent": ["1.5"] * 1_000_000},
            "最多 100 个部分",
        ),
    ],
    ids=["numbers", "parameters", "parts"],
)
def test_lists_are_counted_before_they_are_read(
    model: type[BaseModel], body: dict[str, Any], problem: str
) -> None:
    with quick(), pytest.raises(Refused, match=problem):
        bodies.read(model, SEND | body)  # type: ignore[type-var]


@pytest.mark.parametrize(
    "value", [[[]] * 1_500_000, {"a": [[]] * 1_500_000}], ids=["list", "object"]
)
def test_a_field_that_is_only_stored_is_not_serialised(value: Any) -> None:
    with quick():
        send = bodies.read(SendBatchList, SEND | {"phoneNumberJson": ["1"], "relatedTaskId": value})
        details = bodies.read(SendDetails, {"outId": "o", "startDate": value})
    assert send.relatedTaskId == details.startDate == ("{…}" if isinstance(value, dict) else "[…]")


def test_the_garbage_collector_does_not_run_while_json_is_read() -> None:
    runs = []

    def note_run(phase: str, info: dict[str, int]) -> None:
        runs.append(phase)

    text = "[" + "[]," * 100_000 + "[]]"
    gc.callbacks.append(note_run)
    try:
        with contextlib.suppress(ValueError):
            loads(text + "]")
        # One run is allowed once the text is read.
        assert len(runs) <= 2
        assert gc.isenabled()
    finally:
        gc.callbacks.remove(note_run)
