"""Which switches of AWS at its worst are on in the integration tests (`local.hostile`)."""

import os
from dataclasses import replace

from local.hostile.switches import Switch, Switches

APPLICABLE = frozenset(
    {
        Switch.CHAIN,
        Switch.AGAIN,
        Switch.LOST_RECEIVE,
        Switch.HANDLES,
        Switch.PARTIAL,
        Switch.THROTTLE,
        Switch.WEAK_READS,
        Switch.CONFLICTS,
        Switch.SECRETS,
    }
)
"""The switches that can be imitated in one process with moto. The others need processes, sockets or a real clock."""

_NAMED = Switches.from_environment(os.environ)
SWITCHES = replace(_NAMED, on=_NAMED.on & APPLICABLE)
"""Those of them that HOSTILE names, with the seed of HOSTILE_SEED."""
