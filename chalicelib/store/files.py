"""§5's files: how far each is read. The one kind of item that changes step by step.

Who reads a file holds it for a while, by a token that is new with each holder: only the holder's
checkpoints are taken. Should a holder that counts as dead be alive after all, it finds out at its next
checkpoint, and what it did meanwhile the other one did in the same words.
"""

import json
import uuid
from dataclasses import asdict, dataclass, replace
from typing import Literal

from chalicelib.errors import BridgeError
from chalicelib.store import table
from chalicelib.store.table import Item


class HoldLostError(BridgeError):
    """Another function holds the file by now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file and how far it is read.

    `version`, `lines` and `encoding` are known once it was counted. `offset` and `line` are where the
    next step begins, `position` the number of recipients planned before it. Of the lines, `repeated`
    named a recipient again, `unreadable` named none that could be told of; `bad` has the numbers of
    the first bad lines and what was wrong. `over` says why all are refused; `reason` why it failed, or
    for now can't go on after `failures` tries. `until` is when its holder's time is over.
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
    token: str = ""
    until: int = 0

    @property
    def ended(self) -> bool:
        """Whether there is nothing left to do."""
        return self.state in ("done", "failed")


def record(file: File) -> None:
    """Keep a file that is to be read. Does nothing where it is kept already, and perhaps read."""
    table.put_new(_item(file))


def get(out_id: str, biz_id: str) -> File | None:
    """A request's file, or None where the request has none."""
    item = table.get(f"OUT#{out_id}", f"FILE#{biz_id}", consistent=True)
    return _file(item) if item else None


def acquire(file: File, until: int) -> File | None:
    """Hold a file that nobody holds any more; None where another was quicker."""
    held = replace(file, token=uuid.uuid4().hex, until=until)
    return held if table.replace(_item(held), "token", file.token) else None


def save(file: File) -> None:
    """Keep how far the holder came. Raises HoldLostError where it holds the file no more."""
    if not table.replace(_item(file), "token", file.token):
        raise HoldLostError(f"the file of {file.biz_id} is read by another function")


def _item(file: File) -> Item:
    return table.key(f"OUT#{file.out_id}", f"FILE#{file.biz_id}") | {
        "file": json.dumps(asdict(file), ensure_ascii=False),
        "token": file.token,
        "expires": file.expires,
    }


def _file(item: Item) -> File:
    fields = json.loads(item["file"])
    return File(**fields | {"bad": tuple((number, what) for number, what in fields["bad"])})
