"""The two calls that ask Tencent about a phone with messages of unknown outcome: for its records, and its statuses.

Both are limited for the whole account, and an account may lack either.
"""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from chalicelib.delivery import phone_queries
from chalicelib.delivery.phone_queries import TRIES, QueryRun
from chalicelib.logs import log
from chalicelib.tencent.answers import SendRecords
from chalicelib.tencent.error_codes import (
    CodeClass,
    is_http_status,
    is_not_enabled,
    lacks_policy,
    synonyms,
)
from chalicelib.tencent.interface import CallRefusedError, Event, TencentApi, TencentError
from chalicelib.tencent.throttle import Pace

# Tencent allows 10 and 20 calls a second to the whole account, and counts them as they arrive.
RECORDS_PER_SECOND = 9
STATUSES_PER_SECOND = 18
# A call begins with at least this much time left: for the call (20 s) and the writes after it.
_SECONDS_FOR_A_CALL = 25

T = TypeVar("T")


class OutcomeQueries:
    """The calls of one invocation. Safe to use from several threads."""

    def __init__(self, client: TencentApi, deadline: float) -> None:
        self._client = client
        self._run = QueryRun(deadline, _SECONDS_FOR_A_CALL)
        self._records = _Query(self._run, "DescribeSendRecordList", RECORDS_PER_SECOND)
        self._statuses = _Query(self._run, "PullSmsSendStatusByPhoneNumber", STATUSES_PER_SECOND)

    @property
    def stopped(self) -> bool:
        """Return whether too many calls in a row got no answer, so that no further ones are made."""
        return self._run.stopped

    @property
    def has_time(self) -> bool:
        """Return whether another call may be made."""
        return not self.stopped and self._run.seconds_left > 0

    def records(self, phone: str, since: int) -> SendRecords | None:
        """Return the records of a phone since an epoch: none if Tencent gives no answer. None if there was no time."""
        return self._records.ask(
            lambda: self._client.send_records(phone, since), SendRecords([], False)
        )

    def statuses(self, phone: str, sent_at: int) -> list[Event] | None:
        """Return the statuses of a phone since the epoch of a send, with the same exceptions as `records`."""
        nothing: list[Event] = []
        return self._statuses.ask(
            lambda: phone_queries.statuses_since(self._client, phone, sent_at), nothing
        )


class _Query:
    """One of the two calls: how often it may be made, and whether the account has it."""

    def __init__(self, run: QueryRun, name: str, per_second: float) -> None:
        self._run = run
        self._name = name
        self._offered = True
        self._pace = Pace(per_second)
        # The previous run may have made a call a moment ago.
        self._pace.rest(time.monotonic() + 1 / per_second)
        self._lock = threading.Lock()

    def ask(self, call: Callable[[], T], nothing: T) -> T | None:
        """Make a call in its turn and return the answer: `nothing` if Tencent gives none, None if there was no time."""
        for _ in range(TRIES):
            if not self._offered:
                return nothing
            left = self._run.seconds_left
            if self._run.stopped or left <= 0 or not self._pace.wait(left):
                return None
            try:
                answer = call()
            except CallRefusedError as error:
                if error.meaning.kind is CodeClass.WAIT:
                    phone_queries.rest(self._pace)
                    continue
                if is_http_status(error.code):
                    self._unanswered(error)
                elif error.meaning.kind is CodeClass.CONFIG:
                    self._not_offered(error)
                return nothing
            except TencentError as error:
                self._unanswered(error)
                return nothing
            self._run.answered()
            return answer
        return None

    def _unanswered(self, error: TencentError) -> None:
        self._run.unanswered(
            "too many calls to Tencent got no answer, the inquiry continues later",
            call=self._name,
            why=str(error),
        )

    def _not_offered(self, error: CallRefusedError) -> None:
        """Ask no more in this run, and log once what the operator can do."""
        with self._lock:
            if not self._offered:
                return
            self._offered = False
        if "InvalidAction" in synonyms(error.code):
            remedy = "Tencent does not offer this call to the account: ask its support"
        elif lacks_policy(error.code):
            remedy = (
                "No policy allows the key of TENCENT_SECRET_ID to make this call: grant it the action "
                f"sms:{self._name} in Tencent's access management (CAM)"
            )
        elif is_not_enabled(error.code):
            remedy = "Tencent has not enabled this call for the application: ask its support"
        else:
            remedy = "Tencent refuses this call"
        log.warning(
            f"{remedy}. Sends of unknown outcome wait for their callbacks",
            extra={"call": self._name, "why": str(error)},
        )
