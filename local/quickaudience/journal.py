"""The file that survives a restart: JSON lines, one for each event."""

import fcntl
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

Event = dict[str, Any]


class Journal:
    """Appends events to a file. Without a folder it stores nothing."""

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
        """Yield the events of earlier runs, oldest first."""
        if self._file is None:
            return
        self._file.seek(0)
        complete_bytes = 0
        for line in self._file:
            # A killed process may have left an incomplete last line; the lines before it are valid.
            if not line.endswith(b"\n"):
                break
            complete_bytes += len(line)
            yield json.loads(line)
        self._file.truncate(complete_bytes)

    def append(self, event: Event) -> None:
        """Write an event. Call this before acting on the event."""
        if self._file is not None:
            line = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
            self._file.write(line.encode("utf-8", "surrogatepass") + b"\n")
            self._file.flush()

    def clear(self) -> None:
        """Delete all events."""
        if self._file is not None:
            self._file.truncate(0)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
