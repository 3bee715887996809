"""The architectures that pacviz knows, by name."""

from pacviz.errors import PacvizError
from pacviz.models import grammar
from pacviz.models.architecture import Architecture, LayerSpec
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
    output_shape,
)
from pacviz.models.zoo.lenet5 import LENET5
from pacviz.models.zoo.mlp import MLP
from pacviz.models.zoo.resnet import RESNET8, RESNET20, RESNET56
from pacviz.models.zoo.subspace_nets import SUBSPACE_NETS
from pacviz.models.zoo.tiny import TINY
from pacviz.models.zoo.tiny_nets import TINY_NETS

ARCHITECTURES: dict[str, Architecture] = {
    architecture.name: architecture
    for architecture in (LENET5, MLP, TINY, RESNET8, RESNET20, RESNET56, *TINY_NETS, *SUBSPACE_NETS)
}

PLACES: tuple[str, ...] = tuple(ARCHITECTURES)
"""A code names its architecture by its place here; one that is registered later has none, and is told to the decoder."""


def architecture(name: str) -> Architecture:
    """The architecture of that name, registered or declared; raises PacvizError for an unknown one."""
    known = ARCHITECTURES.get(name) or declared(name)
    if known is None:
        raise PacvizError(f"There is no model {name!r}; choose one of {', '.join(ARCHITECTURES)}.")
    return known


__all__ = [
    "ARCHITECTURES",
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
    "output_shape",
]
