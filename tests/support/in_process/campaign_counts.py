"""The counts of a campaign: the stored sums agree with a count of all items."""

from typing import Any

from ops import campaign

_COUNTS = (
    *("recipients", "sent", "delivered", "failed", "waiting", "unsent", "unreported", "unknown"),
    *("segments", "unpriced", "pushed", "replies"),
)


def check_counts(
    out_id: str, what: object = "", *, leave_out: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Assert that the sums of a campaign equal a count of its items; return the account by the sums.

    Call it when no invocation is under way. `leave_out` names counts that may differ.
    """
    accepted = campaign.accepted(out_id)
    kept = campaign.account(out_id, accepted, exact=False)
    counted = campaign.account(out_id, accepted)
    assert kept["counted"] == "sums", what
    assert counted["counted"] == "items", what
    names = [name for name in _COUNTS if name not in leave_out]
    assert {name: kept[name] for name in names} == {name: counted[name] for name in names}, what
    if not leave_out:
        assert kept["failureReasons"] == counted["failureReasons"], what
        assert kept["state"] == counted["state"], what
    total = sum(kept[name] for name in ("delivered", "failed", "waiting", "unknown"))
    assert kept["recipients"] == total, what
    return kept
