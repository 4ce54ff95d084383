"""Generate docs/openapi.json: `python -m tests.support.documents.openapi` writes it.

Routes, fields and descriptions are those of docs/coverage.md. The types of request fields are those that
`chalicelib/quickaudience/bodies.py` reads.
"""

import functools
import json
import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from app import app
from chalicelib import __version__
from chalicelib.quickaudience import bodies
from tests.support.documents.reading import Row, table

PATH = Path("docs/openapi.json")

Json = dict[str, Any]

_MODELS: dict[str, type[BaseModel]] = {
    "§2": bodies.Template,
    "§3": bodies.Template,
    "§5": bodies.SendBatch,
    "§6": bodies.SendBatchList,
    "§7": bodies.DigitalTemplate,
    "§8": bodies.DigitalTemplate,
    "§11": bodies.SendBatchList,
    "§12": bodies.SendDetails,
}
_COMMON = "Common to all requests of Quick Audience"
_STATUSES = "callback of statuses — Notification of MT SMS Delivery Status"
_REPLIES = "callback of replies — SMS Reply"
_FIELD = re.compile(r"(?P<name>[\w.\[\]]+)(?: \((?P<type>[^)]*(?:\(\w+\))?[^)]*)\))?")
_INTERFACE = re.compile(r"(\w+) \$?\{[\w ]+\}(/[^?]*)")
_TYPES: dict[str, Json] = {
    "string": {"type": "string"},
    "integer(int32)": {"type": "integer", "format": "int32"},
    "integer(int64)": {"type": "integer", "format": "int64"},
    "number": {"type": "integer"},
}
_ABOUT = """\
The bridge between Quick Audience's third-party SMS platform API (§1-14) and Tencent Cloud SMS, as it is \
implemented: a field of a request accepts more than Quick Audience documents.

Every answer below `/sms/`, refusals included, has `platformName`, `code`, `message`, `requestId` and all \
documented fields, none of them null. `code` is `OK`, or a refusal's code: `401`, `403` and `404` with that HTTP \
status, otherwise one of Aliyun's vocabulary (`isv.…`, `isp.…`) with HTTP 200. Bodies are read as JSON in UTF-8 \
whatever their content type; fields that are not listed here are ignored. Every other path and method \
below `/sms` (up to three parts) is answered with HTTP 404 and the same four fields.

The description of a request's field begins with its documented type; then it says what the bridge does with \
the field."""


def make() -> Json:
    """Return the whole document."""
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    paths: dict[str, Json] = {}
    webhooks: dict[str, Json] = {}
    for heading, method, path in _interfaces():
        if path.startswith("/sms/"):
            paths.setdefault(path, {})[method] = _interface(heading, method, path)
        else:
            webhooks[path.rpartition("callback/send/")[2]] = {method: _push(heading)}
    paths |= _ours()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": project["name"],
            "version": project["version"],
            "summary": project["description"],
            "description": _ABOUT,
        },
        "servers": [
            {
                "url": "{prefix}",
                "description": "The deployment's base URL with its stage",
                "variables": {"prefix": {"default": "http://127.0.0.1:8000"}},
            }
        ],
        "paths": paths,
        "webhooks": webhooks,
        "components": {
            "parameters": _parameters(),
            "schemas": _answers() | _tencents(),
        },
    }


def route_of(path: str) -> str:
    """Return a path of the document in the form of `app.py`."""
    return re.sub(r"(?<=[a-z])[A-Z](?=\w*\})", lambda letter: f"_{letter[0].lower()}", path)


# --- requests of Quick Audience -------------------------------------------------------------------


def _interface(heading: str, method: str, path: str) -> Json:
    """Return the operation of an interface of §1-12."""
    section, view = heading.partition(" ")[0], _view(method, path)
    statuses = {row.key[1][:3]: row.cells[2] for row in _rows(heading, "status")}
    statuses["500"] = 'another failure: code "isp.SYSTEM_ERROR"; the request may be repeated'
    fields = {row.key[1]: row for row in _rows(heading, "request")}
    signature = [{"$ref": f"#/components/parameters/{name}"} for name in _parameters()]
    operation: Json = {
        "summary": heading,
        "operationId": view,
        "parameters": [
            *(_path_parameter(name, fields) for name in re.findall(r"\{(\w+)\}", path)),
            *signature,
        ],
    }
    if section in _MODELS:
        model = _MODELS[section].model_json_schema()
        body = _nested(
            {_field(text)["name"]: (_field(text)["type"], row) for text, row in fields.items()},
            model["properties"],
            "documented as {}: ",
        )
        body["required"] = [name for name in model["required"] if name in body["properties"]]
        for name in re.findall(r"\{(\w+)\}", path):
            del body["properties"][name]
        operation["requestBody"] = _content(body)
    answer = {"$ref": f"#/components/schemas/{view}_answer"}
    return operation | {
        "responses": {
            status: {"description": text} | _content(answer) for status, text in statuses.items()
        }
    }


