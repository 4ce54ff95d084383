"""The world of the integration tests."""

from tests.integration.conftest import bridge, clock, here, linked, no_sockets, oss

__all__ = ["bridge", "clock", "here", "linked", "no_sockets", "oss"]
