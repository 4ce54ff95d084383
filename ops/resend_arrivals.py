"""Requests that arrive under the outId of a campaign while its resend is planned (docs/decisions/0061).

A request stores its chunks, or its file, before it is accepted. A last look, just before the resend is committed,
finds all that is stored under the outId by then, and ends the resend if a request has stored anything since the
recipients were read. A request that has stored nothing by then comes after the resend.
"""

import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from chalicelib.domain.send_request import SendRequest
from chalicelib.store import chunks, files, send_requests
from ops.errors import OperatorError

# API Gateway gives a request 29 seconds. Clocks differ, and a function may still write when its time is over.
_PLANNED_WITHIN_SECONDS = 60


def check(
    out_id: str,
    accepted: Sequence[SendRequest],
    unaccepted: Mapping[str, int],
    ignored: Collection[str],
) -> None:
    """Raise OperatorError if a request was accepted, planned or continued since the recipients were read.

    `accepted` are the requests of that time. `unaccepted` has how many chunks and files were stored then of each
    request that was not accepted. `ignored` are the bizIds of this resend and of those that never count.
    """
    known = {request.biz_id for request in accepted}
    for request in send_requests.of_out_id(out_id):
        if request.biz_id not in known:
            raise overtaken(out_id) if request.resend else _arrived(out_id, "was accepted")
    known.update(ignored)
    now = Counter(biz_id for biz_id in files.of_out_id(out_id) if biz_id not in known)
    for biz_id in chunks.biz_ids(out_id):
        if biz_id not in known:
            keys = [key for key, _ in chunks.all_progress(out_id, biz_id, consistent=True)]
            now[biz_id] += len(keys)
            if keys and chunks.planned_at(keys[0]) > time.time() - _PLANNED_WITHIN_SECONDS:
                raise _arrived(out_id, "is being accepted")
    # Chunks of a request that was cut off long ago may expire meanwhile.
    if any(count > unaccepted.get(biz_id, 0) for biz_id, count in now.items()):
        raise _arrived(out_id, "is being accepted")


def overtaken(out_id: str) -> OperatorError:
    """Return the error of a resend that another one, or the erasure of a number, has overtaken."""
    return OperatorError(
        f"another resend of {out_id} began meanwhile, or a number was erased, so this one sent nothing: "
        "see campaign show, and try again"
    )


def _arrived(out_id: str, what: str) -> OperatorError:
    return OperatorError(
        f"a request {what} under {out_id} meanwhile, so nothing was sent: try again in a minute"
    )
