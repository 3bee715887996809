"""Where tensors live: CUDA if there, else Apple MPS, else CPU; PACVIZ_DEVICE overrides."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

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


def quick_bfloat16() -> bool:
    """Whether the device multiplies bfloat16 faster than float32: enough for training, not for a certificate."""
    match device().type:
        case "cuda":
            return torch.cuda.is_bf16_supported(including_emulation=False)
        case "cpu":
            able = torch.cpu.get_capabilities()
            return bool(able.get("avx512_bf16") or able.get("amx_bf16"))
    return False


@contextmanager
def one_thread() -> Iterator[None]:
    """One torch thread for a while: work in small pieces gains nothing from more, and on busy cores they cost tenfold.

    It concerns the calling thread alone, so nobody waits for anybody: torch keeps the number for each thread.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
