"""The stack as a whole: what it starts and refuses, and that it leaves no process behind."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.request import urlopen

import boto3
import pytest

from local import aws
from local.ports import free_port
from local.processes import ROOT, StackError
from local.stack import Stack
from local.state import State, adopt_environment
from tests.support import thoroughness
from tests.support.local_stack.processes import TINY, alive, children, read_records
from tests.support.waiting import wait_for

for_ci = thoroughness.for_ci("starts stacks like those of other tests")


def environ(folder: Path, **given: str) -> dict[str, str]:
    """Return the environment of a small stack: one worker per queue, no simulators, its data in `folder`."""
    return {
        **os.environ,
        "BRIDGE_PORT": str(free_port()),
        "BRIDGE_STATE": str(folder / "state"),
        "BRIDGE_WORKERS": "1",
        "QA_BASE_URL": "http://127.0.0.1:9",
        "TENCENT_BASE_URL": "http://127.0.0.1:9/v5/tlssmssvr",
        "TINY_RECORD": str(folder / "record"),
        **given,
    }


def stack(folder: Path, **given: str) -> Stack:
    return Stack(environ=environ(folder, **given), app=TINY)


def send(endpoint: str, prefix: str, body: str) -> None:
    sqs = boto3.client("sqs", **aws.client_options(endpoint))
    url = sqs.get_queue_url(QueueName=prefix + "sends")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=body)


def bodies(folder: Path) -> list[str]:
    return [body for call in read_records(folder / "record") for body in call["bodies"]]


@contextmanager
def up(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Run `python -m local up` from a shell."""
    command = [sys.executable, "-m", "local", "up", "--app", TINY]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def announcement(process: subprocess.Popen[str]) -> str:
    """Return what the stack prints when it is ready."""
    assert process.stdout is not None
    lines: list[str] = []
    while not lines or not lines[-1].startswith("  Logs"):
        lines.append(process.stdout.readline())
        assert lines[-1], "it ended"
    return "".join(lines)


