"""No unit test opens a socket; settings are given to each anew."""

import pytest

from chalicelib import settings
from chalicelib.settings import Settings
from tests.support.settings import ENVIRONMENT, Configure


@pytest.fixture(autouse=True)
def _no_sockets(socket_disabled: None) -> None:
    """Whatever asks for one fails."""


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Make settings and let every module load them: the required ones, with changes."""

    def configure(**changes: str) -> Settings:
        made = settings.from_environment(ENVIRONMENT | changes)
        monkeypatch.setattr(settings, "load", lambda: made)
        return made

    return configure
