"""Reviews: what was submitted is looked at a moment later, and approved or rejected."""

import time

from local.tencent import signs, templates
from local.tencent.behaviour import Behaviour
from local.tencent.records import Review, Sign, Template
from local.tencent.state import State
from local.tencent.timeline import Timeline

APPROVED_REPLY = "审核通过"


class Reviewer:
    """Reviews templates and signs when they are due."""

    def __init__(self, state: State, timeline: Timeline, behaviour: Behaviour) -> None:
        self._state = state
        self._timeline = timeline
        self.behaviour = behaviour

    def due(self) -> float:
        """Tell when what is submitted now will be reviewed."""
        return time.time() + self.behaviour.review_seconds

    def schedule(self, item: Template | Sign) -> None:
        """Have an item reviewed when it is due."""
        if item.review_due is not None:
            self._timeline.add(item.review_due, self._review, item)

    def schedule_all(self) -> None:
        """Have everything reviewed that waits for it."""
        submitted: list[Template | Sign] = [*self._state.templates(), *self._state.signs()]
        for item in submitted:
            if item.status == Review.PENDING:
                self.schedule(item)

    def decide(self, item: Template | Sign, status: Review, reply: str) -> None:
        """Enter the outcome of a review."""
        item.status = status
        item.reply = reply
        item.reviewed = None if status == Review.PENDING else time.time()
        item.review_due = None
        if isinstance(item, Template):
            self._state.save_template(item)
        else:
            self._state.save_sign(item)

    def _review(self, item: Template | Sign) -> None:
        if self.behaviour.review == "hold" or not self._is_current(item):
            return
        if self.behaviour.review == "reject":
            fault: str | None = self.behaviour.review_reply
        elif isinstance(item, Template):
            fault = templates.fault_in(item)
        else:
            fault = signs.fault_in(item)
        if fault is None:
            self.decide(item, Review.APPROVED, APPROVED_REPLY)
        else:
            self.decide(item, Review.REJECTED, fault)

    def _is_current(self, item: Template | Sign) -> bool:
        # Deleted, reviewed by hand or changed since: then another review is due, or none.
        if isinstance(item, Template):
            return self._state.template(item.id) == item
        return self._state.sign(item.id) == item
