"""MNIST is read as it is, refused when it is damaged, and never half-downloaded."""

import gzip
import hashlib
import io
import shutil
import struct
import threading
import urllib.error
import urllib.request

import numpy as np
import pytest
import torch

from pacviz import data
from pacviz.data import fetch, mnist
from pacviz.data.vision import torchvision
from pacviz.errors import PacvizError
from pacviz.settings import OWN_DATA


def idx(values: np.ndarray) -> bytes:
    return struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape) + values.tobytes()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The raw folder of a made-up MNIST of 30 training and 20 test examples."""
    monkeypatch.setenv("PACVIZ_DATA", str(tmp_path))
    monkeypatch.setattr(mnist, "_SAMPLES", {"train": 30, "t10k": 20})
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    random = np.random.default_rng(0)
    for sample, n in mnist._SAMPLES.items():
        images, labels = random.integers(0, 256, (n, 28, 28), np.uint8), random.integers(0, 10, n, np.uint8)
        (raw / f"{sample}-images-idx3-ubyte").write_bytes(idx(images))
        (raw / f"{sample}-labels-idx1-ubyte").write_bytes(idx(labels))
    return raw


@pytest.fixture
def empty(tmp_path, monkeypatch):
    monkeypatch.setenv("PACVIZ_DATA", str(tmp_path))
    return tmp_path


def serve(monkeypatch, files):
    """Lets the mirrors serve these files, and torchvision know their checksums."""
    resources = [(name, hashlib.md5(content).hexdigest()) for name, content in files.items()]
    monkeypatch.setattr(torchvision.datasets.MNIST, "resources", resources)

    def urlopen(url, timeout):
        response = io.BytesIO(files[url.rsplit("/", 1)[1]])
        response.length = len(response.getvalue())
        return response

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)


def test_the_real_mnist_is_what_torchvision_reads(real_data, monkeypatch):
    monkeypatch.setenv("PACVIZ_DATA", str(real_data))
    assert data.is_available("mnist")
    dataset = data.load("mnist")
    assert data.load("mnist") is dataset
    assert (dataset.name, dataset.title, dataset.classes) == ("mnist", "MNIST", 10)
    for split, train in ((dataset.train, True), (dataset.test, False)):
        expected = torchvision.datasets.MNIST(real_data, train=train)
        assert torch.equal(split.images, expected.data[:, None])
        assert torch.equal(split.labels, expected.targets)


def test_packed_files_are_read_like_plain_ones(folder):
    plain = mnist.read("MNIST")
    for path in list(folder.iterdir()):
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    assert mnist.is_available("MNIST")
    assert [split.fingerprint for split in mnist.read("MNIST")] == [split.fingerprint for split in plain]


@pytest.mark.parametrize("file", ["train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])
@pytest.mark.parametrize("damage", ["cut short", "flipped magic", "too long", "emptied"])
def test_a_damaged_file_is_named_in_one_sentence(folder, file, damage):
    content = (folder / file).read_bytes()
    (folder / file).write_bytes(
        {
            "cut short": content[:-1],
            "flipped magic": b"\x00\x00\x09" + content[3:],
            "too long": content + b"\x00",
            "emptied": b"",
        }[damage]
    )
    with pytest.raises(PacvizError, match=f"{file} is cut short or not an IDX file of .* replace the file"):
        data.load("mnist")


@pytest.mark.parametrize(
    ("file", "values", "words"),
    [
        (
            "train-images-idx3-ubyte",
            np.zeros((25, 28, 28), np.uint8),
            "25 x 28 x 28 bytes, and this data set has 30 x 28",
        ),
        (
            "t10k-images-idx3-ubyte",
            np.zeros((20, 8, 8), np.uint8),
            "20 x 8 x 8 bytes, and this data set has 20 x 28 x 28",
        ),
        ("train-labels-idx1-ubyte", np.zeros(1200, np.uint8), "1,200 bytes, and this data set has 30;"),
        ("t10k-labels-idx1-ubyte", np.full(20, 46, np.uint8), "the label 46, beyond 0 to 9;"),
    ],
)
def test_whole_files_of_other_images_say_what_they_hold_and_how_own_data_are_brought(folder, file, values, words):
    (folder / file).write_bytes(idx(values))
    with pytest.raises(PacvizError, match=f"{file} holds {words}") as caught:
        data.load("mnist")
    assert str(caught.value).endswith(f"; {OWN_DATA}.")


def test_a_damaged_packed_file_is_named_in_one_sentence(folder):
    path = folder / "train-labels-idx1-ubyte"
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes())[:-9])
    path.unlink()
    with pytest.raises(PacvizError, match=r"train-labels-idx1-ubyte\.gz cannot be read .* replace the file"):
        data.load("mnist")


def test_a_label_beyond_the_classes_is_refused(folder):
    path = folder / "t10k-labels-idx1-ubyte"
    path.write_bytes(path.read_bytes()[:-1] + b"\x0a")
    with pytest.raises(PacvizError, match="t10k-labels-idx1-ubyte holds the label 10, beyond 0 to 9"):
        data.load("mnist")


def test_missing_files_are_an_error_that_says_where_and_what_to_do(empty):
    assert not data.is_available("mnist")
    with pytest.raises(PacvizError, match=r"MNIST is not in .*raw.*data --download mnist.*PACVIZ_DATA") as caught:
        data.load("mnist")
    assert str(empty) in str(caught.value)


def test_without_a_network_a_download_is_one_sentence_and_leaves_nothing(empty, monkeypatch):
    def refuse(*_, **__):
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    with pytest.raises(PacvizError, match=r"could not be downloaded .*Name or service not known.* check the network"):
        data.load("fashion-mnist", download=True)
    assert list(empty.iterdir()) == []


def test_a_silent_server_is_given_up(empty, monkeypatch):
    over = threading.Event()

    def hang(*_, **__):
        over.wait()
        raise OSError

    monkeypatch.setattr(fetch, "_STALLED_SECONDS", 0.05)
    monkeypatch.setattr(urllib.request, "urlopen", hang)
    try:
        with pytest.raises(PacvizError, match="no answer in"):
            data.load("mnist", download=True)
    finally:
        over.set()
    assert list(empty.iterdir()) == []


def test_a_download_puts_the_files_in_place_with_progress(folder, monkeypatch):
    expected = mnist.read("MNIST")
    serve(monkeypatch, {f"{path.name}.gz": gzip.compress(path.read_bytes()) for path in sorted(folder.iterdir())})
    shutil.rmtree(folder)
    fractions = []
    dataset = data.load("mnist", download=True, progress=lambda fraction, text: fractions.append(fraction))
    assert [dataset.train.fingerprint, dataset.test.fingerprint] == [split.fingerprint for split in expected]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert len(list(folder.iterdir())) == 4


def test_a_download_replaces_a_damaged_file(folder, monkeypatch):
    serve(monkeypatch, {f"{path.name}.gz": gzip.compress(path.read_bytes()) for path in sorted(folder.iterdir())})
    whole = (folder / "train-images-idx3-ubyte").read_bytes()
    (folder / "train-images-idx3-ubyte").write_bytes(whole[:1000])
    data.load("mnist", download=True)
    assert (folder / "train-images-idx3-ubyte").read_bytes() == whole


def test_a_download_with_a_wrong_checksum_is_refused_and_leaves_nothing(empty, monkeypatch):
    serve(monkeypatch, {"train-images-idx3-ubyte.gz": gzip.compress(b"anything")})
    monkeypatch.setattr(torchvision.datasets.MNIST, "resources", [("train-images-idx3-ubyte.gz", "0" * 32)])
    with pytest.raises(PacvizError, match=r"could not be downloaded .*wrong checksum"):
        data.load("mnist", download=True)
    assert list(empty.iterdir()) == []


def test_names_with_a_dot_are_taken_packed_or_not(folder):
    plain = [split.fingerprint for split in mnist.read("MNIST")]
    for path in list(folder.iterdir()):
        dotted = path.rename(path.with_name(path.name.replace("-idx", ".idx")))
        if "labels" in dotted.name:
            dotted.with_name(dotted.name + ".gz").write_bytes(gzip.compress(dotted.read_bytes()))
            dotted.unlink()
    assert mnist.is_available("MNIST")
    assert [split.fingerprint for split in mnist.read("MNIST")] == plain


@pytest.mark.parametrize("missing", ["train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])
def test_which_file_is_missing_or_misnamed_is_said(folder, missing):
    (folder / missing).rename(folder / "labels (1)")
    with pytest.raises(
        PacvizError, match=f"MNIST is not whole: {missing} is not in .*there is labels \\(1\\), which may"
    ):
        data.load("mnist")
    (folder / "labels (1)").unlink()
    with pytest.raises(
        PacvizError, match=f"MNIST is not whole: {missing} is not in .*raw; add or rename it, or download"
    ):
        data.load("mnist")


def test_a_packed_file_that_unpacks_to_more_is_refused_before_it_fills_the_memory(folder):
    path = folder / "train-labels-idx1-ubyte"
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes() + bytes(10**7)))
    path.unlink()
    with pytest.raises(PacvizError, match="is cut short or not an IDX file"):
        data.load("mnist")
