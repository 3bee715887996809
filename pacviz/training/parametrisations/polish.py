"""The last touch to a network of integers: one more or one less, wherever the certificate gets tighter."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from pacviz.bounds import occam
from pacviz.codes.codebook.codebooks import grid
from pacviz.codes.integers.mixture import LARGEST
from pacviz.data import Split
from pacviz.device import device
from pacviz.models import Architecture, Operation
from pacviz.models.modules import Network
from pacviz.models.operations import parametrised

DOUBTFUL = 0.25
"""The share of the examples, those with the smallest margins, whose answers a sweep watches."""
BATCH = 1000
DELTA = 0.05
"""At which bounds are compared; any other would choose the same but for rounding."""
SILENT = 1 / 16
"""The unit of biases that are all zero, as a share of the root mean square of what they are added to."""


@dataclass(frozen=True)
class Sweep:
    """Where polishing stands.

    sweep: counted from 0.  tried, moves: integers looked at so far and in all.  error: on the whole sample in [0, 1], were
    the confident answers to stay.  loss: cross-entropy in nats of the doubtful examples.  bound: what follows, its code length
    estimated.
    """

    sweep: int
    tried: int
    moves: int
    error: float
    loss: float
    bound: float


def polish(
    architecture: Architecture,
    state: Mapping[str, Tensor],
    split: Split,
    sweeps: int,
    progress: Callable[[Sweep, Callable[[], dict[str, Tensor]]], None] | None = None,
) -> dict[str, Tensor]:
    """Coordinate descent on the bound itself, from a network coded as integers; no gradient is looked at.

    Each integer is tried one up, one down and at zero, and takes the value with the smallest Occam bound: training errors
    on the sample against bits under the best law for its tensor.  A sweep goes once through all tensors, the last first,
    and a sweep whose gain does not hold on the whole sample is taken back and is the last.
    state: float32, in the form that is coded.  progress: told about every move that is kept, with a copy of the present
    weights; an exception that it raises stops the work.  Raises PacvizError for weights that are no integers.
    """
    search = _Search(architecture, state, split)
    best, kept = search.whole(), search.state()
    for sweep in range(sweeps):
        for done in search.sweep(sweep, sweeps):
            if progress:
                progress(done, search.state)
        bound = search.whole()
        if bound >= best:
            return kept
        best, kept = bound, search.state()
    return kept


class _Search:
    """A network and its sample, between moves."""

    def __init__(self, architecture: Architecture, state: Mapping[str, Tensor], split: Split) -> None:
        where = device()
        self.network: Network = architecture.build(folded=True).to(where).eval()
        self.network.load_state_dict(dict(state))
        self.weights = {key: weights.data for key, weights in self.network.named_parameters()}
        self.segments = list(_segments(architecture.operations[self.network.fixed :]))
        self.labels = split.labels.to(where)
        with torch.inference_mode():
            parts = [split.pixels(at, at + BATCH).to(where) for at in range(0, len(split), BATCH)]
            self.inputs = torch.cat([self.network.prepare(part) for part in parts])
            self.units = {key: self._unit(key) for key in self.weights}
        self.bits = {key: self._bits(key) for key in self.weights}

    def state(self) -> dict[str, Tensor]:
        """A copy on the CPU."""
        return {key: weights.cpu().clone() for key, weights in self.weights.items()}

    @torch.inference_mode()
    def whole(self) -> float:
        """The bound on the whole sample."""
        wrong = (self._from(0, self.inputs).argmax(1) != self.labels).sum()
        return self._bound(int(wrong))

    @torch.inference_mode()
    def sweep(self, number: int, sweeps: int) -> Iterator[Sweep]:
        """Goes through all integers, and yields after every move that is kept and every tensor."""
        margins = _margins(self._from(0, self.inputs), self.labels)
        doubtful = margins.abs().argsort()[: math.ceil(DOUBTFUL * len(margins))]
        labels = self.labels[doubtful]
        elsewhere = int((margins <= 0).sum()) - int((margins[doubtful] <= 0).sum())
        activations = [self.inputs[doubtful]]
        for segment in self.segments:
            activations.append(self._through(segment, activations[-1]))
        errors = elsewhere + _errors(activations[-1].mean(1), labels)
        best = self._bound(errors)
        count = sum(weights.numel() for weights in self.weights.values())
        tried = number * count
        for place, segment in reversed(list(enumerate(self.segments))):
            for key in _keys(segment, self.weights):
                flat, unit = self.weights[key].view(-1), self.units[key]
                for index in range(len(flat)):
                    before, bits, moved = float(flat[index]), self.bits[key], False
                    kept = before
                    for value in _candidates(round(before / unit)):
                        flat[index] = value * unit
                        self.bits[key] = self._bits(key)
                        logits = self._from(place, activations[place])
                        total = elsewhere + _errors(logits, labels)
                        if (bound := self._bound(total)) < best:
                            best, errors, kept, bits, moved = bound, total, float(flat[index]), self.bits[key], True
                            loss = float(cross_entropy(logits, labels))
                    flat[index], self.bits[key] = kept, bits
                    tried += 1
                    if moved:
                        yield Sweep(number, tried, sweeps * count, errors / len(self.labels), loss, best)
            for later in range(place, len(self.segments)):
                activations[later + 1] = self._through(self.segments[later], activations[later])

    def _bound(self, errors: int) -> float:
        n = len(self.labels)
        return occam(errors / n, sum(self.bits.values()) * math.log(2), n, DELTA)

    def _bits(self, key: str) -> float:
        sizes = (self.weights[key].abs() / self.units[key]).round()
        return math.inf if int(sizes.max()) > LARGEST else geometric_bits(float(sizes.mean()), sizes.numel())

    def _unit(self, key: str) -> float:
        """What one more means: 1 for weights, the power of two that they count in for biases."""
        weights = self.weights[key]
        if not key.endswith(".bias"):
            return 1.0
        values = weights[weights != 0].cpu().numpy()
        if len(values):
            return 2.0 ** grid(values)[0]
        place = next(at for at, segment in enumerate(self.segments) if key in _keys(segment, self.weights))
        x = self.inputs[:BATCH]
        for segment in self.segments[:place]:
            x = self._through(segment, x)
        (layer,) = parametrised(self.segments[place][:1])
        size = float(self.network.get_submodule(layer.name)(x.flatten(0, 1)).square().mean().sqrt())
        return 2.0 ** round(math.log2(max(SILENT * size, 1e-6)))

    def _from(self, place: int, x: Tensor) -> Tensor:
        """Logits (n, classes) from the activations (n, looks, ...) before a segment."""
        operations = tuple(operation for segment in self.segments[place:] for operation in segment)
        return torch.cat([self.network.answers(operations, part) for part in x.split(BATCH)])

    def _through(self, segment: tuple[Operation, ...], x: Tensor) -> Tensor:
        """The activations (n, looks, ...) after a segment."""
        parts = [
            self.network.chain(segment, part.flatten(0, 1)).unflatten(0, part.shape[:2]) for part in x.split(BATCH)
        ]
        return torch.cat(parts)


def geometric_bits(mean: float, count: int) -> float:
    """Bits of `count` integers whose magnitudes have that mean, under the two-sided geometric law that suits them best.

    p(k) = (1 - g) / (1 + g) g^|k| with 2 g / (1 - g^2) = mean.  It stands in for the code, which is slower and close.
    """
    if not mean:
        return 0.0
    g = (math.sqrt(1 + mean**2) - 1) / mean
    return -count * (math.log2((1 - g) / (1 + g)) + mean * math.log2(g))


def _segments(operations: Sequence[Operation]) -> Iterator[tuple[Operation, ...]]:
    """Each layer with weights, and what follows it before the next."""
    segment: list[Operation] = []
    for operation in operations:
        if segment and any(parametrised((operation,))):
            yield tuple(segment)
            segment = []
        segment.append(operation)
    yield tuple(segment)


def _keys(segment: Sequence[Operation], weights: Mapping[str, Tensor]) -> list[str]:
    """The tensors of a segment, biases first."""
    names = [layer.name for layer in parametrised(tuple(segment))]
    return [key for part in ("bias", "weight") for name in names if (key := f"{name}.{part}") in weights]


def _candidates(level: int) -> tuple[int, ...]:
    near = (level - 1, level + 1)
    return near if abs(level) <= 1 else (*near, 0)


def _margins(logits: Tensor, labels: Tensor) -> Tensor:
    own = labels[:, None]
    return logits.gather(1, own)[:, 0] - logits.scatter(1, own, -torch.inf).amax(1)


def _errors(logits: Tensor, labels: Tensor) -> int:
    return int((logits.argmax(1) != labels).sum())
