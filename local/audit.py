"""Look up known vulnerabilities of the pinned dependencies: `python -m local.audit FILE…`, part of `make check`.

pip-audit asks PyPI for advisories. A mirror of PyPI has none, so some dependencies may stay unaudited.
Their number is printed, and only a known vulnerability is a failure.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from typing import Any

NOT_AUDITED = (
    "NOT AUDITED, nothing is known about vulnerabilities: no advisories can be reached from here"
)

_SECONDS = 120


def report(dependencies: Iterable[Mapping[str, Any]]) -> tuple[list[str], bool]:
    """Return a text for each of pip-audit's findings, and whether no vulnerability is known."""
    found = list(dependencies)
    skipped = [one for one in found if "skip_reason" in one]
    lines = [
        f"{one['name']} {one['version']}: {flaw['id']}, fixed in {', '.join(flaw['fix_versions']) or 'none'}"
        for one in found
        for flaw in one.get("vulns", [])
    ]
    passed = not lines
    if found and len(skipped) == len(found):
        return [f"{NOT_AUDITED}: {len(found)} pinned dependencies"], passed
    lines.append(
        f"audited {len(found) - len(skipped)} of {len(found)} pinned dependencies"
        + (": advisories of the others can't be reached from here" if skipped else "")
    )
    return lines, passed


def main(files: list[str]) -> int:
    """Audit requirements files and return the exit code."""
    chosen = [word for name in files for word in ("-r", name)]
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        "--no-deps",
        "--disable-pip",
        "-f",
        "json",
        *chosen,
    ]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        dependencies = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError):
        print(NOT_AUDITED)
        return 0
    lines, passed = report(dependencies)
    print("\n".join(lines))
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
