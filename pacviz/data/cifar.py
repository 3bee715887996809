"""CIFAR-10: the original, which torchvision reads, and a copy whose images went through JPEG."""

from __future__ import annotations

import hashlib
import io
import lzma
import tarfile
import tempfile
import warnings
import zlib
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from safetensors import SafetensorError, safe_open

from pacviz import store
from pacviz.data.dataset import Split
from pacviz.data.fetch import fetch
from pacviz.errors import PacvizError
from pacviz.progress import Progress

if TYPE_CHECKING:
    import numpy as np

NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
CLASSES = len(NAMES)
SIDE = 32
ORIGINAL = "cifar-10-batches-py"
JPEG = "cifar10-jpeg.tar.xz"

_SAMPLES = {"train": 50_000, "test": 10_000}
_LARGEST = 100_000
"""Bytes of a packed image."""
_BROKEN = (OSError, EOFError, ValueError, SyntaxError, zlib.error, lzma.LZMAError, tarfile.TarError)
"""What the readers of archives and images raise for one that is damaged."""
_DECODED = "v2.safetensors"
"""In the cache: one file, whatever archive it was decoded from last."""


def is_available(place: str) -> bool:
    """Whether it is there (not whether it is whole).  place: ORIGINAL or JPEG, in the data folder."""
    return (store.data_dir() / place).exists()


def files(place: str) -> list[Path]:
    """What is read there, sorted.  place: as for `is_available`."""
    path = store.data_dir() / place
    return sorted(path.iterdir()) if path.is_dir() else [path] if path.exists() else []


def read() -> tuple[Split, Split]:
    """Training and test sample of the original; raises PacvizError where a file is missing or damaged."""
    import torch

    from pacviz.data.vision import torchvision

    splits = []
    for train in (True, False):
        try:
            downloaded = torchvision.datasets.CIFAR10(store.data_dir(), train)
        except (RuntimeError, OSError, EOFError) as error:
            raise PacvizError(
                f"{store.data_dir() / ORIGINAL} is not whole ({error}); delete it and download the data set again."
            ) from error
        images = torch.from_numpy(downloaded.data).permute(0, 3, 1, 2).contiguous()
        splits.append(Split(images, torch.tensor(downloaded.targets)))
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
    folder = store.data_dir()
    store.require_writable(folder)
    with tempfile.TemporaryDirectory(prefix=".cifar10.", dir=folder) as unpacked:
        try:
            with tarfile.open(fileobj=io.BytesIO(content)) as archive:
                archive.extractall(unpacked, filter="data")
            if (folder / ORIGINAL).exists():  # a damaged one
                (folder / ORIGINAL).rename(Path(unpacked) / "before")
            (Path(unpacked) / ORIGINAL).rename(folder / ORIGINAL)
        except _BROKEN as error:
            raise PacvizError(
                f"{folder / ORIGINAL} cannot be written ({error}); free some space and try again."
            ) from error


def read_jpeg(progress: Progress | None = None) -> tuple[Split, Split]:
    """Training and test sample of an archive of <sample>/<class>/<number>.jpg, by number and then by class.

    Decoded once and kept in the cache.  Raises PacvizError where the archive is damaged or holds something else.
    """
    archive = store.data_dir() / JPEG
    try:
        with archive.open("rb") as file:
            made_from = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise PacvizError(f"{archive} cannot be read ({error}); copy it again.") from error
    cached = store.cache_dir() / "cifar10-jpeg" / _DECODED
    if (splits := _cached(cached, made_from)) is not None:
        return splits["train"], splits["test"]
    with store.alone("cifar10-jpeg", lambda: progress and progress(0.0, "waiting until CIFAR-10 (JPEG) is decoded")):
        splits = _cached(cached, made_from)
        if splits is None:
            splits = _unpacked(archive, progress)
            _keep(splits, cached, made_from)
    return splits["train"], splits["test"]


def _keep(splits: dict[str, Split], cached: Path, made_from: str) -> None:
    """Writes decoded images, where the cache can be written.  made_from: the digest of their archive."""
    from safetensors.torch import save_file

    tensors = {
        f"{name} {part}": getattr(split, part) for name, split in splits.items() for part in ("images", "labels")
    }
    about = {name: split.fingerprint for name, split in splits.items()} | {"archive": made_from}
    try:
        store.write_atomic(cached, lambda path: save_file(tensors, path, about))
        for before in cached.parent.glob("v1-*.safetensors"):  # which nobody can check
            before.unlink(missing_ok=True)
    except (PacvizError, OSError) as error:
        warnings.warn(f"The images will be decoded again at the next start: {error}", stacklevel=2)


def _cached(path: Path, made_from: str) -> dict[str, Split] | None:
    """The decoded images in a file; None where there is none, or it is not what was decoded from that very archive."""
    try:
        with safe_open(path, "pt") as file:
            about = file.metadata() or {}
            if about.get("archive") != made_from:
                return None
            splits = {
                name: Split(file.get_tensor(f"{name} images"), file.get_tensor(f"{name} labels")) for name in _SAMPLES
            }
        return splits if all(about.get(name) == split.fingerprint for name, split in splits.items()) else None
    except (OSError, SafetensorError, ValueError, TypeError):
        return None


def _unpacked(archive: Path, progress: Progress | None) -> dict[str, Split]:
    import numpy as np
    from PIL import Image

    images: dict[str, dict[tuple[str, str], np.ndarray]] = {name: {} for name in _SAMPLES}
    total = sum(_SAMPLES.values())
    try:
        with tarfile.open(archive, "r:xz") as files:
            for member in files:
                sample, label, name = (*PurePosixPath(member.name).parts, "", "", "")[:3]
                content = files.extractfile(member) if sample in images and label in NAMES else None
                if content is None:
                    continue
                if member.size > _LARGEST or len(images[sample]) > _SAMPLES[sample]:
                    break  # no archive of these images; `_split` says so
                with Image.open(io.BytesIO(content.read())) as image:
                    if image.size != (SIDE, SIDE):  # before it is decoded: a small file may be a large image
                        raise PacvizError(
                            f"{archive} holds images of {image.width} x {image.height} below {sample}/, but CIFAR-10 has "
                            f"{SIDE} x {SIDE}; copy it again."
                        )
                    images[sample][name, label] = np.asarray(image.convert("RGB"))
                if progress and (done := sum(map(len, images.values()))) % 500 == 0:
                    progress(done / total, "decoding CIFAR-10 (JPEG)")
    except (*_BROKEN, Image.DecompressionBombError) as error:
        if isinstance(error, PacvizError):
            raise
        raise PacvizError(f"{archive} cannot be read ({error}); copy it again.") from error
    return {name: _split(archive, name, images[name]) for name in _SAMPLES}


def _split(archive: Path, sample: str, images: dict[tuple[str, str], np.ndarray]) -> Split:
    if len(images) != _SAMPLES[sample]:
        raise PacvizError(
            f"{archive} holds {len(images):,} images below {sample}/, but CIFAR-10 has {_SAMPLES[sample]:,} of "
            f"{SIDE} x {SIDE} in {', '.join(NAMES)}; copy it again."
        )
    import numpy as np
    import torch

    ordered = sorted(images)
    pixels = torch.from_numpy(np.stack([images[key] for key in ordered])).permute(0, 3, 1, 2).contiguous()
    return Split(pixels, torch.tensor([NAMES.index(label) for _, label in ordered]))
