"""Turn a file of §5 into chunks on the `sends` queue, without holding the whole file in memory.

    count every line (once) ─▶ step ─▶ step ─▶ … ─▶ done
                                │
         some thousand lines ─▶ plans ─▶ chunks queued ─▶ checkpoint

A step depends only on the file and the checkpoint before it. If it is repeated after a crash, or made by two
functions at once, it produces the same chunks under the same keys, and each chunk is claimed once. To know which
recipients were planned before, a function reads the part before the checkpoint again.

Lines are counted first, so that a file that can't be read, or has more lines than `limit`, is refused before
anything is sent.
"""

import time
from collections.abc import Mapping
from typing import Any

from chalicelib.delivery import file_ends
from chalicelib.delivery.file_reading import HELD_SECONDS, FileReading
from chalicelib.domain import retries
from chalicelib.errors import ConfigurationError
from chalicelib.fetching.addresses import FetchError
from chalicelib.logs import log
from chalicelib.queues import receiving
from chalicelib.queues.bodies import FileBody, UnreadableBodyError
from chalicelib.queues.receiving import DEAD_LETTER, DONE, Record, Result, again, later
from chalicelib.store import files, send_requests
from chalicelib.store.files import HoldLostError
from chalicelib.store.send_requests import UnknownRequestError

# An invocation needs at least this much time.
MIN_SECONDS = 60


def handle(event: Mapping[str, Any], seconds_left: float) -> dict[str, list[dict[str, str]]] | None:
    """Work through an SQS event of the `files` queue; return what the handler returns to Lambda.

    `seconds_left` are those until Lambda ends the function.
    """
    if seconds_left < MIN_SECONDS:
        raise ConfigurationError(
            f"read has {seconds_left:.0f} s: set its lambda_timeout in .chalice/config.json to at least "
            f"{MIN_SECONDS + 1} s, better 900"
        )
    deadline = time.time() + seconds_left
    results: list[tuple[Record, Result]] = []
    for record in receiving.records(event):
        try:
            result = _read(FileBody.decode(record.body), record.sent_at, deadline)
        except (UnreadableBodyError, UnknownRequestError):
            log.exception("message can't succeed", extra={"tries": record.tries})
            result = DEAD_LETTER
        except Exception:
            log.exception("file failed", extra={"file": record.body, "tries": record.tries})
            result = again(record, retries.FILE)
        results.append((record, result))
    return receiving.finish("files", results)


def _read(body: FileBody, sent_at: float, deadline: float) -> Result:
    """Read a file, until the time is used up. `sent_at` is the epoch at which the message was queued."""
    request = send_requests.get(body.out_id, body.biz_id)
    file = files.get(request.out_id, request.biz_id)
    if file is None:
        raise LookupError(f"request {request.biz_id} was queued before its file was recorded")
    if file.ended and not file.replayable:
        file_ends.allow_repetition(file)
        return DONE
    if (seconds := file.until - time.time()) > 0:
        # Another function holds the file.
        return later(int(seconds) + 1)
    if file.replayable:
        if sent_at < file.failed_at:
            # SQS delivers the message with which the file failed a second time, or the function died before that
            # message was a dead letter.
            return DEAD_LETTER
        # Its message was replayed from the dead letters.
        revived = file_ends.revive(request, file)
        if revived is None:
            files.acquire(file_ends.refuse_replay(file), 0)
            return DONE
        file = revived
    taken = files.acquire(file, int(time.time()) + HELD_SECONDS)
    if taken is None:
        return later(HELD_SECONDS)
    reading = FileReading(request, taken, deadline)
    try:
        reading.proceed()
    except FetchError as error:
        return reading.retry_or_fail(str(error))
    except HoldLostError:
        log.warning("another function reads the file", extra=body.to_dict())
        return later(HELD_SECONDS)
    except Exception:
        reading.save(until=0)
        raise
    return DONE
