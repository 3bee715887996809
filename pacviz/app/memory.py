"""Keeping a server small: what the C library (glibc) does with the memory of many visitors' threads."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

_M_ARENA_MAX, _ARENAS = -8, 2
"""glibc's name for the number of its arenas, and how many suffice."""


def share_arenas() -> None:
    """Before the visitors come.

    Each one's run has a thread of its own: where each gets an arena of its own, what they give back is scattered over
    all of them, and a server grows by half.
    """
    _call("mallopt", _M_ARENA_MAX, _ARENAS)


def give_back() -> None:
    """Returns what is free to the system; worth it after a measurement, which needs a hundred megabytes for a while."""
    _call("malloc_trim", 0)


def _call(name: str, *arguments: int) -> None:
    if sys.platform == "linux":
        with suppress(AttributeError):  # another C library
            getattr(ctypes.CDLL(None), name)(*arguments)
