"""What a small network gets wrong: the very images, with the right label and the one that it gives."""

from __future__ import annotations

import hashlib
from collections import Counter, OrderedDict
from dataclasses import dataclass, replace

import numpy as np

from pacviz import data
from pacviz.data import Split
from pacviz.errors import PacvizError
from pacviz.experiments.tightest.results import Point
from pacviz.risk import Progress, answers

SAMPLES = ("test", "train")
_KEPT = 32


@dataclass(frozen=True, eq=False)
class Mistakes:
    """Images with wrong answers.

    images: uint8 (mistakes, channels, height, width).  labels, answers: int64 (mistakes,).
    places: int64 (mistakes,), where in the sample they stand.  total: images that were looked at.  sample: of SAMPLES.
    """

    images: np.ndarray
    labels: np.ndarray
    answers: np.ndarray
    places: np.ndarray
    total: int
    sample: str

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def confusions(self) -> list[tuple[int, int, int]]:
        """(label, answer, how often), the most frequent first."""
        pairs = Counter(zip(self.labels.tolist(), self.answers.tolist(), strict=True))
        return [(label, answer, count) for (label, answer), count in pairs.most_common()]


_known: OrderedDict[tuple[str, str], Mistakes] = OrderedDict()


def mistakes(point: Point, sample: str, progress: Progress | None = None) -> Mistakes:
    """What a point's network gets wrong on the test or training sample that its certificate is about.

    Raises PacvizError where the data set is not on this machine, or is another one than the certificate's.
    """
    dataset = data.load(point.certificate.scenario.data)
    split = dataset.train if sample == "train" else dataset.test
    if split.fingerprint != point.certificate.measurement.fingerprints["data" if sample == "train" else "test"]:
        raise PacvizError(
            f"The {sample} images of {dataset.title} here are not those of the certificate, so its mistakes cannot be "
            "shown; point PACVIZ_DATA to the original files."
        )
    key = hashlib.sha256(point.code).hexdigest(), split.fingerprint
    if (known := _known.get(key)) is not None:
        return known
    known = _known[key] = _mistakes(point, sample, split, progress)
    while len(_known) > _KEPT:
        _known.popitem(last=False)
    return known


def _mistakes(point: Point, sample: str, split: Split, progress: Progress | None) -> Mistakes:
    scenario = point.certificate.scenario
    given = answers(point.network, replace(split, low=scenario.input_low, high=scenario.input_high), progress)
    wrong = (given != split.labels).nonzero()[:, 0]
    images, labels, theirs = (values[wrong].numpy() for values in (split.images, split.labels, given))
    return Mistakes(images, labels, theirs, wrong.numpy(), len(split), sample)
