"""Where things lie on disk, and how they get there whole: written under a temporary name, then renamed."""

from __future__ import annotations

import gzip
import json
import logging
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

import platformdirs

from pacviz.errors import PacvizError

ASSETS = Path(__file__).resolve().parent.parent / "assets"
RECORDINGS = ASSETS / "recordings.json.gz"
RESULTS = "results.sqlite"


def cache_dir() -> Path:
    """The user's cache folder (PACVIZ_CACHE overrides); it need not exist yet."""
    return Path(os.environ.get("PACVIZ_CACHE") or platformdirs.user_cache_dir("pacviz"))


def data_dir() -> Path:
    """Where data sets lie (PACVIZ_DATA overrides; default: a folder of the cache)."""
    return Path(os.environ.get("PACVIZ_DATA") or cache_dir() / "data")


def write_atomic(path: Path, write: Callable[[Path], object]) -> None:
    """Calls write(temporary) beside `path`, then renames: nobody ever sees half a file.

    Raises PacvizError where the folder cannot be made or written.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        write(temporary)
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        raise PacvizError(
            f"{path} cannot be written ({error.strerror or error}); free some space, or point PACVIZ_CACHE "
            "(PACVIZ_DATA for data sets) to a folder that you may write."
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def require_writable(folder: Path) -> None:
    """Raises PacvizError where the folder cannot be made or written: asked before long work, so that none is lost."""
    write_atomic(folder / "writable", lambda path: path.write_text("yes"))
    (folder / "writable").unlink(missing_ok=True)


def problem() -> str | None:
    """One sentence about the cache where it cannot be written, else None."""
    try:
        require_writable(cache_dir())
    except PacvizError as error:
        return f"Results are not kept after this run: {error}"
    return None


def remember(key: str, value: str) -> None:
    """Keeps a JSON text under a key on disk; an unwritable cache keeps nothing (see `problem`)."""
    try:
        cache_dir().mkdir(parents=True, exist_ok=True)
        with closing(_results()) as database, database:
            database.execute("CREATE TABLE IF NOT EXISTS results (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
            database.execute("INSERT OR REPLACE INTO results VALUES (?, ?)", (key, value))
    except (OSError, sqlite3.Error) as error:
        logging.getLogger(__name__).info("%s is not kept: %s", key, error)


def recall(key: str) -> str | None:
    """The text kept under a key, from the recordings shipped with pacviz or from disk; None where there is none."""
    if (recorded := recordings().get(key)) is not None:
        return recorded
    if not (cache_dir() / RESULTS).exists():
        return None
    try:
        with closing(_results()) as database:
            row = database.execute("SELECT value FROM results WHERE key = ?", (key,)).fetchone()
    except sqlite3.Error:
        return None
    return row[0] if row else None


@contextmanager
def transaction() -> Iterator[sqlite3.Connection]:
    """The user's database, written by nobody else meanwhile; what the block wrote is kept whole, or not at all.

    Raises PacvizError where it cannot be written.
    """
    path = cache_dir() / RESULTS
    try:
        cache_dir().mkdir(parents=True, exist_ok=True)
        with closing(_results()) as database, database:
            database.execute("BEGIN IMMEDIATE")
            yield database
    except (OSError, sqlite3.Error) as error:
        raise PacvizError(
            f"{path} cannot be written ({error}); free some space, or point PACVIZ_CACHE to a folder that you may write."
        ) from error


@cache
def recordings() -> dict[str, str]:
    """The results shipped in assets/, by key."""
    if not RECORDINGS.exists():
        return {}
    with gzip.open(RECORDINGS, "rt", encoding="utf-8") as file:
        return dict(json.load(file))


def _results() -> sqlite3.Connection:
    return sqlite3.connect(cache_dir() / RESULTS, timeout=10)
