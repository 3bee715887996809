"""Where things lie on disk, how they get there whole, and the one door through which they are read back.

Written under a temporary name, then renamed: nobody ever sees half a file.  What is read may come from anywhere: a file
that is cut, changed or of another kind is named in one sentence, set aside as NAME.damaged where it lies in the cache,
and everything goes on without it.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import os
import shutil
import sqlite3
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TypeVar

import platformdirs
from filelock import FileLock
from safetensors import SafetensorError

from pacviz.errors import PacvizError

ASSETS = Path(str(resources.files(__package__) / "assets")).resolve()
"""What ships: a folder of the installed package, a link to the clone's in a clone."""
RECORDINGS = ASSETS / "recordings.json.gz"
RESULTS = "results.sqlite"
DAMAGED = ".damaged"
"""What the name of a file ends in that was set aside."""
_KEPT = 2_000
"""Results that are held in memory while the cache cannot be written."""
_LINES = 20
"""Most notices that are held: one file after the other may be damaged."""

T = TypeVar("T")
_lock = threading.Lock()
_notices: dict[str, None] = {}
_unreadable: dict[Path, int] = {}
_unwritten: OrderedDict[tuple[Path, str], str] = OrderedDict()
_reason = ""


class Damaged(PacvizError):
    """A file that does not hold what it should; the message names it."""


def environment(name: str) -> str | None:
    """The value of an environment variable; an empty one is as good as unset."""
    return os.environ.get(name, "").strip() or None


def given_path(text: str | Path) -> Path:
    """A path as somebody wrote it: ~ is the home folder, $NAME and ${NAME} are variables of the environment.

    Raises PacvizError for the home of a user whom this machine does not know, and for what no path can hold.
    """
    if "\0" in str(text):
        raise PacvizError("A path cannot hold a zero byte; write it without.")
    path = Path(os.path.expandvars(text))
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise PacvizError(f"There is no home folder {path.parts[0]!r}; write the path in full.") from error


def cache_dir() -> Path:
    """The user's cache folder (PACVIZ_CACHE overrides); it need not exist yet."""
    given = environment("PACVIZ_CACHE")
    return given_path(given) if given else Path(platformdirs.user_cache_dir("pacviz"))


def data_dir() -> Path:
    """Where data sets lie (PACVIZ_DATA overrides; default: a folder of the cache)."""
    given = environment("PACVIZ_DATA")
    return given_path(given) if given else cache_dir() / "data"


def shelf(folder: Path, *names: str, suffix: str = "") -> Path:
    """Where the thing of these names lies in a folder: a folder a name, and the last name with its suffix.

    Names are never joined, so that two different things never lie in one place, whatever they are called.
    Raises PacvizError for a name that would leave the folder, hide in it, or is too long for a file.
    """
    for name in names:
        if not name or name.startswith(".") or any(mark in name for mark in "/\\:\0") or len(name.encode()) > 200:
            raise PacvizError(
                f"{cut(name)!r} cannot be the name of a file; use at most 100 lower-case letters, digits, dots and dashes."
            )
    *folders, last = names
    return folder.joinpath(*folders, last + suffix)


def files(folder: Path, pattern: str) -> list[Path]:
    """The files of a folder, sorted, whose names match; without those that were found damaged and could not be renamed.

    A link that leads nowhere is set aside.
    """
    found = []
    for path in sorted(folder.glob(pattern)):
        try:
            changed = path.stat().st_mtime_ns
        except OSError:
            if path.is_symlink():
                notice(f"{path} leads nowhere{_set_aside(path)}.")
            continue
        if path.is_file() and _unreadable.get(path) != changed:
            found.append(path)
    return found


def read(path: Path, parse: Callable[[Path], T], what: str, advice: str) -> T:
    """What `parse` makes of a file: the one door for everything that lies in the cache.

    what: it should be, as in "a checkpoint".  advice: what to do where it is none, as in "train it again".
    Raises PacvizError where the file is missing, may not be read or is of another version (whatever PacvizError `parse`
    raises), and Damaged where `parse` fails in any other way; then the file is set aside, if it lies in the cache.
    """
    try:
        return parse(path)
    except Damaged as error:
        reason = str(error).rstrip(".")
    except (PacvizError, MemoryError):
        raise
    except OSError as error:
        if error.errno is not None:
            raise PacvizError(f"{path} cannot be read as {what} ({error.strerror}); {advice}.") from error
        reason = _reason_of(error)
    except Exception as error:  # a file from anywhere makes whatever reads it fail in any way
        reason = _reason_of(error)
    sentence = f"{path} cannot be read as {what} ({reason}){_set_aside(path)}; {advice}."
    notice(sentence)
    raise Damaged(sentence)


def notices() -> tuple[str, ...]:
    """A sentence for everything that this process has set aside, the latest last."""
    return tuple(_notices)


