"""What was discarded, for a day: moved into a folder of the cache, from which it can be brought back."""

from __future__ import annotations

import json
import secrets
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pacviz import store
from pacviz.errors import PacvizError

HOURS = 24
_ABOUT = "about.json"


@dataclass(frozen=True)
class Entry:
    """A discarded thing.

    token: names its folder.  kind, name, owner: what it was and whose, None for a shell's.  about: what else must be known
    to bring it back, as JSON can hold it.
    """

    token: str
    kind: str
    name: str
    owner: str | None
    about: Mapping[str, Any]

    @property
    def folder(self) -> Path:
        return _folder() / self.token

    @property
    def discarded(self) -> float:
        """In seconds since 1970."""
        return float(int(self.token.split("-")[0]))

    def put_back(self, files: Mapping[str, Path]) -> None:
        """Moves what lies here under these names to their places, and forgets the entry.

        Raises PacvizError where a place is taken or cannot be written; nothing has moved then.
        """
        there = {name: place for name, place in files.items() if (self.folder / name).exists()}
        if taken := [place for place in there.values() if place.exists()]:
            raise PacvizError(f"{taken[0].name} is there again; discard that first, or keep both as they are.")
        try:
            for name, place in there.items():
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(self.folder / name, place)
        except OSError as error:
            raise PacvizError(
                f"{self.name} cannot be brought back ({error}); it still lies in {self.folder}."
            ) from error
        shutil.rmtree(self.folder, ignore_errors=True)


def put(kind: str, name: str, owner: str | None, files: Mapping[str, Path], about: Mapping[str, Any]) -> Entry:
    """Moves files and folders, each under a name of its own, into the trash; those that are absent are left out.

    Raises PacvizError where that cannot be done.  What lies there for longer than HOURS is deleted on this occasion.
    """
    empty()
    entry = Entry(f"{int(time.time())}-{secrets.token_hex(4)}", kind, name, owner, about)
    told = {"kind": kind, "name": name, "owner": owner, "about": dict(about)}
    text = json.dumps(told)
    store.write_atomic(entry.folder / _ABOUT, lambda path: path.write_text(text, encoding="utf-8"))
    try:
        for part, path in files.items():
            if path.exists():
                shutil.move(path, entry.folder / part)
    except OSError as error:
        raise PacvizError(f"{name} cannot be moved to {entry.folder} ({error}); try it again.") from error
    return entry


def listing(kind: str, owner: str | None = None) -> list[Entry]:
    """What can be brought back of a kind, the latest first; only this owner's where one is given."""
    entries = []
    for path in sorted(_folder().glob(f"*/{_ABOUT}"), reverse=True):
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            entry = Entry(path.parent.name, told["kind"], told["name"], told["owner"], told["about"])
            late = time.time() - entry.discarded > HOURS * 3600
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue  # half of it is there only, or it is somebody else's; it is deleted with the rest
        if entry.kind == kind and not late and (owner is None or entry.owner == owner):
            entries.append(entry)
    return entries


def find(kind: str, wanted: str, owner: str | None = None) -> Entry:
    """The entry of that token, or the latest of that name; raises PacvizError where there is none."""
    for entry in listing(kind, owner):
        if wanted in (entry.token, entry.name):
            return entry
    raise PacvizError(
        f"There is no {kind} {wanted[:100]!r} in the trash; it keeps what was discarded for {HOURS} hours."
    )


def empty() -> None:
    """Deletes what lies there for longer than HOURS."""
    for folder in _folder().glob("*-*"):
        try:
            late = time.time() - int(folder.name.split("-")[0]) > HOURS * 3600
        except ValueError:
            continue
        if late:
            shutil.rmtree(folder, ignore_errors=True)


def _folder() -> Path:
    return store.cache_dir() / "trash"
