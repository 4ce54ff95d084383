"""The policies of people, as docs/operations.md has them."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.support.deployment.permissions import Permission, allows

_PAGE = Path(__file__).parents[3] / "docs" / "operations.md"


def policy(name: str, **names: str) -> dict[str, Any]:
    """Return a policy with other names in place of the page's: REGION, ACCOUNT, and the stage's prefix."""
    pattern = rf"<!-- policy: {name} -->\n```json\n(.*?)\n```"
    [text] = re.findall(pattern, _PAGE.read_text(), re.DOTALL)
    for old, new in names.items():
        text = text.replace(old, new)
    found: dict[str, Any] = json.loads(text)
    return found


def denied(document: Mapping[str, Any], needed: Iterable[Permission]) -> list[Permission]:
    """Return the permissions that a policy does not give."""
    return [one for one in needed if not allows(document, one)]


def actions(document: Mapping[str, Any]) -> set[str]:
    """Return all actions of a policy."""
    return {
        action
        for statement in document["Statement"]
        for action in (
            [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        )
    }