def notice(sentence: str) -> None:
    """Adds a sentence to `notices`, and to the log where it is new."""
    if sentence in _notices:
        return
    logging.getLogger(__name__).info(sentence)
    with _lock:
        _notices[sentence] = None
        while len(_notices) > _LINES:
            del _notices[next(iter(_notices))]


def _reason_of(error: BaseException) -> str:
    return cut(" ".join(f"{type(error).__name__}: {error}".split()).removesuffix(": "), 160)


def cut(text: str, length: int = 40) -> str:
    """A text from anywhere, short enough for a sentence."""
    return text if len(text) <= length else text[: length - 1] + "…"


def leave_out(path: Path, sentence: str) -> None:
    """Lets `files` leave out a file that is whole but in the wrong place, and says why."""
    with suppress(OSError):
        _unreadable[path] = path.stat().st_mtime_ns
    notice(sentence)


def _set_aside(path: Path) -> str:
    """Renames a file of the cache to NAME.damaged, and says so; elsewhere it stays, and `files` leaves it out."""
    with suppress(OSError):
        if path.parent.resolve().is_relative_to(cache_dir().resolve()):
            aside = _free(path.with_name(path.name[:200] + DAMAGED))
            path.rename(aside)
            return f" and is set aside as {aside.name}"
    with suppress(OSError):
        _unreadable[path] = path.stat().st_mtime_ns
    return ""


def _free(path: Path) -> Path:
    """The path, or one like it that is not taken."""
    number, free = 1, path
    while os.path.lexists(free):
        number += 1
        free = path.with_name(f"{path.name}-{number}")
    return free


def write_atomic(path: Path, write: Callable[[Path], object]) -> None:
    """Calls write(temporary) beside `path`, then renames: nobody ever sees half a file.

    A link is followed, a file that was there keeps its mode, and what is no file (a pipe, a device) is written into.
    Raises PacvizError where the folder cannot be made or written, or the path is one of a folder.
    """
    temporary = None
    try:
        target = path.resolve() if path.is_symlink() else path
        if target.is_dir():
            raise PacvizError(f"{path} is a folder; name a file in it.")
        target.parent.mkdir(parents=True, exist_ok=True)
        mode = target.stat().st_mode & 0o777 if target.is_file() else 0o644
        special = target.exists() and not target.is_file()
        handle, name = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=None if special else target.parent)
        os.close(handle)
        temporary = Path(name)
        write(temporary)
        if special:
            with temporary.open("rb") as source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink)
            return
        temporary.chmod(mode)
        temporary.replace(target)
    except (OSError, SafetensorError) as error:
        raise PacvizError(
            f"{path} cannot be written ({getattr(error, 'strerror', None) or error}); free some space, or point "
            "PACVIZ_CACHE (PACVIZ_DATA for data sets) to a folder that you may write."
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def require_writable(folder: Path) -> None:
    """Raises PacvizError where the folder cannot be made or written: asked before long work, so that none is lost."""
    require_place(folder / ".writable")


def require_place(path: Path) -> None:
    """Raises PacvizError where no file can be written under this name: asked before long work, so that none is lost."""
    try:
        target = path.resolve() if path.is_symlink() else path
        if target.is_dir():
            raise PacvizError(f"{path} is a folder; name a file in it.")
        if not target.exists():  # asking after it is how a file system refuses a name that is too long
            target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_file() or not target.exists():
            with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", suffix=".tmp") as file:
                file.write(b"yes")
        target.stat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise PacvizError(
            f"{cut(str(path), 200)} cannot be written ({error.strerror or error}); free some space, "
            "choose a shorter name, or point PACVIZ_CACHE (PACVIZ_DATA for data sets) to a folder that you may write."
        ) from error


def problem() -> str | None:
    """One sentence about the cache where it cannot be written, else None."""
    try:
        require_writable(cache_dir())
    except PacvizError as error:
        return f"Results are not kept after this run: {error}"
    return f"Results are not kept after this run: {_reason}" if _reason else None


def remember(key: str, value: str) -> None:
    """Keeps a JSON text under a key on disk; where the cache cannot be written, in memory (see `problem`)."""
    global _reason
    try:
        with _database() as database:
            columns = {"key": "TEXT PRIMARY KEY", "value": "TEXT NOT NULL", "digest": "TEXT"}
            require_columns(database, "results", columns)
            database.execute(
                "INSERT OR REPLACE INTO results (key, value, digest) VALUES (?, ?, ?)",
                (key, value, _digest(key, value)),
            )
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
        logging.getLogger(__name__).info("%s is made again: %s", key, _reason_of(error))
        return None


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
    with FileLock(path.with_name("results.lock"), timeout=30):
        try:
            with closing(_connected(path)) as database:
                if database.execute("PRAGMA quick_check").fetchone() == ("ok",):
                    return
        except sqlite3.DatabaseError as error:
            if not _tells_damage(error):
                raise
        aside = _free(path.with_name(path.name + DAMAGED))
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
