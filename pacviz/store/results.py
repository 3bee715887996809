"""The results' data base in the cache: measured values by key, and whatever else must be written by one process at a time."""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TypeVar

from pacviz.errors import PacvizError
from pacviz.store.disk import DAMAGED, free_path, notice, reason_of, require_writable
from pacviz.store.places import ASSETS, cache_dir, cut, environment

RECORDINGS = ASSETS / "recordings.json.gz"
RESULTS = "results.sqlite"
LARGEST = "PACVIZ_RESULTS_MB"
USUAL_MB = 500
"""How large the data base may become where LARGEST says nothing."""
_ROOM = 0.1
"""The share of its size that is freed at once where it has become too large."""
_KEPT = 2_000
"""Results that are held in memory while the cache cannot be written."""

T = TypeVar("T")
_lock = threading.Lock()
_unwritten: OrderedDict[tuple[Path, str], str] = OrderedDict()
_reason = ""


def problem() -> str | None:
    """One sentence about the cache where it cannot be written, else None."""
    try:
        require_writable(cache_dir())
    except PacvizError as error:
        return f"Results are not kept after this run: {error}"
    return f"Results are not kept after this run: {_reason}" if _reason else None


def remember(key: str, value: str) -> None:
    """Keeps a JSON text under a key on disk; where the cache cannot be written, in memory (see `problem`).

    Where the data base becomes larger than PACVIZ_RESULTS_MB, the oldest results make room; they are measured again when
    they are asked for.
    """
    global _reason
    try:
        with _database() as database:
            columns = {"key": "TEXT PRIMARY KEY", "value": "TEXT NOT NULL", "digest": "TEXT"}
            require_columns(database, "results", columns)
            database.execute(
                "INSERT OR REPLACE INTO results (key, value, digest) VALUES (?, ?, ?)",
                (key, value, _digest(key, value)),
            )
            evicted = _evict(database)
        if evicted:
            _shrink()
        _reason = ""
    except (PacvizError, OSError, sqlite3.Error) as error:
        _reason = f"{cache_dir() / RESULTS} cannot be written ({error})."
        logging.getLogger(__name__).info("%s is not kept: %s", key, error)
        with _lock:
            _unwritten[cache_dir(), key] = value
            while len(_unwritten) > _KEPT:
                _unwritten.popitem(last=False)


def recall(key: str) -> str | None:
    """The text kept under a key, from the recordings shipped with pacviz or from disk; None where there is none.

    A text that is not the one that was kept counts as none.
    """
    if (recorded := recordings().get(key)) is not None:
        return recorded
    if (held := _unwritten.get((cache_dir(), key))) is not None:
        return held
    if not (cache_dir() / RESULTS).exists():
        return None
    try:
        with _database() as database:
            row = database.execute("SELECT * FROM results WHERE key = ?", (key,)).fetchone()
    except (PacvizError, OSError, sqlite3.Error):
        return None
    _, value, *digest = row or (None, None)
    # Rows of before there were digests have none.
    return value if isinstance(value, str) and digest in ([], [None], [_digest(key, value)]) else None


def revive(key: str, parse: Callable[[str], T]) -> T | None:
    """What `parse` makes of the text kept under a key; a text that it cannot read counts as none."""
    text = recall(key)
    try:
        return None if text is None else parse(text)
    except MemoryError:
        raise
    except Exception as error:  # written by another version, or damaged: made again, whatever is wrong with it
        logging.getLogger(__name__).info("%s is made again: %s", key, reason_of(error))
        return None


def _largest() -> float:
    """Most bytes of the data base; raises PacvizError where the environment says no such number."""
    text = environment(LARGEST) or str(USUAL_MB)
    try:
        megabytes = float(text)
    except ValueError:
        megabytes = 0.0
    if not 0 < megabytes < 1e9:
        raise PacvizError(f"{LARGEST} is {cut(text)!r}; give the megabytes that results may take, or unset it")
    return megabytes * 1e6


