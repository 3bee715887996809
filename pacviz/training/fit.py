"""The training loop, one for all methods.  What it did to find the weights costs no bound a single bit."""

from __future__ import annotations

import math
import pickle
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import cross_entropy
from torch.nn.utils import convert_conv2d_weight_memory_format

from pacviz import store
from pacviz.data.dataset import Dataset, Split
from pacviz.device import device, quick_bfloat16
from pacviz.errors import PacvizError
from pacviz.models import Architecture
from pacviz.models.modules import Network
from pacviz.training.methods.method import METHODS, parametrise
from pacviz.training.parametrisations.parametrisation import Parametrisation
from pacviz.training.recipe import Training

EVALUATION_BATCH = 250
STEPS_PER_REPORT = 20
SECONDS_PER_SAVE = 30.0
MOST_GRADIENT = 1.0
"""Gradients are shortened to this norm: surgery splices weights back, and the loss jumps."""


@dataclass(frozen=True)
class Step:
    """Where a training stands.

    epoch: counted from 0.  step, steps: done so far and in all.  loss: cross-entropy of the last batch in nats.
    accuracy: share of this epoch's examples so far that were classified rightly when they came.  state: gives a copy of
    the present weights as a float32 state dict on the CPU.
    """

    epoch: int
    step: int
    steps: int
    loss: float
    accuracy: float
    state: Callable[[], dict[str, Tensor]]


