"""Templates and signs that exist from the start, as if they were created in the console."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from local.tencent import templates
from local.tencent.catalogue import Catalogue
from local.tencent.checks import Application
from local.tencent.records import Review, Sign, Template
from local.tencent.reviews import APPROVED_REPLY


@dataclass(frozen=True, slots=True)
class Preset:
    """A template or sign that is approved from the start."""

    id: int
    text: str
    type: int = templates.ORDINARY
    international: int = 0


DEFAULT_APPLICATION = Application(
    "1400000001", "local-app-key", "AKIDlocalsecretid", "local-secret-key"
)
DEFAULT_SIGN = Preset(1001, "测试签名")


def add_signs(catalogue: Catalogue, presets: Iterable[Preset]) -> None:
    """Add the signs that are missing, or that have another text."""
    now = time.time()
    for preset in presets:
        found = catalogue.sign(preset.id)
        if found is None or found.text != preset.text:
            catalogue.add_sign(
                Sign(
                    id=preset.id,
                    text=preset.text,
                    remark="",
                    international=preset.international,
                    status=Review.APPROVED,
                    reply=APPROVED_REPLY,
                    applied=now,
                    reviewed=now,
                    review_due=None,
                )
            )


def add_templates(catalogue: Catalogue, presets: Iterable[Preset]) -> None:
    """Add the templates that are missing, or that have another text."""
    now = time.time()
    for preset in presets:
        found = catalogue.template(preset.id)
        if found is None or found.text != preset.text:
            catalogue.add_template(
                Template(
                    id=preset.id,
                    text=preset.text,
                    type=preset.type,
                    title="",
                    remark="",
                    international=preset.international,
                    status=Review.APPROVED,
                    reply=APPROVED_REPLY,
                    applied=now,
                    reviewed=now,
                    review_due=None,
                )
            )
