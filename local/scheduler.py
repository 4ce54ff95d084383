"""The app's scheduled functions, each called when its time comes.

`python -m local.scheduler` counts each rate from its own start, as a rule that was just created
does, and calls one function at a time. `python -m local.scheduler --once sweep` calls one function
now and ends: 0 if it returned, 1 if it raised.
"""

import argparse
import re
import signal
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from chalice.app import ScheduleExpression

from local import faults
from local.functions import ACCOUNT, App, Function
from local.processes import StackError
from local.state import adopt_environment

READY = r"scheduled: "
"""What the scheduler prints when it is ready."""


def period(expression: str | ScheduleExpression) -> timedelta:
    """The time between two runs of `rate(5 minutes)`."""
    text = expression if isinstance(expression, str) else expression.to_string()
    match = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", text)
    if match is None:
        raise StackError(f"The local scheduler knows rate(…) only, not {text}")
    return timedelta(**{match[2] + "s": int(match[1])})


def event(function: Function) -> dict[str, Any]:
    """What EventBridge sends when the time has come."""
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


def run(periods: Mapping[Function, timedelta], stop: threading.Event) -> None:
    """Call what is due until `stop` is set; a function that runs is waited for."""
    due = {function: time.monotonic() + each.total_seconds() for function, each in periods.items()}
    while not stop.is_set():
        function = min(due, key=due.__getitem__)
        if stop.wait(max(0.0, due[function] - time.monotonic())):
            return
        function(event(function))
        # From when it was due, so that a slow run does not shift all that follow; but no run
        # for a time that has passed entirely (the machine slept).
        due[function] = max(due[function] + periods[function].total_seconds(), time.monotonic())


def main() -> int:
    """Run the scheduler, or one function."""
    parser = argparse.ArgumentParser(prog="python -m local.scheduler", description=__doc__)
    parser.add_argument("--once", metavar="FUNCTION", help="call this function now, then end")
    parser.add_argument("--app", default="app", help="module of the Chalice app")
    arguments = parser.parse_args()
    adopt_environment()
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
    # Blocked before there are threads, so that it is for sigwait alone to receive them.
    signals = (signal.SIGTERM, signal.SIGINT)
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    stop = threading.Event()
    running = threading.Thread(target=run, args=(periods, stop))
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
