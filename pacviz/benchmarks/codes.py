"""How small and how quick the code is, on networks that ship, beside what others make of the same whole numbers."""

from __future__ import annotations

import lzma
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from pacviz.codes.coder import decode, encode
from pacviz.codes.compress import compress
from pacviz.codes.network import CompressedNetwork
from pacviz.errors import PacvizError
from pacviz.library import checkpoints
from pacviz.progress import Progress

BITS = (2, 4, 8)


def codes_benchmark(networks: Sequence[str] | None, progress: Progress) -> list[dict[str, Any]]:
    """A row for each network at 2, 4 and 8 bits a layer, not pruned any further.

    networks: texts of which one is in DATA/MODEL/NAME; all that ship where None.  bytes: of a file that was decoded again
    and is the same network.  entropy: bytes at the frequencies of each layer's values, which nobody sends.  xz: bytes of
    the same values by xz -9e.  nncodec: by NNCodec where it is installed, else None.  Raises PacvizError where no network
    is of that name.
    """
    named = {f"{data}/{model}/{name}": (model, data, name) for model, data, name in checkpoints.shipped()}
    chosen = [name for name in named if networks is None or any(part in name for part in networks)]
    if not chosen:
        raise PacvizError(
            f"No network that ships has {' or '.join(networks or ())} in its name, such as {next(iter(named))}."
        )
    jobs = [(name, bits) for name in chosen for bits in BITS]
    rows = []
    for done, (name, bits) in enumerate(jobs):
        progress(done / len(jobs), f"{name} at {bits} bits")
        model = named[name][0]
        compressed = compress(model, checkpoints.find(*named[name]).matrices, 0.0, bits, "global")
        if compressed.layered is not None:
            rows.append({"network": name, "bits": bits, **measured(compressed.layered)})
    return rows


def measured(network: CompressedNetwork) -> dict[str, Any]:
    """The numbers of a row.  Raises PacvizError where the code does not come back."""
    start = time.perf_counter()
    data = encode(network).data
    encoded = time.perf_counter()
    read, _ = decode(data)
    decoded = time.perf_counter()
    if not all(np.array_equal(read.matrices[name], matrix) for name, matrix in network.matrices.items()):
        raise PacvizError("The code of this network does not come back; report it with its name.")
    symbols = [layer.symbols for layer in network.layers]
    kind = np.uint8 if network.entries < 256 else np.uint16
    return {
        "bytes": len(data),
        "entropy": round(sum(map(entropy_bytes, symbols))),
        "xz": len(
            lzma.compress(b"".join(part.astype(kind).tobytes() for part in symbols), preset=9 | lzma.PRESET_EXTREME)
        ),
        "nncodec": nncodec_bytes([_whole(layer.symbols, layer.codebook) for layer in network.layers]),
        "encode_s": round(encoded - start, 3),
        "decode_s": round(decoded - encoded, 3),
    }


def entropy_bytes(symbols: np.ndarray) -> float:
    """Of whole numbers at their own frequencies, without what tells these."""
    counts = np.unique(symbols, return_counts=True)[1]
    return float(counts @ np.log2(symbols.size / counts)) / 8


def _whole(symbols: np.ndarray, codebook: np.ndarray) -> np.ndarray:
    """Values by rank from zero, int32 with their signs."""
    negatives = int(np.count_nonzero(codebook < 0))
    ranks = symbols.astype(np.int32)
    return np.where(ranks == 0, 0, np.where(ranks > negatives, ranks - negatives, ranks - negatives - 1)).astype(
        np.int32
    )


def nncodec_bytes(layers: Sequence[np.ndarray]) -> int | None:
    """By NNCodec, int32 layer by layer, decoded again; None where it is not installed or they do not come back."""
    try:
        from nncodec import tensor
    except (ImportError, RuntimeError, OSError):  # not there, or it does not start
        return None
    size = 0
    for layer in layers:
        data = tensor.encode(layer, {"use_dq": False})
        if not np.array_equal(tensor.decode(data), layer):
            return None
        size += len(data)
    return size
