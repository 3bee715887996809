"""Recordings as files: what ships and what visitors kept, by name; whose they are, and how they are discarded."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from pacviz import store
from pacviz.errors import PacvizError
from pacviz.experiments.random_labels.results import Recording
from pacviz.experiments.random_labels.settings import Randomization
from pacviz.jobs import limits, trash
from pacviz.settings import NAME

SHIPPED = store.ASSETS / "randomization"
_SUFFIX = ".json"


def user_folder() -> Path:
    """Where the user's own recordings lie."""
    return store.cache_dir() / "randomization"


def available() -> dict[str, Path]:
    """The recordings by name, the shipped ones first; none is opened."""
    lying = (path for folder in (SHIPPED, user_folder()) for path in store.files(folder, f"*{_SUFFIX}"))
    by_name: dict[str, Path] = {}
    for path in lying:
        if NAME.fullmatch(path.stem):
            by_name.setdefault(path.stem, path)
    return by_name


def check_name(name: str, folder: Path | None = None) -> None:
    """Raises PacvizError for a name that a recording cannot have in a folder (the user's where None)."""
    if not NAME.fullmatch(name):
        raise PacvizError(f"name must be made of lower-case letters, digits, dots and dashes, got {name!r}.")
    if folder is None and (SHIPPED / f"{name}{_SUFFIX}").exists():
        raise PacvizError(f"A recording {name!r} comes with pacviz; choose another name.")


def save(recording: Recording, name: str, folder: Path | None = None) -> Path:
    """Writes a recording under a name, to the user's folder where None; returns the file.

    Raises PacvizError for a name that it cannot have, or a folder that cannot be written.
    """
    check_name(name, folder)
    path = (folder or user_folder()) / f"{name}{_SUFFIX}"
    text = recording.to_json()
    store.write_atomic(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))
    return path


def free_name(name: str) -> str:
    """The name, or one like it, that no recording has."""
    taken, number, free = available(), 1, name
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    return free


def save_new(recording: Recording, name: str, owner: str, unique: bool = False) -> str:
    """Writes a recording of a visitor under a name that nobody has; the name.

    unique: takes one like it where it is taken.  The database's lock lets two who ask at once get two names.
    Raises PacvizError for a name that it cannot have or that is taken, or a folder that cannot be written.
    """
    limits.require_changes("keeping recordings")
    check_name(name)
    with store.transaction() as database:
        free = free_name(name)
        if free != name and not unique:
            raise PacvizError(f"There is a recording {name!r} already; choose another name, such as {free!r}.")
        save(recording, free)
        database.execute(_OWNERS)
        database.execute("INSERT OR REPLACE INTO recordings VALUES (?, ?)", (free, owner))
    return free


def owners() -> dict[str, str]:
    """Whose the recordings of visitors are, by name."""
    if not (store.cache_dir() / store.RESULTS).exists():
        return {}
    with store.transaction() as database:
        database.execute(_OWNERS)
        return dict(database.execute("SELECT name, owner FROM recordings").fetchall())


_OWNERS = "CREATE TABLE IF NOT EXISTS recordings (name TEXT PRIMARY KEY, owner TEXT NOT NULL)"


def discard(name: str, owner: str) -> None:
    """Moves a visitor's own recording to the trash.  Raises PacvizError where it is somebody else's."""
    limits.require_changes("discarding recordings")
    if owners().get(name) != owner:
        raise PacvizError(f"The recording {name[:100]!r} is not yours; only the browser that kept it can discard it.")
    trash.put("recording", name, owner, {"recording": user_folder() / f"{name}{_SUFFIX}"}, {})
    with store.transaction() as database:
        database.execute("DELETE FROM recordings WHERE name = ?", (name,))


def discarded(owner: str) -> list[trash.Entry]:
    """The visitor's recordings that can be brought back."""
    return trash.listing("recording", owner)


def restore(token: str, owner: str) -> None:
    """Brings a visitor's recording back.  Raises PacvizError where its name is taken by now."""
    entry = trash.find("recording", token, owner)
    entry.put_back({"recording": user_folder() / f"{entry.name}{_SUFFIX}"})
    with store.transaction() as database:
        database.execute(_OWNERS)
        database.execute("INSERT OR REPLACE INTO recordings VALUES (?, ?)", (entry.name, owner))


def read(path: Path) -> Recording:
    """The recording in a file; quick when it was read before.  Raises PacvizError where there is none."""
    return store.read(
        path, lambda path: _read(path, path.stat().st_mtime_ns), "a recording of random labels", "record it again"
    )


def sound() -> dict[str, Recording]:
    """The recordings that can be read, by name; the others are set aside."""
    readable = {}
    for name, path in available().items():
        with suppress(store.Damaged):
            readable[name] = read(path)
    return readable


def check_free(name: str, experiment: Randomization) -> None:
    """Raises PacvizError where the user's recording of that name is one of another experiment."""
    other = sound().get(name)
    if other is not None and other.experiment != experiment:
        raise PacvizError(
            f"There is a recording {name!r} of another experiment; choose another name by --name, such as {free_name(name)!r}."
        )


@lru_cache(maxsize=16)
def _read(path: Path, modified: int) -> Recording:
    return Recording.from_json(path.read_text(encoding="utf-8"))
