"""Reading the body of an HTTP request: by its length or in chunks, and never more than API Gateway accepts."""

import re
from email.message import Message
from typing import BinaryIO

_MAX_BODY = 10 * 1024 * 1024  # API Gateway's limit
_MAX_LINE = 8_192


class RefusedRequest(Exception):
    """The request is refused without calling the app."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def read_body(headers: Message, stream: BinaryIO) -> bytes | None:
    """Read a request's body; None if it has no length or an empty one.

    Raise RefusedRequest for a malformed or oversized body, and ConnectionAbortedError for one that is cut
    off.
    """
    if "transfer-encoding" in headers:
        if headers["transfer-encoding"].strip().lower() != "chunked":
            raise RefusedRequest(400, "This transfer encoding is not supported")
        return _read_chunks(stream)
    lengths = {length.strip() for length in headers.get_all("content-length", ["0"])}
    length = lengths.pop()
    if lengths or not re.fullmatch(r"[0-9]{1,18}", length):
        raise RefusedRequest(400, "Malformed Content-Length")
    return _read_exactly(stream, int(length)) or None


def _read_chunks(stream: BinaryIO) -> bytes:
    body = bytearray()
    while size := _read_chunk_size(stream):
        body += _read_exactly(stream, size, already=len(body))
        if stream.readline(_MAX_LINE).strip():
            raise RefusedRequest(400, "Malformed chunk")
    while stream.readline(_MAX_LINE).strip():
        pass  # trailers
    return bytes(body)


def _read_chunk_size(stream: BinaryIO) -> int:
    size = stream.readline(_MAX_LINE).partition(b";")[0].strip()
    if not re.fullmatch(rb"[0-9A-Fa-f]{1,15}", size):
        raise RefusedRequest(400, "Malformed chunk size")
    return int(size, 16)


def _read_exactly(stream: BinaryIO, size: int, already: int = 0) -> bytes:
    if already + size > _MAX_BODY:
        raise RefusedRequest(413, "Request Too Long")
    data = stream.read(size)
    if len(data) < size:
        raise ConnectionAbortedError("The request's body was cut off")
    return data