def _evict(database: sqlite3.Connection) -> bool:
    """Deletes the oldest results, but for the last one, where the data base is too large; whether any were."""
    largest, evicted = _largest(), False
    while (used := _used(database)) > largest:
        count, last = database.execute("SELECT count(*), max(rowid) FROM results").fetchone()
        if count < 2:
            break
        oldest = "SELECT rowid FROM results WHERE rowid < ? ORDER BY rowid LIMIT ?"
        most = max(1, round(count * (1 - (1 - _ROOM) * largest / used)))
        database.execute(f"DELETE FROM results WHERE rowid IN ({oldest})", (last, most))
        evicted = True
    return evicted


def _used(database: sqlite3.Connection) -> int:
    """Bytes of the pages that hold something."""
    size, pages, free = (
        database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_size", "page_count", "freelist_count")
    )
    return size * (pages - free)


def _shrink() -> None:
    """Gives the disk back what the data base no longer uses, where nobody else is at work on it."""
    with suppress(sqlite3.Error), _database() as database:
        database.execute("VACUUM")


def _digest(key: str, value: str) -> str:
    return hashlib.sha256(f"{key}\n{value}".encode()).hexdigest()


def require_columns(database: sqlite3.Connection, table: str, columns: Mapping[str, str], *constraints: str) -> None:
    """Makes a table with these columns and their types, or adds to one of another version what it lacks."""
    described = ", ".join([*(f"{name} {kind}".strip() for name, kind in columns.items()), *constraints])
    there = {row[1] for row in database.execute(f"PRAGMA table_info({table})")}
    if not there:
        database.execute(f"CREATE TABLE IF NOT EXISTS {table} ({described})")
        return
    for name, kind in columns.items():
        if name not in there:
            database.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind.partition(' ')[0]}")


@contextmanager
def transaction() -> Iterator[sqlite3.Connection]:
    """The user's database, written by nobody else meanwhile; what the block wrote is kept whole, or not at all.

    Raises PacvizError where it cannot be written, or was damaged: then it is set aside, and the next one begins anew.
    """
    path = cache_dir() / RESULTS
    try:
        with _database() as database:
            database.execute("BEGIN IMMEDIATE")
            yield database
    except (OSError, sqlite3.Error) as error:
        raise PacvizError(
            f"{path} cannot be written ({error}); free some space, or point PACVIZ_CACHE to a folder that you may write."
        ) from error


@contextmanager
def _database() -> Iterator[sqlite3.Connection]:
    """A connection to the database, committed where the block ends well; a damaged one is set aside, at best before."""
    path = cache_dir() / RESULTS
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        database = _connected(path)
    except sqlite3.DatabaseError as error:
        if not _tells_damage(error):
            raise
        _set_database_aside(path)
        database = _connected(path)
    try:
        with closing(database), database:
            yield database
    except sqlite3.DatabaseError as error:
        if not _tells_damage(error):
            raise
        _set_database_aside(path)
        raise PacvizError(f"{path} was damaged ({error}) and is set aside; do it once more.") from error


def _connected(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=10)
    try:
        database.execute("PRAGMA schema_version").fetchone()  # opening alone reads nothing
    except BaseException:
        database.close()
        raise
    return database


def _tells_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether an error of the database is about its file; the classes derived from DatabaseError are about what was asked."""
    return type(error) is sqlite3.DatabaseError


def _set_database_aside(path: Path) -> None:
    """Renames a damaged database, so that a new one begins; of several processes that find it damaged, only the first."""
    from filelock import FileLock

    with FileLock(path.with_name("results.lock"), timeout=30):
        try:
            with closing(_connected(path)) as database:
                if database.execute("PRAGMA quick_check").fetchone() == ("ok",):
                    return
        except sqlite3.DatabaseError as error:
            if not _tells_damage(error):
                raise
        aside = free_path(path.with_name(path.name + DAMAGED))
        path.rename(aside)
        for rest in ("-journal", "-wal", "-shm"):  # left behind, they would be taken for the new one's
            with suppress(FileNotFoundError):
                path.with_name(path.name + rest).rename(aside.with_name(aside.name + rest))
    notice(f"{path} is damaged and is set aside as {aside.name}; results and runs are kept in a new one from now on.")


@cache
def recordings() -> dict[str, str]:
    """The results shipped in assets/, by key."""
    if not RECORDINGS.exists():
        return {}
    with gzip.open(RECORDINGS, "rt", encoding="utf-8") as file:
        return dict(json.load(file))
