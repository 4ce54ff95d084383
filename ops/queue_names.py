"""The names of deleted queues, which SQS does not release for a minute.

A stack that needs such a name fails, so a deployment right after a deletion waits.
"""

import time
from pathlib import Path

from ops import stages
from ops.progress import Progress

_SECONDS = 65


def note_deleted(stage: str) -> None:
    """Note that a stage's queues were deleted just now."""
    path = _path(stage)
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{time.time():.3f}\n")


def wait(stage: str, progress: Progress) -> None:
    """Wait until SQS has released the names of a stage's queues, as far as this checkout deleted them."""
    try:
        deleted = float(_path(stage).read_text())
    except (OSError, ValueError):
        return
    # The clock may have been set back since.
    left = min(deleted + _SECONDS - time.time(), _SECONDS)
    if left > 0:
        progress(
            f"waiting {left:.0f} seconds, until SQS releases the names of the queues that were just deleted"
        )
        time.sleep(left)
    _path(stage).unlink()


def _path(stage: str) -> Path:
    return stages.FOLDER / "deployed" / f"{stage}.queues-deleted"
