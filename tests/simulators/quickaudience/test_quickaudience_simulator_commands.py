"""The commands that create a template, query a sign and send a message."""

import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

import pytest
from typer.testing import CliRunner, Result

from local.quickaudience.__main__ import app
from local.quickaudience.signature import is_signed
from tests.support.simulators.quickaudience import (
    REVIEW,
    TEXT_TEMPLATE,
    FakeBridge,
    FakeResponse,
    ReceivedRequest,
    envelope,
)

CONTENT = "${name}您好，包裹已到。"
PENDING, APPROVED, REJECTED = 0, 1, 2
SIGNATURE = "x-qa-hmac-signature"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("QA_KEY", "QA_AUTH", "QA_PLATFORM_NAME", "BRIDGE_PORT"):
        monkeypatch.delenv(name, raising=False)


def run(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def reviews(*statuses: int, reason: str = "无审批备注") -> Iterator[FakeResponse]:
    """Yield the answers to the creation of a template and to each query of its review."""
    yield 200, envelope(templateCode="200001")
    for status in statuses:
        fields = {**TEXT_TEMPLATE, "templateCode": "200001", "templateStatus": status}
        yield 200, envelope(**{**fields, "reason": reason})


def in_turn(bridge: FakeBridge, responses: Iterator[FakeResponse]) -> None:
    bridge.respond = lambda _request: next(responses)


def test_template_prints_only_the_code_of_the_approved_template(bridge: FakeBridge) -> None:
    in_turn(bridge, reviews(PENDING, APPROVED))
    done = run("template", "--url", bridge.url, CONTENT)
    assert (done.exit_code, done.stdout) == (0, "200001\n"), done.stderr
    assert done.stderr.splitlines() == [
        "Created template 200001; waiting for its review.",
        "Template 200001 is approved.",
    ]
    create, *queries = bridge.requests
    assert (create.method, create.path) == ("POST", "/sms/smsTemplate")
    assert create.body["templateContent"] == CONTENT
    assert (create.body["templateName"], create.body["templateType"]) == ("手工模板", 1)
    paths = [(query.method, query.path) for query in queries]
    assert paths == [("GET", "/sms/smsTemplate/200001")] * 2


def test_template_passes_its_options_on(bridge: FakeBridge) -> None:
    in_turn(bridge, reviews(APPROVED))
    options = ("--name", "周年庆", "--type", "2", "--key", "k", "--no-auth")
    assert run("template", "--url", bridge.url, *options, CONTENT).exit_code == 0
    body = bridge.requests[0].body
    assert (body["templateName"], body["templateType"]) == ("周年庆", 2)


@pytest.mark.parametrize(
    ("responses", "message"),
    [
        (
            [(200, envelope(code="isv.SMS_CONTENT_ILLEGAL", message="内容为空", templateCode=""))],
            "The platform refused the template: isv.SMS_CONTENT_ILLEGAL: 内容为空",
        ),
        (
            [*reviews(PENDING, REJECTED, reason="变量不能相邻")],
            "Template 200001 is rejected: 变量不能相邻.",
        ),
        ([*reviews(7)], "Template 200001 is of unknown status 7."),
        (
            [*reviews(), (404, envelope(code="404", message="没有模板"))],
            "The platform refused the query of template 200001: 404: 没有模板",
        ),
        ([(200, envelope())], "The platform accepted the template without a templateCode."),
        ([(502, b"Bad Gateway")], "The platform refused the template: HTTP 502"),
        ([None], "If the bridge is not running, `make up` starts it."),
    ],
)
def test_template_that_is_not_approved_prints_no_code_and_says_why(
    bridge: FakeBridge, responses: list[FakeResponse], message: str
) -> None:
    in_turn(bridge, iter(responses))
    done = run("template", "--url", bridge.url, CONTENT)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1] == message


def test_template_gives_up_after_the_time_to_wait(bridge: FakeBridge) -> None:
    in_turn(bridge, reviews(*[PENDING] * 100))
    done = run("template", "--url", bridge.url, "--wait", "0.1", CONTENT)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.endswith("Template 200001 is still under review after 0.1 seconds.\n")


@pytest.mark.parametrize(
    ("status", "reason", "words", "code"),
    [
        (PENDING, "", "Sign 测试签名 is under review.", 1),
        (APPROVED, "", "Sign 测试签名 is approved.", 0),
        (REJECTED, "含符号", "Sign 测试签名 is rejected: 含符号.", 1),
    ],
)
def test_sign_prints_the_review_status_in_words(
    bridge: FakeBridge, status: int, reason: str, words: str, code: int
) -> None:
    fields = {**REVIEW, "signName": "测试签名", "signStatus": status, "reason": reason}
    bridge.respond = lambda _request: (200, envelope(**fields))
    done = run("sign", "--url", bridge.url, "测试签名")
    assert (done.exit_code, done.stdout, done.stderr) == (code, f"{words}\n", "")
    assert bridge.requests[0].method == "GET"
    assert unquote(bridge.requests[0].path) == "/sms/smsSign/测试签名"


