"""How small and how quick the code is, on networks that ship, beside what others make of the same whole numbers."""

from __future__ import annotations

import json
import lzma
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import PIPE
from typing import Any

import numpy as np

from pacviz.codes.coder import decode, encode
from pacviz.codes.compress import compress
from pacviz.codes.contexts.faster import compile_now
from pacviz.codes.network import CompressedNetwork
from pacviz.errors import PacvizError
from pacviz.library import checkpoints
from pacviz.progress import Progress

BITS = (2, 4, 8)


def codes_benchmark(networks: Sequence[str] | None, nncodec: str | None, progress: Progress) -> list[dict[str, Any]]:
    """A row for each network at 2, 4 and 8 bits a layer, not pruned any further.

    networks: texts of which one is in DATA/MODEL/NAME; all that ship where None.  bytes: of a file that was decoded again
    and is the same network.  entropy: bytes at the frequencies of each layer's values, which nobody sends.  xz: bytes of
    the same values by xz -9e.  nncodec: by NNCodec of the Python that `nncodec` names, else None.  encode_s, decode_s: of the
    processor, with compiled loops where there are any.  Raises PacvizError where no network is of that name.
    """
    compile_now()
    named = {f"{data}/{model}/{name}": (model, data, name) for model, data, name in checkpoints.shipped()}
    chosen = [name for name in named if networks is None or any(part in name for part in networks)]
    if not chosen:
        raise PacvizError(
            f"No network that ships has {' or '.join(networks or ())} in its name, such as {next(iter(named))}."
        )
    jobs = [(name, bits) for name in chosen for bits in BITS]
    rows = []
    with nncodec_of(nncodec) as beside:
        for done, (name, bits) in enumerate(jobs):
            progress(done / len(jobs), f"{name} at {bits} bits")
            model = named[name][0]
            compressed = compress(model, checkpoints.find(*named[name]).matrices, 0.0, bits, "global")
            if compressed.layered is not None:
                rows.append({"network": name, "bits": bits, **measured(compressed.layered, beside)})
    return rows


def measured(network: CompressedNetwork, beside: Callable[[Sequence[np.ndarray]], int | None]) -> dict[str, Any]:
    """The numbers of a row.  Raises PacvizError where the code does not come back."""
    start = time.process_time()
    data = encode(network).data
    encoded = time.process_time()
    read, _ = decode(data)
    decoded = time.process_time()
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
        "nncodec": beside([_whole(layer.symbols, layer.codebook) for layer in network.layers]),
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


@contextmanager
def nncodec_of(python: str | None) -> Iterator[Callable[[Sequence[np.ndarray]], int | None]]:
    """What says how many bytes NNCodec takes for int32 matrices, decoded again; None where they do not come back.

    python: an interpreter of another environment, for NNCodec and pacviz want different versions of numpy; None for none,
    where the answer is None.
    """
    if python is None:
        yield lambda layers: None
        return
    command = [str(Path(shutil.which(python) or python).absolute()), "-I", str(Path(__file__).with_name("beside.py"))]
    # NNCodec leaves files where it runs, and says a lot.
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile("w+") as errors:
        try:
            worker = subprocess.Popen(command, stdin=PIPE, stdout=PIPE, stderr=errors, text=True, cwd=folder)
        except OSError as error:
            raise PacvizError(f"{python} cannot be run; name the Python of an environment with nncodec.") from error

        def size(layers: Sequence[np.ndarray]) -> int | None:
            files = [str(Path(folder) / f"{number}.npy") for number in range(len(layers))]
            for file, layer in zip(files, layers, strict=True):
                np.save(file, layer)
            assert worker.stdin
            assert worker.stdout
            with suppress(BrokenPipeError):
                print(json.dumps(files), file=worker.stdin, flush=True)
            for line in worker.stdout:
                # Whatever else it prints is not ours.
                with suppress(ValueError):
                    return json.loads(line)
            with suppress(BrokenPipeError):
                worker.stdin.close()
            worker.wait()
            errors.seek(0)
            said = errors.read().strip().splitlines() or ["nothing"]
            raise PacvizError(
                f"{python} does not run NNCodec, it says {said[-1]!r}; run {python} -m pip install nncodec."
            )

        with worker:
            try:
                yield size
            finally:
                worker.terminate()
