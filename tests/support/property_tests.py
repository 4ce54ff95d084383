"""Settings of hypothesis."""

import hypothesis


def examples(most: int) -> hypothesis.settings:
    """Return settings with a number of examples, the same ones at each run, without a deadline for slow machines."""
    return hypothesis.settings(
        max_examples=most, deadline=None, database=None, derandomize=True, print_blob=False
    )
