"""One function of the bridge as a process of its own, as Lambda runs it: events in, CPU time and memory out.

    python -m bench.function deliver LOG

Each line of its standard input is a command, and is answered by a line of JSON:

    prepare   (HTTP function) store the sign and the template that campaigns use
    drain     process all waiting events, and return the cost

The measurement covers what Lambda would run: parsing the event, the handler, and writing its answer.
Lambda itself fetches the events, so that is not measured. `bench/cold_start.py` measures the starts.
"""

import http.client
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3

from bench import events, setting
from local.functions import App, Context

Handler = Callable[[Any, Any], Any]
Events = Callable[[], Iterator[bytes]]


def main() -> None:
    """Execute the commands on standard input until it ends."""
    name = sys.argv[1]
    # As on Lambda, standard output is the function's log. The answers go to the original output.
    answers = os.fdopen(os.dup(1), "w")
    with Path(sys.argv[2]).open("ab") as logs:
        os.dup2(logs.fileno(), 1)
    drain = _Drain(name)
    for line in sys.stdin:
        if line.strip() == "prepare":
            setting.prepare()
            print("{}", file=answers, flush=True)
        else:
            print(json.dumps(drain()), file=answers, flush=True)


class _Drain:
    def __init__(self, name: str) -> None:
        app = App()
        self._name = name
        trigger = app.queues.get(name)
        self._handler: Handler = app.function(name).handler if trigger else app.chalice
        self._timeout = float(app.config(name).lambda_timeout)
        if trigger and os.environ["BENCH_STUB"] != os.environ["AWS_ENDPOINT_URL"]:
            self._events: Events = partial(_from_sqs, str(trigger.queue), trigger.batch_size)
        else:
            self._events = partial(_from_stub, name, trigger.batch_size if trigger else 1)

    def __call__(self) -> dict[str, Any]:
        """Process all waiting events, and return the cost."""
        count, cpu, longest = 0, 0.0, 0.0
        began = time.monotonic()
        for text in self._events():
            arn = f"arn:aws:lambda:us-east-1:000000000000:function:{self._name}"
            context = Context(self._name, arn, "0", self._timeout)
            before = time.process_time()
            answer = self._handler(json.loads(text), context)
            json.dumps(answer)
            spent = time.process_time() - before
            if self._name not in events.QUEUES and answer["statusCode"] != 200:
                raise RuntimeError(answer["body"])
            count, cpu, longest = count + 1, cpu + spent, max(longest, spent)
        return {
            "events": count,
            "cpu": cpu,
            "longest": longest,
            "wall": time.monotonic() - began,
            "memory": _peak_memory(),
        }


def _from_stub(name: str, limit: int) -> Iterator[bytes]:
    connection = http.client.HTTPConnection(urlsplit(os.environ["BENCH_STUB"]).netloc)
    while True:
        connection.request("POST", f"/_bench/event?function={name}&most={limit}")
        response = connection.getresponse()
        text = response.read()
        if response.status != 200:
            return
        yield text


def _from_sqs(queue: str, limit: int) -> Iterator[bytes]:
    """Yield batches from ministack's queues, as the event source mapping does."""
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=limit).get("Messages"):
        yield events.messages(queue, [message["Body"] for message in found])
        for message in found:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def _peak_memory() -> int:
    """Return the peak memory of this process in bytes, libraries included, as Lambda counts it."""
    status = Path("/proc/self/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    main()
