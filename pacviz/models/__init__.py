"""The architectures that pacviz knows, by name."""

from pacviz.errors import PacvizError
from pacviz.models.architecture import Architecture, Conv, Flatten, LayerSpec, Linear, MaxPool, Operation, ReLU
from pacviz.models.declaration import declare, declared, described, from_description
from pacviz.models.lenet5 import LENET5
from pacviz.models.mlp import MLP
from pacviz.models.tiny import TINY

ARCHITECTURES: dict[str, Architecture] = {architecture.name: architecture for architecture in (LENET5, MLP, TINY)}


def architecture(name: str) -> Architecture:
    """The architecture of that name, registered or declared; raises PacvizError for an unknown one."""
    known = ARCHITECTURES.get(name) or declared(name)
    if known is None:
        raise PacvizError(f"There is no model {name!r}; choose one of {', '.join(ARCHITECTURES)}.")
    return known


__all__ = [
    "ARCHITECTURES",
    "Architecture",
    "Conv",
    "Flatten",
    "LayerSpec",
    "Linear",
    "MaxPool",
    "Operation",
    "ReLU",
    "architecture",
    "declare",
    "declared",
    "described",
    "from_description",
]
