"""The floor: the bridge's calls, made again by the same client libraries, with nothing in between.

    python -m bench.floor [--tuned]    reads a path from each line of standard input: of a recording or a request

A recording (see `bench/stub.py`) has every call of a measured run in order: the batch writes and reads
with their items, and the calls to the queues, to Tencent and to Quick Audience. The calls are parsed
and prepared before the CPU clock starts. Then boto3's low-level clients and one pooled session of
requests make one call after the other in a single thread. The libraries are used with their defaults.
`--tuned` turns off what the bridge turns off, too: boto3's checking of parameters, and the work of
requests before its adapter.
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

_PREPARED_AT_ONCE = 500

Call = Callable[[], Any]


class Floor:
    """Replays recordings with the client libraries."""

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
        """Make all calls of a recording, and return their CPU seconds and their number."""
        cpu, calls = 0.0, 0
        with recording.open() as lines:
            prepared = map(self._prepare, map(json.loads, lines))
            while part := list(islice(prepared, _PREPARED_AT_ONCE)):
                before = time.process_time()
                for call in part:
                    call()
                cpu += time.process_time() - before
                calls += len(part)
        return {"cpu": cpu, "calls": calls}

    def _prepare(self, recorded: dict[str, Any]) -> Call:
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
                # A condition that failed for the bridge fails here, too.
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
    """Return a value from the wire as botocore expects it: with bytes instead of Base64."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        if set(value) == {"B"}:
            return {"B": base64.b64decode(value["B"])}
        return {name: _plain(one) for name, one in value.items()}
    return value


def parse(event: Path) -> dict[str, Any]:
    """Parse a request, an event of API Gateway. Every implementation has to do that."""
    text = event.read_bytes()
    before = time.process_time()
    json.loads(json.loads(text)["body"])
    return {"cpu": time.process_time() - before}


def main() -> None:
    """Process the paths on standard input until it ends."""
    floor = Floor(tuned="--tuned" in sys.argv)
    for line in sys.stdin:
        path = Path(line.strip())
        done = parse(path) if path.suffix == ".json" else floor.replay(path)
        print(json.dumps(done), flush=True)


if __name__ == "__main__":
    main()