def test_sign_that_the_platform_does_not_know_fails(bridge: FakeBridge) -> None:
    fields = {**REVIEW, "signName": "", "signStatus": 0}
    bridge.respond = lambda _request: (404, envelope(code="404", message="没有签名", **fields))
    done = run("sign", "--url", bridge.url, "好店")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "The platform refused the query of sign 好店: 404: 没有签名\n"


@pytest.mark.parametrize(
    ("response", "words", "code"),
    [
        (
            (200, envelope(bizId="1")),
            (
                "Accepted for 2 recipients. The delivery receipts follow: "
                "`python -m ops campaign show first` counts them."
            ),
            0,
        ),
        (
            (200, envelope(code="isv.SMS_TEMPLATE_ILLEGAL", message="变量不符", bizId="")),
            "Refused, nothing was sent: isv.SMS_TEMPLATE_ILLEGAL: 变量不符",
            1,
        ),
        (
            (500, envelope(code="isp.SYSTEM_ERROR", bizId="")),
            "The answer does not say whether the platform will send the message.",
            1,
        ),
    ],
)
def test_send_says_first_what_the_answer_means(
    bridge: FakeBridge, response: FakeResponse, words: str, code: int
) -> None:
    bridge.respond = lambda _request: response
    common = ("--sign", "测试签名", "--template", "200001", "--out-id", "first")
    done = run("send", "--url", bridge.url, *common, "--phone", "1", "--phone", "2")
    assert (done.exit_code, done.stdout.splitlines()[0]) == (code, words), done.stderr


def test_send_without_an_answer_says_that_the_outcome_is_unknown(bridge: FakeBridge) -> None:
    bridge.respond = lambda _request: None
    common = ("--sign", "测试签名", "--template", "200001", "--phone", "1")
    done = run("send", "--url", bridge.url, *common)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "POST /sms/sendBatchList: no answer" in done.stderr
    assert "unknown whether the platform received the request" in done.stderr


@pytest.mark.parametrize(("port", "expected"), [(None, 8000), ("", 8000), ("8123", 8123)])
def test_the_default_url_is_the_local_bridge_on_bridge_port(
    monkeypatch: pytest.MonkeyPatch, port: str | None, expected: int
) -> None:
    if port is not None:
        monkeypatch.setenv("BRIDGE_PORT", port)
    printed = run("curl", "GET", "/sms/smsSign/a").stdout
    assert urlsplit(printed.split("'")[1]).netloc == f"127.0.0.1:{expected}"


def test_a_bridge_port_that_is_no_port_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE_PORT", "80a")
    done = run("curl", "GET", "/sms/smsSign/a")
    assert done.exit_code == 2
    assert "BRIDGE_PORT '80a' is not a port" in done.stderr


def test_a_pasted_block_creates_a_template_and_sends_with_it(bridge: FakeBridge) -> None:
    """The shell keeps ``${name}`` in single quotes, and receives the code alone."""
    answers = reviews(APPROVED)

    def respond(request: ReceivedRequest) -> FakeResponse:
        return (200, envelope(bizId="1")) if request.path == "/sms/sendBatchList" else next(answers)

    bridge.respond = respond
    command = f"'{sys.executable}' -m local.quickaudience"
    block = f"""
        CODE=$({command} template --url {bridge.url} '{CONTENT}')
        {command} send --url {bridge.url} --sign 测试签名 --template "$CODE" \\
            --phone 13800000000 --param name=李雷
    """
    done = subprocess.run(
        ["/bin/sh", "-c", block], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Accepted for 1 recipient.")
    create, _query, send = bridge.requests
    assert create.body["templateContent"] == CONTENT
    assert send.body["templateCode"] == "200001"
    assert send.body["templateParamJson"] == [{"name": "李雷"}]


def test_while_the_key_is_being_changed_the_simulator_has_the_first_one(
    bridge: FakeBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QA_KEY", "new key, old key")
    in_turn(bridge, reviews(APPROVED))
    assert run("template", "--url", bridge.url, CONTENT).exit_code == 0
    create = bridge.requests[0]
    timestamp, nonce = create.query["timestamp"][0], create.query["nonce"][0]
    signature = {name.lower(): value for name, value in create.headers.items()}[SIGNATURE]
    assert is_signed("new key", timestamp, nonce, signature)