def fit(
    architecture: Architecture,
    dataset: Dataset,
    training: Training,
    start: Mapping[str, np.ndarray] | None = None,
    progress: Callable[[Step], None] | None = None,
    resume: Path | None = None,
) -> dict[str, Tensor]:
    """A network trained on dataset.train, as its float32 state dict on the CPU.

    start: float32 matrices (rows, columns) by layer to start from, normalisation folded into them for good; random weights
    where None.  progress: told every
    STEPS_PER_REPORT steps; an exception that it raises stops the training.  resume: a file in which the training is kept
    every SECONDS_PER_SAVE and when progress stops it; where it exists, the training goes on from there, to the same end.
    The same weights for the same arguments on the same machine.  Raises PacvizError where the images do not fit the
    architecture, the file belongs to another training, or the loss stops being finite.
    """
    check_fit(architecture, dataset)
    train, where = dataset.train, device()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(training.seed)
        network = architecture.build(folded=start is not None)
    if start is not None:
        network.load_state_dict(architecture.state_dict(start))
    network = _placed(network).train()
    parametrisation = parametrise(
        architecture, {key: w.detach() for key, w in network.named_parameters()}, training, where
    )
    epoch_steps = math.ceil(len(train) / training.batch_size)
    steps = training.epochs * epoch_steps
    optimizer = _optimizer(parametrisation.trained.values(), training)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, training.learning_rate, total_steps=steps, pct_start=0.2)
    kept = _Kept(training, parametrisation, optimizer, schedule, network)
    read, labels = _reader(network, train.images.to(where)), train.labels.to(where)
    step = kept.read(resume, where) if resume and resume.exists() else 0
    saved = time.monotonic()
    quick = quick_bfloat16() and not METHODS[training.method].exact

    def state() -> dict[str, Tensor]:
        with torch.no_grad():
            return _plain({**dict(network.named_buffers()), **parametrisation.present()})

    for epoch in range(step // epoch_steps, training.epochs):
        right, seen = torch.zeros((), dtype=torch.int64, device=where), 0
        order = torch.randperm(len(train), generator=torch.Generator().manual_seed(training.seed + epoch * 2**31))
        for batch in order.split(training.batch_size)[step - epoch * epoch_steps :]:
            parametrisation.advance(step, steps)
            batch = batch.to(where)
            with torch.autocast(where.type, torch.bfloat16, enabled=quick):
                logits = functional_call(network, _laid_out(parametrisation.weights()), (read(batch), True))
            loss = cross_entropy(logits.float(), labels[batch])
            optimizer.zero_grad()
            (loss + parametrisation.penalty() / len(train)).backward()
            nn.utils.clip_grad_norm_(parametrisation.trained.values(), MOST_GRADIENT)
            optimizer.step()
            schedule.step()
            right += (logits.argmax(1) == labels[batch]).sum()
            step, seen = step + 1, seen + len(batch)
            if step % STEPS_PER_REPORT == 0 or step == steps:
                if not loss.isfinite():
                    raise PacvizError(
                        f"The training diverged in epoch {epoch + 1} with learning_rate {training.learning_rate:g}; "
                        "train again with a smaller one."
                    )
                try:
                    if progress:
                        progress(Step(epoch, step, steps, loss.item(), right.item() / seen, state))
                except BaseException:
                    if resume:
                        kept.write(resume, step)
                    raise
                if resume and time.monotonic() - saved > SECONDS_PER_SAVE:
                    kept.write(resume, step)
                    saved = time.monotonic()
    parametrisation.advance(steps, steps)
    return _plain({**dict(network.named_buffers()), **parametrisation.final()})


def _reader(network: Network, images: Tensor) -> Callable[[Tensor], Tensor]:
    """Gives what a network makes of a batch of images before its first weights; that is made once, where it is anything."""
    if not network.fixed:
        return lambda batch: images[batch].float().div_(255).unsqueeze(1)
    with torch.no_grad():
        prepared = torch.cat([network.prepare(part.float().div_(255)) for part in images.split(EVALUATION_BATCH)])
    return lambda batch: prepared[batch]


def check_fit(architecture: Architecture, dataset: Dataset) -> None:
    """Raises PacvizError where the images do not fit the architecture."""
    shape = tuple(dataset.train.images.shape[1:])
    if (shape, dataset.classes) != (architecture.input_shape, architecture.classes):
        raise PacvizError(
            f"{architecture.title} takes images of shape {architecture.input_shape} in {architecture.classes} classes, "
            f"but {dataset.title} has {shape} in {dataset.classes}; choose another model."
        )


@dataclass(frozen=True)
class _Kept:
    """What a training is kept in, and comes back from: everything that its next step depends on."""

    training: Training
    parametrisation: Parametrisation
    optimizer: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler
    network: nn.Module

    def write(self, path: Path, step: int) -> None:
        """Whole or not at all."""
        state = {
            "training": self.training.to_dict(),
            "step": step,
            "trained": {key: tensor.detach() for key, tensor in self.parametrisation.trained.items()},
            "fixed": self.parametrisation.fixed,
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "buffers": dict(self.network.named_buffers()),
        }
        store.write_atomic(path, lambda temporary: torch.save(state, temporary))

    @torch.no_grad()
    def read(self, path: Path, where: torch.device) -> int:
        """Puts everything back, and returns the number of steps done.  Raises PacvizError for another training's file."""
        try:
            state = torch.load(path, where, weights_only=True)
            same = state["training"] == self.training.to_dict()
        except (OSError, RuntimeError, KeyError, EOFError, pickle.UnpicklingError) as error:
            raise PacvizError(f"{path} cannot be read ({error}); delete it and train again.") from error
        if not same:
            raise PacvizError(f"{path} belongs to a training with other settings; delete it, or give those settings.")
        for key, tensor in self.parametrisation.trained.items():
            tensor.copy_(state["trained"][key])
        self.parametrisation.fixed.update(state["fixed"])
        for key, buffer in self.network.named_buffers():
            buffer.copy_(state["buffers"][key])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        return int(state["step"])


def _optimizer(trained: Iterable[Tensor], training: Training) -> torch.optim.Optimizer:
    if METHODS[training.method].optimizer == "sgd":
        return torch.optim.SGD(
            trained, training.learning_rate, momentum=0.9, nesterov=True, weight_decay=training.weight_decay, fused=True
        )
    return torch.optim.AdamW(trained, training.learning_rate, weight_decay=training.weight_decay, fused=True)


def _laid_out(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Kernels in channels-last order: a product of two loses it where there is one channel, and costs two thirds of the speed."""
    return {key: w.clone(memory_format=torch.channels_last) if w.dim() == 4 else w for key, w in weights.items()}


def _plain(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A copy on the CPU, in the usual layout."""
    return {key: tensor.detach().cpu().clone(memory_format=torch.contiguous_format) for key, tensor in state.items()}


def _placed(network: Network) -> Network:
    """On the device, with the layout in which a CPU computes convolutions twice as fast."""
    convert_conv2d_weight_memory_format(network.to(device()), torch.channels_last)
    return network


@torch.inference_mode()
def error_rate(architecture: Architecture, state: Mapping[str, Tensor], split: Split) -> float:
    """Share of `split` that the network gets wrong, in [0, 1]."""
    network = _placed(architecture.build(folded=True)).eval()
    network.load_state_dict(architecture.folded(state))
    wrong = 0
    for start in range(0, len(split), EVALUATION_BATCH):
        stop = start + EVALUATION_BATCH
        guesses = network(split.pixels(start, stop).to(device())).argmax(1).cpu()
        wrong += int((guesses != split.labels[start:stop]).sum())
    return wrong / len(split)
