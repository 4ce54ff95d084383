"""A lean stand-in for everything around the bridge: the table, the queues, Tencent, Quick Audience, Lambda.

    python -m bench.stub          prints where it listens; bound to loopback

ministack answers a few hundred calls a second, too few for campaigns of 100,000. This answers thousands,
and knows no more than a campaign asks of it: no pages of queries, no throttling, no visibility of
messages, no signatures. `bench/check.py` shows that a campaign ends in the same state on either. It runs
as a process of its own, so that what it costs is not the bridge's, and it counts what AWS would bill.

Under `/_bench/` it is steered: what it is told there costs the bridge nothing.

| call | does |
|---|---|
| `POST reset` | empties everything |
| `POST forget` | counts anew, from nothing |
| `POST record?file=` | writes every call from now on into that file, a line of JSON each; no name: stops |
| `POST requests` | takes an event for the HTTP function |
| `POST report` | makes callbacks of what was sent since the last time, 100 statuses each, for the HTTP function |
| `POST event?function=&most=` | the next event for a function, taken off its queue; 204 where there is none |
| `GET figures` | what was billed, and how many calls of which kind |
| `GET state` | the table's items, and who was told of |
| `GET told` | when the receipt of each number was pushed, an epoch |
"""

import argparse
import asyncio
import hashlib
import json
import time
import uuid
import zlib
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qs, urlsplit

from bench import events
from bench.bill import Bill
from bench.table import DynamoDB, Refusal

HOST = "127.0.0.1"
STATUSES_PER_PUSH = 100
"""Statuses in a push of Tencent's."""

_SID_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUV"

Json = dict[str, Any]


class Queues:
    """SQS, and Lambda's reading of it."""

    def __init__(self, bill: Bill) -> None:
        self._bill = bill
        self._waiting: dict[str, deque[tuple[float, str]]] = {}

    def answer(self, operation: str, body: Json, base: str) -> bytes:
        """Obey."""
        if operation == "GetQueueUrl":
            self._bill.queue(0)
            return json.dumps({"QueueUrl": f"{base}/000000000000/{body['QueueName']}"}).encode()
        if operation != "SendMessageBatch":
            raise ValueError(f"SQS {operation} is not known here")
        queue = self._waiting.setdefault(body["QueueUrl"].rpartition("-")[2], deque())
        self._bill.queue(sum(len(one["MessageBody"].encode()) for one in body["Entries"]))
        taken = []
        for one in body["Entries"]:
            text = one["MessageBody"]
            queue.append((time.time() + one.get("DelaySeconds", 0), text))
            digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
            taken.append(
                {"Id": one["Id"], "MessageId": str(uuid.uuid4()), "MD5OfMessageBody": digest}
            )
        return json.dumps({"Successful": taken, "Failed": []}).encode()

    def take(self, queue: str, most: int) -> list[str]:
        """The bodies of the next messages that are due. Lambda pays for one receiving and one deletion."""
        waiting = self._waiting.get(queue, deque())
        due = [waiting.popleft()[1] for _ in range(min(most, len(waiting))) if _is_due(waiting)]
        if due:
            self._bill.queue(sum(len(text.encode()) for text in due))
            self._bill.queue(0)
        return due


def _is_due(waiting: deque[tuple[float, str]]) -> bool:
    return waiting[0][0] <= time.time()


class Tencent:
    """Takes every message, and reports each as delivered."""

    def __init__(self) -> None:
        self.count = 0
        self._sent: list[tuple[str, str]] = []

    def answer(self, name: str, body: Json) -> bytes:
        """Obey a call that sends."""
        tel = body["tel"]
        details = [self._send(one["mobile"]) for one in (tel if isinstance(tel, list) else [tel])]
        if name == "sendmultisms2":
            answer = {"result": 0, "errmsg": "OK", "ext": "", "detail": details}
        else:
            answer = details[0] | {"ext": ""}
        return json.dumps(answer).encode()

    def _send(self, mobile: str) -> Json:
        # As long as Tencent's, as hard to compress, and the same whenever and in whatever order it is sent.
        digest = hashlib.sha256(mobile.encode()).digest()
        sid = f"8:{''.join(_SID_ALPHABET[byte % 32] for byte in digest[:19])}20261122"
        self._sent.append((mobile, sid))
        self.count += 1
        detail = {"result": 0, "errmsg": "OK", "mobile": mobile, "nationcode": "86"}
        return detail | {"sid": sid, "fee": 1}

    def report(self) -> Iterator[list[Json]]:
        """Delivery statuses of all that was sent since the last time, in pushes."""
        sent, self._sent = self._sent, []
        for first in range(0, len(sent), STATUSES_PER_PUSH):
            yield [
                {
                    "user_receive_time": "2026-11-22 10:00:07",
                    "nationcode": "86",
                    "mobile": mobile,
                    "report_status": "SUCCESS",
                    "errmsg": "DELIVRD",
                    "description": "用户短信送达成功",
                    "sid": sid,
                }
                for mobile, sid in sent[first : first + STATUSES_PER_PUSH]
            ]


