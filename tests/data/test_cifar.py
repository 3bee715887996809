"""CIFAR-10 is read as it is, in both forms, and refused in one sentence when it is not whole."""

import hashlib
import io
import os
import pickle
import tarfile
import urllib.request

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from pacviz import data
from pacviz.data import cifar
from pacviz.data.vision import torchvision
from pacviz.errors import PacvizError


def archive(path, images, mode):
    with tarfile.open(path, mode) as tar:
        for name, content in images.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def jpeg(colour, side=32):
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(buffer, "JPEG", quality=100)
    return buffer.getvalue()


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("PACVIZ_DATA", str(tmp_path))
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(data, "_loaded", type(data._loaded)())
    monkeypatch.setattr(cifar, "_SAMPLES", {"train": 20, "test": 10})
    return tmp_path


@pytest.fixture
def images(place):
    """Each image has the colour of its class, and of its number."""
    made = {
        f"{sample}/{name}/{number:04}.jpg": jpeg((20 * label, 100 * number, 50))
        for sample, count in (("train", 2), ("test", 1))
        for label, name in enumerate(cifar.NAMES)
        for number in range(count)
    }
    archive(place / cifar.JPEG, made, "w:xz")
    return made


def test_an_archive_of_jpegs_is_read_by_number_and_class(images):
    dataset = data.load("cifar10-jpeg")
    assert dataset.title == "CIFAR-10 (JPEG)"
    assert dataset.train.images.shape == (20, 3, 32, 32)
    assert dataset.train.labels.tolist() == [*range(10), *range(10)]
    assert dataset.train.images[13, :, 5, 5].tolist() == pytest.approx([60, 100, 50], abs=4)
    assert len(dataset.test) == 10


def test_it_is_decoded_once(images, place, monkeypatch):
    first = data.load("cifar10-jpeg").train.fingerprint
    monkeypatch.setattr(cifar, "_unpacked", None)
    data._loaded.clear()
    assert data.load("cifar10-jpeg").train.fingerprint == first


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda images: images.popitem(), "9 images below test/"),
        (
            lambda images: images.update({"train/cat/0000.jpg": jpeg((1, 2, 3), 16)}),
            "images of 16 x 16 below train/",
        ),
        (lambda images: images.update({"train/cat/0000.jpg": b"no image"}), "cannot be read"),
    ],
)
def test_what_is_not_cifar_is_refused(images, place, change, sentence):
    change(images)
    archive(place / cifar.JPEG, images, "w:xz")
    with pytest.raises(PacvizError, match=sentence):
        data.load("cifar10-jpeg")


def test_an_archive_that_is_cut_short_is_refused(images, place):
    path = place / cifar.JPEG
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(PacvizError, match="cannot be read"):
        data.load("cifar10-jpeg")


def test_a_missing_archive_says_where_it_was_looked_for_and_offers_no_download(place):
    assert not data.is_available("cifar10-jpeg")
    for download in (False, True):
        with pytest.raises(
            PacvizError, match=r"CIFAR-10 \(JPEG\) is not in .*; set PACVIZ_DATA to a folder that holds"
        ):
            data.load("cifar10-jpeg", download=download)


@pytest.fixture
def original(monkeypatch):
    """The bytes of a made-up original of 40 training and 20 test images, which torchvision takes for it."""
    random, files = np.random.default_rng(0), {}
    checksums = []
    for name, count in (("data_batch_1", 40), ("test_batch", 20)):
        content = {"data": random.integers(0, 256, (count, 3072), np.uint8), "labels": [i % 10 for i in range(count)]}
        files[f"{cifar.ORIGINAL}/{name}"] = pickle.dumps(content)
        checksums.append([name, hashlib.md5(files[f"{cifar.ORIGINAL}/{name}"]).hexdigest()])
    meta = pickle.dumps({"label_names": list(cifar.NAMES)})
    files[f"{cifar.ORIGINAL}/batches.meta"] = meta
    buffer = io.BytesIO()
    archive_of = tarfile.open(fileobj=buffer, mode="w:gz")  # noqa: SIM115
    for name, content in files.items():
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive_of.addfile(member, io.BytesIO(content))
    archive_of.close()
    source = torchvision.datasets.CIFAR10
    monkeypatch.setattr(source, "train_list", checksums[:1])
    monkeypatch.setattr(source, "test_list", checksums[1:])
    monkeypatch.setattr(
        source,
        "meta",
        {"filename": "batches.meta", "key": "label_names", "md5": hashlib.md5(meta).hexdigest()},
    )
    monkeypatch.setattr(source, "tgz_md5", hashlib.md5(buffer.getvalue()).hexdigest())
    return files, buffer.getvalue()


