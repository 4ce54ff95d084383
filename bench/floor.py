"""The floor: the calls that the bridge made, made again by the same client libraries, with nothing in between.

    python -m bench.floor [--tuned]    on each line of standard input: the file of a recording, or of a request

A recording (see `bench/stub.py`) has every call of a measured run in its order: so many batch writes and
reads of so many items of such sizes, so many calls to the queues, to Tencent, to Quick Audience. All of it
is read and made ready before the clock of the CPU starts; then it is boto3's low-level clients and one
pooled session of requests, one call after the other in a single thread. As these libraries come; `--tuned`
turns off what the bridge turns off, too: boto3's checking of parameters, and what requests does to a call
before its adapter has it.
"""

import base64
import json
import os
import re
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import boto3
import requests
from botocore.config import Config
from botocore.exceptions import ClientError
from requests.structures import CaseInsensitiveDict

_READY_AT_ONCE = 500

Call = Callable[[], Any]


class Floor:
    """The clients."""

    def __init__(self, *, tuned: bool) -> None:
        self._tuned = tuned
        config = Config(parameter_validation=not tuned)
        self._aws: dict[str, Any] = {
            "DynamoDB_20120810": boto3.client("dynamodb", config=config),
            "AmazonSQS": boto3.client("sqs", config=config),
        }
        self._session = requests.Session()
        self._session.trust_env = False
        self._base = os.environ["BENCH_STUB"]

    def replay(self, recording: Path) -> dict[str, Any]:
        """Make all calls of a recording; answers what they cost."""
        cpu, calls = 0.0, 0
        with recording.open() as lines:
            ready = map(self._ready, map(json.loads, lines))
            while part := list(islice(ready, _READY_AT_ONCE)):
                before = time.process_time()
                for call in part:
                    call()
                cpu += time.process_time() - before
                calls += len(part)
        return {"cpu": cpu, "calls": calls}

    def _ready(self, recorded: dict[str, Any]) -> Call:
        body = json.loads(recorded["body"])
        service, _, operation = recorded["target"].partition(".")
        if not service:
            return partial(self._post, self._base + recorded["path"], body)
        method = getattr(self._aws[service], _snake(operation))
        params = _plain(body)

        def call() -> None:
            try:
                method(**params)
            except ClientError as error:
                # A condition failed for the bridge, so it does here.
                if "ConditionalCheckFailed" not in str(error):
                    raise

        return call

    def _post(self, url: str, body: Any) -> Any:
        if not self._tuned:
            return self._session.post(url, json=body, timeout=(5, 20)).json()
        request = requests.PreparedRequest()
        request.method, request.url, request.body = "POST", url, json.dumps(body).encode()
        length = str(len(request.body))
        headers = {"Content-Type": "application/json", "Content-Length": length}
        request.headers = CaseInsensitiveDict(headers)
        return self._session.get_adapter(url).send(request, timeout=(5, 20)).json()


def _snake(operation: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()


def _plain(value: Any) -> Any:
    """What botocore is given for what stood on the wire: bytes for Base64."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        if set(value) == {"B"}:
            return {"B": base64.b64decode(value["B"])}
        return {name: _plain(one) for name, one in value.items()}
    return value


def parse(event: Path) -> dict[str, Any]:
    """Read a request, an event of API Gateway: it can't be accepted without that."""
    text = event.read_bytes()
    before = time.process_time()
    json.loads(json.loads(text)["body"])
    return {"cpu": time.process_time() - before}


def main() -> None:
    """Obey until standard input ends."""
    floor = Floor(tuned="--tuned" in sys.argv)
    for line in sys.stdin:
        path = Path(line.strip())
        done = parse(path) if path.suffix == ".json" else floor.replay(path)
        print(json.dumps(done), flush=True)


if __name__ == "__main__":
    main()
