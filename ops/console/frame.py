"""What every page has around its parts: stage, account, region, and the counts in the navigation."""

import re
from collections.abc import Mapping

from chalicelib.store import breakers
from ops import queue_counts, stages
from ops.cloud import identity
from ops.console.parts import Part
from ops.console.visits import Console, Values, Visit

# How a part of the name of a stage of production begins.
_PRODUCTION = ("prod", "prd", "live")


def kind_of(stage: str) -> str:
    """Return which colour a stage's badge has: that of production, of the local stack, or of any other stage."""
    if stage == stages.LOCAL:
        return "local"
    parts = re.split(r"[^a-z0-9]+", stage.lower())
    return "production" if any(one.startswith(_PRODUCTION) for one in parts) else "other"


def learn_identity(console: Console) -> None:
    """Ask AWS whose credentials these are, once. While a thread waits for the answer, others go on without it."""
    if console.identity is None and console.identity_asked.acquire(blocking=False):
        try:
            console.identity = identity.current()
        finally:
            console.identity_asked.release()


def _load(visit: Visit) -> Values:
    learn_identity(visit.console)
    return {"counts": counts()}


def counts() -> Mapping[str, int]:
    """Return the counts in the navigation: open breakers and holds, and dead letters."""
    return {
        "health": len(breakers.all_open(consistent=False)),
        "deadletters": sum(queue_counts.dead().values()),
    }


NAVIGATION = Part("navigation", _load, seconds=10)