class World:
    """All of it."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._recording: IO[bytes] | None = None
        self._bill = Bill()
        self._dynamodb = DynamoDB(self._bill)
        self._queues = Queues(self._bill)
        self._tencent = Tencent()
        self._http: deque[bytes] = deque()
        # When the receipt of a phone arrived; and all of them, where a state is to be compared.
        self._told: dict[str, float] = {}
        self._pushes = 0

    def answer(self, target: str, path: str, body: bytes) -> tuple[int, bytes]:
        """Answer one HTTP request."""
        url = urlsplit(path)
        if url.path.startswith("/_bench/"):
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            return self._steer(url.path.removeprefix("/_bench/"), query, body)
        if self._recording:
            called = {"target": target, "path": path, "body": body.decode()}
            self._recording.write(json.dumps(called).encode() + b"\n")
        service, _, operation = target.partition(".")
        self._bill.calls[operation or url.path.rpartition("/")[2]] += 1
        if service.startswith("DynamoDB"):
            try:
                return 200, self._dynamodb.answer(operation, json.loads(body))
            except Refusal as refusal:
                kind = f"com.amazonaws.dynamodb.v20120810#{refusal.kind}".encode()
                return 400, b'{"__type":"%b","message":"no"%b}' % (kind, refusal.more)
        if service == "AmazonSQS":
            return 200, self._queues.answer(operation, json.loads(body), self.base)
        if "tlssmssvr" in url.path:
            return 200, self._tencent.answer(url.path.rpartition("/")[2], json.loads(body))
        return 200, self._take_push(json.loads(body))

    def _take_push(self, body: Json) -> bytes:
        now = time.time()
        self._pushes += 1
        for entry in body["thirdSmsSendDetailModelList"]:
            self._told[entry["phoneNum"]] = now
        return b'{"code":"OK","message":"OK","requestId":"F655A8D5"}'

    def _steer(self, name: str, query: dict[str, str], body: bytes) -> tuple[int, bytes]:
        match name:
            case "reset":
                self.__init__(self.base)  # type: ignore[misc]
            case "forget":
                self._bill.__init__()  # type: ignore[misc]
                self._told, self._pushes = {}, 0
                self._tencent.count = 0
            case "record":
                if self._recording:
                    self._recording.close()
                file = query.get("file")
                self._recording = Path(file).open("wb") if file else None  # noqa: SIM115
            case "requests":
                self._http.append(body)
            case "report":
                self._http.extend(map(events.callback, self._tencent.report()))
            case "event":
                event = self._event(query["function"], int(query["most"]))
                return (200, event) if event else (204, b"")
            case "figures":
                return 200, json.dumps(self._figures()).encode()
            case "state":
                return 200, json.dumps(self._state()).encode()
            case "told":
                return 200, json.dumps(self._told).encode()
            case _:
                return 404, b"{}"
        return 200, b"{}"

    def _event(self, function: str, most: int) -> bytes | None:
        queue = events.QUEUES.get(function)
        if queue:
            bodies = self._queues.take(queue, most)
            event = events.messages(queue, bodies) if bodies else None
        else:
            event = self._http.popleft() if self._http else None
        if event:
            self._bill.invocations[function] += 1
        return event

    def _figures(self) -> Json:
        bill = self._bill
        return {
            "write_units": bill.write_units,
            "read_units": bill.read_units,
            "sqs_requests": bill.sqs_requests,
            "invocations": bill.invocations,
            "calls": bill.calls,
            "sent": self._tencent.count,
            "told": len(self._told),
            "pushes": self._pushes,
        }

    def _state(self) -> Json:
        partitions = self._dynamodb.partitions.values()
        items = [json.loads(one.text) for part in partitions for one in part.items.values()]
        return {"items": items, "told": sorted(self._told)}


class _Connection(asyncio.Protocol):
    """Requests of one kept-alive connection."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            lines = bytes(self._received[:end]).decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in lines[1:])
            }
            whole = end + 4 + int(headers.get("content-length", 0))
            if len(self._received) < whole:
                return
            body = bytes(self._received[end + 4 : whole])
            del self._received[:whole]
            path = lines[0].split(" ")[1]
            status, answer = self._world.answer(headers.get("x-amz-target", ""), path, body)
            # DynamoDB says this of every answer, and botocore looks at it.
            head = (
                f"HTTP/1.1 {status} -\r\nContent-Type: application/x-amz-json-1.0\r\n"
                f"Content-Length: {len(answer)}\r\nx-amz-crc32: {zlib.crc32(answer)}\r\n\r\n"
            )
            self._transport.write(head.encode() + answer)


async def _serve(port: int) -> None:
    world = World("")
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(world), HOST, port)
    world.base = f"http://{HOST}:{server.sockets[0].getsockname()[1]}"
    print(f"listening on {world.base}", flush=True)
    await server.serve_forever()


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(prog="python -m bench.stub", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    asyncio.run(_serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
