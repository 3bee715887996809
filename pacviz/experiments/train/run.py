"""The work of a run: its training, measured as it goes, to a checkpoint in the user's folder."""

from __future__ import annotations

import dataclasses
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

import numpy as np

from pacviz import data
from pacviz.certificates import budget
from pacviz.certificates.measure import bound
from pacviz.codes.compress import as_trained
from pacviz.data import Dataset
from pacviz.library import checkpoints
from pacviz.library.checkpoints import Checkpoint
from pacviz.models import architecture
from pacviz.posteriors.deterministic import Deterministic
from pacviz.posteriors.posterior import PREVIEW_DRAWS
from pacviz.scenario import Scenario
from pacviz.settings import defaults
from pacviz.training.fit import STEPS_PER_REPORT, Step
from pacviz.training.processes import Report, Stopped
from pacviz.training.recipe import Training
from pacviz.training.records import Metrics, Run, add, rewind
from pacviz.training.train import train
from pacviz.words import at_most

ROWS = 400
"""About as many measurements of a whole run are kept."""
SECONDS_PER_WRITE = 1.0
"""How often they are written down, and the run asks whether it is to stop."""
PREVIEW_SHARE = 0.05
"""The share of the time that goes into previews of the bound."""


def work(run: Run, report: Report) -> Checkpoint:
    """Trains a run to its end and saves its checkpoint; where it was stopped, it goes on.

    To be called within `runs.taking_part`.  Raises Stopped where it is asked to stop, and PacvizError where the training
    fails; everything is kept.
    """
    with _asked_to_stop() as asked:

        def loading(fraction: float, what: str) -> None:
            report(fraction, what)
            if asked.is_set():
                raise Stopped

        dataset = data.load(run.training.data, progress=loading)
        watch = _Watch(run, dataset, report, asked)
        checkpoint = train(run.training, dataset, watch, run.resume_file)
    checkpoints.save(checkpoint, run.folder)
    watch.finish(checkpoint)
    run.resume_file.unlink(missing_ok=True)
    return checkpoint


class _Watch:
    """Told every Step: measures, writes down, and raises Stopped where the run is asked to stop."""

    def __init__(self, run: Run, dataset: Dataset, report: Report, asked: threading.Event) -> None:
        self.run, self.dataset, self.report, self.asked = run, dataset, report, asked
        self.began = self.written = time.monotonic()
        self.rows: list[Metrics] = []
        self.last: Metrics | None = None
        self.next_preview = 0.0

    def __call__(self, step: Step) -> None:
        if self.last is None:
            self.began -= rewind(self.run.id, step.step)
        interval = max(1, step.steps // (ROWS * STEPS_PER_REPORT)) * STEPS_PER_REPORT
        if step.step % interval == 0 or step.step == step.steps or self.last is None:
            self.rows.append(self._measured(step))
        assert self.last is not None
        bound = "" if self.last.bound is None else f", bound {at_most(self.last.bound, 0)} (preview)"
        epoch = f"epoch {step.epoch + 1} of {self.run.training.epochs}"
        self.report(step.step / step.steps, f"{epoch}, {step.accuracy:.1%} right, {self.last.density:.1%} left{bound}")
        if self.asked.is_set() or time.monotonic() - self.written >= SECONDS_PER_WRITE:
            stop = add(self.run.id, self.rows)
            self.rows, self.written = [], time.monotonic()
            if stop or self.asked.is_set():
                raise Stopped

    def finish(self, checkpoint: Checkpoint) -> None:
        """The last row again, about the final network and all training examples."""
        assert self.last is not None, "a training reports its last step"
        final = _counted(checkpoint.matrices) | _bound(self.run.training, checkpoint.matrices, self.dataset, exact=True)
        self.rows.append(dataclasses.replace(self.last, seconds=time.monotonic() - self.began, **final))
        add(self.run.id, self.rows)

    def _measured(self, step: Step) -> Metrics:
        now = time.monotonic()
        training = self.run.training
        matrices = architecture(training.model).matrices(step.state())
        values = _counted(matrices)
        if now >= self.next_preview:
            values |= _bound(training, matrices, self.dataset, exact=False)
            cost = time.monotonic() - now
            self.next_preview = time.monotonic() + cost * (1 / PREVIEW_SHARE - 1)
        epoch = step.step / step.steps * training.epochs
        self.last = Metrics(step.step, epoch, now - self.began, step.loss, step.accuracy, **values)
        return self.last


def _counted(matrices: Mapping[str, np.ndarray]) -> dict[str, Any]:
    nonzeros = sum(int(np.count_nonzero(matrix)) for matrix in matrices.values())
    return {"nonzeros": nonzeros, "density": nonzeros / sum(matrix.size for matrix in matrices.values())}


def _bound(training: Training, matrices: Mapping[str, np.ndarray], dataset: Dataset, exact: bool) -> dict[str, Any]:
    """What Metrics tells of the network as it would be written down; a preview is as valid as the exact bound, but wider."""
    delta = defaults(Scenario)["delta"]
    posterior, split = Deterministic(as_trained(training.model, matrices, training.bits)), dataset.train
    share = budget.interval_share(training.seed, preview=True) * delta
    risk = posterior.risk(split) if exact else posterior.preview(split, share, training.seed, draws=PREVIEW_DRAWS)
    limit = bound("seeger", risk.upper, posterior.coded.ledger.nats, len(split), delta, estimated=not exact)
    measured = {"code_bytes": len(posterior.coded.code), "error": risk.mean, "error_upper": risk.upper}
    return {**measured, "bound": limit, "exact": exact}


@contextmanager
def _asked_to_stop() -> Iterator[threading.Event]:
    """Set by Ctrl-C or a request to terminate, which the training answers at its next report; a second one ends it at once."""
    asked = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
