import socket

import pytest
import pytest_socket


def test_unit_tests_cannot_open_sockets() -> None:
    # The plugin warns before it raises, and warnings are errors here.
    with pytest.raises(
        (pytest_socket.SocketBlockedError, UserWarning), match="tried to use socket"
    ):
        socket.socket()
