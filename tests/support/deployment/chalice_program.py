"""A `chalice` that deploys nothing, because no emulator supports all that the real one does."""

import json
import stat
import sys
from pathlib import Path

PREFIX = "https://abc123.execute-api.us-east-1.amazonaws.com/api"


class Chalice:
    """A `chalice` that records its calls and files, and reports an address as deployed."""

    def __init__(self, folder: Path) -> None:
        self.calls_file = folder / "calls"
        self._python = sys.executable
        folder.mkdir()
        self._program = folder / "chalice"
        # The commands look for Chalice beside this file.
        self.python = folder / "python"
        self.write()

    def write(self, ends_with: int = 0) -> None:
        deployed = {
            "resources": [
                {"name": "rest_api", "resource_type": "rest_api", "rest_api_url": PREFIX + "/"}
            ]
        }
        self._program.write_text(
            f"#!{self._python}\n"
            "import json, pathlib, sys\n"
            f"with open({str(self.calls_file)!r}, 'a') as calls:\n"
            "    given = {file.name: file.read_text() for file in pathlib.Path('.chalice').glob('*.json')}\n"
            "    calls.write(json.dumps([sys.argv[1:], given]) + '\\n')\n"
            f"if {ends_with}:\n"
            f"    sys.exit({ends_with})\n"
            "folder = pathlib.Path('.chalice/deployed')\n"
            "folder.mkdir(exist_ok=True)\n"
            f"folder.joinpath('prod.json').write_text({json.dumps(deployed)!r})\n"
        )
        self._program.chmod(self._program.stat().st_mode | stat.S_IXUSR)

    @property
    def calls(self) -> list[list[str]]:
        return [words for words, _ in self._written()]

    @property
    def given(self) -> dict[str, str]:
        """Return the files of `.chalice/` at the last call, by name."""
        _, files = self._written()[-1]
        return files

    def _written(self) -> list[tuple[list[str], dict[str, str]]]:
        lines = self.calls_file.read_text().splitlines() if self.calls_file.exists() else []
        return [(words, files) for words, files in map(json.loads, lines)]
