"""Quick Audience's document: its examples, unchanged, as requests and answers, and the statuses of every interface."""

import json
from collections.abc import Iterable
from typing import Any

import pytest

from chalicelib.store import send_requests
from tests.support.documents.reading import examples, fields, loads, shape
from tests.support.in_process.bridge import SIGN, Answer, Bridge, template_body
from tests.support.in_process.digital import OSS, body, create, file, page, page_code, query, text
from tests.support.in_process.digital import PATH as DIGITAL
from tests.support.in_process.oss import BUCKET
from tests.support.in_process.quickaudience import DETAILS, PLATFORM, REPLY
from tests.support.in_process.tencent import reply, status

EXAMPLES = examples("quick_audience")
ADDRESSES = {
    heading: field.partition(" ")
    for heading, rows in fields().items()
    for kind, field in rows
    if kind == "URL" and "${prefix}" in field
}
INTERFACES = {heading.split()[0]: heading for heading in ADDRESSES}
Asked = tuple[str, str, Any]


def example(interface: str, kind: str) -> str:
    return EXAMPLES[INTERFACES[interface]][kind]


def good_requests(bridge: Bridge) -> dict[str, Asked]:
    """Return a valid request to each interface: its example, with codes and names that exist."""
    code = bridge.template("${name}今年${age}岁")
    digital = create(bridge)
    bridge.tencent.review(max(bridge.tencent.templates), 0)
    assert query(bridge, digital)["templateStatus"] == 1
    bridge.campaign(["13900009999"], {"name": "a", "age": 1}, code=code, out_id="sent")
    bridge.pump.drain()
    bridge.deliver_all()
    bridge.pump.drain()
    sends = {
        "signName": SIGN,
        "templateCode": code,
        "phoneNumberJson": ["13900001111", "13900011111"],
        "phoneOssUrl": f"{BUCKET}/numbers.txt",
    }
    dates = {
        "outId": "sent",
        "startDate": "2026-03-01 00:00:00",
        "endDate": "2026-03-03 00:00:00",
    }

    def filled(interface: str, values: dict[str, Any]) -> dict[str, Any]:
        asked: dict[str, Any] = loads(example(interface, "request"))
        return asked | {name: values[name] for name in asked.keys() & values.keys()}

    return {
        "§1": ("GET", f"/sms/smsSign/{SIGN}", None),
        "§2": ("POST", "/sms/smsTemplate", filled("§2", {})),
        "§3": ("PUT", f"/sms/smsTemplate/{code}", filled("§3", {})),
        "§4": ("GET", f"/sms/smsTemplate/{code}", None),
        "§5": ("POST", "/sms/sendBatch", filled("§5", sends)),
        "§6": ("POST", "/sms/sendBatchList", filled("§6", sends)),
        "§7": ("POST", DIGITAL, body()),
        "§8": ("PUT", f"{DIGITAL}/{digital}", body()),
        "§9": ("DELETE", f"{DIGITAL}/{digital}", None),
        "§10": ("GET", f"{DIGITAL}/{digital}", None),
        "§11": (
            "POST",
            "/sms/sendDigitalBatchList",
            filled("§11", sends | {"templateCode": digital}),
        ),
        "§12": ("POST", "/sms/sendDetails", filled("§12", dates)),
    }


# --- answers ------------------------------------------------------------------------------------


def test_status_200_an_answer_has_the_examples_names_and_types(here: Bridge) -> None:
    asked = good_requests(here)
    # Deletion is last.
    for interface in sorted(asked, key="§9".__eq__):
        answer = here.ask(*asked[interface])
        assert (answer.status, answer.code) == (200, "OK"), f"{interface} {answer.message}"
        assert shape(answer.body) == shape(loads(example(interface, "response"))), interface
        assert answer["platformName"] == PLATFORM


def top(value: dict[str, Any]) -> dict[str, str]:
    return {name: type(one).__name__ for name, one in value.items()}


def assert_refused(interface: str, answer: Answer, status: int) -> None:
    assert (answer.status, answer.code) == (status, str(status)), interface
    assert top(answer.body) == top(loads(example(interface, "response"))), interface


def test_status_401_without_a_signature(here: Bridge) -> None:
    asked = good_requests(here)
    made = len(here.tencent.calls)
    for interface in INTERFACES:
        answer = here.send(*asked[interface], {"X-QA-Hmac-Signature": ""})
        assert_refused(interface, answer, 401)
    assert len(here.tencent.calls) == made