@for_ci
def test_two_stacks_run_side_by_side(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    with (
        stack(folders[0], QA_KEY="mine", BRIDGE_QUEUE_PREFIX="mine-") as one,
        stack(folders[1], AWS_PROFILE="production", QA_KEY="") as two,
    ):
        assert one.environment["QA_KEY"] == "mine"
        assert two.environment["QA_KEY"] == "local-qa-key"
        assert "AWS_PROFILE" not in two.environment
        for each, folder in zip((one, two), folders, strict=True):
            with urlopen(each.addresses.prefix + "/health") as response:  # noqa: S310 - ours
                assert response.status == 200
            send(each.addresses.aws, each.environment["BRIDGE_QUEUE_PREFIX"], folder.name)
        for folder in folders:
            wait_for(partial(bodies, folder))
            assert bodies(folder) == [folder.name]
        pids = [process.pid for each in (one, two) for process in each.processes]
        assert len(pids) == 2 * len(["ministack", "http", "deliver", "settle", "push", "sweep"])
    assert not any(alive(pid) for pid in pids)


def test_dead_functions_are_replaced_and_their_messages_are_received_again(tmp_path: Path) -> None:
    with Stack(environ=environ(tmp_path), app=TINY, visibility={"sends": 2}) as running:
        [deliver] = (process for process in running.processes if process.name == "deliver-1")
        first = deliver.pid
        send(running.addresses.aws, "qa-sms-bridge-local-", "hold")
        wait_for(lambda: bodies(tmp_path))
        os.kill(first, signal.SIGKILL)
        Path(tmp_path, "record.release").touch()
        wait_for(lambda: len(bodies(tmp_path)) == 2)
        assert deliver.pid != first
        assert not running.failed.is_set()

        # A stack does not run without AWS.
        [ministack] = (process for process in running.processes if process.name == "ministack")
        os.kill(ministack.pid, signal.SIGKILL)
        assert running.failed.wait(60)
        assert "ministack was ended by signal 9" in str(running.failure)


def test_the_folder_of_a_stack_is_closed_to_other_users(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o755)
    with State(folder).lock():
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_port_or_state_in_use_is_refused_and_unchanged(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(StackError, match=f"Port {port} cannot be used"):
            stack(tmp_path, BRIDGE_PORT=str(port)).__enter__()
    state = State(tmp_path / "state")
    with state.lock():
        state.publish({"pid": os.getpid(), "environment": {"AWS_ENDPOINT_URL": "http://here"}})
        with pytest.raises(StackError, match=f"in use by another stack, process {os.getpid()}"):
            stack(tmp_path).__enter__()
        environment = {"BRIDGE_STATE": str(tmp_path / "state")}
        adopt_environment(environment)
        assert environment["AWS_ENDPOINT_URL"] == "http://here"
        # Variables that are already set are kept.
        adopt_environment(environment := {"AWS_ENDPOINT_URL": "http://there"})
        assert environment == {"AWS_ENDPOINT_URL": "http://there"}
    # Published, but not locked: that stack was killed.
    assert state.running() is None


def test_settings_that_the_bridge_refuses_end_the_start(tmp_path: Path) -> None:
    with (
        pytest.raises(StackError, match="TENCENT_API"),
        stack(tmp_path, TENCENT_API="4"),
    ):
        pass


def test_a_stack_that_cannot_start_says_why(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        with up(environ(tmp_path, BRIDGE_PORT=port)) as process:
            out, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert f"Port {port} cannot be used" in err
    assert out == ""


def test_a_child_that_dies_at_start_takes_the_others_with_it(tmp_path: Path) -> None:
    broken = stack(tmp_path, TINY_BROKEN="1")
    with pytest.raises(StackError, match=r"(?s)http ended with code 1.*broken on purpose"):
        broken.__enter__()
    assert broken.processes == []


@for_ci
def test_sigterm_stops_everything_including_the_simulators(tmp_path: Path) -> None:
    environment = environ(tmp_path, QA_BASE_URL="", TENCENT_BASE_URL="")
    port = environment["BRIDGE_PORT"]
    with up(environment) as process:
        announced = announcement(process)
        description = json.loads((tmp_path / "state" / "stack.json").read_text())
        started = children(process.pid)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert len(started) == len(
        [
            *("ministack", "http", "deliver", "settle", "push", "sweep"),
            *("tencent", "quickaudience", "console"),
        ]
    )
    assert not any(alive(pid) for pid in started)
    assert not (tmp_path / "state" / "stack.json").exists()
    assert description["pid"] == process.pid
    assert description["prefix"] == f"http://127.0.0.1:{port}"
    assert (
        description["callback"] == f"{description['prefix']}/tencent/local-callback-token/callback"
    )
    assert description["tencent"] == description["environment"]["TENCENT_BASE_URL"]
    assert description["quickaudience"] == description["environment"]["QA_BASE_URL"]
    for address in ("prefix", "callback", "tencent", "quickaudience"):
        assert description[address] in announced
    for name in ("TENCENT_BASE_URL", "QA_BASE_URL", "AWS_ENDPOINT_URL"):
        [line] = [line for line in announced.splitlines() if name in line]
        assert line.split() == [name, description["environment"][name]]
    assert re.search(r"Console \(opens once\) +http://127\.0\.0\.1:\d+/enter/\S{32}\n", announced)
    state = tmp_path / "state"
    assert f'eval "$(BRIDGE_STATE={state} .venv/bin/python -m ops env)"' in announced


@for_ci
def test_sigterm_while_it_starts(tmp_path: Path) -> None:
    with up(environ(tmp_path)) as process:
        started = wait_for(lambda: children(process.pid))
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    # A process whose start was interrupted is ended by no one, and ends itself when its parent is gone.
    wait_for(lambda: not any(alive(pid) for pid in started))


@for_ci
def test_ctrl_c_waits_for_running_functions_and_a_second_one_does_not(tmp_path: Path) -> None:
    with up(environ(tmp_path)) as process:
        announcement(process)
        description = State(tmp_path / "state").running()
        assert description is not None
        started = children(process.pid)
        send(description["environment"]["AWS_ENDPOINT_URL"], "qa-sms-bridge-local-", "hold")
        wait_for(lambda: bodies(tmp_path))
        process.send_signal(signal.SIGINT)
        # The other workers end; the one with a running function does not.
        wait_for(lambda: sum(map(alive, started)) == len(["ministack", "http", "deliver"]))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert out == "Stopped.\n"
    assert not any(alive(pid) for pid in started)
    # Nothing is lost: the state of AWS was still stored.
    assert "hold" in (tmp_path / "state" / "aws" / "sqs.json").read_text()


@for_ci
def test_sigterm_several_times_at_once_is_as_gentle_as_once(tmp_path: Path) -> None:
    with up(environ(tmp_path)) as process:
        announcement(process)
        description = State(tmp_path / "state").running()
        assert description is not None
        started = children(process.pid)
        send(description["environment"]["AWS_ENDPOINT_URL"], "qa-sms-bridge-local-", "hold")
        wait_for(lambda: bodies(tmp_path))
        for _ in range(3):
            process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
        wait_for(lambda: sum(map(alive, started)) == len(["ministack", "http", "deliver"]))
        Path(tmp_path, "record.release").touch()
        _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert not any(alive(pid) for pid in started)
    # The function returned, so its message was deleted.
    assert "hold" not in (tmp_path / "state" / "aws" / "sqs.json").read_text()


def test_kill_leaves_no_process_behind_and_loses_nothing(tmp_path: Path) -> None:
    environment = environ(tmp_path)
    with up(environment) as process:
        announcement(process)
        description = json.loads((tmp_path / "state" / "stack.json").read_text())
        started = children(process.pid)
        send(description["environment"]["AWS_ENDPOINT_URL"], "qa-sms-bridge-local-", "fail 1")
        wait_for(lambda: bodies(tmp_path) == ["fail 1"])
        process.kill()
        process.wait()
        assert State(tmp_path / "state").running() is None
        # Without waiting: the state is free only once ministack has stored it.
        with Stack(environ=environment, app=TINY, visibility={"sends": 0}) as again:
            assert not any(alive(pid) for pid in started)
            sqs = boto3.client("sqs", **aws.client_options(again.addresses.aws))
            url = sqs.get_queue_url(QueueName="qa-sms-bridge-local-sends")["QueueUrl"]
            counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
            assert counts["ApproximateNumberOfMessagesNotVisible"] == "1"
