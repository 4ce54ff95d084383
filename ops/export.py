"""Campaigns as a table: a row for each recipient, read and written chunk by chunk."""

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chalicelib import dates
from chalicelib.domain import phones
from chalicelib.domain.chunks import ChunkProgress
from chalicelib.domain.messages import Message
from chalicelib.domain.planning import Failure
from chalicelib.domain.send_request import SendRequest
from chalicelib.store import chunks, files, messages, pushed
from ops import audit, campaign
from ops.errors import OperatorError

Row = dict[str, Any]

COLUMNS = (
    "phone",
    "state",
    "code",
    "reason",
    "sign",
    "templateCode",
    "sentAt",
    "receivedAt",
    "segments",
    "pushed",
    "bizId",
    "sid",
)
"""The names of a row's fields, in the order of the columns."""

_BOM = "\ufeff"
# A spreadsheet takes a cell that begins with one of these for a formula. The last four are their full-width forms.
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
# The code of an entry or a line without a number.
_NO_NUMBER = "isv.MOBILE_NUMBER_ILLEGAL"


def rows(out_id: str, *, failed: bool = False) -> Iterator[Row]:
    """Return the recipients of a campaign, those that `campaign show` counts, in the order of their positions.

    With `failed`, only those whose state is `failed`. The rows are read as they are consumed. Raises OperatorError,
    at once, if no request was accepted under the outId.
    """
    accepted = campaign.accepted(out_id)
    return (
        row
        for request in accepted
        for row in _of_request(request)
        if not failed or row["state"] == "failed"
    )


class _Counted:
    """Rows that are read once, and how many of them have been read."""

    def __init__(self, found: Iterable[Row]) -> None:
        self._found = found
        self.count = 0

    def __iter__(self) -> Iterator[Row]:
        for row in self._found:
            self.count += 1
            yield row


@contextmanager
def recorded(out_id: str, *, failed: bool = False) -> Iterator[Iterator[Row]]:
    """Return the same rows inside the block, and record the export and their number in the audit log.

    Numbers leave the stage, so the log has to show to whom. Raises ClientError if the entry can't be written.
    """
    found = _Counted(rows(out_id, failed=failed))
    with audit.action("campaign export", outId=out_id, failed=failed) as action:
        yield iter(found)
        action.outcome = {"rows": found.count}


def as_csv(found: Iterable[Row]) -> Iterator[bytes]:
    """Yield rows as CSV: UTF-8 with a byte order mark, a header line, and no cell that is a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write(_BOM)
    writer.writerow(COLUMNS)
    for row in found:
        yield _taken(buffer)
        writer.writerow([_cell(row[column]) for column in COLUMNS])
    yield _taken(buffer)


def as_json(found: Iterable[Row]) -> Iterator[bytes]:
    """Yield rows as one JSON array."""
    separator = "[\n"
    for row in found:
        yield f"{separator}  {json.dumps(row, ensure_ascii=False)}".encode("utf-8", "replace")
        separator = ",\n"
    yield b"[]\n" if separator == "[\n" else b"\n]\n"


def write(found: Iterable[Row], path: Path) -> int:
    """Write rows to a file as CSV; return how many there are. An existing file is replaced at the end.

    Only its owner may read the file. Raises OperatorError if it can't be written.
    """
    counted = _Counted(found)
    try:
        if path.exists() and not path.is_file():
            # A pipe or a device, which must not be replaced.
            with path.open("wb") as file:
                file.writelines(as_csv(counted))
        else:
            _write_whole(path, as_csv(counted))
    except OSError as error:
        raise OperatorError(f"{path} can't be written: {error.strerror or error}") from error
    return counted.count


def _write_whole(path: Path, parts: Iterable[bytes]) -> None:
    """Write a file under another name, and give it its own once it is complete."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.writelines(parts)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _of_request(request: SendRequest) -> Iterator[Row]:
    known = _bytes_by_position(pushed.each_position(request.out_id, request.biz_id))
    for _, progress in chunks.all_progress(request.out_id, request.biz_id):
        found = messages.all_of_chunk(request.biz_id, progress)
        for position, phone in enumerate(progress.plan.phones, progress.plan.start):
            row = _row(request, progress, position, phone, found.get(position))
            row["pushed"] = position < len(known) and bool(known[position])
            yield row
    file = files.get(request.out_id, request.biz_id)
    for _ in range(request.blank + (file.unreadable if file else 0)):
        # No receipt can name them.
        yield _blank(request) | {"state": "failed", "code": _NO_NUMBER}


def _bytes_by_position(positions: Iterable[int]) -> bytearray:
    """Return a byte for each position, 1 where it is given: a set would take sixty times the memory."""
    found = bytearray()
    for position in positions:
        if position >= len(found):
            found.extend(bytes(position + 1 - len(found)))
        found[position] = 1
    return found


def _blank(request: SendRequest) -> Row:
    """Return the row of a recipient of whom nothing is known yet."""
    return dict.fromkeys(COLUMNS, "") | {
        "state": "waiting",
        "sign": request.sign,
        "templateCode": request.template_code,
        "segments": None,
        "pushed": False,
        "bizId": request.biz_id,
    }


def _row(
    request: SendRequest,
    progress: ChunkProgress,
    position: int,
    phone: str,
    message: Message | None,
) -> Row:
    plan, row = progress.plan, _blank(request)
    row["phone"] = plan.original_forms.get(position) or (
        phones.to_quick_audience(phone) if position < plan.first_refused else phone
    )
    if message:
        return row | _of_message(message)
    if position not in progress.outcomes:
        return row
    outcome = progress.outcomes[position]
    if isinstance(outcome, Failure):
        return row | {"state": "failed", "code": outcome.code, "reason": outcome.message}
    # Its item is not stored yet.
    return row | {"state": "waiting" if outcome else "unknown", "sid": outcome or ""}


def _of_message(message: Message) -> Row:
    receipt = message.receipt
    was_sent = message.sid or message.unknown
    return {
        "phone": message.phone_num,
        "state": message.state,
        "code": receipt.code if receipt else "",
        "reason": receipt.reason if receipt else "",
        "sentAt": dates.to_beijing(message.origin.sent_at) if was_sent else "",
        "receivedAt": receipt.received if receipt else "",
        "segments": message.fee,
        "sid": message.sid,
    }


def _taken(buffer: io.StringIO) -> bytes:
    """Return what a buffer holds, and empty it."""
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode("utf-8", "replace")


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text
