"""Generated input on every route: in place of one field, of the body, or of everything."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.endpoints import send_details
from tests.support.fuzz import endpoints, values
from tests.support.fuzz.checks import CALLBACK, SENDS, ask
from tests.support.fuzz.endpoints import BODIES, ROUTES, SERVED
from tests.support.fuzz.gateway import Asked
from tests.support.fuzz.world import TIMES, World, fuzzed

pytestmark = pytest.mark.timeout(600 * TIMES)
# One in four.
_signed = st.integers(0, 3).map(lambda number: number == 3)


def test_the_unchanged_requests_are_accepted(world: World) -> None:
    for method, path in BODIES:
        answered = ask(world.gateway, _obeyed(world, method, path).signed())
        assert answered.status == 200
        assert answered.body.get("code", "OK") == "OK"
        assert answered.queued == (path in (*SENDS, CALLBACK))


@pytest.mark.parametrize(("method", "path"), BODIES)
def test_any_value_in_any_field_is_answered(world: World, method: str, path: str) -> None:
    asked = _obeyed(world, method, path)
    whole = endpoints.body(method, path, world.codes)
    parts = [name for name in whole if isinstance(whole[name], list)]

    @fuzzed(30)
    @given(
        st.lists(st.tuples(st.sampled_from([*whole]), values.values), min_size=1, max_size=3),
        st.sampled_from(["instead", "within", "twice", "gone"]),
        _signed,
    )
    def feed(changes: list[tuple[str, Any]], how: str, signed: bool) -> None:
        fields = dict(whole)
        for name, value in changes:
            if how == "gone":
                fields.pop(name, None)
            elif how == "within" and name in parts:
                fields[name] = [*whole[name], value]
            else:
                fields[name] = value
        twice = changes if how == "twice" else []
        raw = values.written([*fields.items(), *twice])
        _ask(world, replace(asked, body=raw), signed)

    feed()


def test_any_value_in_any_part_of_a_list_is_answered(world: World) -> None:
    parts = [
        (route, name, part)
        for route in BODIES
        for name, entries in BODIES[route].items()
        for entry in (entries if isinstance(entries, list) else [])
        for part in (entry if isinstance(entry, dict) else [])
    ]

    @fuzzed(150)
    @given(st.sampled_from(parts), values.values, _signed)
    def feed(part: tuple[tuple[str, str], str, str], value: Any, signed: bool) -> None:
        route, name, inner = part
        whole = endpoints.body(*route, world.codes)
        changed = [*whole[name][:-1], whole[name][-1] | {inner: value}]
        raw = values.written([*(whole | {name: changed}).items()])
        _ask(world, replace(_obeyed(world, *route), body=raw), signed)

    feed()


def test_any_bytes_on_any_route_are_answered(world: World) -> None:
    @fuzzed(150)
    @given(st.sampled_from(SERVED), values.carried, values.content_types, _signed)
    def feed(
        served: tuple[str, str], carried: tuple[Any, bool], content_type: str, signed: bool
    ) -> None:
        asked = replace(
            _obeyed(world, *served),
            body=carried[0],
            base64=carried[1],
            headers={"Content-Type": content_type},
        )
        _ask(world, asked, signed)

    feed()


def test_any_name_in_any_path_is_answered(open_world: World) -> None:
    served = [(method, path) for method, path in SERVED if "{" in path]

    @fuzzed(120)
    @given(st.sampled_from(served), values.texts)
    def feed(one: tuple[str, str], text: str) -> None:
        asked = _obeyed(open_world, *one)
        ask(open_world.gateway, replace(asked, names=dict.fromkeys(asked.names, text)))

    feed()


def test_any_request_is_answered(world: World) -> None:
    """Most requests have no valid signature; some are sent with one as well."""

    @fuzzed(150)
    @given(
        st.sampled_from(ROUTES),
        values.texts,
        values.carried,
        values.headers,
        values.queries,
        st.booleans(),
    )
    def feed(
        route: tuple[str, str],
        text: str,
        carried: tuple[Any, bool],
        headers: dict[str, str] | None,
        query: dict[str, list[str]] | None,
        signed: bool,
    ) -> None:
        method, path = route
        names = {
            part: text
            for part in ("sign_name", "template_code", "token", "code", "first", "second", "third")
            if f"{{{part}}}" in path
        }
        asked = Asked(method, path, names, carried[0], query, headers, carried[1])
        ask(world.gateway, asked.signed() if signed else asked)

    feed()


def _ask(world: World, asked: Asked, signed: bool) -> None:
    """Send a request with a signature, or with authentication off, which is faster and otherwise the same."""
    world.gateway.bridge.configure(QA_AUTH="on" if signed else "off")
    ask(world.gateway, asked.signed() if signed else asked)


def _obeyed(world: World, method: str, path: str) -> Asked:
    body = None
    if (method, path) in BODIES:
        body = values.written([*endpoints.body(method, path, world.codes).items()])
    return Asked(method, path, endpoints.names(path, world.codes), body)


def test_a_page_of_details_that_is_too_large_for_an_item_is_answered(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand rows of 500 characters are not stored as an answer: a repeated request gets a new one."""
    row = {
        "content": "好" * 500,
        **dict.fromkeys(("errCode", "outId", "phoneNum", "receiveDate", "sendDate"), "x"),
        "sendStatus": 2,
        "templateCode": "1",
    }
    answer = {"sendDetailDTOs": [row] * 1000, "totalCount": 1000}
    monkeypatch.setattr(send_details, "query", lambda _: answer)
    asked = _obeyed(world, "POST", "/sms/sendDetails").signed()
    for _ in range(2):
        answered = ask(world.gateway, asked)
        assert answered.body["code"] == "OK"
        assert answered.body["totalCount"] == 1000
