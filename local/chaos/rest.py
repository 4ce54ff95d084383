"""Waiting until nothing moves any more."""

import time
from collections.abc import Callable

from local.chaos import audit
from local.chaos.audit import Facts
from local.chaos.campaigns import Campaigns

_LOOK = 2.0


def come_to_rest(
    campaigns: Campaigns,
    seconds: float,
    follow: Callable[[Facts, list[str]], None] = lambda *_: None,
) -> tuple[Facts, list[str]]:
    """Wait until the audit finds nothing wrong; answers what is known then, and what it still finds wrong.

    What no waiting can mend is not waited for.
    """
    deadline = time.monotonic() + seconds
    while True:
        facts = campaigns.sides.facts(campaigns.recipients)
        problems = audit.problems(facts)
        if not problems:
            # Only now, since it takes a while, what the operator is shown.
            facts = campaigns.sides.facts(campaigns.recipients, shown=True)
            problems = audit.problems(facts)
        follow(facts, problems)
        if not problems or audit.wrong_for_ever(facts) or time.monotonic() > deadline:
            return facts, problems
        time.sleep(_LOOK)