def _path_parameter(name: str, fields: dict[str, Row]) -> Json:
    row = next(row for text, row in fields.items() if _field(text)["name"] == name)
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": row.cells[2],
        "schema": {"type": "string"},
    }


def _parameters() -> dict[str, Json]:
    """Return the parameters that sign a request."""
    found = {}
    for kind in ("URL", "header"):
        for row in _rows(_COMMON, kind):
            match = re.fullmatch(r"([\w-]+) \([^)]*\)", row.key[1])
            if match:
                found[match[1]] = {
                    "name": match[1],
                    "in": "header" if kind == "header" else "query",
                    "required": True,
                    "description": row.cells[2],
                    "schema": {"type": "string"},
                }
    return found


def _answers() -> dict[str, Json]:
    """Return the answers of §1-12, successful or not, which have exactly the documented fields."""
    found = {}
    for heading, method, path in _interfaces():
        if not path.startswith("/sms/"):
            continue
        fields = {}
        for row in _rows(heading, "response"):
            field = _field(row.key[1])
            fields[field["name"]] = (field["type"], row)
        found[f"{_view(method, path)}_answer"] = _closed(_nested(fields, {}))
    return found


# --- pushes, other routes and callbacks --------------------------------------------------------------


def _push(heading: str) -> Json:
    """Return the webhook of §13 or §14."""
    fields = {}
    for row in _rows(heading, "request"):
        field = _field(row.key[1])
        fields[field["name"]] = ("string" if "." in field["name"] else field["type"], row)
    body = _closed(_nested(fields, {}))
    entry = next(iter(body["properties"].values()))["items"]["properties"]
    if "sendStatus" in entry:
        entry["sendStatus"] |= {"type": "integer", "enum": [1, 2]}
    return {
        "summary": heading,
        "description": "Pushed to the environment prefix of Quick Audience: QA_BASE_URL.",
        "parameters": [
            {
                "name": name,
                "in": "header" if name.startswith("X-") else "query",
                "required": True,
                "schema": {"type": "string"},
            }
            for name in _parameters()
        ],
        "requestBody": _content(body),
        "responses": {
            "200": {"description": 'Accepted if `code` is "OK" or 200; otherwise pushed again.'}
        },
    }


def _ours() -> dict[str, Json]:
    """Return the routes that Quick Audience does not use."""
    token = {"name": "token", "in": "path", "required": True, "schema": {"type": "string"}}
    code = {"name": "code", "in": "path", "required": True, "schema": {"type": "string"}}
    status, reply = (
        {"$ref": f"#/components/schemas/{name}"} for name in ("TencentStatus", "TencentReply")
    )
    answer = {"$ref": "#/components/schemas/TencentAnswer"}
    answers = {
        code: {"description": text} | _content(answer)
        for code, text in {
            "200": "queued",
            "400": "neither an array of statuses nor a reply",
            "403": "wrong token",
            "500": "not queued: push it again",
        }.items()
    }
    page = {
        status: {"description": text, "content": {"text/html": {"schema": {"type": "string"}}}}
        for status, text in {
            "200": "the page",
            "404": "no such page",
            "503": "the page could not be read",
        }.items()
    }
    reply_fields = _nested(_fields_of(_REPLIES), {})["properties"]
    return {
        "/tencent/{token}/callback": {
            "parameters": [token],
            "post": {
                "summary": "Tencent's delivery statuses and replies",
                "operationId": "tencent_callback",
                "requestBody": _content(
                    {"anyOf": [{"type": "array", "items": status}, status, reply]}
                ),
                "responses": answers,
            },
            "get": {
                "summary": "Tencent's reply by GET, in the URL's parameters",
                "operationId": "tencent_callback_by_get",
                "parameters": [
                    {"name": name, "in": "query", "schema": schema}
                    for name, schema in reply_fields.items()
                ],
                "responses": answers,
            },
        },
        "/m/{code}": {
            "parameters": [code],
            "get": {
                "summary": "The page of a digital message",
                "operationId": "digital_page",
                "responses": page,
            },
            "head": {
                "summary": "The page's headers",
                "operationId": "digital_page_head",
                "responses": {
                    status: {"description": one["description"]} for status, one in page.items()
                },
            },
        },
        "/health": {
            "get": {
                "summary": "For monitors: the function answers, and says its version",
                "operationId": "health",
                "responses": {
                    "200": {"description": "the function answers"}
                    | _content(
                        _closed(
                            {
                                "type": "object",
                                "properties": {
                                    "status": {"const": "ok"},
                                    "version": {"type": "string", "examples": [__version__]},
                                },
                            }
                        )
                    )
                },
            }
        },
    }


