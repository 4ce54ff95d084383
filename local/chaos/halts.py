"""An operator who pauses, resumes and stops campaigns while the storm rages."""

import random
import subprocess
from collections import Counter

from local.chaos.campaigns import Campaign, Campaigns

# A command is killed in this share of cases, after some of these seconds: before, between or after its writes.
_DIES = 0.3
_SECONDS_TO_DEATH = (0.3, 2.5)
# The operator chooses among this many of the newest campaigns: older ones have little left to halt.
_NEWEST = 6


class Operator:
    """Pauses, resumes and stops campaigns at random. `counts` has the commands that returned, and those that died."""

    def __init__(self, campaigns: Campaigns) -> None:
        self._campaigns = campaigns
        self._paused: set[str] = set()
        self.counts: Counter[str] = Counter()

    def halt(self, generator: random.Random) -> str:
        """Pause or stop a campaign, or end a pause; return what happened, "" if there is no campaign yet."""
        if self._paused and generator.random() < 0.5:
            out_id = generator.choice(sorted(self._paused))
            return self._run(generator.choice(("resume", "resume", "stop")), out_id, generator)
        newest = [one for one in self._campaigns.all[-_NEWEST:] if not one.stopped]
        if not newest:
            return ""
        chosen = generator.choice(newest).out_id
        return self._run(generator.choice(("pause", "pause", "stop")), chosen, generator)

    def resume_all(self) -> None:
        """Resume every campaign whose pause has not ended."""
        for out_id in sorted(self._paused):
            # The command fails where an earlier one ended the pause and died before it returned. Recipients whose
            # campaign is still paused by mistake are found by the audit.
            self._campaigns.sides.attempt("ops", "campaign", "resume", out_id, "--yes")
        self._paused.clear()

    def _run(self, verb: str, out_id: str, generator: random.Random) -> str:
        if verb == "stop":
            # A repetition may be refused as soon as the command runs.
            self._campaign(out_id).stopped = True
        dies = generator.random() < _DIES
        seconds = generator.uniform(*_SECONDS_TO_DEATH) if dies else None
        try:
            done = self._campaigns.sides.attempt(
                "ops", "campaign", verb, out_id, "--yes", seconds=seconds
            )
        except subprocess.TimeoutExpired:
            self._paused.add(out_id)
            self.counts["halting commands that died"] += 1
            return f"an operator began to {verb} {out_id}, and the command died"
        if verb == "pause" and not done.returncode:
            self._paused.add(out_id)
        elif verb != "pause":
            self._paused.discard(out_id)
        self.counts["halting commands"] += 1
        return f"an operator ran {verb} {out_id}: exit {done.returncode}"

    def _campaign(self, out_id: str) -> Campaign:
        [found] = [one for one in self._campaigns.all if one.out_id == out_id]
        return found
