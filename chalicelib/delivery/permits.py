"""What may be done now for the recipients of a request: whether it is halted, and whether its hours have begun."""

import time
from dataclasses import dataclass, field
from threading import Lock

from chalicelib import settings
from chalicelib.domain import halts as rules
from chalicelib.domain import reviews
from chalicelib.domain.halts import HOURS, Halt, Permit
from chalicelib.domain.send_hours import SendHours
from chalicelib.domain.send_request import SendRequest
from chalicelib.logs import log
from chalicelib.store import halts, templates

# A halt that was read longer ago than these seconds is read again before a call begins. An operator's command
# promises 5 seconds; the rest is for the call to begin.
MAX_AGE = 1.0


@dataclass(slots=True)
class _Reading:
    """A request's halt as it was last read. `at` is the epoch at which that reading began; 0 if there was none."""

    halt: Halt | None = None
    at: float = 0
    error: Exception | None = None
    lock: Lock = field(default_factory=Lock)


class Permits:
    """The permits of one invocation. Safe to use from several threads.

    A function may be frozen between two invocations, so nothing is kept for the next one.
    """

    def __init__(self) -> None:
        hours = settings.load().send_hours
        self._hours = SendHours(*hours) if hours else None
        self._readings: dict[str, _Reading] = {}
        self._kinds: dict[tuple[str, int], int | None] = {}
        self._logged: Exception | None = None

    def of(self, request: SendRequest, *, fresh: bool = False) -> Permit:
        """Return what may be done for a request's recipients; with `fresh`, by a halt that is read now.

        Raises an error of AWS if the table can't be read.
        """
        now = time.time()
        permit = rules.permit(self._halt(request, fresh=fresh), request.accepted_at, now)
        return Permit(gate=HOURS) if permit.allows and self.waits_for_hours(request) else permit

    @property
    def within_hours(self) -> bool:
        """Return whether promotional messages may be sent now."""
        return self._hours is None or not self._hours.opens_in(time.time())

    def waits_for_hours(self, request: SendRequest) -> bool:
        """Return whether a request has to wait for SEND_HOURS."""
        return not self.within_hours and self._is_promotional(request)

    def allow(self, request: SendRequest) -> bool:
        """Return whether a call may begin now. It may not if the table can't be read."""
        try:
            return self.of(request).allows
        except Exception as error:
            # Once, although many calls may wait for one reading.
            if error is not self._logged:
                self._logged = error
                log.exception(
                    "the halt can't be read: no call begins", extra={"bizId": request.biz_id}
                )
            return False

    def _halt(self, request: SendRequest, *, fresh: bool) -> Halt | None:
        reading = self._readings.setdefault(request.biz_id, _Reading())
        # One thread reads, the others wait for it.
        with reading.lock:
            began = time.time()
            if fresh or not 0 <= began - reading.at <= MAX_AGE:
                reading.at = began
                try:
                    reading.halt, reading.error = halts.get(request.out_id, request.biz_id), None
                except Exception as error:
                    reading.error = error
            if reading.error:
                raise reading.error
            return reading.halt

    def _is_promotional(self, request: SendRequest) -> bool:
        """Return whether a request's template is promotional, or unknown."""
        key = request.template_code, request.revision
        if key not in self._kinds:
            revision = templates.get(*key)
            self._kinds[key] = revision.kind if revision else None
        return self._kinds[key] in (reviews.PROMOTION, None)
