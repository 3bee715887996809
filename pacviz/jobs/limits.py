"""What a server grants its visitors: how many jobs at once, how large a job may be, and whether they may change anything.

A shell grants itself everything: these limits are asked about work that a page starts.
"""

from __future__ import annotations

import os

from pacviz.errors import PacvizError
from pacviz.models.cost import Estimate, duration

PUBLIC = "PACVIZ_PUBLIC"
JOBS = "PACVIZ_JOBS"
JOB_HOURS = "PACVIZ_JOB_HOURS"
JOB_GB = "PACVIZ_JOB_GB"
READ_ONLY = "This server is read-only ({what} is switched off): install pacviz on your own machine to do it there."


def public() -> bool:
    """Whether the server shows what is recorded and nothing else: PACVIZ_PUBLIC=1."""
    return os.environ.get(PUBLIC, "").strip() not in ("", "0")


def read_only(what: str) -> str:
    """One sentence why something is not offered.  what: the thing, as the subject of a sentence."""
    return READ_ONLY.format(what=what)


def require_changes(what: str) -> None:
    """Raises PacvizError on a read-only server."""
    if public():
        raise PacvizError(read_only(what))


def jobs() -> int:
    """How many jobs of a kind run at the same time: PACVIZ_JOBS, a quarter of the cores by default."""
    return int(_number(JOBS, max(1, (os.cpu_count() or 1) // 4), whole=True))


def require_small(estimate: Estimate, remedy: str) -> None:
    """Raises PacvizError where a job is more than a page may start.  remedy: the settings to make smaller."""
    hours, gigabytes = _number(JOB_HOURS, 12.0), _number(JOB_GB, 2.0)
    if estimate.bytes > gigabytes * 1e9:
        raise PacvizError(
            f"This would take about {estimate.bytes / 1e9:,.1f} GB of memory, and a job may take {gigabytes:g} here; "
            f"{remedy}, or run the command in a shell."
        )
    if estimate.seconds > hours * 3600:
        raise PacvizError(
            f"This would take about {duration(estimate.seconds)}, and a job may take {hours:g} h here; {remedy}, "
            "or run the command in a shell."
        )


def _number(name: str, default: float, whole: bool = False) -> float:
    """A positive number from the environment; raises PacvizError where it is something else."""
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    try:
        value = float(int(text) if whole else text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise PacvizError(f"{name} is {text[:40]!r}; give a {'whole ' if whole else ''}number above 0, or unset it.")
    return value
