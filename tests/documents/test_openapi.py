"""docs/openapi.json is valid, up to date, and as complete as app.py and the documents."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import validate

from app import app
from tests.support.documents import openapi
from tests.support.documents.reading import fields

WRITTEN = openapi.PATH.read_text()
DOCUMENT = json.loads(WRITTEN)
METHODS = ("get", "put", "post", "delete", "head", "patch", "options")
OPERATIONS = {
    (method.upper(), openapi.route_of(path)): operation
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    if method in METHODS
}


def test_the_file_is_what_the_generator_makes() -> None:
    assert openapi.text() == WRITTEN, "make it anew: python -m tests.support.documents.openapi"


def test_it_is_valid() -> None:
    validate(DOCUMENT)


def test_it_has_the_routes_of_the_app_and_no_others() -> None:
    served = {
        (method, path)
        for path, entries in app.routes.items()
        for method, entry in entries.items()
        if not entry.view_name.startswith("unknown ")
    }
    assert set(OPERATIONS) == served


@pytest.mark.parametrize("number", range(1, 13))
def test_every_documented_field_of_an_interface_is_in_it(number: int) -> None:
    rows = next(rows for heading, rows in fields().items() if heading.startswith(f"§{number} "))
    address = next(field for kind, field in rows if kind == "URL").split("?")[0]
    method, path = address.replace("${prefix}", "").split()
    operation = DOCUMENT["paths"][path][method.lower()]
    request = set(_names(operation.get("requestBody", {})))
    request |= {one["name"] for one in operation["parameters"] if "name" in one}
    answers = [set(_names(one)) for one in operation["responses"].values()]
    for kind, field in rows:
        if kind == "request":
            assert _plain(field) in request
        if kind == "response":
            assert all(_plain(field) in answer for answer in answers)
    statuses = {field[:3] for kind, field in rows if kind == "status"}
    assert set(operation["responses"]) == statuses | {"500"}


@pytest.mark.parametrize(("heading", "name"), [("§13", "details"), ("§14", "reply")])
def test_every_documented_field_of_a_push_is_in_it(heading: str, name: str) -> None:
    rows = next(rows for one, rows in fields().items() if one.startswith(f"{heading} "))
    names = set(_names(DOCUMENT["webhooks"][name]["post"]["requestBody"]))
    assert {_plain(field) for kind, field in rows if kind == "request"} == names


@pytest.mark.parametrize(
    ("heading", "schema"),
    [("callback of statuses", "TencentStatus"), ("callback of replies", "TencentReply")],
)
def test_every_documented_field_of_tencents_callbacks_is_in_it(heading: str, schema: str) -> None:
    rows = next(rows for one, rows in fields().items() if one.startswith(heading))
    names = set(_names(DOCUMENT["components"]["schemas"][schema]))
    requested = {field for kind, field in rows if kind == "request"} - {"array of statuses"}
    assert {_plain(field).removeprefix("[].") for field in requested} == names
    answers = {_plain(field) for kind, field in rows if kind == "response"}
    assert answers == set(_names(DOCUMENT["components"]["schemas"]["TencentAnswer"]))


def test_every_request_below_sms_is_signed() -> None:
    for (_, path), operation in OPERATIONS.items():
        if path.startswith("/sms/"):
            references = {one["$ref"] for one in operation["parameters"] if "$ref" in one}
            assert references == {
                f"#/components/parameters/{name}"
                for name in ("timestamp", "nonce", "X-QA-Hmac-Signature")
            }


def _plain(field: str) -> str:
    return field.partition(" (")[0]


def _names(schema: Any, before: str = "") -> Iterator[str]:
    """Yield the names of an object's fields in the form of the list of documented fields."""
    if not isinstance(schema, dict):
        return
    if "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for name, one in schema.get("properties", {}).items():
        yield before + name
        yield from _names(one, f"{before}{name}")
    if "items" in schema:
        yield from _names(schema["items"], f"{before}[].")
    for one in schema.get("anyOf", []):
        yield from _names(one, before)
    for one in schema.get("content", {}).values():
        yield from _names(one["schema"], before)
