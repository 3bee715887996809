"""Where tensors live: CUDA if there, else Apple MPS, else CPU; PACVIZ_DEVICE overrides."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from pacviz.errors import PacvizError
from pacviz.store import environment


def device() -> torch.device:
    """The device for training and evaluation; raises PacvizError where PACVIZ_DEVICE names one that is not there."""
    counts = {
        "cuda": torch.cuda.device_count() if torch.cuda.is_available() else 0,
        "mps": int(torch.backends.mps.is_available()),
        "cpu": 1,
    }
    there = [name for name, count in counts.items() if count]
    wanted = environment("PACVIZ_DEVICE") or there[0]
    kind, _, number = wanted.partition(":")
    if kind not in there or (wanted != kind and number not in map(str, range(counts[kind]))):
        raise PacvizError(
            f"PACVIZ_DEVICE is {wanted!r}, which this machine does not have; choose one of {', '.join(there)}."
        )
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
