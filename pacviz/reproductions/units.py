"""The units that reproductions consist of: trainings, each from where another one ended, and what is made of their networks."""

from __future__ import annotations

import base64
import hashlib
import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pacviz import data, store
from pacviz.device import one_thread
from pacviz.jobs.units import Plan, Unit
from pacviz.library import checkpoints
from pacviz.library.checkpoints import Checkpoint
from pacviz.models import ARCHITECTURES
from pacviz.models.cost import cost
from pacviz.progress import Progress
from pacviz.training.fit import Step
from pacviz.training.recipe import EXAMPLES, SCRATCH, Training
from pacviz.training.train import train

TRAINING = "training"
"""The kind of the units that end in a checkpoint."""


def images(name: str) -> tuple[str, str]:
    """The fingerprints of a data set, which every result depends on.  Raises PacvizError where it is not there."""
    dataset = data.load(name)
    return dataset.train.fingerprint, dataset.test.fingerprint


def training_units(stages: Iterable[Training]) -> dict[tuple[str, str], Unit]:
    """A unit for each training by model and name; one that starts from another needs it, which must come before."""
    units: dict[tuple[str, str], Unit] = {}
    for stage in stages:
        told = stage.to_dict()
        needs = () if stage.start == SCRATCH else (units[stage.model, stage.start],)
        units[stage.model, stage.name] = Unit(
            TRAINING,
            json.dumps([told, images(stage.data)]),
            f"train {stage.model} {stage.name} on {stage.data}",
            f"{__name__}:work",
            {"training": told},
            round(stage.estimate.seconds),
            needs,
        )
    return units


def work(arguments: Mapping[str, Any], progress: Progress, start: str | None = None) -> str:
    """A training as a text of its checkpoint.  start: that of the training that it starts from."""
    return trained(Training(**arguments["training"]), progress, None if start is None else checkpoint_of(start))


def trained(stage: Training, progress: Progress, start: Checkpoint | None = None) -> str:
    """Trains, as a text of the checkpoint; where it was stopped or killed, it goes on.  One thread: see `one_thread`."""

    def report(step: Step) -> None:
        progress(step.step / step.steps, f"{stage.model} {stage.name}: {step.accuracy:.1%} right")

    dataset = data.load(stage.data)
    about = [stage.to_dict(), dataset.train.fingerprint, start and start.fingerprint]
    key = hashlib.sha256(json.dumps(about).encode()).hexdigest()
    resume = store.shelf(store.cache_dir() / "units", TRAINING, key, suffix=".resume")
    with one_thread():
        checkpoint = train(stage, dataset, report, resume, start)
    resume.unlink(missing_ok=True)
    return text_of(checkpoint)


def text_of(checkpoint: Checkpoint) -> str:
    """A checkpoint's file as a JSON text."""
    with tempfile.TemporaryDirectory() as folder:
        return file_text(checkpoints.save(checkpoint, Path(folder)).read_bytes())


def checkpoint_of(text: str) -> Checkpoint:
    """The inverse of `text_of`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "checkpoint.safetensors"
        path.write_bytes(file_of(text))
        return checkpoints.load(path)


def file_text(content: bytes) -> str:
    """The bytes of a file as a JSON text."""
    return json.dumps(base64.b64encode(content).decode())


def file_of(text: str) -> bytes:
    """The inverse of `file_text`."""
    return base64.b64decode(json.loads(text))


def take_over(plan: Plan, folder: Path) -> None:
    """Keeps what was trained before, and lies in a folder, as the results of the units.

    Raises PacvizError where the folder holds a training of one of these names with other settings.
    """
    for unit in plan.units:
        if unit.kind == TRAINING and "training" in unit.arguments:
            known = checkpoints.trained(unit.arguments["training"], folder)
            if known is not None and unit.result() is None:
                unit.keep(text_of(known))


def hand_out(trained: Sequence[Checkpoint], folder: Path) -> None:
    """Writes checkpoints to a folder; those that lie there stay as they are.

    Raises PacvizError where one of these names was trained with other settings.
    """
    for checkpoint in trained:
        if checkpoints.trained(checkpoint.training, folder) is None:
            checkpoints.save(checkpoint, folder)


def seconds(model: str, passes: float) -> int:
    """About how long it takes to see all examples of a data set so many times."""
    return round(cost(ARCHITECTURES[model]).inference(passes * EXAMPLES))
