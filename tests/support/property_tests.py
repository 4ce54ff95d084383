"""How hypothesis runs here."""

import hypothesis


def examples(most: int) -> hypothesis.settings:
    """As many examples, the same ones each time: the machine is shared, so none has a deadline."""
    return hypothesis.settings(
        max_examples=most, deadline=None, database=None, derandomize=True, print_blob=False
    )
