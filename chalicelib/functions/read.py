"""From a file of §5 to chunks on the `sends` queue, without ever holding the whole file in memory.

    count every line (once) ─▶ step ─▶ step ─▶ … ─▶ done
                                │
         some thousand lines ─▶ plans ─▶ chunks queued ─▶ checkpoint

A step depends on nothing but the file and the checkpoint before it. Repeated after a crash, or by two
functions at once, it makes the same chunks under the same names, and each chunk is claimed once. To know who
was planned before, the part before the checkpoint is read again.

Counting comes first, so that a file that can't be read, or has more lines than `limit`, is found out before
anybody is sent to.
"""

import time
from collections.abc import Mapping
from typing import Any

from chalicelib.delivery.file_reading import HELD_SECONDS, FileReading, allow_again
from chalicelib.errors import ConfigurationError
from chalicelib.fetching.addresses import FetchError
from chalicelib.logs import log
from chalicelib.queues import receiving
from chalicelib.queues.bodies import FileBody
from chalicelib.queues.receiving import DONE, Record, Result, later
from chalicelib.store import files, send_requests
from chalicelib.store.files import HoldLostError

# An invocation begins with at least this much time left.
MIN_SECONDS = 60


def handle(event: Mapping[str, Any], seconds_left: float) -> None:
    """Work through an SQS event of the `files` queue. `seconds_left` until Lambda ends the function."""
    if seconds_left < MIN_SECONDS:
        raise ConfigurationError(
            f"read has {seconds_left:.0f} s: set its lambda_timeout in .chalice/config.json to at least "
            f"{MIN_SECONDS + 1} s, better 900"
        )
    deadline = time.time() + seconds_left
    results: list[tuple[Record, Result]] = []
    for record in receiving.records(event):
        try:
            result = _read(FileBody.decode(record.body), deadline)
        except Exception:
            log.exception("file failed", extra={"file": record.body, "tries": record.tries})
            result = later(60)
        results.append((record, result))
    receiving.finish("files", results)


def _read(body: FileBody, deadline: float) -> Result:
    """Read a file as far as the time allows."""
    request = send_requests.get(body.out_id, body.biz_id)
    file = files.get(request.out_id, request.biz_id)
    if file is None:
        raise LookupError(f"request {request.biz_id} was queued before its file was recorded")
    if file.ended:
        allow_again(file)
        return DONE
    if (held := file.until - time.time()) > 0:
        return later(int(held) + 1)
    taken = files.acquire(file, int(time.time()) + HELD_SECONDS)
    if taken is None:
        return later(HELD_SECONDS)
    reading = FileReading(request, taken, deadline)
    try:
        reading.go_on()
    except FetchError as error:
        pause = reading.put_off(str(error))
        return DONE if pause is None else later(pause)
    except HoldLostError:
        log.warning("the file is read by another function", extra=body.to_dict())
        return later(HELD_SECONDS)
    except Exception:
        reading.keep(until=0)
        raise
    return DONE
