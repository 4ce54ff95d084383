"""Restarts with a state folder, and the command line."""

import re
import shlex
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import requests

from local.quickaudience.background import running
from local.quickaudience.settings import DEFAULT_KEY, Settings
from local.quickaudience.signature import SIGNATURE_HEADER, new_nonce, new_timestamp, sign
from tests.support.simulators.quickaudience import (
    OUT_ID,
    PHONES,
    PREFIX,
    FakeBridge,
    Simulator,
    beijing_now,
    campaign,
    envelope,
)


def test_a_restart_keeps_the_accounts(bridge: FakeBridge, tmp_path: Path) -> None:
    settings = Settings(bridge_url=bridge.url)
    with running(settings, tmp_path) as url:
        first = Simulator(url)
        first.post("campaigns", campaign())
        first.push_receipts(PHONES[:3])
        first.push_receipts(PHONES[:1], status=1)
        entry = {"outId": OUT_ID, "phoneNum": PHONES[0], "sendTime": beijing_now(), "content": "T"}
        first.push_accepted("reply", {"thirdSmsSendReplyModelList": [entry]})
        account = first.campaign()
        receipts = first.get("receipts")
        first.session.close()
    with (tmp_path / "quickaudience.jsonl").open("ab") as journal:
        journal.write(b'{"event":"tell","call":9')  # what a kill during a write leaves
    with running(settings, tmp_path) as url:
        second = Simulator(url)
        assert second.campaign() == account
        assert second.get("receipts") == receipts
        second.push_receipts(PHONES[3:])
        assert second.campaign()["missing"] == 0
        assert second.get("receipts", phoneNum=PHONES[3])["receipts"][0]["call"] == 4
        second.session.close()
    with running(settings, tmp_path) as url:
        third = Simulator(url)
        assert third.campaign()["missing"] == 0
        third.post("reset")
        third.session.close()
    with running(settings, tmp_path) as url:
        fourth = Simulator(url)
        assert fourth.get("campaigns") == {"campaigns": []}
        fourth.session.close()


def test_a_nonce_stays_used_after_a_restart(tmp_path: Path) -> None:
    timestamp, nonce = new_timestamp(), new_nonce()
    entry = {"outId": "1", "phoneNum": PHONES[0], "sendTime": beijing_now(), "content": "T"}
    statuses = []
    for _ in range(2):
        with running(state=tmp_path) as url:
            answer = requests.post(
                f"{url}/restapi/marketing2/third/sms/callback/send/reply",
                params={"timestamp": timestamp, "nonce": nonce},
                json={"thirdSmsSendReplyModelList": [entry]},
                headers={SIGNATURE_HEADER: sign(DEFAULT_KEY, timestamp, nonce)},
                timeout=60,
            )
            statuses.append(answer.status_code)
    assert statuses == [200, 401]


def test_a_state_folder_belongs_to_one_simulator(tmp_path: Path) -> None:
    with (
        running(state=tmp_path),
        pytest.raises(RuntimeError, match="in use"),
        running(state=tmp_path),
    ):
        pass


COMMAND = [sys.executable, "-m", "local.quickaudience"]


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("QA_KEY", "QA_AUTH", "QA_PLATFORM_NAME"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_until_a_signal(bridge: FakeBridge, number: int) -> None:
    arguments = ["--port", "0", "--bridge-url", bridge.url, "--key", "k", "--platform-name", "p"]
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        match = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+)\n", line)
        assert match
        simulator = Simulator(match[1])
        assert simulator.get("settings")["platformName"] == "p"
        simulator.post("request", {"path": "/sms/smsTemplate/1"})
        # A request is in progress when the signal arrives.
        simulator.post("settings", {"auth": False})
        simulator.post("behaviour", {"kind": "hang"})
        with pytest.raises(requests.ReadTimeout):
            simulator.session.post(
                f"{match[1]}/restapi/marketing2/third/sms/callback/send/reply",
                json={
                    "thirdSmsSendReplyModelList": [
                        {
                            "outId": "1",
                            "phoneNum": PHONES[0],
                            "sendTime": beijing_now(),
                            "content": "",
                        }
                    ]
                },
                timeout=0.2,
            )
        started = time.monotonic()
        process.send_signal(number)
        assert process.wait(timeout=60) == 0
        assert time.monotonic() - started < 10
        assert process.stdout.read() == ""
        simulator.session.close()
    request = bridge.requests[0]
    [timestamp], [nonce] = request.query["timestamp"], request.query["nonce"]
    assert request.headers[SIGNATURE_HEADER] == sign("k", timestamp, nonce)


def run_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_send_makes_one_signed_request(bridge: FakeBridge) -> None:
    common = ["send", "--url", bridge.url, "--sign", "腾讯云", "--template", "1001"]
    done = run_command(*common, "--phone", "1", "--phone", "2", "--param", "name=a=b")
    assert done.returncode == 0, done.stderr
    assert '"bizId": "biz-1"' in done.stdout
    assert Counter(bridge.requests[0].body["phoneNumberJson"]) == {"1": 1, "2": 1}
    assert bridge.requests[0].body["templateParamJson"] == [{"name": "a=b"}] * 2
    bridge.respond = lambda _request: (401, envelope(code="401", bizId=""))
    refused = run_command(*common, "--phone", "1", "--digital", "--no-auth")
    assert refused.returncode == 1
    assert "HTTP 401" in refused.stdout
    assert bridge.requests[1].path == "/sms/sendDigitalBatchList"
    assert bridge.requests[1].headers[SIGNATURE_HEADER] == ""
    wrong = run_command(*common, "--phone", "1", "--param", "name")
    assert wrong.returncode == 2
    assert "name=value" in wrong.stderr


def test_curl_prints_a_signed_command(bridge: FakeBridge) -> None:
    body = '{"outId":"it\'s"}'
    done = run_command("curl", "--url", bridge.url, "post", "/sms/smsSign/签名", body)
    words = shlex.split(done.stdout)
    assert words[:4] == ["curl", "-sS", "-X", "POST"]
    assert unquote(urlsplit(words[4]).path) == f"{PREFIX}/sms/smsSign/签名"
    query = parse_qs(urlsplit(words[4]).query)
    signature = sign(DEFAULT_KEY, query["timestamp"][0], query["nonce"][0])
    assert f"{SIGNATURE_HEADER}: {signature}" in words
    assert words[words.index("--data-binary") + 1] == body
    unsigned = run_command("curl", "--url", bridge.url, "--no-auth", "GET", "/sms/smsSign/a")
    assert f"{SIGNATURE_HEADER};" in shlex.split(unsigned.stdout)


def test_the_bridge_s_environment_variables_are_read(
    bridge: FakeBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("curl", "--url", bridge.url, "GET", "/sms/smsSign/a")
    monkeypatch.setenv("QA_KEY", "k")
    words = shlex.split(run_command(*arguments).stdout)
    query = parse_qs(urlsplit(words[4]).query)
    signature = sign("k", query["timestamp"][0], query["nonce"][0])
    assert f"{SIGNATURE_HEADER}: {signature}" in words
    monkeypatch.setenv("QA_AUTH", "off")
    assert f"{SIGNATURE_HEADER};" in shlex.split(run_command(*arguments).stdout)
