"""Waiting until nothing changes any more."""

import time
from collections.abc import Callable

from local.chaos import audit
from local.chaos.audit import Facts
from local.chaos.campaigns import Campaigns

_POLL = 2.0
# How much longer a message may wait in a queue than everything else. AWS misbehaves meanwhile, too, and a function
# that fails often lets its message wait for up to 15 minutes.
_MAX_PAUSE = 960.0


def come_to_rest(
    campaigns: Campaigns,
    seconds: float,
    follow: Callable[[Facts, list[str]], None] = lambda *_: None,
) -> tuple[Facts, list[str]]:
    """Wait until the audit finds no problem, and return the facts with the problems that are left.

    The wait takes at most `seconds`, and longer only while a message is in a queue. It ends early for a problem that no
    waiting can repair.
    """
    deadline = time.monotonic() + seconds

    def is_over() -> bool:
        late = time.monotonic() - deadline
        return late > _MAX_PAUSE or (late > 0 and not campaigns.sides.queued())

    while True:
        facts = campaigns.sides.facts(campaigns.recipients)
        problems = audit.problems(facts)
        if not problems:
            # The operator's view comes last, because it takes a while.
            facts = campaigns.sides.facts(campaigns.recipients, shown=True)
            problems = audit.problems(facts)
        follow(facts, problems)
        if not problems or audit.violations(facts) or is_over():
            return facts, problems
        time.sleep(_POLL)
