"""The embedded data set: handwritten digits from a known distribution, whose true risks can be measured at will.

A digit is one of a few skeletons (strokes through control points).  All else is drawn at random for each image: the
control points, an affine map and a smooth warp of the curve, the pen's width, pressure and sharpness, a stray stroke,
the contrast and the noise of the pixels.  The ink at p is a soft threshold of the pen's Gaussian profile integrated
along the curve c,

    D(p) = 1 / (sqrt(2 pi) s) * integral of w(t) exp(-|p - c(t)|^2 / 2 s^2) |dc(t)|,     ink = D^h / (D^h + t^h),

with width s, pressure w, sharpness h and threshold t; far from the ends of a straight stroke D is
w exp(-distance^2 / 2 s^2).  All of it is float64, so that processors that round differently still agree on the pixels,
which have 8 bits, and a fingerprint made on one machine holds on another.
"""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from pacviz import store
from pacviz.data.dataset import Split
from pacviz.device import one_thread
from pacviz.errors import PacvizError
from pacviz.progress import Progress

CLASSES = 10
SIDE = 28
# The two samples that load("digits") gives.
TRAIN_SIZE, TRAIN_SEED = 60_000, 1
TEST_SIZE, TEST_SEED = 10_000, 2
# Whenever an image of a given seed changes, so must this number: it names the files of the cache.
VERSION = 1


# A line a skeleton: its digit, then its strokes (between slashes) as control points "x y", x to the right and y down;
# a digit fills -100..100 in y.  A point given twice is a corner.
_SKELETONS = """
0  10 -100, -40 -75, -60 0, -40 80, 0 100, 45 75, 60 0, 40 -80, 0 -100
0  30 -90, -20 -100, -55 -50, -55 40, -10 100, 45 70, 55 -20, 20 -95
1  0 -100, 0 0, 0 100
1  5 -100, 0 0, -5 100
1  -40 -55, 5 -100, 5 -100, 5 0, 5 100
1  -35 -60, 5 -100, 5 -100, 5 0, 5 97 / -40 97, 5 97, 50 97
2  -50 -55, -20 -95, 30 -90, 50 -45, 15 15, -55 92, -55 92, 5 90, 60 90
2  -50 -60, -15 -97, 35 -85, 45 -35, 10 30, -35 88, -60 72, -38 50, 5 80, 65 85
3  -50 -70, 0 -100, 45 -70, 30 -20, -12 -5, -12 -5, 42 20, 50 65, 0 100, -55 75
3  -50 -95, 45 -95, 45 -95, -5 -15, -5 -15, 50 20, 45 75, 0 100, -50 80
4  -40 -95, -52 -20, -40 15, 5 18, 60 8 / 45 -95, 38 0, 30 100
4  25 -100, -20 -35, -60 30, -60 30, 0 30, 65 30 / 25 -100, 25 0, 22 100
4  -30 -90, -50 5, -50 5, 5 5, 60 0 / 35 -60, 30 20, 25 100
5  50 -95, -35 -95, -35 -95, -42 -15, -42 -15, 10 -32, 52 10, 42 75, -5 100, -55 80
5  -30 -85, -42 -10, -42 -10, 15 -25, 52 25, 30 90, -20 100, -55 80 / -30 -90, 10 -92, 60 -97
6  35 -100, -15 -55, -48 15, -38 80, 5 100, 48 65, 30 15, -10 12, -42 50
6  0 -100, -35 -40, -50 30, -30 90, 10 100, 50 70, 40 30, 5 20, -45 60
7  -55 -90, 0 -92, 55 -95, 55 -95, 15 0, -15 100
7  -55 -90, 0 -92, 55 -95, 55 -95, 20 0, -10 100 / -25 5, 10 3, 50 0
7  -55 -55, -50 -90, -50 -90, 55 -90, 55 -90, 20 -10, 10 100
8  45 -70, 5 -100, -40 -70, -20 -25, 25 10, 48 58, 5 100, -45 60, -20 10, 25 -22, 47 -70
8  0 -5, -38 -50, 0 -100, 38 -50, 0 -5 / 0 -5, -48 48, 0 100, 48 48, 0 -5
9  45 -60, 10 -98, -40 -75, -42 -25, 0 -8, 42 -50, 42 -50, 36 30, 20 100
9  42 -60, 5 -98, -42 -70, -35 -20, 10 -12, 45 -55, 45 20, 30 85, -10 100, -45 80
"""


_BATCH = 100  # small enough for the processor's cache
_POINTS = 80  # close enough together for the thinnest pen
_STRAY_POINTS = 12
_WAVES = 3
_THRESHOLD = 0.45


