"""One function of the bridge as a process of its own, as Lambda runs it: events in, CPU time and memory out.

    python -m bench.function deliver

On each line of its standard input, the name of something to do:

    prepare   (HTTP function) link the sign and keep the template that campaigns use
    drain     work through all events that there are; answers a line of JSON about them

What is measured is what Lambda would run: reading the event, the handler, writing its answer. Fetching
the event is Lambda's, and is not measured; neither is the start, which `bench/cold_start.py` measures.
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
    """Obey until standard input ends."""
    name = sys.argv[1]
    # The logs are the function's, as on Lambda; our own answers keep the output that was given.
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
        """Work through the queue."""
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


def _from_stub(name: str, most: int) -> Iterator[bytes]:
    connection = http.client.HTTPConnection(urlsplit(os.environ["BENCH_STUB"]).netloc)
    while True:
        connection.request("POST", f"/_bench/event?function={name}&most={most}")
        response = connection.getresponse()
        text = response.read()
        if response.status != 200:
            return
        yield text


def _from_sqs(queue: str, most: int) -> Iterator[bytes]:
    """As the event source mapping does it, where the queues are ministack's."""
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=most).get("Messages"):
        yield events.messages(queue, [message["Body"] for message in found])
        for message in found:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def _peak_memory() -> int:
    """Bytes: the most that this process ever had in memory, libraries and all, as Lambda counts them."""
    status = Path("/proc/self/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    main()
