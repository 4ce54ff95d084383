"""Names of campaigns that look alike, or can't be typed: what is shown of them, and what confirms an action."""

import pytest

from ops.console import out_ids

PLAIN = ["spring", "双11 大促", "2026-03-02 A/B", "café", "עברית", "👍 sale", "a" * 60]
# Each looks like "spring sale", or like nothing.
ALIKE = [
    "spring  sale",
    " spring sale",
    "spring sale ",
    "spring\tsale",
    "spring\nsale",
    "spring\r\nsale",
    "spring\u00a0sale",
    "spring\u3000sale",
    "spring\u200b sale",
    "spring sale\u200f",
    "\u202espring sale",
    "\ufeffspring sale",
    "spring sale\u0000",
    "spring sale\ufe0f",
    "spring sale\u3164",
    "spring\u00ad sale",
    "\u2800",
    "\u3000",
]


@pytest.mark.parametrize("name", PLAIN)
def test_a_name_that_can_be_typed_is_typed(name: str) -> None:
    assert out_ids.shown(name) == name
    assert out_ids.confirmation(name) == name
    assert out_ids.is_typed(f"  {name}\n", name)
    assert not out_ids.is_typed(name[:-1], name)
    assert not out_ids.is_typed(name.swapcase() + "x", name)


@pytest.mark.parametrize("name", ALIKE)
def test_a_name_that_only_looks_alike_has_a_code_of_its_own(name: str) -> None:
    shown = out_ids.shown(name)
    assert "⟨U+" in shown
    assert out_ids.shown(shown) == shown
    code = out_ids.confirmation(name)
    assert code.isascii()
    assert code.isalnum()
    assert not out_ids.is_typed("spring sale", code)
    assert out_ids.is_typed(code, code)


def test_names_that_look_alike_are_shown_and_confirmed_differently() -> None:
    every = [*ALIKE, "spring sale"]
    assert len({out_ids.shown(name) for name in every}) == len(every)
    assert len({out_ids.confirmation(name) for name in every}) == len(every)


def test_a_long_name_has_a_code() -> None:
    assert len(out_ids.confirmation("a" * 200)) == 8
    assert out_ids.confirmation("a" * 200) != out_ids.confirmation("a" * 201)


def test_accents_may_be_composed_in_either_way() -> None:
    assert out_ids.is_typed("cafe\u0301", out_ids.confirmation("caf\u00e9"))
    # A decomposed name looks like the composed one, which may be another campaign.
    assert out_ids.confirmation("cafe\u0301") != "cafe\u0301"


def test_half_a_character_has_a_code() -> None:
    assert len(out_ids.confirmation("\ud800")) == 8
