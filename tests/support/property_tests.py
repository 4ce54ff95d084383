"""Settings of hypothesis."""

import hypothesis

from tests.support import thoroughness


def examples(most: int) -> hypothesis.settings:
    """Return settings with a number of examples, the same ones at each run, without a deadline for slow machines.

    Runs outside CI try 50 of them at most.
    """
    return hypothesis.settings(
        max_examples=most if thoroughness.ALL else min(most, 50),
        deadline=None,
        database=None,
        derandomize=True,
        print_blob=False,
    )
