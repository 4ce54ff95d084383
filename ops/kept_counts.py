"""The counts of a request from the sums that the functions keep, without reading its items (docs/decisions/0057)."""

from collections import Counter
from typing import NamedTuple

from chalicelib.domain.chunks import SendSums
from chalicelib.store.files import File
from chalicelib.store.final_state_log import Head

OTHER = "other"
"""Stands for the codes of failures that are not kept one by one."""


class KeptCounts(NamedTuple):
    """The counts of one request.

    `counts` has those of its recipients, of the segments that Tencent bills, and of those messages whose fee it never
    named (`unpriced`). `failures` has the failed ones by code, each with the text that came with it.
    """

    counts: Counter[str]
    failures: dict[str, tuple[int, str]]


def of_request(
    recipients: int, blank: int, head: Head, sums: SendSums, file: File | None
) -> KeptCounts | None:
    """Return the counts of a request; None if they are not kept completely, so that everything has to be counted.

    `recipients` and `blank` are those of the request.
    """
    final = head.tally
    if final is None or final.unpriced:
        # An older release worked on it.
        return None
    numbers = file.position if file else recipients - blank
    without_number = blank + (file.unreadable if file else 0)
    # A status may have come before the invocation that sent has ended and added up what it sent.
    of_sends = final.delivered + final.failed - final.refused - final.lost - final.late
    sent = max(sums.sent, of_sends)
    unknown = max(sums.unknown, final.lost + final.late)
    counts = Counter(
        recipients=numbers + without_number,
        sent=sent + final.late,
        delivered=final.delivered,
        failed=final.failed + without_number,
        unsent=max(0, numbers - final.refused - sent - unknown),
        unreported=sent - of_sends,
        unknown=unknown - final.lost - final.late,
        segments=sums.segments,
        unpriced=final.late,
    )
    failures = dict(final.reasons)
    if final.other_reasons:
        failures[OTHER] = final.other_reasons, "codes with fewer recipients"
    return KeptCounts(counts, failures)
