"""Fixtures that forbid sockets and let a test choose its settings."""

import pytest

from chalicelib import settings
from chalicelib.settings import Settings
from tests.support.settings import ENVIRONMENT, Configure


@pytest.fixture(autouse=True)
def _no_sockets(socket_disabled: None) -> None:
    """Let every attempt to open a socket fail."""


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Return a function that makes every module load the required settings with some changes."""

    def configure(**changes: str) -> Settings:
        made = settings.from_environment(ENVIRONMENT | changes)
        monkeypatch.setattr(settings, "load", lambda: made)
        return made

    return configure
