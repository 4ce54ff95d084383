"""The schedules: call each scheduled function of the app when it is due.

`python -m local.scheduler` counts each rate from its own start, as a newly created rule does, and calls one function
at a time; with HOSTILE, several at once and some twice (`local.hostile`). `python -m local.scheduler --once sweep`
calls one function now and exits with 0 if it returned and with 1 if it raised.
"""

import argparse
import re
import signal
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from chalice.app import ScheduleExpression

from local import faults
from local.functions import ACCOUNT, App, Function
from local.hostile.slots import Slots
from local.processes import StackError
from local.state import adopt_environment
from local.worst import Worst

READY = r"scheduled: "
"""Pattern of the line that the scheduler prints when it is ready."""

# How long an event waits for a slot. AWS keeps it for hours.
_SLOT_SECONDS = 60


def period(expression: str | ScheduleExpression) -> timedelta:
    """Return the time between two runs of a rate such as `rate(5 minutes)`."""
    text = expression if isinstance(expression, str) else expression.to_string()
    match = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", text)
    if match is None:
        raise StackError(f"The local scheduler supports rate(…) only, not {text}")
    return timedelta(**{match[2] + "s": int(match[1])})


def event(function: Function) -> dict[str, Any]:
    """Return the event with which EventBridge calls a scheduled function."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": function.region,
        "resources": [f"arn:aws:events:{function.region}:{ACCOUNT}:rule/{function.deployed_name}"],
        "detail": {},
    }


def run(
    periods: Mapping[Function, timedelta], stop: threading.Event, worst: Worst | None = None
) -> None:
    """Call the functions that are due until `stop` is set. A function that is running is waited for.

    `worst` is what HOSTILE turns on.
    """
    worst = worst or Worst("scheduler", {})
    schedules, slots = worst.schedules(), worst.slots()
    running: list[threading.Thread] = []
    due = {function: time.monotonic() + each.total_seconds() for function, each in periods.items()}
    while not stop.is_set():
        function = min(due, key=due.__getitem__)
        if stop.wait(max(0.0, due[function] - time.monotonic())):
            break
        running = [thread for thread in running if thread.is_alive()]
        running += schedules.deliver(_in_slot(function, slots), event(function), stop)
        # Counted from when it was due, so that a slow run does not delay all later ones. Periods that
        # have passed entirely, because the machine slept, are skipped.
        due[function] = max(due[function] + periods[function].total_seconds(), time.monotonic())
    for thread in running:
        thread.join()


def _in_slot(function: Function, slots: Slots) -> Callable[[dict[str, Any]], bool]:
    """Return a function that calls this one in a slot, or fails if none becomes free."""

    def call(event: dict[str, Any]) -> bool:
        with slots.take(_SLOT_SECONDS) as slot:
            return slot and function(event)

    return call


def main() -> int:
    """Run the scheduler, or one function, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m local.scheduler", description=__doc__)
    parser.add_argument("--once", metavar="FUNCTION", help="call this function now, then exit")
    parser.add_argument("--app", default="app", help="module of the Chalice app")
    arguments = parser.parse_args()
    adopt_environment()
    worst = Worst("scheduler" if arguments.once is None else arguments.once)
    worst.install()
    faults.install()
    app = App(arguments.app)
    schedules = app.schedules
    if arguments.once is not None:
        if arguments.once not in schedules:
            raise StackError(f"{arguments.once!r} is not scheduled; these are: {sorted(schedules)}")
        function = app.function(arguments.once)
        return 0 if function(event(function)) else 1
    periods = {
        app.function(name): period(schedule.schedule_expression)
        for name, schedule in schedules.items()
    }
    # Blocked before any thread starts, so that only sigwait receives them.
    signals = (signal.SIGTERM, signal.SIGINT)
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    stop = threading.Event()
    running = threading.Thread(target=run, args=(periods, stop, worst))
    running.start()
    print(f"scheduled: {', '.join(schedules)}", flush=True)
    signal.sigwait(signals)
    stop.set()
    running.join()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except StackError as error:
        sys.exit(f"local.scheduler: {error}")
