"""A process that is frozen between two events, and whose connections are dead afterwards.

Each case runs in a process of its own, because it stops itself.
"""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

PRELUDE = """
    import json, socket, sys, threading, time
    from local.hostile.freezing import Freezing
    from local.hostile.switches import Switches

    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]
    heard = []

    def serve():
        while True:
            connection, _ = server.accept()
            threading.Thread(target=echo, args=(connection,), daemon=True).start()

    def echo(connection):
        while data := connection.recv(100):
            heard.append(data.decode())
            connection.sendall(data)

    threading.Thread(target=serve, daemon=True).start()
    client = socket.create_connection(("127.0.0.1", port))
    client.settimeout(0.3)
    client.sendall(b"before")
    assert client.recv(100) == b"before"

    def use():
        try:
            client.sendall(b"after")
            return client.recv(100).decode() or "closed"
        except OSError as error:
            return type(error).__name__
"""


def run(code: str) -> dict[str, object]:
    """Run a case and return what it prints as JSON."""
    program = textwrap.dedent(PRELUDE) + textwrap.dedent(code)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_it_stops_for_a_while_and_its_connections_die() -> None:
    found = run("""
        freezing = Freezing(Switches.parse("freeze"), "x", [])
        began = time.time()
        freezing.freeze(1)
        print(json.dumps({"seconds": time.time() - began, "answer": use(), "heard": heard}))
    """)
    seconds = found["seconds"]
    assert isinstance(seconds, float)
    assert seconds >= 1
    assert found["answer"] in ("TimeoutError", "closed", "ConnectionResetError")
    assert found["heard"] == ["before"]


def test_peers_that_close_reset_and_others_are_silent_or_reset() -> None:
    found = run("""
        answers = {}
        for name, ports in (("closing", [port]), ("other", [])):
            for seed in range(12):
                client = socket.create_connection(("127.0.0.1", port))
                client.settimeout(0.2)
                freezing = Freezing(Switches.parse("freeze", str(seed)), "x", ports)
                freezing.kill_connections()
                answers.setdefault(name, []).append(use())
        print(json.dumps({name: sorted(set(found)) for name, found in answers.items()}))
    """)
    resets = {"closed", "ConnectionResetError", "BrokenPipeError"}
    closing, other = found["closing"], found["other"]
    assert isinstance(closing, list)
    assert isinstance(other, list)
    assert set(closing) <= resets
    assert "TimeoutError" in other
    assert set(other) & resets


@pytest.mark.parametrize(("switches", "frozen"), [("freeze", True), ("chain", False)])
def test_it_happens_now_and_then_and_only_where_it_is_on(switches: str, *, frozen: bool) -> None:
    found = run(f"""
        freezing = Freezing(Switches.parse({switches!r}), "x", [])
        freezing.freeze = lambda seconds: None
        print(json.dumps({{"times": sum(freezing.between_events() for _ in range(1000))}}))
    """)
    times = found["times"]
    assert isinstance(times, int)
    assert (0 < times < 100) if frozen else times == 0


def test_whoever_ends_it_need_not_wait() -> None:
    code = textwrap.dedent(PRELUDE) + textwrap.dedent("""
        print("ready", flush=True)
        Freezing(Switches.parse("freeze"), "x", []).freeze(60)
    """)
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"
    while _state(process.pid) != "T":
        time.sleep(0.01)
    process.terminate()
    os.kill(process.pid, signal.SIGCONT)
    assert process.wait(60) == -signal.SIGTERM
    process.stdout.close()


def _state(pid: int) -> str:
    with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123 -- one of many short reads
        return stat.read().rpartition(")")[2].split()[0]
