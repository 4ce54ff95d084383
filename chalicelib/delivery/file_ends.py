"""How a file's request ends without success, and how it may begin again.

    failed ──▶ nothing of it was planned to be sent ──▶ the same request again is a new one
      │
      └── it could not be fetched ──▶ a dead letter ──▶ replayed, unless the request was repeated meanwhile

A failed request may be repeated by the marketer and replayed by an operator. Whichever comes first claims the
content of the request (`store/submissions.py`), and the other is refused.
"""

import time
from dataclasses import replace

from chalicelib import metrics
from chalicelib.domain.send_request import SendRequest
from chalicelib.logs import log
from chalicelib.store import chunks, files, halts, submissions
from chalicelib.store.files import File


def failed(file: File, why: str) -> None:
    """Count, log and withdraw a file's request that has just failed."""
    metrics.count(FilesFailed=1)
    log.error("file failed for good", extra={"why": why, "bizId": file.biz_id, "line": file.line})
    allow_repetition(file)


def allow_repetition(file: File) -> None:
    """Let a repetition of the request count as a new request, if this one failed before anything was sent.

    So the marketer can repair the file and repeat the request. What counts is the table and not the checkpoint: a
    function may have died after it queued chunks. A request that an operator stopped is never repeated.
    """
    if (
        file.state == "failed"
        and not chunks.has_calls(file.out_id, file.biz_id)
        and not halts.is_stopped(file.out_id, file.biz_id)
    ):
        submissions.withdraw(file.digest, file.biz_id)


def revive(request: SendRequest, file: File) -> File | None:
    """Return a failed file as one to read again; None if its request was repeated meanwhile.

    Its request counts as the same again, from now on: so it can't be repeated while it is being sent.
    """
    now = int(time.time())
    if not submissions.reclaim(file.digest, replace(request, accepted_at=now)):
        log.error("not replayed: the request was repeated", extra={"bizId": file.biz_id})
        return None
    if any(_is_under_way(other) for other in files.repeats(file)):
        # The claim of the repetition has expired, but it was sent.
        submissions.withdraw(file.digest, file.biz_id)
        log.error("not replayed: the request was repeated", extra={"bizId": file.biz_id})
        return None
    log.warning("a failed file is read again", extra={"bizId": file.biz_id})
    again = replace(file, state="waiting", replayable=False, failures=0, failing_since=0)
    return replace(again, state="reading") if file.version else again


def refuse_replay(file: File) -> File:
    """Return the file of a request that was repeated: it is never read again."""
    return replace(file, replayable=False, reason=f"{file.reason}; 相同的请求已重新受理, 不再发送")


def _is_under_way(other: File) -> bool:
    return other.state != "failed" or chunks.has_calls(other.out_id, other.biz_id)
