"""The fixtures of the bridge in one process."""

from tests.support.in_process.fixtures import bridge, clock, here, linked, local, no_sockets, oss

__all__ = ["bridge", "clock", "here", "linked", "local", "no_sockets", "oss"]
