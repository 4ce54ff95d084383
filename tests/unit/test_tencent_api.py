"""Which of Tencent's APIs a stage calls, and what v5 says in the types of both."""

import subprocess
import sys
from types import ModuleType
from typing import Any

import pytest
import requests

from chalicelib.tencent import api, api3
from chalicelib.tencent import v5 as v5_client
from chalicelib.tencent.answers import (
    Package,
    ReportCounts,
    ReviewStatus,
    SendCounts,
    SignApplication,
    SignReview,
    TemplateDraft,
    TemplateReview,
)
from chalicelib.tencent.interface import CallRefusedError, OutcomeUnknownError, PullType, TencentApi
from chalicelib.tencent.v5 import Client
from chalicelib.tencent.v5_api import V5Api
from tests.support.settings import Configure
from tests.support.transport import Transport

API3 = {"TENCENT_API": "3.0", "TENCENT_SECRET_ID": "id", "TENCENT_SECRET_KEY": "key"}
OK: dict[str, Any] = {"result": 0, "errmsg": "OK"}


def test_the_settings_choose_the_api(configure: Configure) -> None:
    configure()
    assert (api.client().name, api.client().lists_signs, api.client().keeps_records) == (
        "v5",
        False,
        False,
    )
    configure(**API3)
    assert (api.client().name, api.client().lists_signs, api.client().keeps_records) == (
        "3.0",
        True,
        True,
    )


def test_the_client_of_a_process_is_kept_until_its_key_is_rotated(configure: Configure) -> None:
    api3._client.cache_clear()
    configure(**API3)
    first = api.client()
    assert api.client() is first
    configure(**API3 | {"TENCENT_SECRET_KEY": "rotated"})
    assert api.client() is not first


@pytest.mark.parametrize("environment", [{}, API3], ids=["v5", "3.0"])
def test_whether_the_api_lists_signs_is_known_without_its_client(
    configure: Configure, environment: dict[str, str]
) -> None:
    configure(**environment)
    assert api.lists_signs() is api.client().lists_signs


def test_v5_refuses_an_unknown_sign_without_importing_a_client() -> None:
    modules = _modules_after(
        "from chalicelib.endpoints import signs\n"
        "from chalicelib.errors import NotFound\n"
        "signs.signs.get = lambda name: None\n"
        "try:\n"
        "    signs.require_approved('x')\n"
        "except NotFound:\n"
        "    pass\n",
        {},
    )
    assert "chalicelib.tencent.api" in modules
    unneeded = {
        "requests",
        "chalicelib.endpoints.listed_signs",
        "chalicelib.store.sign_list",
        "chalicelib.tencent.interface",
        "chalicelib.tencent.v5",
        "chalicelib.tencent.v5_api",
    }
    assert modules & unneeded == set()


def _modules_after(code: str, environment: dict[str, str]) -> set[str]:
    """Return the modules that a new process has imported after it ran some code."""
    given = {
        "QA_PLATFORM_NAME": "p",
        "QA_KEY": "k",
        "TENCENT_SDK_APP_ID": "1",
        "TENCENT_CALLBACK_TOKENS": "t",
        **(environment or {"TENCENT_APP_KEY": "k"}),
    }
    run = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules)"],
        env=given,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(run.stdout.split())


@pytest.mark.parametrize(
    ("environment", "imported", "other"),
    [({}, "v5", "api3"), (API3, "api3", "v5")],
    ids=["v5", "3.0"],
)
def test_a_process_imports_the_api_that_it_calls_and_not_the_other(
    environment: dict[str, str], imported: str, other: str
) -> None:
    names = _modules_after("from chalicelib.tencent import api; api.client()", environment)
    assert f"chalicelib.tencent.{imported}" in names
    assert not [name for name in names if name.startswith(f"chalicelib.tencent.{other}")]


@pytest.mark.parametrize(
    ("environment", "module"), [({}, v5_client), (API3, api3)], ids=["v5", "3.0"]
)
def test_the_client_keeps_a_connection_for_each_call_at_once(
    configure: Configure,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    module: ModuleType,
) -> None:
    asked: list[int] = []

    def session(connections: int, **_: Any) -> requests.Session:
        asked.append(connections)
        return requests.Session()

    monkeypatch.setattr(module, "new_session", session)
    module._client.cache_clear()
    configure(**environment, TENCENT_PARALLEL_CALLS="512")
    api.client()
    module._client.cache_clear()
    assert asked == [512]


# --- v5 ---


def v5(*answers: Any) -> tuple[TencentApi, Transport]:
    session, transport = requests.Session(), Transport(*answers)
    session.mount("https://", transport)
    return V5Api(Client("https://yun.tim.qq.com/v5/tlssmssvr", "1", "key", session)), transport


def data(*items: Any) -> dict[str, Any]:
    return OK | {"data": list(items)}


@pytest.mark.parametrize(
    ("kind", "tencents", "international"), [(0, 0, 0), (1, 0, 0), (2, 1, 0), (3, 0, 1)]
)
def test_v5_gets_its_own_type_of_a_template(kind: int, tencents: int, international: int) -> None:
    client, transport = v5(OK | {"data": {"id": 5, "status": 1}}, OK | {"data": {"id": 5}})
    draft = TemplateDraft(text="t", title="n", remark="r" * 200, type=kind)
    assert client.add_template(draft) == 5
    client.modify_template(5, draft)
    for number in range(2):
        body = transport.body(number)
        assert (body["type"], body["text"], body["title"]) == (tencents, "t", "n")
        assert body["remark"] == "r" * 100
    assert transport.body().get("international", 0) == international


