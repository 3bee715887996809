"""Where things lie on disk, how they get there whole, and the one door through which they are read back.

Written under a temporary name, then renamed: nobody ever sees half a file.  What is read may come from anywhere: a file
that is cut, changed or of another kind is named in one sentence, set aside as NAME.damaged where it lies in the cache,
and everything goes on without it.
"""

from pacviz.store.disk import (
    DAMAGED,
    PATIENCE,
    Damaged,
    alone,
    files,
    leave_out,
    notice,
    notices,
    read,
    require_place,
    require_writable,
    write_atomic,
)
from pacviz.store.places import ASSETS, cache_dir, cut, data_dir, environment, given_path, shelf
from pacviz.store.results import (
    RECORDINGS,
    RESULTS,
    problem,
    recall,
    recordings,
    remember,
    require_columns,
    revive,
    transaction,
)

__all__ = [
    "ASSETS", "DAMAGED", "PATIENCE", "RECORDINGS", "RESULTS", "Damaged", "alone", "cache_dir", "cut", "data_dir",
    "environment", "files", "given_path", "leave_out", "notice", "notices", "problem", "read", "recall", "recordings",
    "remember", "require_columns", "require_place", "require_writable", "revive", "shelf", "transaction",
    "write_atomic",
]  # fmt: skip