def test_status_403_with_the_nonce_of_another_request(here: Bridge) -> None:
    asked = good_requests(here)
    made = len(here.tencent.calls)
    assert here.ask("POST", "/sms/sendDetails", {"outId": "other"}, nonce="f" * 32).code == "OK"
    for interface in INTERFACES:
        assert_refused(interface, here.ask(*asked[interface], nonce="f" * 32), 403)
    assert len(here.tencent.calls) == made


def test_status_404_for_unknown_codes_and_names(here: Bridge) -> None:
    for interface, (method, path, given) in good_requests(here).items():
        if interface in ("§2", "§7", "§12"):
            # These create what they name; and an unknown campaign has no rows.
            continue
        unknown = path.rpartition("/")[0] + "/UNKNOWN"
        if interface in ("§5", "§6", "§11"):
            given["templateCode"], unknown = "UNKNOWN", path
        assert_refused(interface, here.ask(method, unknown, given), 404)


# --- unchanged examples -------------------------------------------------------------------------

LITERALLY = {
    # the address, the answer, and a part of its message
    "§2": ("POST", "/sms/smsTemplate", 200, "OK", "OK"),
    "§3": ("PUT", "/sms/smsTemplate/string", 404, "404", "string"),
    "§5": ("POST", "/sms/sendBatch", 200, "isv.INVALID_PARAMETERS", "phoneOssUrl"),
    "§6": ("POST", "/sms/sendBatchList", 404, "404", "签名“string”"),
    "§7": ("POST", DIGITAL, 200, "isv.INVALID_JSON_PARAM", "not JSON"),
    "§8": ("PUT", f"{DIGITAL}/string", 200, "isv.INVALID_JSON_PARAM", "not JSON"),
    "§11": ("POST", "/sms/sendDigitalBatchList", 404, "404", "签名“string”"),
    "§12": ("POST", "/sms/sendDetails", 200, "isv.INVALID_PARAMETERS", "startDate: “string”"),
}


@pytest.mark.parametrize("interface", LITERALLY)
def test_an_example_sent_literally_gets_a_clear_answer(here: Bridge, interface: str) -> None:
    method, path, http, code, named = LITERALLY[interface]
    answer = here.ask(method, path, example(interface, "request").encode())
    assert (answer.status, answer.code) == (http, code)
    assert named in answer.message
    assert top(answer.body) == top(loads(example(interface, "response")))


def test_every_request_example_is_sent() -> None:
    assert LITERALLY.keys() == {one for one in INTERFACES if "request" in EXAMPLES[INTERFACES[one]]}


def test_every_documented_address_is_served(here: Bridge) -> None:
    """The address is unchanged, including braces and empty parameters, with and without authentication."""
    asked = {
        interface: (
            ADDRESSES[heading][0],
            ADDRESSES[heading][2].removeprefix("${prefix}"),
            EXAMPLES[heading].get("request", "").encode(),
        )
        for interface, heading in INTERFACES.items()
    }
    assert len(asked) == 12
    for interface, literally in asked.items():
        assert_refused(interface, here.send(*literally), 401)
    served = {(method, path) for method, path, _ in asked.values()}
    for path in {path for _, path in served}:
        for method in {"GET", "POST", "PUT", "DELETE"} - {m for m, p in served if p == path}:
            assert here.send(method, path).status == 404, f"{method} {path}"
    here.configure(QA_AUTH="off", QA_KEY="")
    for interface, literally in asked.items():
        answer = here.send(*literally)
        assert answer.status in (200, 404), interface
        assert "no such interface" not in answer.message
        assert top(answer.body) == top(loads(example(interface, "response")))


@pytest.mark.parametrize("interface", ["§6", "§11"])
def test_a_send_example_needs_nothing_but_plain_numbers_and_known_names(
    here: Bridge, interface: str
) -> None:
    method, path, asked = good_requests(here)[interface]
    here.link("string")
    asked["signName"] = "string"
    masked = loads(example(interface, "request"))["phoneNumberJson"]
    answer = here.ask(method, path, asked | {"phoneNumberJson": masked})
    assert (answer.status, answer.code) == (200, "isv.MOBILE_NUMBER_ILLEGAL")
    before = len(here.tencent.sent)
    answer = here.ask(method, path, asked)
    assert answer.code == "OK"
    here.pump.drain()
    values = [("aaa", "123"), ("bbb", "456")] if interface == "§6" else [(), ()]
    assert sorted((sms.phone, sms.params, sms.sign) for sms in here.tencent.sent[before:]) == [
        ("8613900001111", values[0], "string"),
        ("8613900011111", values[1], "string"),
    ]


