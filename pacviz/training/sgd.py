"""Plain SGD as theory has it: one step size, no momentum, no decay, until everything is learned (Barsbey et al. 2021)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn.functional import cross_entropy
from torch.nn.utils import convert_conv2d_weight_memory_format

from pacviz.data.dataset import Split
from pacviz.device import device
from pacviz.models import Architecture

EVALUATION_BATCH = 1000
State = dict[str, Tensor]
Ending = Literal["learning", "converged", "unfinished", "diverged"]


@dataclass(frozen=True)
class Stopping:
    """When a training ends.

    loss: mean cross-entropy in nats over the sample below which, with every label right, it has converged.  steps: the most
    until then.  further: steps after that.  averaged: how many of the last iterates the mean is taken over.
    """

    loss: float
    steps: int
    further: int
    averaged: int


@dataclass(frozen=True)
class Progressed:
    """Where a training stands.

    steps: done so far.  loss: mean cross-entropy in nats, of the last epoch's batches, or of the sample once it was looked at.
    errors: on the whole sample when it was last looked at, None before.  ending: "learning" until it ends.  state: gives the
    present weights as float32 on the CPU, biases of 0 included; after the end `mean` gives the mean of the last iterates.
    """

    steps: int
    loss: float
    errors: int | None
    ending: Ending
    state: Callable[[], State]
    mean: Callable[[], State]


def descend(
    architecture: Architecture, sample: Split, step_size: float, batch_size: int, seed: int, stopping: Stopping
) -> Iterator[Progressed]:
    """Trains the weights from torch's usual start, told once an epoch; the last one says how it ended.

    Biases stay 0, as in the paper.  A loss that is not finite, or ends above that of guessing, is a result: "diverged".
    The same for the same arguments on the same machine and number of threads.
    """
    where = device()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = convert_conv2d_weight_memory_format(architecture.build().to(where), torch.channels_last)
    images, labels = sample.pixels().to(where), sample.labels.to(where)
    frozen = {key: torch.zeros_like(one) for key, one in network.named_parameters() if one.dim() < 2}
    weights = {
        key: one.detach().clone().requires_grad_() for key, one in network.named_parameters() if key not in frozen
    }
    trained = list(weights.values())
    sums = [torch.zeros_like(one, dtype=torch.float64) for one in trained]
    order = torch.Generator().manual_seed(seed)
    steps = averaged = 0
    end: int | None = None
    ending: Ending = "learning"
    errors: int | None = None

    def logits(part: Tensor) -> Tensor:
        return functional_call(network, {**frozen, **weights}, (part,))

    def state() -> State:
        return {key: _plain(one) for key, one in {**weights, **frozen}.items()}

    def mean() -> State:
        means = [one if averaged == 0 else total / averaged for one, total in zip(trained, sums, strict=True)]
        return {key: _plain(one) for key, one in {**dict(zip(weights, means, strict=True)), **frozen}.items()}

    while True:
        total = torch.zeros((), device=where)
        batches = torch.randperm(len(labels), generator=order).split(batch_size)
        for batch in batches:
            batch = batch.to(where)
            loss = cross_entropy(logits(images[batch]), labels[batch])
            gradients = torch.autograd.grad(loss, trained)
            with torch.no_grad():
                torch._foreach_add_(trained, gradients, alpha=-step_size)
                steps += 1
                total += loss.detach()
                if end is not None and steps > end - stopping.averaged:
                    torch._foreach_add_(sums, [one.double() for one in trained])
                    averaged += 1
            if steps == end:
                break
        told = float(total) / len(batches)
        guessing = math.log(architecture.classes)
        if not math.isfinite(told) or not all(bool(one.isfinite().all()) for one in trained):
            ending, end = "diverged", steps
        elif end is None and told < 4 * stopping.loss:
            told, errors = _look(logits, images, labels)
            if errors == 0 and told < stopping.loss:
                ending, end = "converged", steps + stopping.further
        if end is None and steps >= stopping.steps:
            ending, end = "diverged" if told > guessing else "unfinished", steps + stopping.further
        done = steps == end
        if done and ending != "diverged":
            told, errors = _look(logits, images, labels)
        yield Progressed(steps, told, errors, ending if done else "learning", state, mean)
        if done:
            return


@torch.no_grad()
def _look(logits: Callable[[Tensor], Tensor], images: Tensor, labels: Tensor) -> tuple[float, int]:
    """Mean cross-entropy and errors over a sample."""
    total, errors = 0.0, 0
    for start in range(0, len(labels), EVALUATION_BATCH):
        part = slice(start, start + EVALUATION_BATCH)
        found = logits(images[part])
        total += float(cross_entropy(found, labels[part], reduction="sum"))
        errors += int((found.argmax(1) != labels[part]).sum())
    return total / len(labels), errors


def _plain(weights: Tensor) -> Tensor:
    return weights.detach().float().cpu().clone(memory_format=torch.contiguous_format)
