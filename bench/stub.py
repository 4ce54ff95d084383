"""A lean stand-in for everything around the bridge: the table, the queues, Tencent, Quick Audience, Lambda.

    python -m bench.stub          listens on loopback and prints its address

ministack answers a few hundred calls a second, too few for campaigns of 100,000. The stub answers
thousands, and supports only what a campaign needs: it has no pages of queries, no throttling, no
visibility time-outs and no signatures. `bench/check.py` shows that a campaign ends in the same state on
either. The stub runs as a process of its own, so that its cost is not the bridge's, and it counts what
AWS would bill.

Calls under `/_bench/` control it. They are not counted.

| call | does |
|---|---|
| `POST reset` | delete all data |
| `POST forget` | reset all counters |
| `POST tencent?seconds=&per_second=` | let Tencent's answers take time, and refuse more calls a second (0: none) |
| `POST record?file=` | write every later call into that file, as a line of JSON; without a name: stop |
| `POST requests` | queue an event for the HTTP function |
| `POST report` | queue callbacks for the messages sent since the last report, 100 statuses each |
| `POST event?function=&most=` | take a function's next event off its queue, with at most that many messages, or 204 |
| `GET figures` | return the billed units, and the number of calls of each kind |
| `GET state` | return the table's items, and the numbers whose receipts were pushed |
| `GET accepted` | return the times at which Tencent accepted calls, in epoch seconds |
| `GET reported` | return the time at which the receipt of each number was pushed, in epoch seconds |
"""

import argparse
import asyncio
import json
import time
import zlib
from collections import deque
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qs, urlsplit

from bench import events
from bench.bill import Bill
from bench.queues import Queues
from bench.table import DynamoDB, Refusal
from bench.tencent import API3, Tencent
from local.ports import HOST

Json = dict[str, Any]


class World:
    """The whole stand-in: answers calls to all services, and the calls that control it."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._recording: IO[bytes] | None = None
        self._bill = Bill()
        self._dynamodb = DynamoDB(self._bill)
        self._queues = Queues(self._bill)
        self._tencent = Tencent()
        self._http: deque[bytes] = deque()
        # When the receipt of each number was pushed.
        self._reported: dict[str, float] = {}
        self._pushes = 0

    def delay(self, target: str, path: str) -> float:
        """Return the seconds after which a request is answered."""
        to_tencent = target.startswith(API3) or "/tlssmssvr/" in path
        return self._tencent.seconds if to_tencent else 0

    def answer(self, target: str, path: str, body: bytes) -> tuple[int, bytes]:
        """Answer one HTTP request. `target` is its service and operation; "" if its path says both."""
        url = urlsplit(path)
        if url.path.startswith("/_bench/"):
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            return self._control(url.path.removeprefix("/_bench/"), query, body)
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
                return 400, b'{"__type":"%b","message":"no"%b}' % (kind, refusal.members)
        if service == "AmazonSQS":
            return 200, self._queues.answer(operation, json.loads(body), self.base)
        if service == API3:
            return 200, self._tencent.answer_api3(operation, json.loads(body))
        if "tlssmssvr" in url.path:
            return 200, self._tencent.answer(url.path.rpartition("/")[2], json.loads(body))
        return 200, self._accept_push(json.loads(body))

    def _accept_push(self, body: Json) -> bytes:
        now = time.time()
        self._pushes += 1
        for entry in body["thirdSmsSendDetailModelList"]:
            self._reported[entry["phoneNum"]] = now
        return b'{"code":"OK","message":"OK","requestId":"F655A8D5"}'

    def _control(self, name: str, query: dict[str, str], body: bytes) -> tuple[int, bytes]:
        match name:
            case "reset":
                self.__init__(self.base)  # type: ignore[misc]
            case "forget":
                self._bill.__init__()  # type: ignore[misc]
                self._reported, self._pushes = {}, 0
                self._tencent.forget()
            case "tencent":
                self._tencent = Tencent(float(query["seconds"]), int(query["per_second"]))
            case "record":
                self._record(query.get("file"))
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
            case "accepted":
                return 200, json.dumps(self._tencent.accepted_at).encode()
            case "reported":
                return 200, json.dumps(self._reported).encode()
            case _:
                return 404, b"{}"
        return 200, b"{}"

    def _record(self, file: str | None) -> None:
        if self._recording:
            self._recording.close()
        self._recording = Path(file).open("wb") if file else None  # noqa: SIM115

    def _event(self, function: str, limit: int) -> bytes | None:
        queue = events.QUEUES.get(function)
        if queue:
            bodies = self._queues.take(queue, limit)
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
            "refused": self._tencent.refused,
            "reported": len(self._reported),
            "pushes": self._pushes,
        }

    def _state(self) -> Json:
        partitions = self._dynamodb.partitions.values()
        items = [json.loads(one.text) for part in partitions for one in part.items.values()]
        return {"items": items, "reported": sorted(self._reported)}


class _Connection(asyncio.Protocol):
    """Serves one kept-alive connection."""

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
            target = headers.get("x-amz-target", "")
            if action := headers.get("x-tc-action"):
                target = f"{API3}.{action}"
            status, answer = self._world.answer(target, path, body)
            # DynamoDB sends this checksum with every answer, and botocore verifies it.
            head = (
                f"HTTP/1.1 {status} -\r\nContent-Type: application/x-amz-json-1.0\r\n"
                f"Content-Length: {len(answer)}\r\nx-amz-crc32: {zlib.crc32(answer)}\r\n\r\n"
            )
            if delay := self._world.delay(target, path):
                loop = asyncio.get_running_loop()
                loop.call_later(delay, self._transport.write, head.encode() + answer)
            else:
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
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    asyncio.run(_serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
