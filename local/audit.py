"""Are the pinned dependencies known to be vulnerable? `python -m local.audit FILE…`, part of `make check`.

pip-audit asks PyPI for advisories. A registry's mirror has none, so a dependency may be left unaudited:
that is said with its count, and is no failure; a known vulnerability is one.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from typing import Any

_SECONDS = 120


def report(dependencies: Iterable[Mapping[str, Any]]) -> tuple[list[str], bool]:
    """What is said of pip-audit's findings, and whether all is well."""
    found = list(dependencies)
    left = [one for one in found if "skip_reason" in one]
    lines = [
        f"{one['name']} {one['version']}: {flaw['id']}, mended in {', '.join(flaw['fix_versions']) or 'none'}"
        for one in found
        for flaw in one.get("vulns", [])
    ]
    well = not lines
    lines.append(
        f"audited {len(found) - len(left)} of {len(found)} pinned dependencies"
        + (": advisories of the others can't be reached from here" if left else "")
    )
    return lines, well


def main(files: list[str]) -> int:
    """Audit requirements files; answers the exit code."""
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
        print("audited nothing: no advisories can be reached from here")
        return 0
    lines, well = report(dependencies)
    print("\n".join(lines))
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