def _tencents() -> dict[str, Json]:
    """Return the schema of Tencent's callbacks. No field is required, because events are read only after the queue."""
    answer = {
        name: ("number" if name == "result" else "string", row)
        for name, (_, row) in _fields_of(_STATUSES, "response").items()
    }
    statuses = {
        name.removeprefix("[]."): field
        for name, field in _fields_of(_STATUSES).items()
        if name.startswith("[].")
    }
    return {
        "TencentStatus": _nested(statuses, {}),
        "TencentReply": _nested(_fields_of(_REPLIES), {}),
        "TencentAnswer": _closed(_nested(answer, {})),
    }


# --- fields and their schemas ----------------------------------------------------------------------

Fields = dict[str, tuple[str, Row]]


def _fields_of(heading: str, kind: str = "request") -> Fields:
    found = {}
    for row in _rows(heading, kind):
        if field := _FIELD.fullmatch(row.key[1]):
            found[field["name"]] = ((field["type"] or "").partition(",")[0], row)
    return found


def _nested(fields: Fields, readable: Json, documented_as: str = "") -> Json:
    """Return the schema of an object with these fields; `name[].part` is a field of the objects in the list `name`.

    `readable` has the schemas of the request fields that are read; other fields may have any value.
    """
    properties: Json = {}
    for name, (kind, row) in fields.items():
        lists, _, part = name.partition("[].")
        schema = dict(readable.get(name, {}) if readable else _TYPES.get(kind, {}))
        schema.pop("title", None)
        description = (documented_as.format(kind) if kind else "") + row.cells[2]
        if part:
            # The texts of a part may also be numbers.
            schema |= {"type": ["string", "integer"]} if readable else {}
            _objects(properties[lists])["properties"][part] = schema | {"description": description}
        else:
            properties[name] = schema | {"description": description}
            if any(other.startswith(f"{name}[].") for other in fields) and name not in readable:
                properties[name] |= {"type": "array", "items": {"type": "object"}}
    return {"type": "object", "properties": properties}


def _objects(schema: Json) -> Json:
    """Return the schema of the objects in a list, which may be one of several types."""
    lists = next(one for one in [schema, *schema.get("anyOf", [])] if one.get("type") == "array")
    items = lists["items"]
    found: Json = next(
        one for one in [items, *items.get("anyOf", [])] if one.get("type") == "object"
    )
    found.setdefault("properties", {})
    return found


def _closed(schema: Json) -> Json:
    """Return the schema of an object that has all of its fields and no other."""
    for one in schema["properties"].values():
        if one.get("type") == "array":
            one["items"] = _closed(one["items"])
    return schema | {"required": list(schema["properties"]), "additionalProperties": False}


def _content(schema: Json) -> Json:
    return {"content": {"application/json": {"schema": schema}}}


def _field(text: str) -> dict[str, str]:
    match = _FIELD.fullmatch(text)
    if match is None:
        raise ValueError(f"not a documented field: {text}")
    return {"name": match["name"], "type": match["type"] or ""}


@functools.cache
def _table() -> list[Row]:
    return table()


def _interfaces() -> list[tuple[str, str, str]]:
    """Return heading, method and path of each of Quick Audience's interfaces."""
    found = []
    for row in _table():
        match = _INTERFACE.match(row.key[1])
        if row.heading.startswith("§") and row.key[0] == "URL" and match:
            found.append((row.heading, match[1].lower(), match[2]))
    return found


def _view(method: str, path: str) -> str:
    """Return the name of the function in `app.py` that answers a route."""
    return str(app.routes[route_of(path)][method.upper()].view_name)


def _rows(heading: str, kind: str) -> list[Row]:
    return [row for row in _table() if (row.heading, row.key[0]) == (heading, kind)]


def text() -> str:
    """Return the text of the file in docs/."""
    return json.dumps(make(), ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    PATH.write_text(text())
