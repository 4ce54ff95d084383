"""How many requests a stage's API accepts: API Gateway answers others with 429, without calling a function."""

from dataclasses import dataclass
from typing import Any

from ops import stages

DEFAULTS = {"ApiRate": 1000, "ApiBurst": 2000}
"""The keys of a stage's `stack` section, with their defaults.

A tenth of what an account accepts by default, so that a flood leaves the rest to other APIs. It is above what a
stage can need: at the default TENCENT_CALLS_PER_SECOND, Tencent sends 1,000 callbacks a second if it sends one for
each message. A callback that is refused three times is lost.
"""


@dataclass(frozen=True, slots=True)
class ApiLimits:
    """Requests a second, and how many may come at once."""

    rate: int
    burst: int


def of_stage(config: dict[str, Any], stage: str) -> ApiLimits:
    """Return the limits of a configured stage. Raises StageError if they are not positive whole numbers."""
    own = DEFAULTS | stages.of(config, stage).get("stack", {})
    values = []
    for name in DEFAULTS:
        text = str(own[name])
        if not text.isdigit() or int(text) < 1:
            raise stages.StageError(
                f"{name} in the stage's stack is not a whole number of requests, at least 1"
            )
        values.append(int(text))
    return ApiLimits(*values)
