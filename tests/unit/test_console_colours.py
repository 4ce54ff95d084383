"""The contrast of texts on their grounds, in light and dark: 4.5 to 1 and more (WCAG AA)."""

import re
from pathlib import Path

import pytest

from ops.console import rendering

STYLE = (Path(rendering.__file__).parent / "static" / "console.css").read_text()
LIGHT, DARK = (
    dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+);", block))
    for block in re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
)
TEXTS = [
    *(("ink", ground) for ground in ("ground", "card", "soft")),
    *(("quiet", ground) for ground in ("ground", "card", "soft")),
    *(("link", ground) for ground in ("ground", "card")),
    *((f"{kind}-ink", f"{kind}-ground") for kind in ("good", "bad", "warn", "info")),
    ("bad-ink", "card"),
    ("on-primary", "primary"),
    ("failed", "card"),
]
WHITE_ON = ["production", "other", "local"]
# Shapes need 3 to 1.
SHAPES = ["delivered", "failed", "unknown", "waiting"]


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * one for one in colour[1:])
    parts = (int(digits[first : first + 2], 16) / 255 for first in (0, 2, 4))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXTS)
def test_a_text_can_be_read(colours: dict[str, str], text: str, ground: str) -> None:
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("badge", WHITE_ON)
def test_the_stage_can_be_read(colours: dict[str, str], badge: str) -> None:
    assert contrast("#ffffff", colours[badge]) >= 4.5


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_share_of_a_bar_can_be_seen(colours: dict[str, str], shape: str) -> None:
    assert contrast(colours[shape], colours["card"]) >= 3


def test_both_schemes_have_the_same_colours() -> None:
    assert LIGHT.keys() == DARK.keys()


def test_pages_have_no_inline_styles_or_scripts() -> None:
    for path in (Path(rendering.__file__).parent / "templates").rglob("*.html"):
        text = path.read_text()
        assert not re.search(r"\sstyle=|\son[a-z]+=|<style|<script(?! src=)", text), path