def _spline(parameter: np.ndarray, controls: int) -> np.ndarray:
    """Catmull-Rom weights (len(parameter), controls) of a curve that passes control point i at parameter i."""
    piece = np.clip(parameter.astype(int), 0, controls - 2)
    u = (parameter - piece)[:, None]
    cubic = np.hstack([-u + 2 * u**2 - u**3, 2 - 5 * u**2 + 3 * u**3, u + 4 * u**2 - 3 * u**3, u**3 - u**2]) / 2
    weights = np.zeros((len(parameter), controls))
    for offset in range(4):
        np.add.at(weights, (np.arange(len(parameter)), np.clip(piece + offset - 1, 0, controls - 1)), cubic[:, offset])
    return weights


def _skeletons() -> tuple[Tensor, ...]:
    """The table above as linear maps from control points to points spaced evenly along the strokes.

    Returns controls (skeletons, controls, 2), bases (skeletons, points, controls), pens (skeletons, points - 1), which
    is 0 where the pen is lifted between two points, and the first skeleton and number of skeletons of each digit.
    """
    lines = [line.split(maxsplit=1) for line in _SKELETONS.strip().splitlines()]
    counts = np.bincount([int(digit) for digit, _ in lines], minlength=CLASSES)
    skeletons = [
        [np.array(stroke.replace(",", " ").split(), dtype=float).reshape(-1, 2) / 100 for stroke in strokes.split("/")]
        for _, strokes in lines
    ]
    width = max(sum(map(len, strokes)) for strokes in skeletons)
    controls = np.zeros((len(skeletons), width, 2))
    bases = np.zeros((len(skeletons), _POINTS, width))
    pens = np.ones((len(skeletons), _POINTS - 1))
    for index, strokes in enumerate(skeletons):
        arcs = [np.append(0, np.linalg.norm(np.diff(stroke, axis=0), axis=1).cumsum()) for stroke in strokes]
        lengths = np.array([arc[-1] for arc in arcs])
        stops = np.rint(_POINTS * lengths.cumsum() / lengths.sum()).astype(int)
        column = start = 0
        for stroke, arc, stop in zip(strokes, arcs, stops, strict=True):
            parameter = np.interp(np.linspace(0, arc[-1], stop - start), arc, np.arange(len(stroke)))
            controls[index, column : column + len(stroke)] = stroke
            bases[index, start:stop, column : column + len(stroke)] = _spline(parameter, len(stroke))
            column, start = column + len(stroke), stop
        pens[index, stops[:-1] - 1] = 0
    return tuple(map(torch.from_numpy, (controls, bases, pens, counts.cumsum() - counts, counts)))


_CONTROLS, _BASES, _PENS, _FIRST, _COUNT = _skeletons()


def _normal(generator: torch.Generator, std: float, *shape: int) -> Tensor:
    return torch.randn(_BATCH, *shape, generator=generator, dtype=torch.float64) * std


def _uniform(generator: torch.Generator, low: float, high: float, *shape: int) -> Tensor:
    return torch.rand(_BATCH, *shape, generator=generator, dtype=torch.float64) * (high - low) + low


