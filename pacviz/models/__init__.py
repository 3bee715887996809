"""The architectures that pacviz knows, by name: every file of the zoo registers its own."""

from pacviz.errors import PacvizError
from pacviz.models import grammar
from pacviz.models.architecture import ARCHITECTURES, Architecture, LayerSpec, register
from pacviz.models.declaration import declare, declared, described, from_description
from pacviz.models.operations import (
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
)
from pacviz.models.zoo.lenet5 import LENET5
from pacviz.settings import import_all

PLACES: tuple[str, ...] = (
    "lenet5",
    "mlp",
    "tiny",
    *(f"resnet{depth}" for depth in (8, 20, 56)),
    *(f"{kind}-{width}" for kind in ("tiny", "upright", "edges", "glances") for width in (4, 6, 8, 10, 12)),
    *(f"color-{width}" for width in (8, 12, 16)),
    *(f"subspace-{name}" for name in ("conv", "edges", "lenet5")),
)
"""A code names its architecture by its place here; one without a place is told to the decoder, which costs no bit more.

Nothing is ever added: places belong to the bytes of before.
"""
import_all("pacviz.models.operations")
import_all("pacviz.models.zoo")
for _name in (*PLACES, *(name for name in ARCHITECTURES if name not in PLACES)):
    ARCHITECTURES[_name] = ARCHITECTURES.pop(_name)


def architecture(name: str) -> Architecture:
    """The architecture of that name, registered or declared; raises PacvizError for an unknown one."""
    known = ARCHITECTURES.get(name) or declared(name)
    if known is None:
        raise PacvizError(f"There is no model {name!r}; choose one of {', '.join(ARCHITECTURES)}.")
    return known


__all__ = [
    "ARCHITECTURES",
    "LENET5",
    "PLACES",
    "Architecture",
    "AveragePool",
    "Conv",
    "DepthwiseConv",
    "Deskew",
    "Flatten",
    "Glances",
    "LayerSpec",
    "Linear",
    "MaxPool",
    "Operation",
    "OrientedEdges",
    "ReLU",
    "Residual",
    "Shape",
    "architecture",
    "declare",
    "declared",
    "described",
    "from_description",
    "grammar",
    "register",
]
