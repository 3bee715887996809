"""Files: written whole or not at all, and the one door through which they are read back."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from safetensors import SafetensorError

from pacviz.errors import PacvizError
from pacviz.store.places import cache_dir, cut

DAMAGED = ".damaged"
"""What the name of a file ends in that was set aside."""
PATIENCE = 0.2
"""Seconds after which whoever waits for another one's work is told so, and may turn away."""
_LINES = 20
"""Most notices that are held: one file after the other may be damaged."""

T = TypeVar("T")
_lock = threading.Lock()
_notices: dict[str, None] = {}
_unreadable: dict[Path, int] = {}


class Damaged(PacvizError):
    """A file that does not hold what it should; the message names it."""


def files(folder: Path, pattern: str) -> list[Path]:
    """The files of a folder, sorted, whose names match; without those that were found damaged and could not be renamed.

    A link that leads nowhere is set aside.
    """
    paths = []
    for path in sorted(folder.glob(pattern)):
        try:
            changed = path.stat().st_mtime_ns
        except OSError:
            if path.is_symlink():
                notice(f"{path} leads nowhere{_set_aside(path)}.")
            continue
        if path.is_file() and _unreadable.get(path) != changed:
            paths.append(path)
    return paths


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
        reason = reason_of(error)
    except Exception as error:  # a file from anywhere makes whatever reads it fail in any way
        reason = reason_of(error)
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


def reason_of(error: BaseException) -> str:
    return cut(" ".join(f"{type(error).__name__}: {error}".split()).removesuffix(": "), 160)


def leave_out(path: Path, sentence: str) -> None:
    """Lets `files` leave out a file that is whole but in the wrong place, and says why."""
    with suppress(OSError):
        _unreadable[path] = path.stat().st_mtime_ns
    notice(sentence)


def _set_aside(path: Path) -> str:
    """Renames a file of the cache to NAME.damaged, and says so; elsewhere it stays, and `files` leaves it out."""
    with suppress(OSError):
        if path.parent.resolve().is_relative_to(cache_dir().resolve()):
            aside = free_path(path.with_name(path.name[:200] + DAMAGED))
            path.rename(aside)
            return f" and is set aside as {aside.name}"
    with suppress(OSError):
        _unreadable[path] = path.stat().st_mtime_ns
    return ""


def free_path(path: Path) -> Path:
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


@contextmanager
def alone(name: str, waiting: Callable[[], object]) -> Iterator[None]:
    """One at a time, of all threads and processes of this cache, makes the thing of that name: whoever waited finds it made.

    waiting: called again and again meanwhile; an exception that it raises gives up.  Where the cache cannot be written,
    nobody waits for anybody.
    """
    from filelock import FileLock, Timeout

    folder = cache_dir() / "locks"
    lock = FileLock(folder / name, timeout=PATIENCE)
    while not lock.is_locked:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout:
            waiting()
        except (OSError, NotImplementedError):  # the second: a file system that has no locks
            break
    try:
        yield
    finally:
        lock.release()


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
