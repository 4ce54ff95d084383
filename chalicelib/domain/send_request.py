"""An accepted request to send: one call of §5, §6 or §11."""

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.domain import periods


@dataclass(frozen=True, slots=True, kw_only=True)
class SendRequest:
    """An accepted request. The field names are stored, so they must not change.

    `accepted_at` is an epoch. `recipients` and `refused` are 0 for a file (§5), whose lines are counted later.
    `blank` counts the entries of a list that are no number at all: they failed, but no receipt can name them.
    `listed` says that it is in the list of its day, and that its counts are kept: a release that does so accepted it.
    `resend` says that no request of Quick Audience's is behind it: an operator sent again to recipients of its outId.
    """

    out_id: str
    biz_id: str
    sign: str
    template_code: str
    revision: int
    tpl_id: int
    accepted_at: int
    recipients: int = 0
    refused: int = 0
    related: Mapping[str, str] | None = None
    blank: int = 0
    listed: bool = False
    resend: bool = False

    @property
    def expires(self) -> int:
        """Return the epoch from which DynamoDB may delete the items of this request."""
        return self.accepted_at + periods.RETENTION_SECONDS
