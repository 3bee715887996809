"""Where labelled images come from: a registry of data sets and the one door to load them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pacviz import store
from pacviz.data import cifar, digits, mnist
from pacviz.data.dataset import Dataset, Split
from pacviz.errors import PacvizError
from pacviz.progress import Progress


@dataclass(frozen=True)
class Source:
    """A data set that can be loaded.

    title: how it is written where a person reads it.  shape: of its images, (channels, height, width).
    read: training and test sample.  place: where it lies below
    store.data_dir(), None for the embedded digits.  is_there: whether it can be read without a download.
    download: how it gets to its place, None where nobody offers it.  megabytes: approximate size of the download.
    names: of the classes, where they are no digits.  lacking: says which of its files are missing or misnamed, where
    some of them are there.
    """

    name: str
    title: str
    classes: int
    shape: tuple[int, int, int]
    read: Callable[[Progress | None], tuple[Split, Split]]
    place: str | None = None
    is_there: Callable[[], bool] = lambda: True
    download: Callable[[Progress | None], None] | None = None
    megabytes: int = 0
    names: tuple[str, ...] = ()
    lacking: Callable[[], str] = lambda: ""


def _digits(progress: Progress | None) -> tuple[Split, Split]:
    def part(start: float, stop: float) -> Progress | None:
        return progress and (lambda fraction, text: progress(start + fraction * (stop - start), text))

    share = digits.TRAIN_SIZE / (digits.TRAIN_SIZE + digits.TEST_SIZE)
    train = digits.cached_sample(digits.TRAIN_SIZE, digits.TRAIN_SEED, part(0, share))
    return train, digits.cached_sample(digits.TEST_SIZE, digits.TEST_SEED, part(share, 1))


def _idx(name: str, title: str, folder: str, megabytes: int) -> Source:
    """MNIST or a twin of it."""
    return Source(
        name,
        title,
        mnist.CLASSES,
        (1, mnist.SIDE, mnist.SIDE),
        lambda progress: mnist.read(folder),
        f"{folder}/raw",
        partial(mnist.is_available, folder),
        partial(mnist.download, folder),
        megabytes,
        lacking=partial(mnist.lacking, folder),
    )


DATASETS: dict[str, Source] = {
    source.name: source
    for source in (
        Source("digits", "Procedural digits", digits.CLASSES, (1, digits.SIDE, digits.SIDE), _digits),
        _idx("mnist", "MNIST", "MNIST", 12),
        _idx("fashion-mnist", "Fashion-MNIST", "FashionMNIST", 31),
        Source(
            "cifar10",
            "CIFAR-10",
            cifar.CLASSES,
            (3, cifar.SIDE, cifar.SIDE),
            lambda progress: cifar.read(),
            cifar.ORIGINAL,
            partial(cifar.is_available, cifar.ORIGINAL),
            cifar.download,
            170,
            cifar.NAMES,
        ),
        Source(
            "cifar10-jpeg",
            "CIFAR-10 (JPEG)",
            cifar.CLASSES,
            (3, cifar.SIDE, cifar.SIDE),
            cifar.read_jpeg,
            cifar.JPEG,
            partial(cifar.is_available, cifar.JPEG),
            names=cifar.NAMES,
        ),
    )
}

# Two fit beside each other in 110 to 370 MB.
_KEPT = 2
_Key = tuple[str, Path]
_loaded: OrderedDict[_Key, Dataset] = OrderedDict()
_loading: dict[_Key, threading.Lock] = {}
"""Held while that data set is read: others wait for one reading instead of doing it twice, and nobody for another's."""
_keeping = threading.Lock()
"""Held for a moment, to look into these two."""
PATIENCE = 0.2
"""Seconds after which whoever waits for a data set is told so, and may turn away."""


def source(name: str) -> Source:
    """The source of that name; raises PacvizError for an unknown one."""
    if name not in DATASETS:
        raise PacvizError(f"There is no data set {name!r}; choose one of {', '.join(DATASETS)}.")
    return DATASETS[name]


def is_available(name: str) -> bool:
    """Whether the data set can be loaded without a download; quick.  Raises PacvizError for an unknown name."""
    return source(name).is_there()


def load(name: str, download: bool = False, progress: Progress | None = None) -> Dataset:
    """The data set of that name, kept in memory for the next call.

    download: fetch it first where it is missing or damaged.  progress gets the fraction done in [0, 1] and a short
    sentence.  Raises PacvizError for an unknown name, missing or damaged files, or a download that fails.
    """
    key = (source(name).name, store.data_dir())
    if (dataset := _known(key)) is not None:
        return dataset
    with _keeping:
        loading = _loading.setdefault(key, threading.Lock())
    while not loading.acquire(timeout=PATIENCE):
        if progress is not None:
            progress(0.0, f"waiting until {source(name).title} is read")
    try:
        if (dataset := _known(key)) is None:
            dataset = _load(source(name), download, progress)
            with _keeping:
                _loaded[key] = dataset
                while len(_loaded) > _KEPT:
                    _loaded.popitem(last=False)
        return dataset
    finally:
        loading.release()


def _known(key: _Key) -> Dataset | None:
    """The data set in memory, which becomes the last to be dropped; None where it is not there."""
    with _keeping:
        if key in _loaded:
            _loaded.move_to_end(key)
        return _loaded.get(key)


def _load(source: Source, download: bool, progress: Progress | None) -> Dataset:
    train, test = _samples(source, download, progress)
    return Dataset(source.name, source.title, train, test, source.classes)


def _samples(source: Source, download: bool, progress: Progress | None) -> tuple[Split, Split]:
    if not source.is_there() and (source.download is None or not download):
        offer = (
            f"set PACVIZ_DATA to a folder that holds {source.place}."
            if source.download is None
            else f"download it ({source.megabytes} MB) by `python -m pacviz data --download {source.name}`, or set "
            f"PACVIZ_DATA to a folder that holds {source.place}."
        )
        if lacking := source.lacking():
            raise PacvizError(f"{source.title} is not whole: {lacking}; add or rename it, or {offer}")
        raise PacvizError(f"{source.title} is not in {store.data_dir() / (source.place or '')}; {offer}")
    if source.is_there():
        try:
            return source.read(progress)
        except PacvizError:
            if source.download is None or not download:
                raise
    assert source.download is not None
    source.download(progress)
    return source.read(progress)


__all__ = ["DATASETS", "Dataset", "Progress", "Source", "Split", "is_available", "load", "source"]
