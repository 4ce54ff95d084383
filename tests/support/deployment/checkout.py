"""A separate checkout for a test that deploys, so that the test changes no tracked file."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]


class Checkout:
    """A copy of `.chalice/`, and of the code on request."""

    def __init__(self, folder: Path, *, code: bool = False) -> None:
        self.folder = folder
        (folder / ".chalice").mkdir(parents=True)
        for file in (ROOT / ".chalice").glob("*.json"):
            shutil.copy2(file, folder / ".chalice" / file.name)
        if code:
            for name in ("app.py", "Makefile", "requirements.txt", "requirements-dev.txt"):
                shutil.copy2(ROOT / name, folder / name)
            for name in ("chalicelib", "local", "ops"):
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / name, folder / name, ignore=ignored)
            (folder / ".venv").mkdir()
            for part in Path(sys.prefix).iterdir():
                if part.name != ".installed":
                    (folder / ".venv" / part.name).symlink_to(part)
            # It is newer than the requirements, so that nothing is installed into this checkout's environment.
            (folder / ".venv" / ".installed").touch()

    @property
    def config(self) -> dict[str, Any]:
        config: dict[str, Any] = json.loads((self.folder / ".chalice" / "config.json").read_text())
        return config

    def configure(self, stage: str = "prod", **variables: str | None) -> None:
        """Set or remove settings of a stage."""
        config = self.config
        own = config["stages"].setdefault(stage, {}).setdefault("environment_variables", {})
        for name, value in variables.items():
            if value is None:
                own.pop(name, None)
            else:
                own[name] = value
        self.write(config)

    def write(self, config: dict[str, Any]) -> None:
        (self.folder / ".chalice" / "config.json").write_text(json.dumps(config, indent=2))

    def files(self) -> dict[str, str]:
        """Return the files in `.chalice/` with their contents, to compare."""
        files = (self.folder / ".chalice").rglob("*.json")
        return {str(file.relative_to(self.folder)): file.read_text() for file in files}
