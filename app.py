"""Table of contents: every route, queue trigger and schedule of the bridge, each one line into chalicelib.

The imports stand inside the functions on purpose. One bundle serves every Lambda function, and what
this module imports is paid by each of them at every cold start; so a function imports what it
needs when it is called first, and nothing else.
"""

import os

from chalice.app import Chalice, Rate, Response, SQSEvent, CloudWatchEvent

app = Chalice(app_name="qa-sms-bridge")
QUEUES = os.environ.get("BRIDGE_QUEUE_PREFIX", "qa-sms-bridge-local-")


@app.on_sqs_message(queue=QUEUES + "sends", batch_size=5, maximum_concurrency=4)
def deliver(event: SQSEvent) -> None: ...


@app.on_sqs_message(
    queue=QUEUES + "callbacks", batch_size=10, maximum_batching_window_in_seconds=1, maximum_concurrency=4
)
def settle(event: SQSEvent) -> None: ...


@app.on_sqs_message(
    queue=QUEUES + "receipts", batch_size=10, maximum_batching_window_in_seconds=1, maximum_concurrency=4
)
def push(event: SQSEvent) -> None: ...


@app.schedule(Rate(1, unit=Rate.HOURS))
def sweep(event: CloudWatchEvent) -> None: ...


@app.route("/health")
def health() -> Response:
    return Response({"status": "ok"})
