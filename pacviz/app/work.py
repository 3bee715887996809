"""Measuring for many visitors: a page draws what is known, works, and draws again."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from streamlit.runtime.scriptrunner import get_script_run_ctx

from pacviz.app.memory import give_back
from pacviz.app.owner import in_turn
from pacviz.certificates.certificate import certify
from pacviz.certificates.measure import key
from pacviz.jobs import limits
from pacviz.jobs.turns import Turns
from pacviz.progress import Progress
from pacviz.scenario import Scenario

BATCH = 5
"""Points of a curve that are computed between two drawings."""
_turns = Turns()


def work(jobs: list[tuple[Scenario, bool]], progress: Progress) -> None:
    """Does the first few jobs; what the visitor waits for (a preview of the present point, an exact one) is done alone."""
    first = jobs[0]
    alone = not first[1] or (first[0], False) in jobs
    batch = [first] if alone else [job for job in jobs[:BATCH] if job[1]]
    for index, (scenario, preview) in enumerate(batch):

        def advance(fraction: float, what: str, index: int = index) -> None:
            progress((index + fraction) / len(batch), what)

        with turn(key(scenario, preview), advance) as fair:
            certify(scenario, preview, fair)


def require_measuring() -> None:
    """Raises PacvizError on a read-only server, which shows what was measured before and measures nothing."""
    limits.require_changes("measuring new points")


@contextmanager
def turn(what: Hashable, progress: Progress) -> Iterator[Progress]:
    """Long work of a page, at the turn of its visitor; gives the progress to tell, where others may go first.

    what: whoever wants the same begins after it, and finds it done.
    """
    owner = in_turn() if get_script_run_ctx() else f"thread {threading.get_ident()}"

    def waiting() -> None:
        progress(0.0, "waiting for another visitor's measurement")

    with _turns.turn(owner, what, waiting) as pass_on:

        def advance(fraction: float, what: str) -> None:
            progress(fraction, what)
            pass_on()

        try:
            yield advance
        finally:
            give_back()
