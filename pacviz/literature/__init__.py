"""Results from the literature, as far as it prints them: certificates, and networks whose size would make one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from pacviz.bounds.operating_point import OperatingPoint
from pacviz.literature.rows import KIB, ZHOU
from pacviz.words import as_printed, at_most

MNIST, CIFAR, IMAGENET = 60_000, 50_000, 1_281_167
"""Training examples."""
LOTFI = "Lotfi et al. 2022"
RECORD = 0.116
"""The smallest published certificate on MNIST whose prior is independent of any training data (Lotfi et al. 2022)."""
RECORD_SIZES = ((0.01, 943.0), (0.02, 708.0), (0.03, 531.0), (0.05, 280.0))
"""Training errors and bytes on its curve, all costs included."""


@dataclass(frozen=True)
class PublishedResult:
    """What a paper reports of a network.

    n, classes: of its data set.  bound: the published certificate at delta = 0.05, None where the paper claims none.
    risk, size: training error and bytes; None where they are not printed.  note: what a reader has to know.  label: what
    a chart writes beside it.
    """

    name: str
    source: str
    data: str
    n: int
    classes: int
    bound: float | None = None
    risk: float | None = None
    size: float | None = None
    note: str = ""
    label: str = ""

    @cached_property
    def point(self) -> OperatingPoint | None:
        """Its numbers as a point on the curves; None where the paper does not print them."""
        if self.risk is None or self.size is None:
            return None
        return OperatingPoint(self.n, self.risk, self.size, "bytes", classes=self.classes)

    @property
    def height(self) -> float:
        """The published bound, else Maurer-Seeger of its numbers: where it lies on a chart."""
        if self.bound is not None:
            return self.bound
        assert self.point is not None, "a result has a bound or the numbers for one"
        return self.point.bounds["seeger"]

    @property
    def lines(self) -> tuple[str, ...]:
        """What a reader is told of it."""
        error = "not printed" if self.risk is None else f"{self.risk:.3g}"
        length = "not printed" if self.size is None else f"{self.size:,.0f} bytes"
        computed = f"Maurer–Seeger at δ = 0.05: {at_most(self.height)}"
        lines = (
            f"{self.name} ({self.source})",
            f"{self.data}, n = {self.n:,}",
            f"training error {error}, size {length}",
            computed if self.bound is None else f"certificate: {as_printed(self.bound)}",
            self.note,
        )
        return tuple(filter(None, lines))

    @property
    def summary(self) -> str:
        """Its lines with <br> between them."""
        return "<br>".join(self.lines)


_ON_THE_CURVE = "One of the points on the curve of this bound; the size holds all costs."
_SIZE_ONLY = "A size with that error, no published certificate: its test error stands in for the training error."

PUBLISHED: tuple[PublishedResult, ...] = (
    PublishedResult(
        "Zhou · MNIST",
        ZHOU.source,
        "MNIST",
        ZHOU.n,
        10,
        bound=ZHOU.bound,
        risk=0.0041,
        size=ZHOU.effective,
        note="Effective size. The training error is not printed; at this one Catoni's bound is what they print.",
        label="Zhou",
    ),
    PublishedResult(
        "Zhou · ImageNet",
        ZHOU.source,
        "ImageNet",
        IMAGENET,
        1000,
        bound=0.965,
        risk=0.35,
        size=350 * KIB,
        note="Effective size, without biases and batch normalization.",
        label="ImageNet",
    ),
    *(
        PublishedResult(f"Lotfi · {risk:.0%}", LOTFI, "MNIST", MNIST, 10, RECORD, risk, size, _ON_THE_CURVE, label)
        for (risk, size), label in zip(RECORD_SIZES, ("Lotfi", "", "", ""), strict=True)
    ),
    *(
        PublishedResult(name, source, "MNIST", MNIST, 10, None, risk, size, _SIZE_ONLY, name)
        for name, source, risk, size in (
            ("MIRACLE", "Havasi et al. 2019", 0.0096, 1520.0),
            ("Louizos", "Louizos et al. 2017, Bayesian compression", 0.01, 2200.0),
            ("Han", "Han et al. 2016, Deep Compression", 0.0074, 44_000.0),
        )
    ),
    *(
        PublishedResult(name, LOTFI, data, n, classes, bound, note=note)
        for name, data, n, classes, bound, note in (
            ("Lotfi · MNIST, transfer", "MNIST", MNIST, 10, 0.09, "Transfer from another data set."),
            ("Lotfi · Fashion-MNIST", "Fashion-MNIST", MNIST, 10, 0.328, ""),
            ("Lotfi · Fashion-MNIST, transfer", "Fashion-MNIST", MNIST, 10, 0.282, "Transfer from another data set."),
            ("Lotfi · CIFAR-10", "CIFAR-10", CIFAR, 10, 0.582, ""),
            ("Lotfi · CIFAR-10, transfer", "CIFAR-10", CIFAR, 10, 0.351, "Transfer from another data set."),
            ("Lotfi · CIFAR-100", "CIFAR-100", CIFAR, 100, 0.946, ""),
            ("Lotfi · ImageNet", "ImageNet", IMAGENET, 1000, 0.935, ""),
        )
    ),
)
"""Every published result that the charts show."""
