"""Where labelled images come from: a registry of data sets and the one door to load them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from pacviz import store
from pacviz.data import digits, mnist
from pacviz.data.dataset import Dataset, Split
from pacviz.data.digits import Progress
from pacviz.errors import PacvizError


@dataclass(frozen=True)
class Source:
    """A data set that can be loaded.

    title: how it is written where a person reads it.  folder: its folder below store.data_dir(), None for the embedded
    digits, which need no download.  megabytes: approximate size of the download.
    """

    name: str
    title: str
    classes: int
    folder: str | None = None
    megabytes: int = 0


DATASETS: dict[str, Source] = {
    source.name: source
    for source in (
        Source("digits", "Procedural digits", digits.CLASSES),
        Source("mnist", "MNIST", mnist.CLASSES, "MNIST", 12),
        Source("fashion-mnist", "Fashion-MNIST", mnist.CLASSES, "FashionMNIST", 31),
    )
}

# Two fit beside each other in about 110 MB; the lock lets two sessions wait for one loading instead of doing it twice.
_KEPT = 2
_loaded: OrderedDict[tuple[str, Path], Dataset] = OrderedDict()
_loading = threading.Lock()


def source(name: str) -> Source:
    """The source of that name; raises PacvizError for an unknown one."""
    if name not in DATASETS:
        raise PacvizError(f"There is no data set {name!r}; choose one of {', '.join(DATASETS)}.")
    return DATASETS[name]


def is_available(name: str) -> bool:
    """Whether the data set can be loaded without a download; quick.  Raises PacvizError for an unknown name."""
    folder = source(name).folder
    return folder is None or mnist.is_available(folder)


def load(name: str, download: bool = False, progress: Progress | None = None) -> Dataset:
    """The data set of that name, kept in memory for the next call.

    download: fetch it first where it is missing or damaged.  progress gets the fraction done in [0, 1] and a short
    sentence.  Raises PacvizError for an unknown name, missing or damaged files, or a download that fails.
    """
    key = (source(name).name, store.data_dir())
    with _loading:
        if key not in _loaded:
            _loaded[key] = _load(source(name), download, progress)
            while len(_loaded) > _KEPT:
                _loaded.popitem(last=False)
        _loaded.move_to_end(key)
        return _loaded[key]


def _load(source: Source, download: bool, progress: Progress | None) -> Dataset:
    train, test = _digits(progress) if source.folder is None else _files(source, source.folder, download, progress)
    return Dataset(source.name, source.title, train, test, source.classes)


def _digits(progress: Progress | None) -> tuple[Split, Split]:
    def part(start: float, stop: float) -> Progress | None:
        return progress and (lambda fraction, text: progress(start + fraction * (stop - start), text))

    share = digits.TRAIN_SIZE / (digits.TRAIN_SIZE + digits.TEST_SIZE)
    train = digits.cached_sample(digits.TRAIN_SIZE, digits.TRAIN_SEED, part(0, share))
    return train, digits.cached_sample(digits.TEST_SIZE, digits.TEST_SEED, part(share, 1))


def _files(source: Source, folder: str, download: bool, progress: Progress | None) -> tuple[Split, Split]:
    if not mnist.is_available(folder) and not download:
        raise PacvizError(
            f"{source.title} is not in {store.data_dir() / folder / 'raw'}; download it ({source.megabytes} MB) by "
            f"`python -m pacviz data --download {source.name}`, or set PACVIZ_DATA to a folder that holds {folder}/raw."
        )
    try:
        return mnist.read(folder)
    except PacvizError:
        if not download:
            raise
    mnist.download(folder, progress)
    return mnist.read(folder)


__all__ = ["DATASETS", "Dataset", "Progress", "Source", "Split", "is_available", "load", "source"]