@pytest.mark.parametrize("interface", ["§6", "§11"])
def test_the_related_campaign_is_kept_with_the_request(here: Bridge, interface: str) -> None:
    method, path, asked = good_requests(here)[interface]
    answer = here.ask(method, path, asked)
    assert send_requests.get("string", answer["bizId"]).related == {
        "relatedAudienceId": "string",
        "relatedTaskId": "string",
        "relatedTaskType": "1",
        "taskCreatorAccount": "string",
    }
    event = {"relatedAudienceId": None, "relatedTaskType": "2", "outId": "event"}
    answer = here.ask(method, path, asked | event)
    related = dict(send_requests.get("event", answer["bizId"]).related or {})
    assert "relatedAudienceId" not in related
    assert related["relatedTaskType"] == "2"


# --- digital templates --------------------------------------------------------------------------


KEPT_VALUES = ("missing", None, "", "x" * 999, 5)


def changed(asked: dict[str, Any], names: Iterable[str], value: Any) -> dict[str, Any]:
    without = {name: one for name, one in asked.items() if name not in names}
    return without if value == "missing" else without | dict.fromkeys(names, value)


def test_fields_that_are_only_stored_may_have_any_value(here: Bridge) -> None:
    names = ("remark", "creatorAccount", "isVariable", "smsSignName", "templateSubject")
    code = create(here)
    for value in KEPT_VALUES:
        for method, path in (("POST", DIGITAL), ("PUT", f"{DIGITAL}/{code}")):
            answer = here.ask(method, path, changed(body([text("文本")]), names, value))
            assert answer.code == "OK", f"{method} {value}: {answer.message}"


def test_a_digital_templates_remark_goes_to_tencents_reviewers(here: Bridge) -> None:
    code = create(here, remark="双11老客回馈")
    assert here.ask("PUT", f"{DIGITAL}/{code}", body(remark="改" * 300)).code == "OK"
    remarks = [
        call.body["remark"] for call in here.tencent.calls_of("add_template", "mod_template")
    ]
    assert remarks == ["双11老客回馈", "改" * 100]


def test_an_edited_theme_is_the_new_name(here: Bridge) -> None:
    code = create(here)
    assert here.ask("PUT", f"{DIGITAL}/{code}", body(templateTheme="双12来了")).code == "OK"
    assert query(here, code)["templateName"] == "双12来了"
    assert here.tencent.templates[7000]["title"] == "双12来了"


def test_a_stated_file_size_is_ignored(here: Bridge) -> None:
    for size in ("23", 23, None, "", "large", -1):
        create(here, [file("jpg", fileSize=size), text("Text", 2)])
    create(here, [file("jpg"), text("Text", 2)])


def test_a_page_shows_the_files_by_their_documented_address(here: Bridge) -> None:
    """Quick Audience keeps the files for a year, so the bridge reads them once and does not copy them."""
    create(here)
    assert f'src="{OSS}/a.jpg"' in page(f"/m/{page_code(here)}").body.decode()


# --- text templates -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [0, 1, 2, 3])
def test_a_changed_type_is_sent_and_reviewed(here: Bridge, kind: int) -> None:
    code = here.template("您好 拒收请回复R", 1, approve=False)
    asked = template_body("您好 拒收请回复R", kind)
    assert here.ask("PUT", f"/sms/smsTemplate/{code}", asked).code == "OK"
    assert here.ask("GET", f"/sms/smsTemplate/{code}")["templateType"] == kind
    newest = max(here.tencent.templates)
    # mod_template has no `international`: such a change makes a new template at Tencent.
    assert (newest != int(code)) == (kind == 3)
    calls = here.tencent.calls_of("mod_template", "add_template")
    assert calls[-1].body["type"] == (1 if kind == 2 else 0)


