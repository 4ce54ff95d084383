"""The command: start, stop, options, and restarts with a state folder."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from local.tencent import magic
from local.tencent.__main__ import cli
from local.tencent.background import running
from local.tencent.behaviour import Behaviour
from tests.support.simulators.tencent import MOBILE, Caller, Receiver, running_receiver
from tests.support.waiting import wait_for

ROOT = Path(__file__).parents[3]
QUICK = ("--review-seconds", "0", "--report-delay", "0", "0", "--retry-seconds", "0.02")


class Process:
    """A simulator in a process of its own."""

    def __init__(self, *options: str, environment: dict[str, str] | None = None) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "local.tencent", *QUICK, *options],
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.popen.stdout is not None
        self.first_line = self.popen.stdout.readline()
        self.caller = Caller(self.first_line.removeprefix("listening on ").strip())

    def stop(self, number: int = signal.SIGTERM) -> tuple[str, str]:
        self.popen.send_signal(number)
        output = self.popen.communicate(timeout=60)
        self.caller.session.close()
        return output


@contextmanager
def process(*options: str, environment: dict[str, str] | None = None) -> Iterator[Process]:
    simulator = Process(*options, environment=environment)
    try:
        yield simulator
    finally:
        if simulator.popen.poll() is None:
            simulator.stop(signal.SIGKILL)


@pytest.fixture
def callbacks() -> Iterator[Receiver]:
    with running_receiver() as receiver:
        yield receiver


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_and_stops_without_waiting(number: int) -> None:
    with process() as simulator, ExitStack() as clean_up:
        assert re.fullmatch(r"listening on http://127\.0\.0\.1:[0-9]+\n", simulator.first_line)
        assert simulator.caller.inspect("state")["idle"]
        # Neither a waiting caller nor a hanging push delays the stop.
        deaf = clean_up.enter_context(socket.create_server(("127.0.0.1", 0)))
        simulator.caller.set_switches(
            callback_url=f"http://127.0.0.1:{deaf.getsockname()[1]}/", push_timeout=60
        )
        simulator.caller.control("reply", {"mobile": MOBILE, "text": "x"})
        wait_for(lambda: simulator.caller.inspect("state")["queues"]["pushes_under_way"])
        simulator.caller.set_switches(faults=[{"answer": "hang", "seconds": 60}])
        waiting = clean_up.enter_context(
            socket.create_connection(("127.0.0.1", int(simulator.first_line.rpartition(":")[2])))
        )
        waiting.sendall(b"POST /v5/tlssmssvr/sendsms HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_for(lambda: simulator.caller.inspect("state")["calls"].get("sendsms"))
        started = time.monotonic()
        assert simulator.stop(number) == ("", "")
        assert time.monotonic() - started < 10
        assert simulator.popen.returncode == 0


def test_options_set_the_application_the_presets_and_the_switches() -> None:
    environment = {"TENCENT_SDK_APP_ID": "1400000009", "TENCENT_APP_KEY": "other-key"}
    options = ("--sign", "7:好店", "--template", "9:1:大促：回T退订", "--no-magic", "--pull")
    with process(*options, environment=environment) as simulator:
        caller = simulator.caller
        caller.appkey = "other-key"
        body = caller.signed("get_template", {"tpl_id": 9})
        answer = caller.post("get_template", body, sdkappid="1400000009").json()
        (template,) = answer["data"]
        assert (template["text"], template["type"], template["status"]) == ("大促：回T退订", 1, 0)
        assert caller.post("get_template", body).json()["result"] == 1019
        body = caller.signed("get_sign", {"sign_id": [7, 1001]})
        answer = caller.post("get_sign", body, sdkappid="1400000009").json()
        assert [sign["text"] for sign in answer["data"]] == ["好店"]
        switches = caller.inspect("behaviour")
        assert (switches["magic"], switches["pull_enabled"]) == (False, True)


@pytest.mark.parametrize(
    "options",
    [
        ("--sign", "好店"),
        ("--sign", "7:"),
        ("--template", "9:好店"),
        ("--template", "9:2:好店"),
        ("--callback-url", "nowhere"),
        ("--report-delay", "2", "1"),
    ],
)
def test_invalid_options_are_refused(options: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(cli, options)
    assert shown.exit_code == 2
    assert "Invalid value" in shown.output


def test_a_port_in_use_is_reported() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        shown = CliRunner().invoke(cli, ["--port", str(port)])
    assert shown.exit_code == 1
    assert shown.output.startswith(f"cannot listen on port {port}")


def test_the_help_lists_the_magic_numbers() -> None:
    shown = CliRunner().invoke(cli, ["--help"]).output
    assert re.search(r"…9912 +refused in the answer with 1015", shown)
    assert re.search(r"POST +reply", shown)


def test_the_readme_lists_the_magic_numbers() -> None:
    readme = (ROOT / "local/tencent/README.md").read_text()
    rows = re.findall(r"^\| (\d{4}) \| (.+) \|$", readme, re.MULTILINE)
    assert rows == [(ending, item.meaning) for ending, item in magic.TREATMENTS.items()]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_restart_keeps_everything(tmp_path: Path, callbacks: Receiver, number: int) -> None:
    options = ("--state", str(tmp_path / "state"), "--callback-url", callbacks.url)
    with process(*options) as simulator:
        caller = simulator.caller
        tpl_id = caller.add_approved_template("您好{1}")
        sign_id = caller.call("add_sign", text="好店")["data"]["id"]
        wait_for(lambda: caller.sign(sign_id)["status"] == 0)
        caller.set_switches(review="hold", report_delay=[0.3, 0.3])
        pending = caller.call("add_template", text="再见", type=0)["data"]["id"]
        caller.wait_until_idle()
        sid = caller.send(tpl_id=tpl_id, params=["x"])["sid"]
        simulator.stop(number)
    assert callbacks.pushes == []
    with process(*options) as simulator:
        caller = simulator.caller
        (receipt,) = wait_for(lambda: callbacks.receipts)
        assert receipt["sid"] == sid
        caller.wait_until_idle()
        (message,) = caller.messages()
        assert (message["sid"], message["pushed"]) == (sid, True)
        assert caller.template(tpl_id)["status"] == 0
        assert caller.sign(sign_id)["text"] == "好店"
        wait_for(lambda: caller.template(pending)["status"] == 0)
        assert caller.add_approved_template("谢谢") == pending + 1
        simulator.stop()
    # Receipts that were pushed are not pushed again.
    with running(Behaviour(callback_url=callbacks.url), state=tmp_path / "state") as url:
        Caller(url).wait_until_idle()
        assert len(callbacks.pushes) == 1


def test_a_state_folder_belongs_to_one_process(tmp_path: Path) -> None:
    with running(state=tmp_path):
        shown = CliRunner().invoke(cli, ["--state", str(tmp_path)])
    assert shown.exit_code == 1
    assert "in use" in shown.output


def test_a_state_that_cannot_be_read_is_reported(tmp_path: Path) -> None:
    (tmp_path / "tencent.sqlite3").write_text("no database")
    shown = CliRunner().invoke(cli, ["--state", str(tmp_path)])
    assert shown.exit_code == 1
    assert "cannot be used" in shown.output