def _curve(labels: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Random curves of digits: points in pixels (batch, points, 2), and whether the pen is down (batch, points - 1)."""
    skeleton = _FIRST[labels] + (_uniform(generator, 0, 1) * _COUNT[labels]).long()
    points = _BASES[skeleton] @ (_CONTROLS[skeleton] + _normal(generator, 0.075, _CONTROLS.shape[1], 2))
    waves, phases = _normal(generator, 1.6, 2, _WAVES), _uniform(generator, 0, 2 * math.pi, 1, _WAVES)
    points = points + (points @ waves + phases).sin() @ _normal(generator, 0.075, _WAVES, 2)

    x, y = points.unbind(2)
    x = x * 8.2 * _normal(generator, 0.12, 1).exp()
    y = y * 8.2 * _normal(generator, 0.10, 1).exp()
    x = x + y * (_normal(generator, 0.24, 1) - 0.12)
    angle = _normal(generator, 0.12, 1)
    points = torch.stack([x * angle.cos() - y * angle.sin(), x * angle.sin() + y * angle.cos()], 2)
    middle = (points.amin(1, keepdim=True) + points.amax(1, keepdim=True)) / 2
    points = points - middle + (SIDE - 1) / 2 + _normal(generator, 1.1, 1, 2)

    along = torch.linspace(0, 1, _STRAY_POINTS, dtype=torch.float64)[:, None]
    stray = _uniform(generator, 2, SIDE - 3, 1, 2) + along * _normal(generator, 4.5, 1, 2)
    stray_pen = (_uniform(generator, 0, 1, 1) < 0.08).double().expand(-1, _STRAY_POINTS - 1)
    lifted = torch.zeros(_BATCH, 1, dtype=torch.float64)
    return torch.cat([points, stray], 1), torch.cat([_PENS[skeleton], lifted, stray_pen], 1)


def _ink(points: Tensor, pen: Tensor, generator: torch.Generator) -> Tensor:
    """Those curves drawn by random pens: ink in [0, 1], (batch, SIDE, SIDE)."""
    along = torch.linspace(0, 1, pen.shape[1], dtype=torch.float64)
    swing = along * _uniform(generator, 2, 14, 1) + _uniform(generator, 0, 2 * math.pi, 1)
    pressure = pen * (1 + _uniform(generator, 0, 0.45, 1) * swing.sin())
    width = _uniform(generator, math.log(0.62), math.log(1.35), 1, 1).exp()
    weight = pressure * points.diff(dim=1).norm(dim=2) / (math.sqrt(2 * math.pi) * width[:, 0])
    middle = (points[:, 1:] + points[:, :-1]) / 2
    pixels = torch.arange(SIDE, dtype=torch.float64)
    columns, rows = ((-((pixels - middle[..., axis, None]) ** 2) / (2 * width**2)).exp() for axis in (0, 1))
    density = (rows * weight[..., None]).mT @ columns
    sharpness = _uniform(generator, 2, 5, 1, 1)
    return torch.sigmoid(sharpness * (density / _THRESHOLD).clamp(min=1e-9).log())


def _draw(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """One batch: uint8 images (batch, 1, SIDE, SIDE) and int64 labels (batch,)."""
    labels = torch.randint(CLASSES, (_BATCH,), generator=generator)
    ink = _ink(*_curve(labels, generator), generator)
    noise = _uniform(generator, 0, 0.06, 1, 1) * _normal(generator, 1, SIDE, SIDE)
    image = ink * _uniform(generator, 0.75, 1.05, 1, 1) + noise
    return image.clamp(0, 1).mul(255).round().to(torch.uint8)[:, None], labels


def sample(n: int, seed: int, progress: Progress | None = None) -> Split:
    """n labelled digits, independent and identically distributed, labels uniform on 0..9.

    n >= 1.  seed: an integer in [0, 2**63).  A longer sample of the same seed continues a shorter one.  progress gets
    the fraction done in [0, 1] and a short sentence.  Images are uint8 (n, 1, 28, 28), white on black.
    Raises PacvizError for an n or a seed outside those ranges.
    """
    if n < 1 or not 0 <= seed < 2**63:
        raise PacvizError(f"A sample needs n >= 1 and 0 <= seed < 2**63, got n = {n} and seed = {seed}.")
    generator = torch.Generator().manual_seed(seed)
    images = torch.empty(-(-n // _BATCH) * _BATCH, 1, SIDE, SIDE, dtype=torch.uint8)
    labels = torch.empty(len(images), dtype=torch.int64)
    with one_thread():
        for start in range(0, n, _BATCH):
            batch = slice(start, start + _BATCH)
            images[batch], labels[batch] = _draw(generator)
            if progress:
                progress(min(1.0, (start + _BATCH) / n), f"drawing {n:,} digits")
    return Split(images[:n], labels[:n])


def cached_sample(n: int, seed: int, progress: Progress | None = None) -> Split:
    """sample(n, seed), kept on disk.

    A damaged file is drawn again; a folder that cannot be written is a UserWarning, not an error.
    """
    path = store.cache_dir() / "digits" / f"v{VERSION}-{n}-{seed}.safetensors"
    if (split := _read(path)) is not None:
        return split
    with store.alone(f"digits-{n}-{seed}", lambda: progress and progress(0.0, "waiting until the digits are drawn")):
        if (split := _read(path)) is None:
            split = sample(n, seed, progress)
            _keep(split, path)
    return split


def _keep(split: Split, path: Path) -> None:
    """Writes a sample, where the cache can be written."""
    tensors, metadata = {"images": split.images, "labels": split.labels}, {"fingerprint": split.fingerprint}
    try:
        store.write_atomic(path, lambda temporary: save_file(tensors, temporary, metadata))
    except PacvizError as error:
        warnings.warn(f"The digits will be drawn again at the next start: {error}", stacklevel=2)


def _read(path: Path) -> Split | None:
    """The sample in a file of the cache; None where the file is absent or not what was written."""
    try:
        with safe_open(path, "pt") as file:
            split = Split(file.get_tensor("images"), file.get_tensor("labels"))
            return split if (file.metadata() or {}).get("fingerprint") == split.fingerprint else None
    except (OSError, SafetensorError, ValueError, TypeError):
        return None
