"""A stand-in for OSS: files served on loopback, for campaigns from files and for media."""

import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Files:
    """The files that are served, by path. More may be added at any time."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.content: dict[str, bytes] = {}

    def put(self, path: str, content: bytes) -> str:
        """Serve a file and return its URL."""
        self.content[path] = content
        return self.origin + path


@contextmanager
def serving() -> Iterator[Files]:
    """Serve files until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = files.content.get(self.path)
            self.send_response(200 if content is not None else 404)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    files = Files(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield files
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def picture(
    width: int = 240, height: int = 120, colour: tuple[int, int, int] = (0, 110, 255)
) -> bytes:
    """Return a PNG of one colour."""
    row = b"\x00" + bytes(colour) * width
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(row * height)),
        (b"IEND", b""),
    )
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