def test_the_original_is_downloaded_unpacked_and_read(place, original, monkeypatch):
    files, packed = original
    addresses, fractions = [], []

    def urlopen(url, timeout):
        addresses.append(url)
        response = io.BytesIO(packed)
        response.length = len(packed)
        return response

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    dataset = data.load("cifar10", download=True, progress=lambda fraction, what: fractions.append(fraction))
    assert addresses == [torchvision.datasets.CIFAR10.url]
    assert fractions[-1] == 1
    expected = pickle.loads(files[f"{cifar.ORIGINAL}/data_batch_1"])["data"].reshape(-1, 3, 32, 32)
    assert torch.equal(dataset.train.images, torch.from_numpy(expected))
    assert dataset.test.labels.tolist() == [i % 10 for i in range(20)]


def test_a_damaged_original_is_one_sentence(place, original):
    files, _ = original
    for name, content in files.items():
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_bytes(content[:-3])
    with pytest.raises(PacvizError, match="is not whole"):
        data.load("cifar10")


def test_the_real_archive_is_laid_out_as_it_is_read(real_data):
    if not (real_data / cifar.JPEG).exists():
        pytest.skip(f"{cifar.JPEG} is not in {real_data}; set PACVIZ_DATA")
    with tarfile.open(real_data / cifar.JPEG, "r:xz") as tar:
        member = next(member for member in tar if member.isfile())
        content = tar.extractfile(member).read()
    assert member.name.startswith("train/airplane/")
    assert Image.open(io.BytesIO(content)).size == (cifar.SIDE, cifar.SIDE)


def decoded(place):
    return sorted((place / "cache").rglob("*.safetensors"))


@pytest.mark.parametrize("damage", ["flipped", "cut", "without a tensor", "other types", "emptied"])
def test_decoded_images_that_were_changed_are_decoded_again(images, place, damage):
    first = [split.fingerprint for split in cifar.read_jpeg()]
    (path,) = decoded(place)
    content, tensors = bytearray(path.read_bytes()), load_file(path)
    with safe_open(path, "pt") as file:
        about = file.metadata()
    if damage == "flipped":
        content[len(content) // 2] ^= 0xFF
    path.write_bytes({"cut": content[:-9], "emptied": b""}.get(damage, content))
    if damage == "without a tensor":
        save_file({"train images": tensors["train images"]}, path, about)
    elif damage == "other types":
        save_file({name: tensor.float() for name, tensor in tensors.items()}, path, about)
    assert [split.fingerprint for split in cifar.read_jpeg()] == first


def test_an_archive_that_was_touched_leaves_no_second_file_and_another_one_is_decoded(images, place):
    first = cifar.read_jpeg()[0].fingerprint
    before = decoded(place)[0].with_name("v1-1-1.safetensors")
    before.write_bytes(b"of an earlier version")
    os.utime(place / cifar.JPEG, (1, 1))
    assert cifar.read_jpeg()[0].fingerprint == first
    images["train/cat/0000.jpg"] = jpeg((1, 2, 3))
    archive(place / cifar.JPEG, images, "w:xz")
    assert cifar.read_jpeg()[0].fingerprint != first
    assert len(decoded(place)) == 1


def test_a_small_file_that_is_a_large_image_is_refused_before_it_is_decoded(images, place):
    buffer = io.BytesIO()
    Image.new("1", (9_000, 9_000)).save(buffer, "PNG")
    images["train/cat/0000.jpg"] = buffer.getvalue()
    archive(place / cifar.JPEG, images, "w:xz")
    with pytest.raises(PacvizError, match="images of 9000 x 9000"):
        data.load("cifar10-jpeg")


def test_a_download_leaves_the_original_and_nothing_else(place, original, monkeypatch):
    _, packed = original
    monkeypatch.setattr(cifar, "fetch", lambda *_: packed)
    cifar.download()
    assert [path.name for path in place.iterdir()] == [cifar.ORIGINAL]
    monkeypatch.setattr(cifar, "fetch", lambda *_: packed[: len(packed) // 2])
    with pytest.raises(PacvizError, match="cannot be written"):
        cifar.download()
    assert [path.name for path in place.iterdir()] == [cifar.ORIGINAL]
