"""How trained tensors become a network's weights: as they are, under a mask, or through a codebook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from pacviz.codes.codebook.codebooks import snap
from pacviz.codes.codebook.quantize import EXTRA_GRID_BITS, quantize
from pacviz.codes.prune import prune
from pacviz.models import Architecture

PRUNING_SHARE = 0.6
"""The share of the steps during which weights are dropped; then the mask is fixed and the rest recovers."""
STEPS_PER_MASK = 8
"""Steps between two masks."""
HYSTERESIS = 0.1
"""Surgery drops a weight 10 % below the threshold and splices one back 10 % above it (Guo et al. 2016)."""
UPDATE_DECAY = 9.0
"""Surgery looks at the masks with a probability that falls from 1 to 1 / (1 + 9) while it prunes."""


class Parametrisation(Protocol):
    """Trained tensors, and the weights that the network computes with.

    trained: leaf tensors by name, which the optimizer moves in place.  fixed: what else a resumed training needs.
    """

    trained: dict[str, Tensor]
    fixed: dict[str, Tensor]

    def weights(self) -> dict[str, Tensor]:
        """The weights by state-dict key, differentiable in `trained`."""
        ...

    def penalty(self) -> Tensor | float:
        """What the weights that were returned last cost beside their loss, in nats for the whole training sample."""
        ...

    def advance(self, step: int, steps: int) -> None:
        """Called before step number `step` of `steps`, counted from 0, and once more after the last."""
        ...

    def present(self) -> dict[str, Tensor]:
        """The weights as they would be written down now."""
        ...

    def final(self) -> dict[str, Tensor]:
        """The weights at the end of a training."""
        ...


class Dense:
    """The weights themselves."""

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        self.trained = {key: weights.clone().requires_grad_() for key, weights in state.items()}
        self.fixed: dict[str, Tensor] = {}

    def weights(self) -> dict[str, Tensor]:
        return self.trained

    def penalty(self) -> float:
        return 0.0

    def present(self) -> dict[str, Tensor]:
        return self.weights()

    def advance(self, step: int, steps: int) -> None: ...

    def final(self) -> dict[str, Tensor]:
        return self.trained


class Gradual(Dense):
    """w * m: gradual magnitude pruning (Zhu and Gupta 2017), one threshold for the whole network.

    The kept share falls along d_T + (d_0 - d_T) (1 - t/T)^3; a weight that is dropped stays zero.  d_0: the share that
    is not zero to begin with.  keys: the tensors that are pruned.
    """

    def __init__(self, state: Mapping[str, Tensor], keys: Iterable[str], density: float, seed: int) -> None:
        super().__init__(state)
        self.density, self.seed = density, seed
        self.fixed = {key: state[key].ne(0).to(state[key].dtype) for key in keys}
        self.total = sum(mask.numel() for mask in self.fixed.values())
        self.start = sum(float(mask.sum()) for mask in self.fixed.values()) / self.total

    def weights(self) -> dict[str, Tensor]:
        return {**self.trained, **{key: self.trained[key] * mask for key, mask in self.fixed.items()}}

    def final(self) -> dict[str, Tensor]:
        return self.weights()

    @torch.no_grad()
    def advance(self, step: int, steps: int) -> None:
        last = int(PRUNING_SHARE * steps)
        if step < last and step % STEPS_PER_MASK == 0 and self.looks(step, step / last):
            kept = self.density + (self.start - self.density) * (1 - step / last) ** 3
            self.choose(kept, HYSTERESIS)
        elif step == last:
            self.choose(self.density, 0.0)

    def looks(self, step: int, elapsed: float) -> bool:
        """Whether the masks are looked at in this step; elapsed: share of the pruning that is over."""
        return True

    def choose(self, density: float, hysteresis: float) -> None:
        """Sets the masks so that at most this share of weights is left."""
        sizes = {key: self.trained[key].abs() * mask for key, mask in self.fixed.items()}
        threshold = self.quantile(sizes.values(), density)
        self.fixed = {key: (size > threshold).to(size.dtype) for key, size in sizes.items()}

    def quantile(self, values: Iterable[Tensor], density: float) -> Tensor:
        """The value that a share `density` of all values exceeds (at least one does)."""
        dropped = min(self.total - max(1, round(density * self.total)), self.total - 1)
        together = torch.cat([value.flatten() for value in values])
        return together.kthvalue(dropped).values if dropped else together.min() - 1


class Surgery(Gradual):
    """w + (w * m - w).detach(): dynamic network surgery (Guo et al. 2016) towards a density.

    A dropped weight still gets the gradient of its place, and is spliced back when it has grown.  The threshold t is the
    one that leaves the scheduled share of the whole network, which falls as in Gradual; in the paper's terms it is mean +
    c * std of a layer's |w| with c = (t - mean) / std.  A weight between 0.9 and 1.1 t keeps its state, and the
    masks are looked at ever more seldom.
    """

    def weights(self) -> dict[str, Tensor]:
        masked = {key: (w := self.trained[key]) + (w * mask - w).detach() for key, mask in self.fixed.items()}
        return {**self.trained, **masked}

    def looks(self, step: int, elapsed: float) -> bool:
        chance = np.random.default_rng((self.seed, step)).random()
        return bool(chance < 1 / (1 + UPDATE_DECAY * elapsed))

    def choose(self, density: float, hysteresis: float) -> None:
        threshold = self.quantile((self.trained[key].abs() for key in self.fixed), density)
        for key, mask in self.fixed.items():
            size = self.trained[key].abs()
            kept = torch.where(size > (1 - hysteresis) * threshold, mask, 0.0)
            self.fixed[key] = torch.where(size > (1 + hysteresis) * threshold, 1.0, kept)


class Codebook:
    """c[q]: the entries c of each layer's codebook are learned, the assignments q stay (Han et al. 2016)."""

    def __init__(
        self, architecture: Architecture, state: Mapping[str, Tensor], density: float, bits: int, where: torch.device
    ) -> None:
        self.specs, self.bits = architecture.layers, bits
        matrices = architecture.matrices(state)
        masks = prune(matrices, 1 - density, "global")
        layers = [quantize(name, matrix, masks[name], bits) for name, matrix in matrices.items()]
        self.trained = {layer.name: torch.tensor(layer.codebook, device=where).requires_grad_() for layer in layers}
        self.fixed = {layer.name: torch.tensor(layer.symbols.astype(np.int32), device=where) for layer in layers}

    def weights(self) -> dict[str, Tensor]:
        matrices = {}
        for spec in self.specs:
            zero = self.trained[spec.name].new_zeros(1)
            matrices[spec.name] = torch.cat([zero, self.trained[spec.name]])[self.fixed[spec.name]]
        return self.state(matrices)

    def penalty(self) -> float:
        return 0.0

    def present(self) -> dict[str, Tensor]:
        return self.weights()

    def advance(self, step: int, steps: int) -> None: ...

    @torch.no_grad()
    def final(self) -> dict[str, Tensor]:
        """On the grid of the code, so that compression with as many bits finds the very same values."""
        for spec in self.specs:
            codebook, bits = self.trained[spec.name], self.bits + EXTRA_GRID_BITS
            grid = snap(snap(np.unique(codebook.cpu().numpy()), bits), bits)  # twice, where the largest is rounded up
            codebook.copy_(nearest(torch.tensor(grid, device=codebook.device), codebook))
        return self.weights()

    def state(self, matrices: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """A state dict from one matrix (rows, columns) a layer, zero where the symbols are."""
        state = {}
        for spec in self.specs:
            matrix = matrices[spec.name] * self.fixed[spec.name].ne(0)
            for key, shape, block in zip(spec.tensors, spec.shapes, matrix.split(spec.widths, dim=1), strict=True):
                state[key] = block.reshape(shape)
        return state


class StraightThrough(Codebook):
    """c[nearest(w)] + (w - w.detach()): weights may change their entry; entries and weights are learned.

    The gradient of the rounded weight goes to the weight itself (Bengio et al. 2013) and to its entry.
    """

    def __init__(
        self, architecture: Architecture, state: Mapping[str, Tensor], density: float, bits: int, where: torch.device
    ) -> None:
        super().__init__(architecture, state, density, bits, where)
        for name, matrix in architecture.matrices(state).items():
            self.trained[_latent(name)] = torch.tensor(matrix, device=where).requires_grad_()

    def weights(self) -> dict[str, Tensor]:
        matrices = {}
        for spec in self.specs:
            latent = self.trained[_latent(spec.name)]
            matrices[spec.name] = nearest(self.trained[spec.name].sort().values, latent) + (latent - latent.detach())
        return self.state(matrices)


def _latent(layer: str) -> str:
    return f"{layer} before rounding"


def nearest(codebook: Tensor, values: Tensor) -> Tensor:
    """Each value replaced by the nearest codebook entry (ascending; 0 where there is none), differentiable in the entries."""
    if not len(codebook):
        return torch.zeros_like(values)
    return codebook[torch.bucketize(values.detach(), (codebook[1:] + codebook[:-1]).detach() / 2)]
