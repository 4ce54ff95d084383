"""The end of each Python runtime of Lambda.

Chalice has no setting for the runtime: it deploys the Python that runs it, which is the one in `.venv`.
"""

import sys
from datetime import UTC, date, datetime, timedelta

ENDS = {
    "python3.11": date(2027, 6, 30),
    "python3.12": date(2028, 10, 31),
    "python3.13": date(2029, 6, 30),
    "python3.14": date(2029, 6, 30),
}
"""The days on which AWS deprecates them. A month later it refuses new functions, after two months updates."""

RECOMMENDED = "python3.13"

_NOTICE = timedelta(days=365)


def own() -> str:
    """Return the runtime that a deployment by this process has."""
    return f"python{sys.version_info.major}.{sys.version_info.minor}"


def today() -> date:
    """Return the date, in UTC."""
    return datetime.now(UTC).date()


def warning(runtime: str) -> str:
    """Return what is to be known of a runtime's end: nothing until a year before it."""
    end = ENDS.get(runtime)
    if end is None:
        return (
            f"the end of {runtime} is not known to this release: see AWS's list of Lambda runtimes"
        )
    if today() < end - _NOTICE:
        return ""
    return (
        f"AWS {'ended' if today() >= end else 'ends'} {runtime} on {end}, and refuses to update its functions "
        f"about two months later. Deploy with a newer Python: `make deploy PYTHON={RECOMMENDED} STAGE=…`"
    )
