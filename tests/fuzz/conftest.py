"""A bridge behind API Gateway, with an approved sign, text template and digital template."""

import pytest

from chalicelib.store import templates
from tests.support.fuzz.gateway import Gateway
from tests.support.fuzz.world import World
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.digital import create, text
from tests.support.in_process.fixtures import bridge, clock, here, linked, no_sockets, oss

__all__ = ["bridge", "clock", "here", "linked", "no_sockets", "oss"]


@pytest.fixture
def world(here: Bridge, monkeypatch: pytest.MonkeyPatch) -> World:
    codes = {"TEXT": here.template("您好${name}"), "DIGITAL": create(here, [text("好")])}
    revision = templates.revisions(codes["DIGITAL"])[0]
    here.tencent.review(revision.tpl_id, 0)
    assert here.ask("GET", f"/sms/digitalSmsTemplate/{codes['DIGITAL']}")["templateStatus"] == 1
    codes["PAGE"] = revision.page
    return World(Gateway(here, monkeypatch), codes)


@pytest.fixture
def open_world(world: World) -> World:
    """Turn authentication off: faster, and everything behind it is the same."""
    world.gateway.bridge.configure(QA_AUTH="off")
    return world
