"""Plain training from scratch: what it did to find the weights costs no bound a single bit."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import convert_conv2d_weight_memory_format

from pacviz.checkpoints import Checkpoint
from pacviz.data.dataset import Dataset, Split
from pacviz.device import device
from pacviz.errors import PacvizError
from pacviz.models import Architecture

_EVALUATION_BATCH = 250
_STEPS_PER_REPORT = 20


@dataclass(frozen=True)
class Training:
    """A recipe: AdamW with decoupled weight decay, the learning rate rising to its peak and falling to 0 (one cycle).

    learning_rate: the peak.  weight_decay: by default strong enough that magnitude pruning finds small
    weights.  Raises PacvizError for a field outside its range.
    """

    epochs: int = 10
    batch_size: int = 128
    learning_rate: float = 2e-3
    weight_decay: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        ranges = {
            "epochs": (1, 1000),
            "batch_size": (1, 10_000),
            "learning_rate": (1e-6, 1.0),
            "weight_decay": (0.0, 10.0),
            "seed": (0, 2**63 - 1),
        }
        for name, (low, high) in ranges.items():
            if not low <= getattr(self, name) <= high:
                raise PacvizError(f"{name} must lie in [{low}, {high}], got {getattr(self, name)}.")


@dataclass(frozen=True)
class Step:
    """Where a training stands.

    epoch: counted from 0.  step, steps: done so far and in all.  loss: cross-entropy of the last batch in nats.
    accuracy: share of this epoch's examples so far that were classified rightly when they came.
    """

    epoch: int
    step: int
    steps: int
    loss: float
    accuracy: float


def fit(
    architecture: Architecture,
    dataset: Dataset,
    training: Training,
    progress: Callable[[Step], None] | None = None,
) -> dict[str, Tensor]:
    """A network trained on dataset.train, as its float32 state dict on the CPU.

    The same weights for the same arguments on the same machine.  Raises PacvizError where the images do not fit the
    architecture, or where the loss stops being finite.
    """
    train, where = dataset.train, device()
    if (tuple(train.images.shape[1:]), dataset.classes) != (architecture.input_shape, architecture.classes):
        raise PacvizError(
            f"{architecture.title} takes images of shape {architecture.input_shape} in {architecture.classes} classes, "
            f"but {dataset.title} has {tuple(train.images.shape[1:])} in {dataset.classes}; choose another model."
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(training.seed)
        network = _placed(architecture.build()).train()
    shuffle = torch.Generator().manual_seed(training.seed)
    steps = training.epochs * math.ceil(len(train) / training.batch_size)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=training.learning_rate, weight_decay=training.weight_decay, fused=True
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, training.learning_rate, total_steps=steps, pct_start=0.2)
    step = 0
    for epoch in range(training.epochs):
        right, seen = torch.zeros((), dtype=torch.int64, device=where), 0
        for batch in torch.randperm(len(train), generator=shuffle).split(training.batch_size):
            labels = train.labels[batch].to(where)
            logits = network(train.images[batch].to(where).float().div_(255))
            loss = cross_entropy(logits, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            right += (logits.argmax(1) == labels).sum()
            step, seen = step + 1, seen + len(batch)
            if step % _STEPS_PER_REPORT == 0 or step == steps:
                if not loss.isfinite():
                    raise PacvizError(
                        f"The training diverged in epoch {epoch + 1} with learning_rate {training.learning_rate:g}; "
                        "train again with a smaller one."
                    )
                if progress:
                    progress(Step(epoch, step, steps, loss.item(), right.item() / seen))
    return {key: weights.detach().cpu().contiguous() for key, weights in network.state_dict().items()}


def _placed(network: nn.Module) -> nn.Module:
    """On the device, with the layout in which a CPU computes convolutions twice as fast."""
    return convert_conv2d_weight_memory_format(network.to(device()), torch.channels_last)


@torch.inference_mode()
def error_rate(architecture: Architecture, state: Mapping[str, Tensor], split: Split) -> float:
    """Share of `split` that the network gets wrong, in [0, 1]."""
    network = _placed(architecture.build()).eval()
    network.load_state_dict(state)
    wrong = 0
    for start in range(0, len(split), _EVALUATION_BATCH):
        stop = start + _EVALUATION_BATCH
        guesses = network(split.pixels(start, stop).to(device())).argmax(1).cpu()
        wrong += int((guesses != split.labels[start:stop]).sum())
    return wrong / len(split)


def train(
    architecture: Architecture,
    dataset: Dataset,
    name: str,
    training: Training,
    progress: Callable[[float, str], None] | None = None,
) -> Checkpoint:
    """A trained network with its errors, its recipe and the command that repeats it.

    progress gets the fraction done in [0, 1] and a short sentence.  Raises PacvizError where `fit` does.
    """

    def report(step: Step) -> None:
        if progress:
            epoch = f"epoch {step.epoch + 1} of {training.epochs}"
            progress(step.step / step.steps, f"{epoch}, {step.accuracy:.1%} right")

    state = fit(architecture, dataset, training, report)
    options = {"model": architecture.name, "data": dataset.name, "name": name}
    options |= {key: value for key, value in asdict(training).items() if value != getattr(Training, key)}
    return Checkpoint(
        name=name,
        model=architecture.name,
        data=dataset.name,
        matrices=architecture.matrices(state),
        train_error=error_rate(architecture, state, dataset.train),
        test_error=error_rate(architecture, state, dataset.test),
        training=asdict(training),
        command=" ".join(["python -m pacviz train", *(f"--{key.replace('_', '-')} {options[key]}" for key in options)]),
    )
