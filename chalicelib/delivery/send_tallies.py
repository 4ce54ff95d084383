"""What an invocation sent, for the chains of its requests (`store/send_chain.py`).

    begin ─▶ store the results ─▶ append to the chains ─▶ acknowledge the queue's messages

If a function dies before it has appended, its messages of the queue come again, and the next function appends.
"""

import threading

from chalicelib.domain.chunks import ChunkKey, SendSums
from chalicelib.store.send_chain import SendChain


class SendTallies:
    """The attempts that ended in one invocation. Safe to use from several threads."""

    def __init__(self) -> None:
        self._chains: dict[tuple[str, str], SendChain] = {}
        self._ended: dict[tuple[str, str], dict[tuple[int, int], SendSums]] = {}
        self._repeated: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def begin(self, key: ChunkKey) -> None:
        """Read the chain of a chunk's request. Call it before the result of an attempt is stored."""
        request = key.out_id, key.biz_id
        with self._lock:
            if request not in self._chains:
                self._chains[request] = SendChain(*request)

    def add(self, key: ChunkKey, attempt: int, sent: SendSums, *, repeated: bool = False) -> None:
        """Add an attempt whose result is stored. `repeated` means that it may have been stored before `begin`."""
        request = key.out_id, key.biz_id
        with self._lock:
            self._ended.setdefault(request, {})[key.start, attempt] = sent
            if repeated:
                self._repeated.add(request)

    def append(self) -> None:
        """Append what was added to the chains, a slot for each request."""
        with self._lock:
            for request, attempts in list(self._ended.items()):
                chain = self._chains[request]
                chain.append(attempts, repeated=request in self._repeated)
                del self._ended[request]
                self._repeated.discard(request)
