"""MNIST and its twins: four files of one format (IDX) in <data folder>/<name>/raw, where torchvision puts them too."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from pacviz import store
from pacviz.data.dataset import Split, fingerprint
from pacviz.data.fetch import fetch
from pacviz.errors import PacvizError
from pacviz.settings import OWN_DATA

CLASSES = 10
SIDE = 28
_SAMPLES = {"train": 60_000, "t10k": 10_000}
_LARGEST = 40_000_000
"""Bytes; the largest of these files, the training images of Fashion-MNIST, has 26 MB."""


_ADVICE = "replace the file, or download the data set again"
_CONTENTS = ("images-idx3", "labels-idx1")


def files(folder: str) -> list[Path]:
    """The four files, as they are called most often where they are absent.

    A dot for the dash before "idx", as some programs unpack them, and a packed file (.gz) will do too.
    """
    raw = store.data_dir() / folder / "raw"
    names = [f"{sample}-{content}-ubyte" for sample in _SAMPLES for content in _CONTENTS]
    allowed = [
        [raw / f"{same}{end}" for end in ("", ".gz") for same in (name, name.replace("-idx", ".idx"))] for name in names
    ]
    return [next((path for path in paths if path.is_file()), paths[0]) for paths in allowed]


def lacking(folder: str) -> str:
    """Which of the four files are not there, and what is there instead; "" where none is there, or all are."""
    wanted = files(folder)
    missing = [path.name for path in wanted if not path.is_file()]
    raw = wanted[0].parent
    others = sorted(path.name for path in raw.iterdir() if path not in wanted) if raw.is_dir() else []
    if not missing or (len(missing) == len(wanted) and not others):
        return ""
    there = (
        f"; there is {', '.join(others[:8])}{' and more' if len(others) > 8 else ''}, which may be misnamed"
        if others
        else ""
    )
    return f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not in {raw}{there}"


def is_available(folder: str) -> bool:
    """Whether all four files are there (not whether they are whole).  folder: MNIST or FashionMNIST."""
    return all(path.is_file() for path in files(folder))


def read(folder: str) -> tuple[Split, Split]:
    """Training and test sample.  folder: MNIST or FashionMNIST.

    Raises PacvizError naming the file that is missing, damaged, or not what its name says.
    """
    import torch

    train, test = (Split(torch.from_numpy(images), torch.from_numpy(labels)) for images, labels in _samples(folder))
    return train, test


def fingerprints(folder: str) -> tuple[str, str]:
    """Of the training and test sample that `read` gives, without waiting for torch; raises PacvizError as `read` does."""
    train, test = (fingerprint(*sample) for sample in _samples(folder))
    return train, test


def _samples(folder: str) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Images uint8 (n, 1, SIDE, SIDE) and labels int64 (n,) of the training and then of the test sample."""
    paths = files(folder)
    for images, labels, n in zip(paths[::2], paths[1::2], _SAMPLES.values(), strict=True):
        pixels, digits = _read_idx(images, n, SIDE, SIDE)[:, None], _read_idx(labels, n).astype(np.int64)
        if (largest := int(digits.max())) >= CLASSES:
            raise PacvizError(f"{labels} holds the label {largest}, beyond 0 to {CLASSES - 1}; {_ADVICE}; {OWN_DATA}.")
        yield pixels, digits


def _read_idx(path: Path, *shape: int) -> np.ndarray:
    """The bytes of an IDX file of exactly this shape: uint8."""
    try:
        whole = len(_header(shape)) + math.prod(shape)
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            content = file.read(whole + 1)  # a file from anywhere may unpack to far more
    except (OSError, EOFError, zlib.error) as error:
        raise PacvizError(f"{path} cannot be read ({error}); {_ADVICE}.") from error
    header, wanted = _header(shape), _times(shape)
    if (there := _shape(content, len(shape))) not in (None, shape):
        raise PacvizError(f"{path} holds {_times(there)} bytes, and this data set has {wanted}; {_ADVICE}; {OWN_DATA}.")
    if not content.startswith(header) or len(content) != len(header) + math.prod(shape):
        raise PacvizError(f"{path} is cut short or not an IDX file of {wanted} bytes; {_ADVICE}.")
    return np.frombuffer(bytearray(content), np.uint8, offset=len(header)).reshape(shape)


def _shape(content: bytes, axes: int) -> tuple[int, ...] | None:
    """The shape that the header of an IDX file of bytes tells; None where it is none, or of another number of axes."""
    if len(content) < 4 + 4 * axes or content[:4] != _header((0,) * axes)[:4]:
        return None
    return struct.unpack(f">{axes}I", content[4 : 4 + 4 * axes])


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(f"{number:,}" for number in shape)


def _header(shape: tuple[int, ...]) -> bytes:
    return struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape)


def download(folder: str, progress: Callable[[float, str], None] | None = None) -> None:
    """Fetches the four files from torchvision's mirrors; none is written before all have passed their checksums.

    Raises PacvizError, with nothing left behind, where no mirror answers or the folder cannot be written.
    """
    from pacviz.data.vision import torchvision

    source = getattr(torchvision.datasets, folder)
    raw = store.data_dir() / folder / "raw"
    contents = {}
    for index, (name, checksum) in enumerate(source.resources):

        def report(fraction: float, index: int = index, name: str = name) -> None:
            if progress:
                progress((index + fraction) / len(source.resources), f"downloading {folder}: {name}")

        packed = fetch(name, checksum, source.mirrors, report, _LARGEST)
        contents[raw / name.removesuffix(".gz")] = gzip.decompress(packed)
    for path, content in contents.items():
        store.write_atomic(path, partial(Path.write_bytes, data=content))
