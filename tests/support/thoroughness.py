"""Whether the slow variants of tests run."""

import os

ALL = os.environ.get("BREAKS") == "all"
"""CI sets BREAKS=all; other runs leave out variants that rarely differ from the ones they run."""
