"""A network run over a sample in batches, on all cores, and its errors counted."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from threading import Lock
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from torch import Tensor

from pacviz.codes.network import Network
from pacviz.data.dataset import Split
from pacviz.device import device
from pacviz.errors import PacvizError
from pacviz.models import Operation, Shape, architecture, declared
from pacviz.models.declaration import cost
from pacviz.risk import steps
from pacviz.risk.exact import Stage, agreement, residual
from pacviz.risk.scaling import OutOfRange, Rescaling, Scale, require_finite

Progress = Callable[[float], None]
"""Told the fraction done in [0, 1] after each batch; an exception that it raises cancels the work."""

Seen = TypeVar("Seen")

CPU_BATCH = NOISY_BATCH = 64
ACCELERATOR_BATCH = 2048
"""Examples that are run together.  On a CPU the activations of a batch, a few MB at most, have to stay in the cache.

With noise it is the same number everywhere, since each batch has a generator of its own.
"""

BATCH_VALUES, VALUES_AT_ONCE = 2**24, 2**26
"""Numbers that a declared network holds for one batch, and for all batches that run at the same time, at the most.

Its maker chose how many there are for an example (pacviz.models.declaration.LIMITS); a quarter of a gigabyte has to do.
"""

_AHEAD = 4
"""Batches a core that are begun before the first of them is looked at."""

ROUNDING = 1e-5
"""How far two machines' logits may lie apart, as a share of the example's largest |logit|: some ten times what is seen.

It need not be proved: where a machine's errors exceed what a certificate charges for, verifying on it says so.
"""


ALIKE = 2e-6
"""How far two machines' logits do lie apart, as the same share: sparse against dense and float64, the most seen is 1.3e-6."""


class Count(NamedTuple):
    """Wrong answers, and right ones by a margin so small that rounding on another machine may turn them.

    The other four are the fewest and most of both that a machine may count in the same answers, whose logits lie apart
    from these by ALIKE: errors, and errors with borderline answers, which is what is charged.
    """

    errors: int
    borderline: int
    fewest_errors: int
    most_errors: int
    fewest_charged: int
    most_charged: int


def stages(
    network: Network,
    posterior_stds: Mapping[str, float],
    where: torch.device,
    dtype: torch.dtype = torch.float32,
    pixels: float = 1.0,
) -> Iterator[Stage]:
    """The steps from pixels (channels, height, width, batch) to logits (classes, batch), with noise where std > 0.

    The logits come out times a power of two, which moves no answer: every layer is rescaled as `pacviz.risk.scaling`
    says.  pixels: the largest magnitude of a pixel.  Raises OutOfRange for weights that dtype cannot hold.
    """
    model = architecture(network.model)
    if model.looks > 1 and any(posterior_stds.values()):
        raise PacvizError(
            f"{model.title} looks at each image {model.looks} times with the same weights, which noise is not drawn for; "
            "set noise to 0 or choose another network."
        )
    rescaling = Rescaling(network.matrices, posterior_stds, dtype)
    yield from _stages(model.operations, model.input_shape, rescaling, Scale.of_pixels(pixels), where)[0]
    if model.looks > 1:
        yield agreement(model.looks)


def _stages(
    operations: Sequence[Operation], shape: Shape, rescaling: Rescaling, scale: Scale, where: torch.device
) -> tuple[list[Stage], Scale]:
    """The steps of a chain on activations of `shape`, and the scale of what they lead to."""
    stages: list[Stage] = []
    for operation in operations:
        if operation.body:
            inner, after = _stages(operation.body, shape, rescaling, scale, where)
            body_factor, shortcut_factor, scale = rescaling.sum(after, scale)
            stages.append(residual(operation.spacing, inner, body_factor, shortcut_factor))
        elif operation.tensors:
            layer, scale = rescaling.layer(operation, scale)
            stages.append(steps.layer_stage(operation, layer, shape, where))
        else:
            stages.append(steps.stage(operation, where))
        shape = operation.after(shape)
    return stages, scale


def draw_examples(n: int, draws: int, seed: int) -> Tensor:
    """int64 (draws,): examples of n, uniform with replacement, by numpy because torch.randint is slightly biased."""
    return torch.from_numpy(np.random.default_rng(seed).integers(n, size=draws))


