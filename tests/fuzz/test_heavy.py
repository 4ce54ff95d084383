"""Bodies that are made to be expensive: at most a second of work for six megabytes, and less for smaller ones."""

import gc
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.support import thoroughness
from tests.support.fuzz import endpoints, heavy
from tests.support.fuzz.checks import CALLBACK, ask
from tests.support.fuzz.endpoints import BODIES
from tests.support.fuzz.gateway import Asked
from tests.support.fuzz.heavy import SIX_MEGABYTES
from tests.support.fuzz.world import TIMES, World

pytestmark = pytest.mark.timeout(600 * TIMES)
LIST = ("POST", "/sms/sendBatchList")
# Fields whose texts and lists are parsed and not only measured; fields of parts follow a dot.
_READ = [
    (("POST", "/sms/smsTemplate"), "templateContent"),
    (("POST", "/sms/digitalSmsTemplate"), "templateContent"),
    (("POST", "/sms/digitalSmsTemplate"), "templateContent.fileContents"),
    (("POST", "/sms/digitalSmsTemplate"), "templateContent.fileSuffix"),
    (("POST", "/sms/digitalSmsTemplate"), "templateContent.index"),
    (("POST", "/sms/sendBatch"), "phoneOssUrl"),
    (LIST, "limit"),
    (LIST, "phoneNumberJson"),
    (LIST, "templateParamJson"),
    (LIST, "templateParamJson.name"),
    (LIST, "relatedTaskId"),
    (("POST", "/sms/sendDetails"), "startDate"),
    (("POST", "/sms/sendDetails"), "pageSize"),
    (("POST", CALLBACK), "description"),
]
# A twentieth of the size shows quadratic growth just as well. For each field a third of the shapes, or outside CI a
# ninth, and others for the next field.
SIZE = SIX_MEGABYTES if TIMES > 1 else SIX_MEGABYTES // 20
STEP = 1 if TIMES > 1 else 3 if thoroughness.ALL else 9
# A half of a surrogate pair, which UTF-8 can't encode.
_HALF = re.compile("[\ud800-\udfff]")
# More than its share: a short request has a fixed cost, too.
SECONDS = 1.0 if TIMES > 1 else 0.25


@pytest.fixture(autouse=True)
def small_heap() -> None:
    """Exclude the objects of the tests from the bridge's garbage collections."""
    gc.collect()
    gc.freeze()


def test_a_large_body_of_any_shape_is_quick(open_world: World) -> None:
    for number, (method, path) in enumerate(BODIES):
        names = endpoints.names(path, open_world.codes)
        for body in heavy.whole(SIZE)[number % STEP :: STEP]:
            ask(open_world.gateway, Asked(method, path, names, body), SECONDS)


@pytest.mark.parametrize(("route", "field"), _READ)
def test_a_large_value_in_a_field_that_is_read_is_quick(
    open_world: World, route: tuple[str, str], field: str
) -> None:
    whole = endpoints.body(*route, open_world.codes)
    name, _, part = field.partition(".")
    asked = Asked(*route, endpoints.names(route[1], open_world.codes))
    values = [*heavy.texts(SIZE), *heavy.lists(SIZE)]
    for value in values[_READ.index((route, field)) % STEP :: STEP]:
        changed = [whole[name][0] | {part: value}] if part else value
        ask(open_world.gateway, replace(asked, body=_json(whole | {name: changed})), SECONDS)


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return json.dumps(value, separators=(",", ":")) if _HALF.search(text) else text


def test_a_body_with_a_million_keys_is_quick(open_world: World) -> None:
    keys = ",".join(f'"{number}":1' for number in range(1_000_000))[: SIX_MEGABYTES - 10]
    body = "{" + keys[: keys.rindex(",")] + "}"
    for route in (("POST", "/sms/smsTemplate"), LIST, ("POST", "/sms/sendDetails")):
        ask(open_world.gateway, Asked(*route, {}, body))


@pytest.mark.parametrize(
    "make",
    [lambda: [1] * 500_000, lambda: {str(number): 1 for number in range(300_000)}],
    ids=["list", "object"],
)
def test_one_large_value_for_very_many_recipients_is_read_once(
    open_world: World, make: Callable[[], Any]
) -> None:
    """Reading it for each recipient would take hours."""
    body = endpoints.body(*LIST, open_world.codes)
    body["phoneNumberJson"] = [f"139{number:08d}" for number in range(150_000)]
    body["templateParamJson"] = [{"name": make()}]
    answered = ask(open_world.gateway, Asked(*LIST, {}, _json(body)))
    assert answered.body["code"] == "isv.PARAM_LENGTH_LIMIT"


def test_more_numbers_than_a_body_has_room_for_are_refused_before_they_are_counted(
    open_world: World,
) -> None:
    body = endpoints.body(*LIST, open_world.codes) | {"phoneNumberJson": "1," * 2_900_000 + "1"}
    answered = ask(open_world.gateway, Asked(*LIST, {}, _json(body)))
    assert answered.body["code"] == "isv.INVALID_PARAMETERS"


@pytest.mark.parametrize("own", [False, True])
def test_the_cost_of_a_request_is_proportional_to_its_recipients(
    open_world: World, own: bool
) -> None:
    """Many recipients cost more than a second: 5 µs each with one text for all, 18 with a text each."""

    def seconds(count: int) -> float:
        body = endpoints.body(*LIST, open_world.codes)
        body["phoneNumberJson"] = [f"139{number:08d}" for number in range(count)]
        body["templateParamJson"] = [
            {"name": f"n{number}"} for number in range(count if own else 1)
        ]
        asked = Asked(*LIST, {}, _json(body))
        answers = [open_world.gateway.ask(asked) for _ in range(2)]
        assert answers[0].body["code"] == "OK"
        assert answers[0].queued == count // (50 if own else 200)
        return min(answer.seconds for answer in answers)

    few, many = seconds(1_000), seconds(8_000)
    assert many < 16 * few


@pytest.mark.parametrize(
    "events",
    [
        lambda: '{"text":1},' * 290_000 + '{"a":1},' * 290_000 + "{}",
        lambda: '{"a":1},' * 700_000 + "{}",
        lambda: "{}," * 1_900_000 + "{}",
        lambda: '{"a":"' + "x" * 300_000 + '"}',
        lambda: '{"a":[' + "1," * 2_900_000 + "1]}",
    ],
    ids=["statuses and replies", "statuses", "nothing", "a large one", "a very large one"],
)
def test_a_callback_larger_than_tencents_is_refused_at_once(
    open_world: World, events: Callable[[], str]
) -> None:
    names = endpoints.names(CALLBACK, open_world.codes)
    answered = ask(open_world.gateway, Asked("POST", CALLBACK, names, f"[{events()}]"))
    assert (answered.status, answered.queued) == (400, 0)
