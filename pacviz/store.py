"""Where things lie on disk, and how they get there whole: written under a temporary name, then renamed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import platformdirs

from pacviz.errors import PacvizError

ASSETS = Path(__file__).resolve().parent.parent / "assets"


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
        os.replace(temporary, path)
    except OSError as error:
        raise PacvizError(
            f"{path} cannot be written ({error.strerror or error}); free some space or point PACVIZ_CACHE to a folder that you may write."
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
