"""A bridge behind API Gateway for the fuzzers, and how many examples they try."""

import os
from dataclasses import dataclass

from hypothesis import HealthCheck, settings

from tests.support.fuzz.gateway import Gateway

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
