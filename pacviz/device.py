"""Where tensors live: CUDA if there, else Apple MPS, else CPU; PACVIZ_DEVICE overrides."""

from __future__ import annotations

import os

import torch

from pacviz.errors import PacvizError


def device() -> torch.device:
    """The device for training and evaluation; raises PacvizError where PACVIZ_DEVICE names one that is not there."""
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    wanted = os.environ.get("PACVIZ_DEVICE", next(name for name, there in available.items() if there))
    if not available.get(wanted.split(":")[0], False):
        there = ", ".join(name for name, there in available.items() if there)
        raise PacvizError(f"PACVIZ_DEVICE is {wanted!r}, which this machine does not have; choose one of {there}.")
    return torch.device(wanted)
