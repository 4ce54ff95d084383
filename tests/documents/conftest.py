"""The world of the integration tests."""

from tests.integration.conftest import bridge, clock, linked, no_sockets
from tests.integration.test_digital_templates import here, oss

__all__ = ["bridge", "clock", "here", "linked", "no_sockets", "oss"]
