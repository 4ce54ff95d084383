"""What is kept across restarts: a file of JSON lines, one for each thing that happened."""

import fcntl
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

Event = dict[str, Any]


class Journal:
    """Appends events to a file, or nowhere when no folder is given."""

    def __init__(self, folder: Path | None = None) -> None:
        self._file: BinaryIO | None = None
        if folder is None:
            return
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "quickaudience.jsonl"
        self._file = path.open("a+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise RuntimeError(f"{path} is in use by another simulator") from None

    def read(self) -> Iterator[Event]:
        """Return the events of earlier runs, oldest first."""
        if self._file is None:
            return
        self._file.seek(0)
        whole = 0
        for line in self._file:
            # A process that was killed may have left half a line; all before it is good.
            if not line.endswith(b"\n"):
                break
            whole += len(line)
            yield json.loads(line)
        self._file.truncate(whole)

    def append(self, event: Event) -> None:
        """Write an event down before it is acted upon."""
        if self._file is not None:
            line = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
            self._file.write(line.encode("utf-8", "surrogatepass") + b"\n")
            self._file.flush()

    def clear(self) -> None:
        """Forget everything."""
        if self._file is not None:
            self._file.truncate(0)

    def close(self) -> None:
        """Give the file back."""
        if self._file is not None:
            self._file.close()
            self._file = None
