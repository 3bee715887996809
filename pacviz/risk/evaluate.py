"""A network run over a sample in batches, on all cores, and its errors counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from torch import Tensor

from pacviz.compression.network import Network
from pacviz.data.dataset import Split
from pacviz.device import device
from pacviz.errors import PacvizError
from pacviz.models import (
    AveragePool,
    Conv,
    DepthwiseConv,
    Deskew,
    Flatten,
    Glances,
    Linear,
    MaxPool,
    Operation,
    OrientedEdges,
    ReLU,
    Residual,
    Shape,
    architecture,
    output_shape,
)
from pacviz.risk.exact import (
    Stage,
    affine,
    agreement,
    average_pool,
    convolution,
    depthwise,
    glances,
    max_pool,
    oriented_edges,
    residual,
    upright,
)
from pacviz.risk.stochastic import noisy_affine, noisy_convolution, noisy_depthwise

Progress = Callable[[float], None]
"""Told the fraction done in [0, 1] after each batch; an exception that it raises cancels the work."""

Seen = TypeVar("Seen")

CPU_BATCH = 64
ACCELERATOR_BATCH = 2048
"""Examples that are run together.  On a CPU the activations of a batch, a few MB at most, have to stay in the cache."""

ROUNDING = 1e-5
"""How far two machines' logits may lie apart, as a share of the example's largest |logit|: some ten times what is seen.

It need not be proved: where a machine's errors exceed what a certificate charges for, verifying on it says so.
"""


class Count(NamedTuple):
    """Wrong answers, and right ones by a margin so small that rounding on another machine may turn them."""

    errors: int
    borderline: int


def stages(network: Network, posterior_stds: Mapping[str, float], where: torch.device) -> Iterator[Stage]:
    """The steps from pixels (channels, height, width, batch) to logits (classes, batch), with noise where std > 0."""
    model = architecture(network.model)
    if model.glances > 1 and any(posterior_stds.values()):
        raise PacvizError(
            f"{model.title} looks at each image {model.glances} times with the same weights, which noise is not drawn for; "
            "set noise to 0 or choose another network."
        )
    yield from _stages(model.operations, model.input_shape, network.matrices, posterior_stds, where)
    if model.glances > 1:
        yield agreement


def _stages(
    operations: Sequence[Operation],
    shape: Shape,
    matrices: Mapping[str, np.ndarray],
    posterior_stds: Mapping[str, float],
    where: torch.device,
) -> Iterator[Stage]:
    """The steps of a chain on activations of `shape`."""
    for operation in operations:
        match operation:
            case Conv(name):
                if std := posterior_stds.get(name, 0.0):
                    yield noisy_convolution(operation, matrices[name], std, shape, where)
                else:
                    yield convolution(operation, matrices[name], shape, where)
            case DepthwiseConv(name):
                if std := posterior_stds.get(name, 0.0):
                    yield noisy_depthwise(operation, matrices[name], std, where)
                else:
                    yield depthwise(operation, matrices[name], where)
            case Linear(name):
                if std := posterior_stds.get(name, 0.0):
                    yield noisy_affine(matrices[name], std, where)
                else:
                    yield affine(matrices[name], where)
            case MaxPool(size):
                yield max_pool(size)
            case AveragePool(size, stride):
                yield average_pool(size, stride)
            case Deskew():
                yield upright
            case Glances():
                yield glances
            case OrientedEdges():
                yield oriented_edges(operation, where)
            case ReLU():
                yield lambda x, _: x.relu()
            case Flatten():
                yield lambda x, _: x.flatten(0, -2)
            case Residual(body):
                yield residual(operation, list(_stages(body, shape, matrices, posterior_stds, where)))
        shape = output_shape(operation, shape)


def draw_examples(n: int, draws: int, seed: int) -> Tensor:
    """int64 (draws,): examples of n, uniform with replacement, by numpy because torch.randint is slightly biased."""
    return torch.from_numpy(np.random.default_rng(seed).integers(n, size=draws))


def noise_generator(seed: int, batch: int, where: torch.device) -> torch.Generator:
    """The random numbers of one batch.

    torch's CPU generator reads only 32 bits of its seed: hashing keeps neighbouring seeds apart, counting keeps the
    batches of one seed apart.
    """
    base = int(np.random.SeedSequence(seed).generate_state(1)[0])
    return torch.Generator(where).manual_seed((base + batch) % 2**32)


def count(
    network: Network,
    split: Split,
    examples: Tensor | None = None,
    posterior_stds: Mapping[str, float] | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Count:
    """Wrong and borderline answers on `examples` (all of the split where None); equal logits go to the lowest label.

    Each batch draws its noise from a generator of its own, layer by layer in the order of the network, so that the
    answer depends on the seed and the size of a batch but not on the number of cores.
    """
    errors = borderline = 0
    for found in _batches(network, split, _count, examples, posterior_stds, seed, progress):
        errors, borderline = errors + found.errors, borderline + found.borderline
    return Count(errors, borderline)


def answers(network: Network, split: Split, progress: Progress | None = None) -> Tensor:
    """int64 (n,): the label that the network without noise gives each example; equal logits go to the lowest label."""
    return torch.cat(list(_batches(network, split, lambda logits, _: logits.argmax(0).cpu(), progress=progress)))


def _batches(
    network: Network,
    split: Split,
    look: Callable[[Tensor, Tensor], Seen],
    examples: Tensor | None = None,
    posterior_stds: Mapping[str, float] | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Iterator[Seen]:
    """What `look` makes of the logits (classes, batch) and labels (batch,) of each batch, in order."""
    where = device()
    chain = list(stages(network, posterior_stds or {}, where))
    total = len(split) if examples is None else len(examples)
    size = CPU_BATCH if where.type == "cpu" else ACCELERATOR_BATCH

    @torch.inference_mode()
    def seen(start: int) -> Seen:
        chosen = slice(start, start + size) if examples is None else examples[start : start + size]
        random = noise_generator(seed, start // size, where) if posterior_stds else None
        batch = replace(split, images=split.images[chosen].to(where), labels=split.labels[chosen].to(where))
        x = batch.pixels().permute(1, 2, 3, 0)
        for stage in chain:
            x = stage(x, random)
        return look(x, batch.labels)

    starts = range(0, total, size)
    # Each core runs batches of its own: two threads that meet after every small product wait more than they work.
    threads = torch.get_num_threads()
    pool = ThreadPoolExecutor(threads if where.type == "cpu" else 1, initializer=torch.set_num_threads, initargs=(1,))
    try:
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            for start, found in zip(starts, pool.map(seen, starts), strict=True):
                if progress:
                    progress(min(1.0, (start + size) / total))
                yield found
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)


def _count(logits: Tensor, labels: Tensor) -> Count:
    right = logits.argmax(0) == labels
    own = labels[None]
    margin = logits.gather(0, own)[0] - logits.scatter(0, own, -torch.inf).amax(0)
    # Logits that are equal come from the same few weights, and are equal everywhere.
    close = (margin > 0) & (margin <= ROUNDING * logits.abs().amax(0))
    return Count(int((~right).sum()), int((right & close).sum()))
