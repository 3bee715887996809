"""A network run over a sample in batches, on all cores, and its errors counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from pacviz.compression.network import CompressedNetwork
from pacviz.data.dataset import Split
from pacviz.device import device
from pacviz.models import Conv, Flatten, Linear, MaxPool, ReLU, architecture
from pacviz.risk.exact import Stage, affine, convolution, max_pool, output_shape
from pacviz.risk.rounding import DRAWN_SLACK, constant_image, growth, is_right, magnitudes, widened
from pacviz.risk.stochastic import noisy_affine, noisy_convolution
from pacviz.weights import Weights

Progress = Callable[[float], None]
"""Told the fraction done in [0, 1] after each batch; an exception that it raises cancels the work."""

CPU_BATCH = 64
ACCELERATOR_BATCH = 2048
"""Examples that are run together.  On a CPU the activations of a batch, a few MB at most, have to stay in the cache."""


class Count(NamedTuple):
    """Wrong answers, and right ones so close that rounding could turn them: another machine may count those as wrong."""

    errors: int
    borderline: int


def stages(
    network: CompressedNetwork | Weights, posterior_stds: Mapping[str, float], where: torch.device
) -> Iterator[Stage]:
    """The steps from pixels (channels, height, width, batch) to logits (classes, batch), with noise where std > 0."""
    model = architecture(network.model)
    shape, matrices = model.input_shape, network.matrices
    for operation in model.operations:
        match operation:
            case Conv(name):
                if std := posterior_stds.get(name, 0.0):
                    yield noisy_convolution(operation, matrices[name], std, shape, where)
                else:
                    yield convolution(operation, matrices[name], shape, where)
                shape = output_shape(operation, shape)
            case Linear(name):
                if std := posterior_stds.get(name, 0.0):
                    yield noisy_affine(matrices[name], std, where)
                else:
                    yield affine(matrices[name], where)
            case MaxPool(size):
                yield max_pool(size)
                shape = (shape[0], shape[1] // size, shape[2] // size)
            case ReLU():
                yield lambda x, _: x.relu()
            case Flatten():
                yield lambda x, _: x.flatten(0, -2)


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


def logits(
    chain: list[Stage], split: Split, random: torch.Generator | None, dtype: torch.dtype = torch.float32
) -> Tensor:
    """(classes, n) for all examples of a split, one batch."""
    x = split.pixels(dtype=dtype).permute(1, 2, 3, 0)
    for stage in chain:
        x = stage(x, random)
    return x


def rounding_slack(network: CompressedNetwork, split: Split, dtype: torch.dtype) -> Tensor:
    """Twice what rounding can do to each logit of any image, float64 (classes, 1): for two machines, or one and a sum."""
    largest = constant_image(network, abs(split.low) + split.high - split.low)
    for stage in stages(magnitudes(network), {}, largest.device):
        largest = stage(largest, None)
    return 2 * growth(network, dtype) * largest


def count(
    network: CompressedNetwork,
    split: Split,
    examples: Tensor | None = None,
    posterior_stds: Mapping[str, float] | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Count:
    """Wrong and borderline answers on `examples` (all of the split where None); equal logits go to the lowest label.

    Without noise an example whose answer float32 cannot decide is run again in float64, so that every machine counts the
    same; borderline is what even float64 cannot decide.
    With noise each batch draws from a generator of its own, layer by layer in the order of the network, so that the
    answer depends on the seed and the size of a batch but not on the number of cores.
    """
    where = device()
    chain = list(stages(network, posterior_stds or {}, where))
    examples = torch.arange(len(split)) if examples is None else examples
    size = CPU_BATCH if where.type == "cpu" else ACCELERATOR_BATCH
    slack = rounding_slack(network, split, torch.float32).to(where, torch.float32)

    @torch.inference_mode()
    def first(start: int) -> tuple[Count, Tensor]:
        chosen = examples[start : start + size]
        random = noise_generator(seed, start // size, where) if posterior_stds else None
        batch = replace(split, images=split.images[chosen].to(where), labels=split.labels[chosen].to(where))
        x = logits(chain, batch, random)
        if posterior_stds:
            return _count(x, batch.labels, DRAWN_SLACK * x.abs().amax(0, keepdim=True)), chosen[:0]
        finite = x.isfinite().all(0)
        wrong = finite & ~is_right(x, batch.labels, -slack)
        right = finite & is_right(x, batch.labels, slack)
        return Count(int(wrong.sum()), 0), chosen[~(wrong | right).cpu()]

    @torch.inference_mode()
    def again(chosen: Tensor) -> Count:
        batch = replace(split, images=split.images[chosen], labels=split.labels[chosen])
        return _count(logits(precise, batch, None, torch.float64), batch.labels, precise_slack)

    starts = range(0, len(examples), size)
    counts, undecided = [], []
    # Each core runs batches of its own: two threads that meet after every small product wait more than they work.
    threads = torch.get_num_threads()
    pool = ThreadPoolExecutor(threads if where.type == "cpu" else 1, initializer=torch.set_num_threads, initargs=(1,))
    try:
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            for start, (found, left) in zip(starts, pool.map(first, starts), strict=True):
                counts.append(found)
                undecided.append(left)
                if progress:
                    progress(min(1.0, (start + size) / len(examples)))
        if len(doubtful := torch.cat(undecided)):
            precise = list(stages(widened(network), {}, torch.device("cpu")))
            precise_slack = rounding_slack(network, split, torch.float64)
            counts += pool.map(again, doubtful.split(CPU_BATCH))
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)
    return Count(sum(found.errors for found in counts), sum(found.borderline for found in counts))


def _count(x: Tensor, labels: Tensor, slack: Tensor) -> Count:
    right = x.argmax(0) == labels
    return Count(int((~right).sum()), int((right & ~is_right(x, labels, slack)).sum()))
