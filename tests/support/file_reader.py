"""`python -m tests.support.file_reader URL`: read a file as the function does; print time and memory as JSON.

Table and queues are stubs that store nothing. It is a process of its own so that its memory can be measured.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from chalicelib.domain.chunks import ChunkKey
from chalicelib.domain.planning import Chunk
from chalicelib.domain.send_request import SendRequest
from chalicelib.functions import read
from chalicelib.queues import sending
from chalicelib.store import chunks, files, send_requests, templates
from chalicelib.store.files import File


def peak() -> int:
    """Return the maximum of the memory of this process, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


class _Revision:
    """A revision as far as reading needs one."""

    names = ("name", "city")
    kind = 1
    anywhere = False


class Stubs:
    """Stubs in place of the table and the queues."""

    def __init__(self, url: str) -> None:
        self.file = File(out_id="out", biz_id="biz", url=url, digest="", expires=0)
        self.recipients = self.chunks = self.queued = 0

    def install(self) -> None:
        request = SendRequest(
            out_id="out",
            biz_id="biz",
            sign="s",
            template_code="1",
            revision=1,
            tpl_id=1,
            accepted_at=int(time.time()),
        )
        stubs: dict[Any, dict[str, Any]] = {
            send_requests: {"get": lambda *_: request},
            chunks: {"record_plan": self.record_plan},
            files: {
                "get": lambda *_: self.file,
                "acquire": lambda file, _: file,
                "save": self.save,
            },
            templates: {"get": lambda *_: _Revision},
            sending: {"send": self.send},
        }
        for module, names in stubs.items():
            for name, stub in names.items():
                assert hasattr(module, name), name
                setattr(module, name, stub)

    def save(self, file: File) -> None:
        self.file = file

    def record_plan(self, _: SendRequest, chunks: Sequence[Chunk]) -> list[ChunkKey]:
        self.chunks += len(chunks)
        self.recipients += sum(len(chunk.phones) for chunk in chunks)
        return [ChunkKey("out", "biz", chunk.start) for chunk in chunks]

    def send(self, _: str, bodies: Iterable[Any], **__: Any) -> None:
        self.queued += len(list(bodies))


def main() -> None:
    url = sys.argv[1]
    parts = urlsplit(url)
    os.environ |= {
        "QA_PLATFORM_NAME": "x",
        "QA_AUTH": "off",
        "TENCENT_SDK_APP_ID": "1",
        "TENCENT_APP_KEY": "x",
        "TENCENT_CALLBACK_TOKENS": "x",
        "OSS_ALLOWED_HOSTS": f"{parts.scheme}://{parts.netloc}",
    }
    stubs = Stubs(url)
    stubs.install()
    event = {
        "Records": [
            {
                "messageId": "m",
                "body": json.dumps({"outId": "out", "bizId": "biz"}),
                "receiptHandle": "r",
                "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "0"},
            }
        ]
    }
    before, began = peak(), time.monotonic()
    read.handle(event, 900)
    sys.stdout.write(
        json.dumps(
            {
                "seconds": time.monotonic() - began,
                "grown": peak() - before,
                "state": stubs.file.state,
                "reason": stubs.file.reason,
                "repeated": stubs.file.repeated,
                "recipients": stubs.recipients,
                "chunks": stubs.chunks,
                "queued": stubs.queued,
            }
        )
    )


if __name__ == "__main__":
    main()
