"""Which deployment a command speaks to: its environment is put into this process before anything reads it."""

import json
import os
from pathlib import Path
from typing import Any

LOCAL = "local"
_CONFIG = Path(".chalice/config.json")


class StageError(Exception):
    """A stage that can't be reached. The text says what to do."""


def enter(stage: str) -> None:
    """Take over the environment of a stage. Raises StageError."""
    os.environ.update(_local() if stage == LOCAL else _deployed(stage))


def _local() -> dict[str, str]:
    path = Path(os.environ.get("BRIDGE_STATE") or ".local") / "stack.json"
    if not path.exists():
        raise StageError(
            f"no local stack runs on {path.parent}: start one with `make up`, set BRIDGE_STATE to its folder, "
            "or name a deployed stage with --stage"
        )
    environment: dict[str, str] = json.loads(path.read_text())["environment"]
    return environment


def _deployed(stage: str) -> dict[str, str]:
    try:
        config: dict[str, Any] = json.loads(_CONFIG.read_text())
        chosen = config["stages"][stage]
    except (OSError, KeyError):
        raise StageError(f"no stage {stage} in {_CONFIG}: run this in the project's root") from None
    return {**config.get("environment_variables", {}), **chosen.get("environment_variables", {})}
