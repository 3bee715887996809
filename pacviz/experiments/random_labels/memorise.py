"""Training to zero error on any labels, and pruning what was fitted: without augmentation and without regularisation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import cross_entropy
from torch.nn.utils import convert_conv2d_weight_memory_format

from pacviz.data import Split
from pacviz.device import device, quick_bfloat16
from pacviz.errors import PacvizError
from pacviz.models import Architecture
from pacviz.training.parametrisations.parametrisation import Dense, Parametrisation, Surgery

NEARLY = 0.97
"""Training accuracy from which on an epoch ends with a count of the errors that are left."""
SLOW = 0.05
"""Below this training error the learning rate falls in proportion to it, down to a tenth."""
SURGERY_RATE = 30.0
"""Surgery descends without Adam's scaling, at this multiple of Adam's learning rate."""
EVALUATION_BATCH = 1000
MOST_GRADIENT = 1.0
"""Gradients are shortened to this norm: surgery splices weights back, and the loss jumps."""

State = dict[str, Tensor]


@dataclass(frozen=True)
class Epoch:
    """Where a training stands after an epoch.

    accuracy: share of the examples that were answered rightly when they came.  errors: the network's errors on all of
    them afterwards, None where they were not counted.
    """

    accuracy: float
    errors: int | None


class Learner:
    """A network on the device beside its whole sample, which it is to know by heart.

    state: parameters and running statistics, float32.  Batches come in an order of the seed's.
    """

    def __init__(
        self, architecture: Architecture, sample: Split, batch_size: int, learning_rate: float, seed: int
    ) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = architecture.build().to(device())
        self.architecture, self.batch_size, self.learning_rate = architecture, batch_size, learning_rate
        self.network: nn.Module = convert_conv2d_weight_memory_format(network, torch.channels_last)
        self.images, self.labels = sample.images.to(device()), sample.labels.to(device())
        self.order = torch.Generator().manual_seed(seed)
        self.seed = seed

    @property
    def state(self) -> State:
        return {key: tensor.detach().cpu().contiguous() for key, tensor in self.network.state_dict().items()}

    def fit(self, epochs: int) -> Iterator[Epoch]:
        """Trains until no training error is left, at most so many epochs."""
        learned = Dense({key: weights.detach() for key, weights in self.network.named_parameters()})
        optimizer = torch.optim.AdamW(learned.trained.values(), self.learning_rate, weight_decay=0.0, fused=True)
        for _ in range(epochs):
            accuracy = self._epoch(learned, optimizer)
            self._take(learned.weights())
            errors = self.errors() if accuracy >= NEARLY else None
            yield Epoch(accuracy, errors)
            if errors == 0:
                return
            for group in optimizer.param_groups:
                group["lr"] = self.learning_rate * min(1.0, max(0.1, (1 - accuracy) / SLOW))

    def prune(self, sparsity: float, epochs: int) -> Iterator[Epoch]:
        """Dynamic network surgery (Guo et al. 2016) from the present weights to a sparsity of the folded network.

        Afterwards the network holds exact zeros, at least that share of them up to one weight.
        """
        state = {key: weights.detach() for key, weights in self.network.named_parameters()}
        keys = self.architecture.prunable(self.network.state_dict())
        total, prunable = self.architecture.parameters, sum(state[key].numel() for key in keys)
        kept = round((1 - sparsity) * total) - (total - prunable)
        if kept < 1:
            raise PacvizError(
                f"At sparsity {sparsity:g} nothing but biases is left of {self.architecture.title}; "
                f"give less than {prunable / total:.4g}."
            )
        surgery = Surgery(state, keys, kept / prunable, self.seed)
        optimizer = torch.optim.SGD(
            surgery.trained.values(), SURGERY_RATE * self.learning_rate, momentum=0.9, nesterov=True
        )
        step, steps = 0, epochs * -(-len(self.labels) // self.batch_size)

        def advance() -> None:
            nonlocal step
            surgery.advance(step, steps)
            for group in optimizer.param_groups:
                group["lr"] = SURGERY_RATE * self.learning_rate * (1 - step / steps)
            step += 1

        for _ in range(epochs):
            yield Epoch(self._epoch(surgery, optimizer, advance), None)
        surgery.advance(steps, steps)
        self._take(surgery.final())

    @torch.inference_mode()
    def errors(self) -> int:
        """On the whole sample, in float32, with the running statistics."""
        self.network.eval()
        wrong = 0
        for batch in torch.arange(len(self.labels)).split(EVALUATION_BATCH):
            wrong += int((self.network(self._pixels(batch)).argmax(1) != self.labels[batch]).sum())
        return wrong

    def _epoch(
        self, learned: Parametrisation, optimizer: torch.optim.Optimizer, before: Callable[[], None] = lambda: None
    ) -> float:
        self.network.train()
        right = torch.zeros((), dtype=torch.int64, device=self.labels.device)
        loss = torch.zeros(())
        for batch in torch.randperm(len(self.labels), generator=self.order).split(self.batch_size):
            before()
            with torch.autocast(self.labels.device.type, torch.bfloat16, enabled=quick_bfloat16()):
                logits = functional_call(self.network, learned.weights(), self._pixels(batch))
            labels = self.labels[batch.to(self.labels.device)]
            loss = cross_entropy(logits.float(), labels)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(learned.trained.values(), MOST_GRADIENT)
            optimizer.step()
            right += (logits.argmax(1) == labels).sum()
        if not loss.isfinite():
            raise PacvizError(
                f"The training diverged with learning_rate {self.learning_rate:g}; run it again with a smaller one."
            )
        return int(right) / len(self.labels)

    def _pixels(self, batch: Tensor) -> Tensor:
        images = self.images[batch.to(self.images.device)].float().div_(255)
        return images.contiguous(memory_format=torch.channels_last)

    @torch.no_grad()
    def _take(self, weights: State) -> None:
        for key, parameter in self.network.named_parameters():
            parameter.copy_(weights[key])
