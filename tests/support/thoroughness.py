"""How much of what takes long is run."""

import os

ALL = os.environ.get("BREAKS") == "all"
"""As CI does it; a developer's machine leaves out what is mostly like something else."""
