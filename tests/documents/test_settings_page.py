"""docs/settings.md lists the settings that the bridge reads."""

import dataclasses
import re
from pathlib import Path

from chalicelib import setting_formats, settings

PAGE = Path("docs/settings.md").read_text()
# Of the local stack, not of the bridge.
LOCAL = {"BRIDGE_PORT", "BRIDGE_STATE", "BRIDGE_WORKERS", "HOSTILE", "HOSTILE_SEED"}


def listed() -> dict[str, str]:
    """Return each setting of the page's tables with its default there."""
    return dict(re.findall(r"^\| `([A-Z_]+)` \| .* \| ([^|]+) \|$", PAGE, re.MULTILINE))


def test_every_setting_is_listed_and_no_other() -> None:
    read = {field.metadata["variable"] for field in dataclasses.fields(settings.Settings)}
    assert set(listed()) == read | LOCAL


def test_every_setting_is_listed_once() -> None:
    names = re.findall("^[|] `([A-Z_]+)` [|]", PAGE, re.MULTILINE)
    assert sorted(names) == sorted(set(names))


def test_the_defaults_are_those_of_the_bridge() -> None:
    for field in dataclasses.fields(settings.Settings):
        name, default = field.metadata["variable"], field.default
        shown = listed()[name].strip("`")
        if default is dataclasses.MISSING:
            assert shown == "required"
        elif isinstance(default, tuple):
            assert shown == ",".join(default)
        elif default and not name.startswith("BRIDGE_"):
            assert shown == str(default)


def test_a_setting_that_is_waited_for_is_named_with_its_codes() -> None:
    assert ", ".join(map(str, setting_formats.WAITABLE)) in PAGE