def test_fields_of_a_modification_that_are_only_stored_may_have_any_value(here: Bridge) -> None:
    names = ("remark", "modifierAccount", "creatorAccount", "templateSubject")
    code = here.template(approve=False)
    for value in KEPT_VALUES:
        asked = changed(template_body("新的"), names, value)
        answer = here.ask("PUT", f"/sms/smsTemplate/{code}", asked)
        assert answer.code == "OK", f"{value}: {answer.message}"
    remarks = [call.body["remark"] for call in here.tencent.calls_of("mod_template")]
    assert remarks == ["", "", "", "x" * 100, "5"]


# --- pushes -------------------------------------------------------------------------------------


def test_pushes_are_the_documents_bodies(linked: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    pushed: list[tuple[str, Any, dict[str, str]]] = []
    answer = linked.quick_audience.answer

    def record(request: Any) -> Any:
        path = request.url.removeprefix("https://quicka.test").partition("?")[0]
        pushed.append((path, json.loads(request.body), dict(request.headers)))
        return answer(request)

    monkeypatch.setattr(linked.quick_audience, "answer", record)
    linked.campaign(["13900001111", "13900002222"], code=linked.template("您好"))
    linked.pump.drain("deliver")
    first, second = linked.tencent.sent
    linked.callback([status(first), status(second, "FAIL")])
    linked.callback(reply(first.phone, "好的", SIGN))
    linked.pump.drain()
    pushed_bodies = {path: given for path, given, _ in pushed}
    assert pushed_bodies.keys() == {DETAILS, REPLY}
    details = pushed_bodies[DETAILS]
    documented = shape(loads(EXAMPLES["§13 Push delivery receipts"]["body"]))
    # The document has a description in quotes in place of the number; in §12 it is an integer.
    documented["thirdSmsSendDetailModelList"][0]["sendStatus"] = "int"
    assert shape(details) == documented
    assert len({entry["outId"] for entry in details["thirdSmsSendDetailModelList"]}) == 1
    assert shape(pushed_bodies[REPLY]) == shape(loads(EXAMPLES["§14 SMS reply callback"]["body"]))
    for _, _, headers in pushed:
        assert headers["Content-Type"] == "application/json"
        assert len(headers["X-QA-Hmac-Signature"]) == 64


def test_digital_messages_have_receipts_and_replies(here: Bridge) -> None:
    method, path, asked = good_requests(here)["§11"]
    assert here.ask(method, path, asked | {"outId": "digital"}).code == "OK"
    here.pump.drain()
    here.deliver_all()
    here.callback(reply("8613900001111", "好的", SIGN))
    here.pump.drain()
    receipts = [one for one in here.quick_audience.receipts if one["outId"] == "digital"]
    assert sorted(one["phoneNum"] for one in receipts) == ["13900001111", "13900011111"]
    assert [one["outId"] for one in here.quick_audience.replies] == ["digital"]


def test_the_shanghai_environment_is_a_setting(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.quickaudience import client

    linked.configure(QA_BASE_URL="https://quicka-shanghai.aliyun.com")
    seen: list[str] = []
    answer = linked.quick_audience.answer

    def record(request: Any) -> Any:
        seen.append(request.url)
        return answer(request)

    monkeypatch.setattr(linked.quick_audience, "answer", record)
    entry = {"outId": "x", "phoneNum": "1", "sendTime": "2026-03-02 10:00:00", "content": ""}
    client.push("reply", [entry])
    assert seen[0].startswith(
        "https://quicka-shanghai.aliyun.com/restapi/marketing2/third/sms/callback/send/reply?timestamp="
    )


# --- any value in place of the documented one ---------------------------------------------------

ODD: tuple[Any, ...] = (True, 10**30, "\x00", [[]])
KEPT = ("remark", "Account", "Subject", "related", "isVariable")


def test_any_value_in_a_field_is_accepted_or_refused_in_the_envelope(here: Bridge) -> None:
    for interface, (method, path, given) in good_requests(here).items():
        if method != "POST":
            # §3 and §8 read their bodies like §2 and §7, and each accepted body makes a revision.
            continue
        for name in [name for name in given if not any(kept in name for kept in KEPT)]:
            for value in ODD:
                answer = here.ask(method, path, given | {name: value})
                assert answer.status in (200, 404), f"{interface} {name} {value!r:.20}"
                assert top(answer.body) == top(loads(example(interface, "response")))
