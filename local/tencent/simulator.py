"""The simulator: its parts, and their start, stop and reset."""

from collections.abc import Sequence

from local.tencent import presets
from local.tencent.api3.gateway import Gateway
from local.tencent.behaviour import Behaviour, FaultPicker
from local.tencent.call_log import CallLog
from local.tencent.callbacks import Pusher
from local.tencent.checks import Application
from local.tencent.dispatch import Dispatched
from local.tencent.presets import Preset
from local.tencent.reviews import Reviewer
from local.tencent.sending import Sender
from local.tencent.state import State
from local.tencent.timeline import Timeline


class Simulator:
    """One Tencent SMS application."""

    def __init__(
        self,
        application: Application,
        behaviour: Behaviour,
        state: State,
        preset_signs: Sequence[Preset],
        preset_templates: Sequence[Preset],
    ) -> None:
        self.application = application
        self.state = state
        self.timeline = Timeline()
        self.call_log = CallLog()
        self.dropped_receipts = 0
        self.gateway = Gateway(application)
        self._initial_behaviour = behaviour.model_copy(deep=True)
        self._preset_signs = preset_signs
        self._preset_templates = preset_templates
        self.behaviour = behaviour
        self.faults = FaultPicker(behaviour)
        self.sender = Sender(state, behaviour)
        self.pusher = Pusher(state.traffic, self.timeline, behaviour)
        self.reviewer = Reviewer(state.catalogue, self.timeline, behaviour)

    def start(self) -> None:
        """Start, and schedule the reviews, receipts and replies that an earlier run left."""
        self._add_presets()
        self.reviewer.schedule_all()
        self.pusher.start()

    async def stop(self) -> None:
        """Stop pushing and close the database."""
        self.timeline.clear()
        await self.pusher.stop()
        self.state.close()

    def reset(self, *, keep_templates: bool) -> None:
        """Delete all data and restore the initial behaviour."""
        self.timeline.clear()
        self.pusher.clear()
        self.call_log.clear()
        self.gateway.rates.clear()
        self.dropped_receipts = 0
        self.state.clear(keep_templates=keep_templates)
        self.restore_behaviour()
        self._add_presets()
        self.reviewer.schedule_all()

    def deliver(self, dispatched: Dispatched) -> None:
        """Schedule the receipts and replies of the messages of a send."""
        for receipt in dispatched.receipts:
            self.pusher.schedule_receipt(receipt)
        for reply in dispatched.replies:
            self.pusher.schedule_reply(reply)
        self.dropped_receipts += dispatched.dropped

    def set_behaviour(self, behaviour: Behaviour) -> None:
        """Replace the switches."""
        reviews_were_held = self.behaviour.review == "hold"
        self.behaviour = behaviour
        self.faults = FaultPicker(behaviour)
        self.sender = Sender(self.state, behaviour)
        self.pusher.behaviour = behaviour
        self.reviewer.behaviour = behaviour
        self.pusher.start_pushes()
        if reviews_were_held and behaviour.review != "hold":
            self.reviewer.schedule_all()

    def restore_behaviour(self) -> None:
        """Set every switch to its initial value."""
        self.set_behaviour(self._initial_behaviour.model_copy(deep=True))

    def _add_presets(self) -> None:
        presets.add_signs(self.state.catalogue, self._preset_signs)
        presets.add_templates(self.state.catalogue, self._preset_templates)
