"""CIFAR-10: the original, which torchvision reads, and a copy whose images went through JPEG."""

from __future__ import annotations

import io
import lzma
import tarfile
import warnings
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from pacviz import store
from pacviz.data.dataset import Split
from pacviz.data.fetch import fetch
from pacviz.errors import PacvizError
from pacviz.progress import Progress

NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
CLASSES = len(NAMES)
SIDE = 32
ORIGINAL = "cifar-10-batches-py"
JPEG = "cifar10-jpeg.tar.xz"

_SAMPLES = {"train": 50_000, "test": 10_000}


def is_available(place: str) -> bool:
    """Whether it is there (not whether it is whole).  place: ORIGINAL or JPEG, in the data folder."""
    return (store.data_dir() / place).exists()


def read() -> tuple[Split, Split]:
    """Training and test sample of the original; raises PacvizError where a file is missing or damaged."""
    from pacviz.data.vision import torchvision

    splits = []
    for train in (True, False):
        try:
            found = torchvision.datasets.CIFAR10(store.data_dir(), train)
        except (RuntimeError, OSError, EOFError) as error:
            raise PacvizError(
                f"{store.data_dir() / ORIGINAL} is not whole ({error}); delete it and download the data set again."
            ) from error
        images = torch.from_numpy(found.data).permute(0, 3, 1, 2).contiguous()
        splits.append(Split(images, torch.tensor(found.targets)))
    train_split, test_split = splits
    return train_split, test_split


def download(progress: Progress | None = None) -> None:
    """Fetches the original from its home; raises PacvizError, with nothing left behind, where that fails."""
    from pacviz.data.vision import torchvision

    source = torchvision.datasets.CIFAR10

    def report(fraction: float) -> None:
        if progress:
            progress(fraction, "downloading CIFAR-10")

    content = fetch(source.filename, source.tgz_md5, [source.url.removesuffix(source.filename)], report)
    packed = store.data_dir() / source.filename
    store.write_atomic(packed, lambda path: path.write_bytes(content))
    try:
        with tarfile.open(packed) as archive:
            archive.extractall(store.data_dir(), filter="data")
    except OSError as error:
        raise PacvizError(f"{packed} cannot be unpacked ({error}); free some space and try again.") from error


def read_jpeg(progress: Progress | None = None) -> tuple[Split, Split]:
    """Training and test sample of an archive of <sample>/<class>/<number>.jpg, by number and then by class.

    Decoded once and kept in the cache.  Raises PacvizError where the archive is damaged or holds something else.
    """
    archive = store.data_dir() / JPEG
    about = archive.stat()
    cached = store.cache_dir() / "cifar10-jpeg" / f"v1-{about.st_size}-{about.st_mtime_ns}.safetensors"
    splits = _cached(cached)
    if splits is None:
        splits = _unpacked(archive, progress)
        tensors = {
            f"{name} {part}": getattr(split, part) for name, split in splits.items() for part in ("images", "labels")
        }
        try:
            store.write_atomic(cached, lambda path: save_file(tensors, path))
        except PacvizError as error:
            warnings.warn(f"The images will be decoded again at the next start: {error}", stacklevel=2)
    return splits["train"], splits["test"]


def _cached(path: Path) -> dict[str, Split] | None:
    try:
        with safe_open(path, "pt") as file:
            return {
                name: Split(file.get_tensor(f"{name} images"), file.get_tensor(f"{name} labels")) for name in _SAMPLES
            }
    except (OSError, SafetensorError):
        return None


def _unpacked(archive: Path, progress: Progress | None) -> dict[str, Split]:
    images: dict[str, dict[tuple[str, str], np.ndarray]] = {name: {} for name in _SAMPLES}
    total = sum(_SAMPLES.values())
    try:
        with tarfile.open(archive, "r:xz") as files:
            for member in files:
                sample, label, name = (*PurePosixPath(member.name).parts, "", "", "")[:3]
                content = files.extractfile(member) if sample in images and label in NAMES else None
                if content is None:
                    continue
                with Image.open(io.BytesIO(content.read())) as image:
                    images[sample][name, label] = np.asarray(image.convert("RGB"))
                if progress and (done := sum(map(len, images.values()))) % 500 == 0:
                    progress(done / total, "decoding CIFAR-10 (JPEG)")
    except (tarfile.TarError, lzma.LZMAError, EOFError, OSError) as error:
        raise PacvizError(f"{archive} cannot be read ({error}); copy it again.") from error
    return {name: _split(archive, name, images[name]) for name in _SAMPLES}


def _split(archive: Path, sample: str, images: dict[tuple[str, str], np.ndarray]) -> Split:
    wrong = [image.shape for image in images.values() if image.shape != (SIDE, SIDE, 3)]
    if wrong or len(images) != _SAMPLES[sample]:
        found = f"images of shape {wrong[0]}" if wrong else f"{len(images):,} images"
        raise PacvizError(
            f"{archive} holds {found} below {sample}/, but CIFAR-10 has {_SAMPLES[sample]:,} of {SIDE} x {SIDE} in "
            f"{', '.join(NAMES)}; copy it again."
        )
    ordered = sorted(images)
    pixels = torch.from_numpy(np.stack([images[key] for key in ordered])).permute(0, 3, 1, 2).contiguous()
    return Split(pixels, torch.tensor([NAMES.index(label) for _, label in ordered]))
