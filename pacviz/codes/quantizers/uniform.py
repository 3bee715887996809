"""Rate-distortion-optimised quantization: weights are rounded on a grid with the price of their bits in mind."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pacviz.codes.prune import prune
from pacviz.codes.quantizer import Quantizer, register

ROUNDS = 30
"""Most rounds of counting and rounding."""
HALVINGS = 18
"""Of the interval in which the price is sought."""
PRICES = (0.05, 1e4)
"""The least and the greatest price of a bit, in squares of the largest step."""
ENTRY = 16.0
"""Bits that a value costs which the layer takes at all: in the codebook, and until the code knows how frequent it is."""
SMALLER_LAYERS = 0.25
"""A layer of 1/m of the largest one's weights pays m^-0.25 of its price for a bit: fewer weights do more each."""


@register
class UniformQuantizer(Quantizer):
    """Each weight w goes to the point q of its layer's grid that is cheapest: (w - q)^2 + price * bits(q).

    bits(q) is -log2 of how frequent q is, counted anew after each round (entropy-constrained scalar quantization, Chou,
    Lookabaugh and Gray 1989).  A grid reaches from -2^(bits-1) to 2^(bits-1) steps.  Zero is a point like the others,
    and the price is the least one at which the asked share of all weights falls on it.
    """

    name = "uniform"
    help = (
        "rounding with the price in mind: each weight goes to the point of its layer's even grid that is cheapest in error "
        "and bits together, at the price at which the asked sparsity comes out, so that no rule of pruning is needed"
    )

    def prepared(
        self, matrices: Mapping[str, np.ndarray], sparsity: float, bits: int, pruning: str
    ) -> tuple[Mapping[str, np.ndarray], dict[str, np.ndarray]]:
        largest = max(matrix.size for matrix in matrices.values())
        layers = {
            name: _Layer(matrix, bits, (matrix.size / largest) ** SMALLER_LAYERS) for name, matrix in matrices.items()
        }
        unit = max(layer.reach for layer in layers.values()) / 2 ** (bits - 1)
        total = sum(matrix.size for matrix in matrices.values())

        def at(price: float) -> dict[str, _Grid]:
            return {name: layer.grid(price * unit**2) for name, layer in layers.items()}

        def enough(grids: Mapping[str, _Grid]) -> bool:
            return sum(grid.zeros for grid in grids.values()) >= sparsity * total

        def empty(grids: Mapping[str, _Grid]) -> bool:
            return sum(grid.zeros for grid in grids.values()) == total

        if empty(chosen := at(PRICES[0])):
            chosen = at(0.0)
        if not enough(chosen):
            low, high = map(math.log, PRICES)
            for _ in range(HALVINGS):
                middle = (low + high) / 2
                grids = at(math.exp(middle))
                if empty(grids) or enough(grids):
                    high = middle
                else:
                    low = middle
                if not empty(grids) and (enough(grids) or not enough(chosen)):
                    chosen = grids
        rounded = {name: grid.rounded(matrices[name]) for name, grid in chosen.items()}
        masks = {name: matrix != 0 for name, matrix in rounded.items()}
        if not enough(chosen):
            # Between two prices all that is left may go at once: of what the lower one leaves, the smallest go.
            kept = prune(rounded, sparsity, "global")
            masks = {name: mask & kept[name] for name, mask in masks.items()}
        return rounded, masks


@dataclass(frozen=True, eq=False)
class _Grid:
    """Points of a grid that weights take, ascending, in steps; the weights between two of which they part; how many are 0."""

    step: float
    points: np.ndarray
    cuts: np.ndarray
    zeros: int
    cost: float

    def rounded(self, weights: np.ndarray) -> np.ndarray:
        """float32, of any shape."""
        return (self.step * self.points[np.searchsorted(self.cuts, weights)]).astype(np.float32)


class _Layer:
    """A layer's weights in order, to be rounded at many prices.  share: of the price that its bits cost."""

    def __init__(self, weights: np.ndarray, bits: int, share: float) -> None:
        self.ordered = np.sort(weights, axis=None).astype(np.float64)
        self.share, self.most = share, 2 ** (bits - 1)
        self.reach = float(np.abs(self.ordered).max(initial=0.0))
        # Few points may do better than to reach the largest weight: then finer grids are tried too.
        self.steps = [self.reach / self.most * 2 ** (-quarter / 4) for quarter in range(1 + 6 * max(0, 3 - bits))]

    @cached_property
    def sums(self) -> tuple[np.ndarray, np.ndarray]:
        """Of the smallest weights and of their squares, by their number."""
        return np.append(0.0, np.cumsum(self.ordered)), np.append(0.0, np.cumsum(self.ordered**2))

    def grid(self, price: float) -> _Grid:
        """What is cheapest at a price of a bit."""
        if not self.reach:
            return _Grid(1.0, np.zeros(1), np.zeros(0), len(self.ordered), 0.0)
        return min((self._settled(step, self.share * price) for step in self.steps), key=lambda grid: grid.cost)

    def _settled(self, step: float, price: float) -> _Grid:
        points = np.arange(-self.most, self.most + 1, dtype=np.float64)
        cuts, before = step * (points[:-1] + 0.5), np.zeros(0)
        for _ in range(ROUNDS):
            points, cuts, counts = self._used(points, cuts)
            if len(before) == len(cuts) and np.allclose(before, cuts, rtol=0, atol=1e-6 * step):
                break
            bits = -np.log2(counts / len(self.ordered)) + np.where(points != 0, ENTRY / counts, 0.0)
            before = cuts
            points, cuts = _cheapest(points, price / step**2 * bits)
            cuts = step * cuts
        points, cuts, counts = self._used(points, cuts)
        first, second = (np.diff(sums[self._edges(cuts)]) for sums in self.sums)
        values = step * points
        error = float((second - 2 * values * first + counts * values**2).sum())
        entropy = float(-(counts * np.log2(counts / len(self.ordered))).sum()) + ENTRY * np.count_nonzero(points)
        return _Grid(step, points, cuts, int(counts[points == 0].sum()), error + price * entropy)

    def _used(self, points: np.ndarray, cuts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The points that some weight takes, the cuts between them, and how many weights take each."""
        counts = np.diff(self._edges(cuts))
        used = np.flatnonzero(counts)
        return points[used], cuts[used[1:] - 1], counts[used]

    def _edges(self, cuts: np.ndarray) -> np.ndarray:
        return np.concatenate([[0], np.searchsorted(self.ordered, cuts), [len(self.ordered)]])


def _cheapest(points: np.ndarray, prices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The points that are cheapest, (x - point)^2 + price, for some x, and the x where one gives way to the next.

    The lower envelope of these parabolas is that of the lines point^2 + price - 2 x point.  points: ascending.
    """
    heights = points**2 + prices
    kept: list[int] = []
    for right in range(len(points)):
        while len(kept) > 1:
            left, middle = kept[-2:]
            rise, run = heights[right] - heights[left], points[right] - points[left]
            if rise * (points[middle] - points[left]) > (heights[middle] - heights[left]) * run:
                break
            kept.pop()
        kept.append(right)
    return points[kept], np.diff(heights[kept]) / (2 * np.diff(points[kept]))
