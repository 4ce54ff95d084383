"""The fixtures of the integration tests."""

from tests.support.in_process.fixtures import bridge, clock, here, linked, no_sockets, oss

__all__ = ["bridge", "clock", "here", "linked", "no_sockets", "oss"]
