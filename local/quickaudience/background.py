"""Run the simulator inside another program, for tests."""

from contextlib import AbstractContextManager
from pathlib import Path

from local import background

from .server import serve
from .settings import Settings


def running(
    settings: Settings | None = None, state: Path | None = None
) -> AbstractContextManager[str]:
    """Run a simulator in a thread, on a free port.

    Returns:
        A context manager that yields the simulator's base URL.
    """
    return background.running(
        "quickaudience",
        lambda ready, stop: serve(
            settings or Settings(), port=0, state=state, ready=ready, stop=stop
        ),
    )
