"""The state of a campaign, and of each of its requests, in one word."""

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, get_args

from chalicelib.delivery.permits import Permits
from chalicelib.domain.messages import STOPPED
from chalicelib.store import breakers, halts, send_requests
from chalicelib.store.files import File
from chalicelib.store.send_requests import UnknownRequestError
from ops.kept_counts import OTHER

if TYPE_CHECKING:
    from chalicelib.domain.halts import Halt

State = Literal["sending", "held", "hours", "paused", "waiting", "failed", "done", "stopped"]
"""`held` while a breaker or a hold stops calls, `hours` outside SEND_HOURS, `waiting` for receipts, `failed` if a file
failed. A request counts as stopped if recipients of it were not sent to when it was stopped, or will not be.
"""

_ORDER: tuple[State, ...] = get_args(State)


def of_campaign(states: Iterable[State]) -> State:
    """Return the state of a campaign with requests in these states: the one that is first in the order of `State`."""
    return min(states, key=_ORDER.index)


class RequestStates:
    """The states of requests, as they are now. What they share is read once, and only if a request needs it.

    Unless `consistent`, they are those of a second ago. `pauses` are the halts of those that are paused. `halts_of` has
    the halts of one outId's requests by bizId if they were read before.
    """

    def __init__(self, *, consistent: bool, halts_of: Mapping[str, "Halt"] | None = None) -> None:
        self.pauses: list[Halt] = []
        self._halts_of = halts_of
        self._consistent = consistent
        self._permits = Permits()
        self._held: bool | None = None

    def of(
        self,
        request: tuple[str, str],
        counts: Mapping[str, int],
        codes: Collection[str],
        file: File | None,
    ) -> State:
        """Return the state of a request (its outId and its bizId).

        `counts` are those of its recipients, `codes` those of its failures, and `file` is its file if it has one.
        """
        unsent = bool(counts["unsent"]) or (file is not None and not file.ended)
        if (unsent or {STOPPED.code, OTHER}.intersection(codes)) and (halt := self._halt(request)):
            if halt.state == "stopped":
                return "stopped"
            if halt.state == "paused" and unsent:
                self.pauses.append(halt)
                return "paused"
        if unsent:
            if self._waits_for_hours(request):
                return "hours"
            return "held" if self._is_held() else "sending"
        if counts["unreported"] or counts["unknown"]:
            return "waiting"
        return "failed" if file and file.state == "failed" else "done"

    def _halt(self, request: tuple[str, str]) -> "Halt | None":
        if self._halts_of is not None:
            return self._halts_of.get(request[1])
        return halts.get(*request, consistent=self._consistent)

    def _waits_for_hours(self, request: tuple[str, str]) -> bool:
        if self._permits.within_hours:
            return False
        # It may have expired a moment ago.
        with suppress(UnknownRequestError):
            return self._permits.waits_for_hours(send_requests.get(*request))
        return False

    def _is_held(self) -> bool:
        """Return whether a breaker or a hold stops calls to Tencent."""
        if self._held is None:
            self._held = bool(
                breakers.all_open(consistent=self._consistent).keys() - {"quickaudience"}
            )
        return self._held
