"""When a status may settle an earlier send of unknown outcome."""

from typing import cast

from chalicelib.settings import Settings

ADOPT_AFTER_SECONDS = cast("int", Settings.__dataclass_fields__["adopt_after"].default)
"""The default of BRIDGE_ADOPT_AFTER."""
