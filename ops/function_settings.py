"""Settings of functions that Chalice can't set, for `make deploy` and `make package` alike."""

PARTIAL_BATCHES = "BRIDGE_PARTIAL_BATCHES"

SCHEDULES = {"pull": 60, "release": 60, "sweep": 3600, "inquire": 3600}
"""The functions that schedules start, with the seconds after which Lambda drops a run that it could not start.

Their next run does the work of one that failed or was dropped. Without limits, Lambda would run a failed event
twice more, and keep events for six hours while the account has no concurrency, to start them all at once.
"""
RETRIES = 0
