"""Whether the inner loops run compiled: as soon as that saves more time than it takes."""

from __future__ import annotations

import importlib
import importlib.util
import math
import os
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

from pacviz.store import cache_dir

BATCH = 768
"""Steps that a batch of decisions takes in numpy, beside one for each decision; a step is about half a microsecond."""
LOADING, COMPILING = 2**20, 2**24
"""Steps in the time that the compiled code takes to be loaded from disk, and to be made once a machine."""

_NAME = "pacviz.codes.contexts.compiled"
_waited = 0


def kernels(steps: int, patience: float) -> ModuleType | None:
    """The compiled loops, for work of about so many steps in numpy; None where they are not worth their start, or not there.

    Whoever waits for numpy again and again waits no longer than the start would take: then they are started.  patience: steps
    that the code may take; where it has an end, as for what strangers declare, nothing is compiled.
    """
    global _waited
    if _NAME in sys.modules:
        return _started()
    there = _on_disk()
    if not there and patience < math.inf:
        return None
    _waited += steps
    return _started() if _waited >= (LOADING if there else COMPILING) else None


@cache
def _started() -> ModuleType | None:
    """The compiled loops; None where numba is not installed or does not start."""
    if importlib.util.find_spec("numba") is None:
        return None
    if "NUMBA_CACHE_DIR" not in os.environ and (folder := _folder()) != _beside():
        importlib.import_module("numba").config.CACHE_DIR = str(folder)
    try:
        return importlib.import_module(_NAME)
    except (ImportError, RuntimeError, OSError):  # a numpy that numba does not know, no place to keep what is compiled
        return None


def compile_now() -> bool:
    """Has the loops compiled, if that was not done before; whether they are there."""
    if (loops := _started()) is None:
        return False
    loops.prepare()
    for file in _made():
        # numba keeps what was compiled from the same text, however old it is.
        file.touch()
    return True


def _on_disk() -> bool:
    """Whether they were compiled before."""
    return any(file.stat().st_mtime >= _source().stat().st_mtime for file in _made())


def _made() -> list[Path]:
    """Indices of compiled loops, of this source and of former ones."""
    return list(_folder().rglob("compiled.code_values-*.nbi"))


def _source() -> Path:
    return Path(__file__).with_name("compiled.py")


def _beside() -> Path:
    return _source().parent / "__pycache__"


def _folder() -> Path:
    """Where compiled code is kept: beside the source, or in the cache where nobody may write there."""
    if told := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(told)
    writable = os.access(_beside() if _beside().exists() else _source().parent, os.W_OK)
    return _beside() if writable else cache_dir() / "compiled"


if __name__ == "__main__":
    compile_now()
