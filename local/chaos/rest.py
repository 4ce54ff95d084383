"""Waiting until nothing changes any more."""

import time
from collections.abc import Callable

from local.chaos import audit
from local.chaos.audit import Facts
from local.chaos.campaigns import Campaigns

_POLL = 2.0


def come_to_rest(
    campaigns: Campaigns,
    seconds: float,
    follow: Callable[[Facts, list[str]], None] = lambda *_: None,
) -> tuple[Facts, list[str]]:
    """Wait until the audit finds no problem, and return the facts with the problems that are left.

    The wait ends early for a problem that no waiting can repair.
    """
    deadline = time.monotonic() + seconds
    while True:
        facts = campaigns.sides.facts(campaigns.recipients)
        problems = audit.problems(facts)
        if not problems:
            # The operator's view comes last, because it takes a while.
            facts = campaigns.sides.facts(campaigns.recipients, shown=True)
            problems = audit.problems(facts)
        follow(facts, problems)
        if not problems or audit.violations(facts) or time.monotonic() > deadline:
            return facts, problems
        time.sleep(_POLL)
