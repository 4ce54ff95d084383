"""Violations of the document in a platform's answers."""

from typing import Any

import pytest

from local.quickaudience.endpoints import ENDPOINTS, answer_violations
from tests.support.simulators.quickaudience import (
    DETAIL_ROW,
    DIGITAL_TEMPLATE,
    REVIEW,
    TEXT_TEMPLATE,
    envelope,
)

GOOD_FIELDS: dict[str, dict[str, Any]] = {
    "query sign": {**REVIEW, "signName": "腾讯云", "signStatus": 1},
    "create template": {"templateCode": "1001"},
    "modify template": {"templateCode": "1001"},
    "query template": TEXT_TEMPLATE,
    "send batch": {"bizId": "1"},
    "send batch list": {"bizId": "1"},
    "create digital template": {"templateCode": "DIGITAL_1"},
    "modify digital template": {"templateCode": "DIGITAL_1"},
    "delete digital template": {"templateCode": "DIGITAL_1"},
    "query digital template": DIGITAL_TEMPLATE,
    "send digital batch list": {"bizId": "1"},
    "query send details": {"sendDetailDTOs": [DETAIL_ROW], "totalCount": 1},
}


def judge(name: str, body: Any, status: int = 200, content_type: str = "application/json") -> str:
    endpoint = next(endpoint for endpoint in ENDPOINTS if endpoint.name == name)
    return "; ".join(answer_violations(endpoint, "qa-sms-bridge", status, content_type, body))


@pytest.mark.parametrize("name", [endpoint.name for endpoint in ENDPOINTS])
def test_documented_answers_have_no_violations_and_lack_no_field(name: str) -> None:
    good = envelope(**GOOD_FIELDS[name])
    assert judge(name, good) == ""
    assert judge(name, {**good, "code": "200"}) == ""
    assert judge(name, {**good, "code": "401"}, status=401) == ""
    for field_name in good:
        without = {key: value for key, value in good.items() if key != field_name}
        assert f"{field_name} is missing" in judge(name, without)
        assert field_name in judge(name, {**good, field_name: None})
        assert field_name in judge(name, {**good, field_name: True})


@pytest.mark.parametrize(
    ("name", "changes", "problem"),
    [
        ("send batch list", {"platformName": "other"}, "platformName is 'other'"),
        ("send batch list", {"code": 200}, "code is 200"),
        ("query sign", {"signStatus": 3}, "signStatus is 3"),
        ("query sign", {"signStatus": "1"}, "signStatus is '1'"),
        ("query sign", {"createDate": "2026-11-21T10:00:00Z"}, "createDate"),
        ("query template", {"templateStatus": 3}, "digital templates only"),
        ("query template", {"templateType": 4}, "templateType is 4"),
        ("create digital template", {"templateCode": "x" * 31}, "30 characters"),
        ("query digital template", {"supportFactory": "Success"}, "supportFactory"),
        ("query digital template", {"supportFactory": '{"UNICOM":""}'}, "supportFactory"),
        ("query send details", {"sendDetailDTOs": [1]}, "sendDetailDTOs[0]"),
        (
            "query send details",
            {"sendDetailDTOs": [{**DETAIL_ROW, "sendStatus": 3}]},
            "sendDetailDTOs[0].sendStatus is 3",
        ),
    ],
)
def test_undocumented_values_are_violations(
    name: str, changes: dict[str, Any], problem: str
) -> None:
    assert problem in judge(name, envelope(**{**GOOD_FIELDS[name], **changes}))


def test_status_and_code_must_agree() -> None:
    refusal = envelope(code="isv.SMS_TEMPLATE_ILLEGAL", bizId="")
    assert judge("send batch list", refusal) == ""
    assert "is not documented" in judge("send batch list", refusal, status=500)
    assert "at HTTP status 401" in judge("send batch list", refusal, status=401)
    assert "says success" in judge("send batch list", envelope(bizId="1"), status=404)
    assert "not a JSON object" in judge("send batch list", None)
    assert "Content-Type" in judge("send batch list", refusal, content_type="text/html")


def test_a_refusal_may_have_null_in_numeric_fields() -> None:
    nothing = {**TEXT_TEMPLATE, "code": "404", "templateStatus": None, "templateType": None}
    assert judge("query template", envelope(**nothing), status=404) == ""


def test_an_answer_to_an_undocumented_request_needs_the_envelope() -> None:
    assert answer_violations(None, "p", 404, "application/json", {"message": "x"})
    good = {"platformName": "p", "code": "404", "message": "", "requestId": "1"}
    assert answer_violations(None, "p", 404, "application/json", good) == []
