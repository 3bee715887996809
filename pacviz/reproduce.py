"""Published results made again, from random weights to a certificate: `python -m pacviz reproduce NAME`."""

from __future__ import annotations

from pathlib import Path

from pacviz import checkpoints
from pacviz.checkpoints import Checkpoint
from pacviz.data import Dataset
from pacviz.measurement import Progress
from pacviz.training.fit import Step
from pacviz.training.recipe import Training
from pacviz.training.train import train

LADDER = ((0.1, 3), (0.05, 3), (0.03, 3), (0.015, 4), (0.01, 4), (0.005, 8), (0.002, 16))
"""Densities and the epochs towards each, from the one before."""
QUICK_LADDER = ((0.05, 2), (0.01, 3), (0.003, 6))


def ladder(data: str, method: str, quick: bool) -> tuple[Training, ...]:
    """A plain training of LeNet-5, then a pruning towards each density, each starting from the one before."""
    plain = Training.of("dense", data=data, name="plain", epochs=4 if quick else 10)
    stages = [plain]
    for density, epochs in QUICK_LADDER if quick else LADDER:
        name = f"{method}-{100 * density:g}"
        stages.append(Training.of(method, data=data, name=name, start=stages[-1].name, density=density, epochs=epochs))
    return tuple(stages)


def climb(stages: tuple[Training, ...], dataset: Dataset, folder: Path, progress: Progress) -> list[Checkpoint]:
    """Runs the trainings, each to a checkpoint in `folder`; those that are there already are read, a stopped one goes on.

    progress: told the share of all epochs that is done.
    """
    there: dict[str, Checkpoint] = {}
    total, done = sum(stage.epochs for stage in stages), 0
    for stage in stages:

        def report(step: Step, stage: Training = stage, done: int = done) -> None:
            fraction = (done + stage.epochs * step.step / step.steps) / total
            progress(fraction, f"{stage.name}, {step.accuracy:.1%} right")

        checkpoint = checkpoints.trained(stage.to_dict(), folder)
        if checkpoint is None:
            resume = folder / f"{stage.model}-{stage.data}-{stage.name}.resume"
            checkpoint = train(stage, dataset, report, resume, there.get(stage.start))
            checkpoints.save(checkpoint, folder)
            resume.unlink(missing_ok=True)
        there[stage.name] = checkpoint
        done += stage.epochs
    return list(there.values())
