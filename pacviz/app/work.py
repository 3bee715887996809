"""Measuring for many visitors: a page draws what is known, works, and draws again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pacviz.app.memory import give_back
from pacviz.certificates.certificate import certify
from pacviz.jobs import limits
from pacviz.progress import Progress
from pacviz.scenario import Scenario

BATCH = 5
"""Points of a curve that are computed between two drawings."""
PATIENCE = 0.2
"""Seconds after which a visitor who waits for a turn is told so, and may have moved on."""
_turns = threading.Lock()


def work(jobs: list[tuple[Scenario, bool]], progress: Progress) -> None:
    """Does the first few jobs; what the visitor waits for (a preview of the present point, an exact one) is done alone."""
    first = jobs[0]
    alone = not first[1] or (first[0], False) in jobs
    batch = [first] if alone else [job for job in jobs[:BATCH] if job[1]]
    with _turn(progress):
        for index, (scenario, preview) in enumerate(batch):

            def advance(fraction: float, what: str, index: int = index) -> None:
                progress((index + fraction) / len(batch), what)

            certify(scenario, preview, advance)


def require_measuring() -> None:
    """Raises PacvizError on a read-only server, which shows what was measured before and measures nothing."""
    limits.require_changes("measuring new points")


@contextmanager
def _turn(progress: Progress) -> Iterator[None]:
    """Measurements of all visitors, one batch at a time: who waits finds what was measured meanwhile, and none waits long."""
    while not _turns.acquire(timeout=PATIENCE):
        progress(0.0, "waiting for another visitor's measurement")
    try:
        yield
    finally:
        give_back()
        _turns.release()
