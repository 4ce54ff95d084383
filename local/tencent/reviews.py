"""Reviews: a submitted template or sign is approved or rejected a moment later."""

import time

from local.tencent import signs, templates
from local.tencent.behaviour import Behaviour
from local.tencent.catalogue import Catalogue
from local.tencent.records import Review, Sign, Template
from local.tencent.timeline import Timeline

APPROVED_REPLY = "审核通过"


class Reviewer:
    """Reviews templates and signs when they are due."""

    def __init__(self, catalogue: Catalogue, timeline: Timeline, behaviour: Behaviour) -> None:
        self._catalogue = catalogue
        self._timeline = timeline
        self.behaviour = behaviour

    def due(self) -> float:
        """Return the time of the review of an item that is submitted now."""
        return time.time() + self.behaviour.review_seconds

    def schedule(self, item: Template | Sign) -> None:
        """Schedule the review of an item."""
        if item.review_due is not None:
            self._timeline.add(item.review_due, self._review, item)

    def schedule_all(self) -> None:
        """Schedule the review of every pending item."""
        items: list[Template | Sign] = [*self._catalogue.templates(), *self._catalogue.signs()]
        for item in items:
            if item.status == Review.PENDING:
                self.schedule(item)

    def decide(self, item: Template | Sign, status: Review, reply: str) -> None:
        """Store the result of a review."""
        item.status = status
        item.reply = reply
        item.reviewed = None if status == Review.PENDING else time.time()
        item.review_due = None
        if isinstance(item, Template):
            self._catalogue.save_template(item)
        else:
            self._catalogue.save_sign(item)

    def _review(self, item: Template | Sign) -> None:
        if self.behaviour.review == "hold" or not self._is_current(item):
            return
        if self.behaviour.review == "reject":
            reason: str | None = self.behaviour.review_reply
        elif isinstance(item, Template):
            reason = templates.rejection_reason(item)
        else:
            reason = signs.rejection_reason(item)
        if reason is None:
            self.decide(item, Review.APPROVED, APPROVED_REPLY)
        else:
            self.decide(item, Review.REJECTED, reason)

    def _is_current(self, item: Template | Sign) -> bool:
        # An item that was deleted, reviewed by hand or changed needs another review, or none.
        if isinstance(item, Template):
            return self._catalogue.template(item.id) == item
        return self._catalogue.sign(item.id) == item
