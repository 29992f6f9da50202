"""Memory that this process has freed and still holds."""

from __future__ import annotations

import ctypes


def give_back() -> None:
    """Let the C library return what is free to the system, of all threads; nothing where it has no call for that."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc keeps a thread's memory for the next one like it
    if trim is not None:
        trim(0)
