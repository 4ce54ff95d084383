"""axe-core, which finds what people with disabilities can't read or use. `make browser` installs it."""

import importlib.util
import json
from pathlib import Path

from tests.support.local_stack.screen import Screen

_found = importlib.util.find_spec("axe_playwright_python")
SCRIPT = Path(_found.origin).parent / "axe.min.js" if _found and _found.origin else None

_RUN = """axe.run(document, {resultTypes: ['violations']}).then(({violations}) => JSON.stringify(
    violations.flatMap(({id, nodes}) => nodes.map(
        ({target, html, failureSummary}) => [id, target.join(' '), html.slice(0, 200), failureSummary]))))"""


def violations(tab: Screen) -> list[list[str]]:
    """Return what axe-core finds in a page as it is: the rule, the element, its HTML, and why.

    The debugger runs the script, because the page's policy does not apply to it.
    """
    assert SCRIPT
    if not tab.value("'axe' in window"):
        tab.value(f"{SCRIPT.read_text()};0")
    found: list[list[str]] = json.loads(tab.value(_RUN))
    return found
