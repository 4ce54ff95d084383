"""The files of §5, and how far each has been read. The only kind of item that is updated step by step.

A function that reads a file holds it for a limited time, under a token that every new holder replaces. Only the
current holder can save a checkpoint. A holder whose time is over may still be running: then its next checkpoint is
refused. What it did in between is harmless, because the new holder writes the same items.
"""

import json
import uuid
from dataclasses import asdict, dataclass, replace
from typing import Literal

from chalicelib.errors import BridgeError
from chalicelib.store import table
from chalicelib.store.table import Item


class HoldLostError(BridgeError):
    """Another function holds the file now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file and how far it has been read. The field names are stored, so they must not change.

    - `version`, `lines` and `encoding` are known once the lines have been counted.
    - `offset` and `line` are where the next step starts; `position` is the number of recipients planned so far.
    - `repeated` counts the lines that name a recipient again, `unreadable` those without a number to report.
    - `bad` has the numbers of the first bad lines, and what is wrong with each.
    - `over` is the reason why all recipients are refused, if they are.
    - `over_code` is the code that they get then.
    - `unusual` counts the lines with a number in another form than the documented one, `accepted` the recipients
      who are sent to. Both are -1 for a file that an older release began to read.
    - `reason` is why reading failed, or why it can't continue for now, after `failures` tries since the epoch
      `failing_since`.
    - `replayable` says that a failed file is in the dead letters and may be read again. It failed at the epoch
      `failed_at`, 0 if an older release wrote it: a message that was queued before is no replay.
    - `token` identifies the current holder; `until` is the epoch at which its time is over.
    """

    out_id: str
    biz_id: str
    url: str
    digest: str
    expires: int
    limit: int = 0
    state: Literal["waiting", "reading", "done", "failed"] = "waiting"
    reason: str = ""
    over: str = ""
    version: str = ""
    encoding: str = ""
    lines: int = 0
    offset: int = 0
    line: int = 0
    position: int = 0
    repeated: int = 0
    unreadable: int = 0
    bad: tuple[tuple[int, str], ...] = ()
    failures: int = 0
    over_code: str = "isv.MOBILE_COUNT_OVER_LIMIT"
    unusual: int = -1
    accepted: int = -1
    failing_since: int = 0
    replayable: bool = False
    failed_at: int = 0
    token: str = ""
    until: int = 0

    @property
    def ended(self) -> bool:
        """Return whether nothing is left to do."""
        return self.state in ("done", "failed")


def record(file: File) -> None:
    """Store a file that is to be read. Does nothing if it is stored already, since reading may have started."""
    table.put_new(_item(file))


def get(out_id: str, biz_id: str, *, consistent: bool = True) -> File | None:
    """Return the file of a request; None if the request has none. Unless `consistent`, as it was a second ago."""
    item = table.get(f"OUT#{out_id}", f"FILE#{biz_id}", consistent=consistent)
    return _file(item) if item else None


def of_out_id(out_id: str, *, consistent: bool = True) -> dict[str, File]:
    """Return the files of an outId's requests, by bizId. Unless `consistent`, as they were a second ago."""
    items = table.query(f"OUT#{out_id}", "FILE#", consistent=consistent)
    return {file.biz_id: file for file in map(_file, items)}


def repeats(file: File) -> list[File]:
    """Return the files with the same content of the request as this one that were accepted after it."""
    return [
        other
        for other in of_out_id(file.out_id).values()
        if other.digest == file.digest and other.expires > file.expires
    ]


def acquire(file: File, until: int) -> File | None:
    """Become the holder of a file that has no current holder; return None if another function was faster."""
    held = replace(file, token=uuid.uuid4().hex, until=until)
    return held if table.replace(_item(held), "token", file.token) else None


def save(file: File) -> None:
    """Save the holder's checkpoint. Raises HoldLostError if another function holds the file now."""
    if not table.replace(_item(file), "token", file.token):
        raise HoldLostError(f"another function reads the file of {file.biz_id} now")


def _item(file: File) -> Item:
    return table.key(f"OUT#{file.out_id}", f"FILE#{file.biz_id}") | {
        "file": json.dumps(asdict(file), ensure_ascii=False),
        "token": file.token,
        "expires": file.expires,
    }


def _file(item: Item) -> File:
    fields = json.loads(item["file"])
    bad = tuple((number, reason) for number, reason in fields.get("bad", ()))
    return table.read_as(File, fields, bad=bad)
