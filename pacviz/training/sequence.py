"""Trainings one after the other, each from where the one before ended: in a folder, resumable, nothing made twice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pacviz import store
from pacviz.data import Dataset
from pacviz.library import checkpoints
from pacviz.library.checkpoints import Checkpoint
from pacviz.progress import Progress
from pacviz.training.fit import Step
from pacviz.training.recipe import Training
from pacviz.training.train import train


def train_all(
    stages: Sequence[Training], dataset: Dataset, folder: Path, progress: Progress, start: Checkpoint | None = None
) -> list[Checkpoint]:
    """Runs the trainings, each to a checkpoint in `folder`; those that are there already are read, a stopped one goes on.

    start: a checkpoint that they may start from, beside each other's.  progress: told the share of all epochs that is done.
    """
    there = {} if start is None else {(start.model, start.name): start}
    made = []
    total, done = sum(stage.epochs for stage in stages), 0
    for stage in stages:

        def report(step: Step, stage: Training = stage, done: int = done) -> None:
            fraction = (done + stage.epochs * step.step / step.steps) / total
            progress(fraction, f"{stage.model} {stage.name}: {step.accuracy:.1%} right")

        checkpoint = checkpoints.trained(stage.to_dict(), folder)
        if checkpoint is None:
            resume = store.shelf(folder, stage.data, stage.model, stage.name, suffix=".resume")
            checkpoint = train(stage, dataset, report, resume, there.get((stage.model, stage.start)))
            checkpoints.save(checkpoint, folder)
            resume.unlink(missing_ok=True)
        there[stage.model, stage.name] = checkpoint
        made.append(checkpoint)
        done += stage.epochs
    return made


def part(progress: Progress, start: float, stop: float) -> Progress:
    """A progress that fills a part of another."""
    return lambda fraction, what: progress(start + (stop - start) * fraction, what)
