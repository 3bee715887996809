"""torchvision, importable beside any build of torch.

The wheel of the package registry is built for CUDA.  Beside a CPU build of torch its C++ operators do not load, and the
import fails because two of them have no schema.  Data sets, transforms and models need the schemas and nothing more.
"""

from __future__ import annotations

import importlib
from types import ModuleType

import torch

OPERATORS = ("nms", "qnms")
_SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


def _import_torchvision() -> ModuleType:
    """torchvision; where its own operators do not load, with schemas that have no kernel behind them."""
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::nms does not exist" not in str(error):
            raise
    for operator in OPERATORS:
        torch.library.define(f"torchvision::{operator}", _SCHEMA)
    return importlib.import_module("torchvision")


torchvision = _import_torchvision()
