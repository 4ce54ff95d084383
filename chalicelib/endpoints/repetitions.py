"""Repetitions of signed requests: by its nonce, each request is executed once, and a repetition gets the same answer.

an unused nonce        ─▶ execute the request, store the answer under the nonce
the same request again ─▶ return the stored answer; wait for it while the request is being executed
another request        ─▶ 403
"""

import hashlib
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from chalice.app import Request

from chalicelib import deadline
from chalicelib.errors import NonceReused, Refused
from chalicelib.logs import log
from chalicelib.quickaudience.authentication import Credentials
from chalicelib.store import nonces

# POST requests that only read. Their answers are not stored: repeating them changes nothing, and a page of §12
# may be larger than an item of the table.
_READ_ONLY_PATHS = ("/sms/sendDetails",)
# Repetitions of these requests are recognised by their content (`store/submissions.py`), at the same moment, too. So
# a repetition need not wait for a function that may have died.
_SEND_PATHS = ("/sms/sendBatch", "/sms/sendBatchList", "/sms/sendDigitalBatchList")

# How long a request waits for the answer of an identical one that is being executed.
_POLLS = 20
_SECONDS_BETWEEN_POLLS = 0.25

Answer = dict[str, Any]


def execute(
    request: Request,
    raw: bytes,
    credentials: Credentials,
    retention: int | None,
    run: Callable[[], Answer],
) -> Answer:
    """Execute a request with this body by `run`, unless it is a repetition; return its answer.

    The nonce and its answer are kept for `retention` seconds, or for ever. Raises NonceReused, and Refused while the
    request is being executed for too long.
    """
    parts = [
        request.method.encode(),
        request.path.encode(),
        repr(request.uri_params).encode(),
        raw,
    ]
    content = hashlib.sha256(b"\n".join(parts)).hexdigest()
    # Timestamp and nonce are signed without a separator between them. Digits moved from one to the other make
    # another nonce with the same signature, so each signature is valid with one nonce only.
    use = nonces.use(credentials.signature, credentials.nonce, retention, exclusive=False)
    if isinstance(use, nonces.Reused):
        raise NonceReused("this signature was used with another nonce")
    nonce = credentials.nonce
    read_only = request.method == "GET" or request.path in _READ_ONLY_PATHS
    exclusive = not read_only and request.path not in _SEND_PATHS
    use = nonces.use(nonce, content, retention, exclusive=exclusive)
    match use:
        case nonces.Reused():
            raise NonceReused("this nonce was used for another request")
        case nonces.Answered():
            return use.answer
        case nonces.Running():
            return _await_answer(nonce)
        case nonces.Granted():
            pass
    if read_only:
        return run()
    return _execute(
        run,
        partial(nonces.save_answer, nonce, content, retention, use),
        partial(nonces.release, nonce, content, retention, use),
    )


def _execute(
    run: Callable[[], Answer],
    save_answer: Callable[[Answer], None],
    release: Callable[[Answer | None], None],
) -> Answer:
    """Execute a request; then store its answer, or release its nonce."""
    refusal: Answer | None = None
    try:
        given = run()
    except deadline.OutOfTimeError:
        # No time is left to release the nonce either. The claim ends by itself.
        raise
    except Exception as error:
        if isinstance(error, Refused):
            refusal = {
                "code": error.code,
                "message": error.message,
                "status": error.http_status,
            }
        try:
            release(refusal)
        except Exception:
            log.exception("the nonce could not be released: its request is refused for a minute")
        raise
    try:
        save_answer(given)
    except Exception:
        # The request is carried out, and its exact repetition would be carried out again.
        log.exception("the answer could not be stored")
    return given


def _await_answer(nonce: str) -> Answer:
    """Wait for the answer of an identical request that another function is executing.

    Raises Refused: the refusal of that request, or one that says that it is still in progress.
    """
    for _ in range(_POLLS):
        time.sleep(_SECONDS_BETWEEN_POLLS)
        found = nonces.look(nonce)
        match found:
            case nonces.Answered():
                return found.answer
            case nonces.Released(refusal) if refusal:
                raise _refused(**refusal)
            case nonces.Released():
                break
    raise Refused("isp.SYSTEM_ERROR", "同一请求正在处理中, 请稍后重试: 同一请求可以重复发送")


def _refused(code: str, message: str, status: int) -> Refused:
    refused = Refused(code, message)
    refused.http_status = status
    return refused