def test_v5s_templates_become_reviews() -> None:
    items = [
        {"id": 1, "text": "t", "status": 0, "reply": "", "type": 1, "international": 0},
        {"id": 2, "text": "t", "status": 2, "reply": "r", "type": 0, "international": 1},
        {"id": 3, "status": 7, "title": "n", "apply_time": "2018-04-29 10:34:55"},
        {"text": "without an id", "status": 0},
        {"id": "x", "status": 0},
    ]
    found = [
        TemplateReview(id=1, text="t", status=ReviewStatus.APPROVED, type=2),
        TemplateReview(id=2, text="t", status=ReviewStatus.REJECTED, type=3, reply="r"),
        TemplateReview(
            id=3,
            text="",
            status=ReviewStatus.PENDING,
            type=1,
            title="n",
            anywhere=True,
            applied="2018-04-29 10:34:55",
        ),
    ]
    assert v5(data(*items))[0].get_templates([1, 2, 3]) == found
    assert list(v5(data(*items) | {"total": 5})[0].all_templates()) == found


def test_v5s_signs_become_reviews() -> None:
    items = [
        {"id": 1, "text": "s", "status": 0, "international": 1},
        {"id": 2, "text": "s", "status": None, "reply": None},
        {"text": "without an id"},
    ]
    assert v5(data(*items))[0].get_signs([1, 2]) == [
        SignReview(id=1, text="s", status=ReviewStatus.APPROVED, international=True),
        SignReview(id=2, text="s", status=ReviewStatus.PENDING),
    ]


def test_a_sign_is_applied_for_and_changed_with_v5() -> None:
    made = OK | {"data": {"id": 5, "text": "s", "status": 1}}
    client, transport = v5(made, made, OK)
    application = SignApplication(text="s", remark="r", picture="aGk=", qualification=7)
    review = SignReview(id=5, text="s", status=ReviewStatus.PENDING)
    assert client.add_sign(application) == review
    assert client.modify_sign(5, application) == review
    client.delete_sign(5)
    fields = {"text": "s", "remark": "r", "pic": "aGk="}
    assert fields.items() <= transport.body().items()
    assert (fields | {"sign_id": 5}).items() <= transport.body(1).items()
    assert "qualification" not in str(transport.sent[0].body)


def test_v5_neither_lists_signs_nor_keeps_records() -> None:
    client, transport = v5()
    with pytest.raises(NotImplementedError):
        client.all_signs()
    with pytest.raises(NotImplementedError):
        client.send_records("8613800000000", 0)
    assert transport.sent == []


def test_v5s_events_are_as_they_come() -> None:
    event = {"mobile": "13800000000", "more": 1}
    client, _ = v5(data(event), data(event))
    assert client.pull(PullType.STATUSES) == [event]
    assert client.events_of_phone(PullType.STATUSES, "8613800000000", 0, 1) == [event]


def test_v5s_counts_have_names() -> None:
    sent = OK | {"data": {"request": 3, "success": "2", "bill_number": 1}}
    reported = OK | {"data": {"status": 5, **{f"status_fail_{one}": one for one in range(5)}}}
    client, _ = v5(sent, reported, OK)
    assert client.send_counts(0, 0) == SendCounts(submitted=3, accepted=2, billed=1)
    assert client.report_counts(0, 0) == ReportCounts(
        reported=5,
        internal_errors=0,
        invalid_numbers=1,
        unavailable=2,
        blacklisted=3,
        frequency_limited=4,
    )
    assert client.send_counts(0, 0) == SendCounts()


@pytest.mark.parametrize("envelope", [OK, {}], ids=["result", "as-in-the-document"])
def test_v5s_packages_are_listed(envelope: dict[str, Any]) -> None:
    item = {"package_id": 1, "type": 1, "amount": 1000, "used": 10}
    item |= {"create_time": "2018-04-29 10:34:55", "from_time": 1524969295, "to_time": None}  # type: ignore[dict-item]
    pages = [envelope | {"total": 21, "data": [item] * 20}, envelope | {"data": [{}]}]
    client, transport = v5(*pages)
    found = client.packages()
    assert len(found) == 21
    assert found[0] == Package(
        id=1,
        bought=True,
        amount=1000,
        used=10,
        created_at=1524969295,
        effective_at=1524969295,
        expires_at=0,
    )
    assert [transport.body(number)["offset"] for number in range(2)] == [0, 20]


@pytest.mark.parametrize("answer", [(502, b""), {}, {"result": 60008}])
def test_v5s_packages_may_be_unknown(answer: Any) -> None:
    with pytest.raises(OutcomeUnknownError):
        v5(answer)[0].packages()


def test_v5s_account_is_checked_by_a_template_that_does_not_exist() -> None:
    client, transport = v5({"result": 1014, "errmsg": "no"}, {"result": 1001, "errmsg": "no"})
    client.check_account()
    assert transport.body()["tpl_id"] == [1]
    with pytest.raises(CallRefusedError):
        client.check_account()


@pytest.mark.parametrize("status", [302, 404])
def test_v5s_account_is_not_proved_by_an_answer_of_something_else(status: int) -> None:
    client, _ = v5((status, b"<html>"))
    with pytest.raises(CallRefusedError, match=f"HTTP {status}, not an answer of Tencent"):
        client.check_account()