def noise_generator(seed: int, batch: int) -> torch.Generator:
    """The random numbers of one batch of NOISY_BATCH examples: the processor's, whatever device runs the network.

    torch's CPU generator reads only 32 bits of its seed: hashing keeps neighbouring seeds apart, counting keeps the
    batches of one seed apart.
    """
    base = int(np.random.SeedSequence(seed).generate_state(1)[0])
    return torch.Generator().manual_seed((base + batch) % 2**32)


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
    answer depends on the seed, but neither on the number of cores nor on the device.  seed: any whole number >= 0.
    Raises PacvizError for a network whose numbers no float holds (see pacviz.risk.scaling).
    """
    counts = list(_batches(network, split, _count, examples, posterior_stds, seed, progress))
    return Count(*(sum(numbers) for numbers in zip(*counts, strict=True)))


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
    chains = _Chains(network, posterior_stds or {}, max(abs(split.low), abs(split.high)))
    total = len(split) if examples is None else len(examples)
    where = device()
    size = NOISY_BATCH if posterior_stds else CPU_BATCH if where.type == "cpu" else ACCELERATOR_BATCH
    threads = torch.get_num_threads()
    size, workers = _affordable(network.model, size, threads if where.type == "cpu" else 1)

    @torch.inference_mode()
    def seen(start: int) -> Seen:
        chosen = slice(start, start + size) if examples is None else examples[start : start + size]
        batch = replace(split, images=split.images[chosen], labels=split.labels[chosen])
        logits = chains.logits(batch, seed, start // size)
        return look(logits, batch.labels.to(logits.device))

    starts = range(0, total, size)
    # Each core runs batches of its own: two threads that meet after every small product wait more than they work.
    pool = ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,))
    try:
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            # Only so far ahead: while `progress` lets others go first, nothing is to be worked out here.
            rest = iter(starts)
            ahead = deque(pool.submit(seen, start) for start in islice(rest, _AHEAD * workers))
            for start in starts:
                result = ahead.popleft().result()
                ahead.extend(pool.submit(seen, following) for following in islice(rest, 1))
                if progress:
                    progress(min(1.0, (start + size) / total))
                yield result
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)


def _affordable(model: str, size: int, workers: int) -> tuple[int, int]:
    """Examples of a batch, and batches at the same time: as many as asked for, or as memory allows a declared network."""
    if (spec := declared(model)) is None:
        return size, workers
    values = max(1, cost(spec).values)
    size = max(1, min(size, BATCH_VALUES // values))
    return size, max(1, min(workers, VALUES_AT_ONCE // (size * values)))


class _Chains:
    """A network ready to be run: in float32, and where that cannot hold its numbers in float64."""

    def __init__(self, network: Network, posterior_stds: Mapping[str, float], largest_pixel: float) -> None:
        self.noisy, self.lock = bool(posterior_stds), Lock()
        self.built: dict[torch.dtype, list[Stage]] = {}
        self.build = lambda dtype: list(stages(network, posterior_stds, _place(dtype), dtype, largest_pixel))
        self.dtypes = [torch.float32, torch.float64]
        try:
            self._chain(torch.float32)
        except OutOfRange:
            self.dtypes = [torch.float64]
            self._chain(torch.float64)

    def logits(self, batch: Split, seed: int, index: int) -> Tensor:
        """Of one batch, (classes, batch); raises OutOfRange where float64 cannot hold them either."""
        *narrow, widest = self.dtypes
        for dtype in narrow:
            with suppress(OutOfRange):
                return self._run(batch, seed, index, dtype)
        return self._run(batch, seed, index, widest)

    def _run(self, batch: Split, seed: int, index: int, dtype: torch.dtype) -> Tensor:
        random = noise_generator(seed, index) if self.noisy else None
        x = replace(batch, images=batch.images.to(_place(dtype))).pixels().to(dtype).permute(1, 2, 3, 0)
        for stage in self._chain(dtype):
            x = stage(x, random)
        require_finite(x)
        return x

    def _chain(self, dtype: torch.dtype) -> list[Stage]:
        with self.lock:
            if dtype not in self.built:
                self.built[dtype] = self.build(dtype)
            return self.built[dtype]


def _place(dtype: torch.dtype) -> torch.device:
    """Where numbers of a precision are worked with: MPS has no float64."""
    where = device()
    return torch.device("cpu") if where.type == "mps" and dtype == torch.float64 else where


def _count(logits: Tensor, labels: Tensor) -> Count:
    right = logits.argmax(0) == labels
    own = labels[None]
    margin = logits.gather(0, own)[0] - logits.scatter(0, own, -torch.inf).amax(0)
    largest = logits.abs().amax(0)

    def within(low: float, high: float) -> int:
        return int(((margin > low * largest) & (margin <= high * largest)).sum())

    # Logits that are equal come from the same few weights, and are equal everywhere.
    errors = int((~right).sum())
    turned = int(((margin < 0) & (margin >= -ALIKE * largest)).sum())
    return Count(
        errors,
        within(0, ROUNDING),
        errors - turned,
        errors + within(0, ALIKE),
        errors + within(0, ROUNDING - ALIKE),
        errors + within(0, ROUNDING + ALIKE),
    )
