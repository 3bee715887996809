"""Where labelled images come from: a registry of data sets and the one door to load them."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pacviz import store
from pacviz.data import cifar, mnist
from pacviz.data.dataset import Dataset, Identity, Split
from pacviz.errors import PacvizError
from pacviz.progress import Progress
from pacviz.settings import enlist, names


@dataclass(frozen=True)
class Source:
    """A data set that can be loaded.

    title: how it is written where a person reads it.  shape: of its images, (channels, height, width).
    read: training and test sample.  place: where it lies below
    store.data_dir(), None for the embedded digits.  is_there: whether it can be read without a download.
    files: what is read there.  quick: reading takes a second, not a minute.  fingerprints: of what `read` gives, where they
    can be had more cheaply than by it.  official: fingerprints of the training and
    test sample as they are published, which the recordings that ship with pacviz are about.
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
    files: Callable[[], list[Path]] = list
    quick: bool = True
    fingerprints: Callable[[], tuple[str, str]] | None = None
    official: tuple[str, str] | None = None


def _digits(progress: Progress | None) -> tuple[Split, Split]:
    from pacviz.data import digits

    def part(start: float, stop: float) -> Progress | None:
        return progress and (lambda fraction, text: progress(start + fraction * (stop - start), text))

    share = digits.TRAIN_SIZE / (digits.TRAIN_SIZE + digits.TEST_SIZE)
    train = digits.cached_sample(digits.TRAIN_SIZE, digits.TRAIN_SEED, part(0, share))
    return train, digits.cached_sample(digits.TEST_SIZE, digits.TEST_SEED, part(share, 1))


def _idx(name: str, title: str, folder: str, megabytes: int, official: tuple[str, str]) -> Source:
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
        files=partial(mnist.files, folder),
        fingerprints=partial(mnist.fingerprints, folder),
        official=official,
    )


DATASETS: dict[str, Source] = {
    source.name: source
    for source in (
        Source(
            "digits",
            "Procedural digits",
            10,
            (1, 28, 28),
            _digits,
            official=(
                "afa555625be281d88ccefdc9020a1c579f7035d65d62992644e128d0991e78bc",
                "c659e903dba776e3d690a06c4a9e624e76c66e52ac93efb683b81129138f71c2",
            ),
        ),
        _idx(
            "mnist",
            "MNIST",
            "MNIST",
            12,
            (
                "71d3be42f93ad20da73bb4a9744d0bebdaa6832be56dc010e21940e72c4c8b1e",
                "4718853ea946af656684509414983beff2e65cf414265c27966161014c003b8b",
            ),
        ),
        _idx(
            "fashion-mnist",
            "Fashion-MNIST",
            "FashionMNIST",
            31,
            (
                "a8007d7be041707b663947cf4c2d8a73d1704ccde85043273b866d5181bde6c2",
                "3581bf52f521803120533f28e81ae934decd1771980630083c739dc6da7d3bc6",
            ),
        ),
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
            files=partial(cifar.files, cifar.ORIGINAL),
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
            files=partial(cifar.files, cifar.JPEG),
            quick=False,
            official=(
                "83a676f261c1244b17130fdc27ad154e2e05a3f9cd5aa23b7d1904f6321c8b55",
                "40b37a77a99e3182c7496051cd13aed46387d266b4f47ec3d32a7e875795e281",
            ),
        ),
    )
}


def register(source: Source) -> Source:
    """Makes a data set known under its name, and returns it; raises PacvizError for a name that is taken or is none."""
    enlist(DATASETS, source.name, source, "data set")
    names("data").append(source.name)
    return source


# Two fit beside each other in 110 to 370 MB.
_KEPT = 2
_Stamp = tuple[tuple[str, int, int, int], ...]
"""Path, size, and times of modification and of change of each file, in nanoseconds."""
_Key = tuple[str, Path, _Stamp]
_fingerprints: dict[_Key, tuple[str, str]] = {}
_loaded: OrderedDict[_Key, Dataset] = OrderedDict()
_loading: dict[_Key, threading.Lock] = {}
"""Held while that data set is read: others wait for one reading instead of doing it twice, and nobody for another's."""
_keeping = threading.Lock()
"""Held for a moment, to look into these."""


def source(name: str) -> Source:
    """The source of that name; raises PacvizError for an unknown one."""
    if name not in DATASETS:
        raise PacvizError(f"There is no data set {name!r}; choose one of {', '.join(DATASETS)}.")
    return DATASETS[name]


def is_available(name: str) -> bool:
    """Whether the data set can be loaded without a download; quick.  Raises PacvizError for an unknown name."""
    return source(name).is_there()


def load(name: str, download: bool = False, progress: Progress | None = None) -> Dataset:
    """The data set of that name, kept in memory for the next call, and read again where its files have changed.

    download: fetch it first where it is missing or damaged.  progress gets the fraction done in [0, 1] and a short
    sentence.  Raises PacvizError for an unknown name, missing or damaged files, or a download that fails.
    """
    key = _key(name)
    if (dataset := _known(key)) is not None:
        return dataset
    with _keeping:
        loading = _loading.setdefault(key, threading.Lock())
    while not loading.acquire(timeout=store.PATIENCE):
        if progress is not None:
            progress(0.0, f"waiting until {source(name).title} is read")
    try:
        if (dataset := _known(key)) is None:
            dataset = _load(source(name), download, progress)
            _remember(key, lambda: (dataset.train.fingerprint, dataset.test.fingerprint))
            with _keeping:
                _loaded[key] = dataset
                while len(_loaded) > _KEPT:
                    _loaded.popitem(last=False)
        return dataset
    finally:
        loading.release()


def fingerprints(name: str) -> tuple[str, str] | None:
    """Of the training and test sample that `load` gives: cheap while their files keep size and times, else by reading them.

    Of data that are not there the official ones.  None where they cannot be read, or only in a minute: whoever loads them
    then finds out.  Raises PacvizError for an unknown name.
    """
    if not (files := source(name).files()) or not is_available(name):
        return source(name).official
    key = _key(name)
    if key not in _fingerprints and (kept := store.recall(_stamped(key))) is not None:
        train, test = json.loads(kept)
        _fingerprints[key] = (train, test)
    if key not in _fingerprints and files and source(name).quick:
        with suppress(PacvizError):
            if cheaper := source(name).fingerprints:
                _remember(key, cheaper)
            else:
                load(name)
    return _fingerprints.get(key)


def _remember(key: _Key, found: Callable[[], tuple[str, str]]) -> None:
    """Keeps the fingerprints of what was read from these files."""
    if key not in _fingerprints and key[2]:
        _fingerprints[key] = found()
        store.remember(_stamped(key), json.dumps(_fingerprints[key]))


def _stamped(key: _Key) -> str:
    return json.dumps(["fingerprints", key[0], key[2]])


def _key(name: str) -> _Key:
    stamp = []
    for path in source(name).files():
        with suppress(OSError):
            about = path.stat()
            stamp.append((str(path), about.st_size, about.st_mtime_ns, about.st_ctime_ns))
    return source(name).name, store.data_dir(), tuple(stamp)


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
    damaged = source.is_there()
    with store.alone(
        source.name, lambda: progress and progress(0.0, f"waiting for another download of {source.title}")
    ):
        if damaged or not source.is_there():
            source.download(progress)
    return source.read(progress)


__all__ = [
    "DATASETS",
    "Dataset",
    "Identity",
    "Progress",
    "Source",
    "Split",
    "fingerprints",
    "is_available",
    "load",
    "source",
]
