"""The start of every process of a stack: it ends with its parent, and then runs the requested module.

`python -m local.child PARENT_PID MODULE ARGUMENTS…` asks the kernel to send a SIGTERM when the
parent dies, in whatever way it dies, so that even `kill -9` of a stack leaves no process behind. This
happens here, in the child, rather than in a `preexec_fn`, because the stack starts processes from a
program with threads, where code between fork and exec may deadlock.
"""

import ctypes
import os
import runpy
import signal
import sys

_PR_SET_PDEATHSIG = 1


def follow(parent: int) -> None:
    """Have the kernel send this process SIGTERM when `parent` dies; exit at once if it is already dead."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        sys.exit(1)


if __name__ == "__main__":
    follow(int(sys.argv[1]))
    module = sys.argv[2]
    sys.argv = sys.argv[2:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
