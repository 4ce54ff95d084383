"""A bridge behind API Gateway, with a sign, a text template and a digital one that may be sent."""

import os
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, settings

from chalicelib.store import templates
from tests.fuzz.support.gateway import Gateway
from tests.integration.conftest import bridge, clock, here, linked, no_sockets, oss
from tests.integration.support.bridge import Bridge
from tests.integration.support.digital import create, text

__all__ = ["bridge", "clock", "here", "linked", "no_sockets", "oss"]

TIMES = 20 if os.environ.get("FUZZ") == "long" else 1


def fuzzed(examples: int) -> settings:
    """So many examples, the same ones at each run; twenty times as many where they may take long."""
    return settings(
        max_examples=examples * TIMES,
        derandomize=TIMES == 1,
        database=None,
        deadline=None,
        # The bridge is made once for a test's examples: what they leave behind is part of the game.
        suppress_health_check=list(HealthCheck),
    )


@dataclass(frozen=True)
class World:
    """A gateway, and the codes of what there is: TEXT, DIGITAL, PAGE."""

    gateway: Gateway
    codes: dict[str, str]


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
    """Without authentication: cheaper, and everything behind it is the same."""
    world.gateway.bridge.configure(QA_AUTH="off")
    return world
