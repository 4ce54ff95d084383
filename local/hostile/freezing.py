"""An execution environment that is frozen between two events, and finds its connections dead afterwards."""

import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Collection
from pathlib import Path

from .switches import Switch, Switches

_SHARE = 0.02
_SECONDS = (100.0, 130.0)
_WAKE = "import os, signal, sys, time; time.sleep(float(sys.argv[2])); os.kill(int(sys.argv[1]), signal.SIGCONT)"


class Freezing:
    """The switch `freeze`, for a process that handles one event at a time.

    `resetting_ports` are ports of peers that close a connection while nobody listens, as AWS's endpoints do: its
    next use is an error at once. The connections to other peers take data and never answer, or are reset.
    """

    def __init__(self, switches: Switches, purpose: str, resetting_ports: Collection[int]) -> None:
        self._on = Switch.FREEZE in switches
        self._resetting_ports = frozenset(resetting_ports)
        self._draws = switches.draws(Switch.FREEZE, purpose)
        self._peers: list[socket.socket] = []

    def between_events(self) -> bool:
        """Freeze now and then; return whether that happened. Call it while no event is handled."""
        if not self._on or not self._draws.chance(_SHARE):
            return False
        self.freeze(self._draws.seconds(*_SECONDS))
        return True

    def freeze(self, seconds: float) -> None:
        """Stop this process for a time; then all its connections are dead."""
        self._draws.note()
        arguments = [sys.executable, "-S", "-c", _WAKE, str(os.getpid()), str(seconds)]
        waker = subprocess.Popen(arguments, stdin=subprocess.DEVNULL)
        os.kill(os.getpid(), signal.SIGSTOP)
        # Somebody else may have woken this process, to end it.
        waker.kill()
        waker.wait()
        self.kill_connections()

    def kill_connections(self) -> int:
        """Replace this process's TCP connections by dead ones; return their number."""
        connections = dict(_connections())
        for descriptor, port in connections.items():
            ours, peer = socket.socketpair()
            with ours:
                try:
                    os.set_blocking(ours.fileno(), os.get_blocking(descriptor))
                    os.dup2(ours.fileno(), descriptor, inheritable=False)
                except OSError:
                    # Another thread has just closed it.
                    peer.close()
                    continue
            if port in self._resetting_ports or self._draws.chance(0.5):
                threading.Thread(target=_reset_when_used, args=(peer,), daemon=True).start()
            else:
                self._peers.append(peer)
        return len(connections)


def _connections() -> list[tuple[int, int]]:
    """Return the descriptors of this process's TCP connections, each with the peer's port."""
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            if not str(entry.readlink()).startswith("socket:"):
                continue
            copy = os.dup(int(entry.name))
        except OSError:
            continue
        with socket.socket(fileno=copy) as sock:
            try:
                if sock.family in (socket.AF_INET, socket.AF_INET6):
                    found.append((int(entry.name), int(sock.getpeername()[1])))
            except OSError:
                continue
    return found


def _reset_when_used(peer: socket.socket) -> None:
    with selectors.DefaultSelector() as selector, peer:
        selector.register(peer, selectors.EVENT_READ)
        selector.select()
