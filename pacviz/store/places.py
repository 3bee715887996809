"""Where things lie: what ships, the user's cache and data, and a place for every name."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path

from pacviz.errors import PacvizError

ASSETS = Path(str(resources.files("pacviz") / "assets")).resolve()
"""What ships: a folder of the installed package, a link to the clone's in a clone."""


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
    if given:
        return given_path(given)
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("pacviz"))


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


def cut(text: str, length: int = 40) -> str:
    """A text from anywhere, short enough for a sentence."""
    return text if len(text) <= length else text[: length - 1] + "…"
