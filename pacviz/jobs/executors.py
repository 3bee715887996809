"""Who does the units: this process, processes of its own, or the machines of a Dask cluster.

The results are files; an executor only has to see that each missing unit is done by somebody.  A worker that dies takes
nothing with it: what has no result is submitted again.
"""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager

from pacviz.errors import PacvizError
from pacviz.jobs.units import Plan, Unit
from pacviz.progress import Progress

HERE, LOCAL, DASK = "here", "local", "dask"
CHOICES = f"{HERE}, {LOCAL}, {DASK} or HOST:PORT"
"""What `--on` takes: this process, processes of its own, a Dask cluster of two local workers, or one that is running."""
_TRIES = 3
"""Executors in a row that may break before a unit is done."""


def run(plan: Plan, on: str = HERE, progress: Progress | None = None) -> list[str]:
    """The results of all units of a plan, in its order; what is done already is read.

    Raises PacvizError for an executor that there is not, or that breaks again and again; whatever a unit raises comes
    through, after the units that were finished have been kept.
    """
    report = progress or (lambda fraction, what: None)
    plan.begin()
    if on == HERE:
        for index, unit in enumerate(plan.missing, len(plan.done)):

            def within(fraction: float, what: str, index: int = index) -> None:
                report((index + fraction) / len(plan.units), what)

            unit.do(within)
    waiting = {} if on == HERE else {unit.id: unit for unit in plan.missing}
    broken = 0
    while waiting:
        with _executor(on) as pool:
            try:
                for unit in _finished(pool, waiting):
                    broken = 0
                    report(1 - len(waiting) / len(plan.units), unit.title)
            except (BrokenExecutor, concurrent.futures.CancelledError) as error:
                broken += 1
                waiting = {key: unit for key, unit in waiting.items() if unit.result() is None}
                if broken == _TRIES:
                    raise PacvizError(
                        f"The workers of --on {on} died {_TRIES} times in a row ({error}); nothing that was finished is "
                        "lost; free some memory, or use fewer workers, and run the same command again."
                    ) from error
    return [unit.do() for unit in plan.units]


def _finished(pool: Executor, waiting: dict[str, Unit]) -> Iterator[Unit]:
    """Gives a pool every unit as soon as those that it needs are done; each that is finished is kept and leaves `waiting`."""
    running: dict[Future[str], Unit] = {}
    while waiting:
        begun = {unit.id for unit in running.values()}
        for unit in waiting.values():
            if unit.id not in begun and not any(need.id in waiting for need in unit.needs):
                running[pool.submit(perform, unit, [need.do() for need in unit.needs])] = unit
        for future in concurrent.futures.wait(running, return_when=FIRST_COMPLETED).done:
            unit, text = running.pop(future), future.result()
            if unit.result() is None:  # its worker writes to another disk
                unit.keep(text)
            del waiting[unit.id]
            yield unit


def perform(unit: Unit, needed: Sequence[str]) -> str:
    """Does a unit in a worker.  needed: the results of the units that it needs."""
    return unit.do(needed=needed)


@contextmanager
def _executor(on: str) -> Iterator[Executor]:
    if on == LOCAL:
        context = multiprocessing.get_context("spawn")
        workers = max(1, min(os.cpu_count() or 1, 61))
        pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_worker)
        try:
            yield pool
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    elif on == DASK or ":" in on:
        from pacviz.jobs.cluster import dask_executor

        with dask_executor(None if on == DASK else on) as executor:
            yield executor
    else:
        raise PacvizError(f"--on must be {CHOICES}, got {on!r}.")


def _worker() -> None:
    """In a new process: ends when the process that started it does, however that ends; one thread, since all cores work."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def follow() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()
    os.environ["OMP_NUM_THREADS"] = "1"
