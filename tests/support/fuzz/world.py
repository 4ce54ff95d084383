"""A bridge behind API Gateway for the fuzzers, and how many examples they try."""

import os
from dataclasses import dataclass

from hypothesis import HealthCheck, settings

from tests.support.fuzz.gateway import Gateway
from tests.support.thoroughness import ALL

TIMES = 20 if os.environ.get("FUZZ") == "long" else 1


def fuzzed(examples: int) -> settings:
    """Return settings with a number of examples, the same ones at each run. FUZZ=long tries 20 times as many.

    Runs outside CI try half of them.
    """
    return settings(
        max_examples=examples * TIMES if TIMES > 1 or ALL else examples // 2,
        derandomize=TIMES == 1,
        database=None,
        deadline=None,
        # The examples of a test share one bridge: what they leave behind is part of the test.
        suppress_health_check=list(HealthCheck),
    )


@dataclass(frozen=True)
class World:
    """A gateway, and the codes of an existing text template, digital template and page: TEXT, DIGITAL, PAGE."""

    gateway: Gateway
    codes: dict[str, str]
