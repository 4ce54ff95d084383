"""How a process of the stack begins: its life tied to its parent's, then as the module asked for.

`python -m local.child PARENT_PID MODULE ARGUMENTS…` asks the kernel for a SIGTERM on the day the
parent dies, however it dies, so that not even `kill -9` of a stack leaves a process behind. It is
done here, in the child, rather than in a `preexec_fn`, because the stack starts processes from a
program with threads, where code between fork and exec may deadlock.
"""

import ctypes
import os
import runpy
import signal
import sys

_PR_SET_PDEATHSIG = 1


def follow(parent: int) -> None:
    """Have the kernel send us SIGTERM when `parent` dies; leave at once if it already has."""
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
