"""MNIST and its twins: four files of one format (IDX) in <data folder>/<name>/raw, where torchvision puts them too."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from pacviz import store
from pacviz.data.dataset import Split
from pacviz.data.fetch import fetch
from pacviz.errors import PacvizError

CLASSES = 10
SIDE = 28
_SAMPLES = {"train": 60_000, "t10k": 10_000}


def _files(folder: str) -> list[Path]:
    """The four files, packed (.gz) where only the packed one is there."""
    raw = store.data_dir() / folder / "raw"
    plain = [raw / f"{sample}-{content}-ubyte" for sample in _SAMPLES for content in ("images-idx3", "labels-idx1")]
    packed = [path.with_name(path.name + ".gz") for path in plain]
    return [
        zipped if zipped.exists() and not path.exists() else path for path, zipped in zip(plain, packed, strict=True)
    ]


def is_available(folder: str) -> bool:
    """Whether all four files are there (not whether they are whole).  folder: MNIST or FashionMNIST."""
    return all(path.is_file() for path in _files(folder))


def read(folder: str) -> tuple[Split, Split]:
    """Training and test sample.  folder: MNIST or FashionMNIST.

    Raises PacvizError naming the file that is missing, damaged, or not what its name says.
    """
    train_images, train_labels, test_images, test_labels = _files(folder)
    train, test = _SAMPLES.values()
    return _split(train_images, train_labels, train), _split(test_images, test_labels, test)


def _split(images: Path, labels: Path, n: int) -> Split:
    split = Split(_read_idx(images, n, SIDE, SIDE)[:, None], _read_idx(labels, n).long())
    if int(split.labels.max()) >= CLASSES:
        raise PacvizError(
            f"{labels} holds the label {int(split.labels.max())}, beyond 0 to {CLASSES - 1}; "
            "replace the file, or download the data set again."
        )
    return split


def _read_idx(path: Path, *shape: int) -> Tensor:
    """The bytes of an IDX file of exactly this shape: uint8."""
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise PacvizError(
            f"{path} cannot be read ({error}); replace the file, or download the data set again."
        ) from error
    header = struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape)
    if not content.startswith(header) or len(content) != len(header) + math.prod(shape):
        raise PacvizError(
            f"{path} is cut short or not an IDX file of {' x '.join(map(str, shape))} bytes; "
            "replace the file, or download the data set again."
        )
    return torch.frombuffer(bytearray(content), dtype=torch.uint8, offset=len(header)).reshape(shape)


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

        contents[raw / name.removesuffix(".gz")] = gzip.decompress(fetch(name, checksum, source.mirrors, report))
    for path, content in contents.items():
        store.write_atomic(path, partial(Path.write_bytes, data=content))
