"""From a Training to a Checkpoint: the data, the network to start from, the loop, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from torch import Tensor

from pacviz.data import Dataset
from pacviz.library import checkpoints
from pacviz.library.checkpoints import Checkpoint
from pacviz.models import architecture
from pacviz.scenario import SCRATCH
from pacviz.training.fit import Step, check_fit, error_rate, fit
from pacviz.training.methods.method import METHODS
from pacviz.training.parametrisations.polish import Sweep
from pacviz.training.recipe import Training

State = Callable[[], dict[str, Tensor]]
"""Gives a copy of the present weights."""


def train(
    training: Training,
    dataset: Dataset,
    progress: Callable[[Step], None] | None = None,
    resume: Path | None = None,
    start: Checkpoint | None = None,
) -> Checkpoint:
    """A trained network with its errors, its recipe and the command that repeats it.

    dataset: what training.data names.  progress, resume: as for `fit`.  start: the checkpoint that training.start names,
    where it is at hand already.  Raises PacvizError where the checkpoint to start
    from is missing, or where `fit` does.
    """
    network = architecture(training.model)
    if start is None and training.start != SCRATCH:
        start = checkpoints.find(training.model, training.data, training.start)
    method = METHODS[training.method]
    if method.by_gradient:
        state = fit(network, dataset, training, start.matrices if start else None, progress, resume)
    else:
        check_fit(network, dataset)
        first = network.state_dict(start.matrices) if start else network.build(folded=True).state_dict()
        state = method.search(network, first, dataset.train, training, _swept(progress))
    # -0 + 0 is 0: a mask leaves -0, which neither a sparse file nor a code knows.
    matrices = {name: matrix + np.float32(0) for name, matrix in network.matrices(state).items()}
    return Checkpoint(
        name=training.name,
        model=training.model,
        data=training.data,
        matrices=matrices,
        train_error=error_rate(network, state, dataset.train),
        test_error=error_rate(network, state, dataset.test),
        training=training.to_dict(),
        command=training.command,
    )


def _swept(progress: Callable[[Step], None] | None) -> Callable[[Sweep, State], None] | None:
    """The progress of a training, told of sweeps as if they were epochs."""
    if progress is None:
        return None

    def report(sweep: Sweep, state: State) -> None:
        progress(Step(sweep.sweep, sweep.tried, sweep.moves, sweep.loss, 1 - sweep.error, state))

    return report
