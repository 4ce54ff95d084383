"""Fresh addresses of a running console, which only the same user gets; the command; the port."""

import asyncio
import socket
import stat
from pathlib import Path

import pytest

from ops.console import control, server
from ops.errors import OperatorError
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.operator import ops


@pytest.fixture(autouse=True)
def runtime(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for sockets. Their paths must be short."""
    folder = tmp_path_factory.mktemp("r")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return folder


def asked(stage: str, *ports: int, other: str = "") -> list[str]:
    """Return what `--url` prints while consoles of a stage serve these ports."""

    async def run() -> list[str]:
        servers = [
            await control.serve(control.path(stage, port), lambda port=port: f"http://fresh/{port}")  # type: ignore[misc]
            for port in ports
        ]
        try:
            return await asyncio.to_thread(control.addresses, other or stage)
        finally:
            for one in servers:
                one.close()
                await one.wait_closed()

    return asyncio.run(run())


def test_a_running_console_gives_a_fresh_address() -> None:
    assert asked("prod", 8001) == ["http://fresh/8001"]


def test_each_console_of_the_stage_gives_one() -> None:
    assert asked("prod", 8001, 8002) == ["http://fresh/8001", "http://fresh/8002"]


def test_the_console_of_another_stage_is_not_asked() -> None:
    assert asked("prod", 8001, other="test") == []


def test_two_local_stacks_are_kept_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first = control.path("local", 1)
    monkeypatch.setenv("BRIDGE_STATE", str(tmp_path))
    assert control.path("local", 1) != first


def test_the_socket_of_an_ended_console_is_removed(runtime: Path) -> None:
    asked("prod", 8001)
    left = control.path("prod", 8002)
    with socket.socket(socket.AF_UNIX) as ended:
        ended.bind(str(left))
    assert control.addresses("prod") == []
    assert not left.exists()


def test_the_folder_is_the_users_alone(runtime: Path) -> None:
    folder = control.path("prod", 1).parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.chmod(0o755)
    with pytest.raises(OperatorError, match="not a folder of this user alone"):
        control.path("prod", 1)


def test_a_folder_that_is_a_link_is_refused(runtime: Path, tmp_path: Path) -> None:
    folder = control.path("prod", 1).parent
    folder.rmdir()
    folder.symlink_to(tmp_path)
    with pytest.raises(OperatorError, match="not a folder of this user alone"):
        control.path("prod", 1)


def test_the_command_says_that_no_console_runs(local: Bridge) -> None:
    result = ops("console", "--url")
    assert result.exit_code == 1
    assert "no console of local runs" in result.stderr


def test_a_port_that_is_in_use_is_said_so() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        pytest.raises(OperatorError, match="--port"),
    ):
        server.listen(other.getsockname()[1])


def test_only_this_machine_can_connect() -> None:
    with server.listen(0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"
