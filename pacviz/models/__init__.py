"""The architectures that pacviz knows, by name."""

from pacviz.errors import PacvizError
from pacviz.models.architecture import Architecture, Conv, Flatten, LayerSpec, Linear, MaxPool, ReLU
from pacviz.models.lenet5 import LENET5
from pacviz.models.mlp import MLP
from pacviz.models.tiny import TINY

ARCHITECTURES: dict[str, Architecture] = {architecture.name: architecture for architecture in (LENET5, MLP, TINY)}


def architecture(name: str) -> Architecture:
    """The architecture of that name; raises PacvizError for an unknown one."""
    if name not in ARCHITECTURES:
        raise PacvizError(f"There is no model {name!r}; choose one of {', '.join(ARCHITECTURES)}.")
    return ARCHITECTURES[name]


__all__ = ["ARCHITECTURES", "Architecture", "Conv", "Flatten", "LayerSpec", "Linear", "MaxPool", "ReLU", "architecture"]
