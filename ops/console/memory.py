"""Functions of glibc's malloc that keep the console's memory small. With another libc, they have no effect."""

import contextlib
import ctypes

_M_ARENA_MAX = -8


def share() -> None:
    """Let all threads share one arena: each further one takes megabytes and gives none back."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def give_back() -> None:
    """Give free memory back to the system. Otherwise malloc keeps what a large answer of AWS took."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
