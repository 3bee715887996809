"""One door to every data set, and only two of them in memory."""

import subprocess
import sys
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from pacviz import data
from pacviz.data import Split, cifar, digits
from pacviz.errors import PacvizError


@pytest.fixture
def small_digits(tmp_path, monkeypatch):
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path))
    monkeypatch.setenv("PACVIZ_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(data, "_loaded", type(data._loaded)())
    monkeypatch.setattr(digits, "TRAIN_SIZE", 300)
    monkeypatch.setattr(digits, "TEST_SIZE", 100)
    return tmp_path


def test_digits_are_two_different_samples_and_need_no_download(small_digits):
    assert data.is_available("digits")
    dataset = data.load("digits")
    assert (len(dataset.train), len(dataset.test), dataset.classes) == (300, 100, 10)
    assert dataset.test.fingerprint != digits.sample(100, digits.TRAIN_SEED).fingerprint


def test_progress_of_the_digits_rises_to_one(small_digits):
    fractions = []
    data.load("digits", progress=lambda fraction, text: fractions.append(fraction))
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1)


def test_a_loaded_set_is_kept_but_only_the_last_two_are(small_digits, monkeypatch):
    first = data.load("digits")
    assert data.load("digits") is first
    for folder in ("b", "c"):
        monkeypatch.setenv("PACVIZ_DATA", str(small_digits / folder))
        data.load("digits")
    assert len(data._loaded) == 2
    monkeypatch.setenv("PACVIZ_DATA", str(small_digits / "data"))
    assert data.load("digits") is not first


def test_two_sessions_at_once_load_a_set_once(small_digits, monkeypatch):
    draw, drawn = digits.cached_sample, []
    monkeypatch.setattr(digits, "cached_sample", lambda *arguments: drawn.append(arguments) or draw(*arguments))
    with ThreadPoolExecutor(4) as sessions:
        [dataset, *others] = sessions.map(data.load, ["digits"] * 4)
    assert all(other is dataset for other in others)
    assert len(drawn) == 2


@pytest.mark.parametrize("use", [data.load, data.is_available, data.source])
def test_an_unknown_name_is_refused_with_the_known_ones(use):
    with pytest.raises(PacvizError, match="no data set 'cifar'; choose one of digits, mnist, fashion-mnist"):
        use("cifar")


def test_who_reads_one_data_set_holds_up_nobody_who_wants_another(small_digits, monkeypatch, real_data):
    """A slow download of one; the other is read meanwhile, and whoever wants the slow one is told so and may turn away."""
    monkeypatch.setenv("PACVIZ_DATA", str(real_data))
    reading, enough = threading.Event(), threading.Event()
    read = data._load

    def slow(source, download, progress):
        if source.name == "mnist":
            reading.set()
            assert enough.wait(60)
        return read(source, download, progress)

    monkeypatch.setattr(data, "_load", slow)
    monkeypatch.setattr(data, "_loaded", OrderedDict())
    first = threading.Thread(target=data.load, args=("mnist",))
    first.start()
    assert reading.wait(60)
    assert data.load("digits").name == data.load("digits").name == "digits"
    heard = []

    def turn_away(fraction, what):
        heard.append(what)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        data.load("mnist", progress=turn_away)
    enough.set()
    first.join()
    assert heard == ["waiting until MNIST is read"]
    assert data.load("mnist").name == "mnist"


ANOTHER = """
import sys
from pacviz import store
with store.alone(sys.argv[1], print):
    print("at work", flush=True)
    sys.stdin.read()
"""
"""A process of the same cache that makes the thing of a name until it is told to end."""


def drawn(n, seed, progress=None):
    return Split(torch.full((n, 1, 28, 28), seed, dtype=torch.uint8), torch.zeros(n, dtype=torch.int64))


def decoded(archive, progress):
    return {name: drawn(5, 0) for name in cifar._SAMPLES}


@pytest.mark.parametrize(
    ("name", "what", "heard"),
    [
        ("digits-300-1", "drawn", "waiting until the digits are drawn"),
        ("cifar10-jpeg", "decoded", "waiting until CIFAR-10 (JPEG) is decoded"),
        ("fashion-mnist", "downloaded", "waiting for another download of Fashion-MNIST"),
    ],
)
def test_what_another_process_draws_decodes_or_downloads_is_waited_for_and_not_made_twice(
    name, what, heard, small_digits, monkeypatch
):
    """The other one ends when it is waited for; what it made is there then."""
    made, told, there = [], [], []
    monkeypatch.setattr(digits, "sample", lambda *arguments: made.append("drawn") or drawn(*arguments))
    monkeypatch.setattr(cifar, "_unpacked", lambda *arguments: made.append("decoded") or decoded(*arguments))
    small_digits.joinpath("data").mkdir()
    small_digits.joinpath("data", cifar.JPEG).write_bytes(b"an archive")
    source = data.Source(
        "fashion-mnist",
        "Fashion-MNIST",
        10,
        (1, 28, 28),
        lambda progress: decoded(None, progress),
        is_there=lambda: bool(there),
        download=lambda progress: made.append("downloaded") or there.append(True),
    )
    make = {
        "drawn": lambda progress=None: digits.cached_sample(300, 1, progress),
        "decoded": cifar.read_jpeg,
        "downloaded": lambda progress=None: data._samples(source, True, progress),
    }[what]
    other = subprocess.Popen(
        [sys.executable, "-c", ANOTHER, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with other:
        assert other.stdout.readline() == "at work\n"

        def waiting(fraction, sentence):
            told.append(sentence)
            if not made:
                with monkeypatch.context() as context:  # what the other one does
                    context.setattr("pacviz.store.alone", lambda *arguments: threading.Lock())
                    make()
                other.stdin.close()

        make(waiting)
    assert set(told) == {heard}
    assert made == [what]
