"""The embedded digits are an i.i.d. sample, the same for the same seed, and survive whatever happens to their cache."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from scipy.stats import chi2_contingency, chisquare

from pacviz import store
from pacviz.data import Split, digits
from pacviz.errors import PacvizError


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def drawn():
    return digits.sample(6000, seed=11)


def test_one_seed_is_one_sample(drawn):
    assert digits.sample(6000, seed=11).fingerprint == drawn.fingerprint


def test_another_seed_is_another_sample(drawn):
    other = digits.sample(6000, seed=12)
    assert 0.05 < (drawn.labels == other.labels).double().mean() < 0.15
    assert not (drawn.images == other.images).all(dim=(1, 2, 3)).any()


def test_a_longer_sample_continues_a_shorter_one(drawn):
    short = digits.sample(123, seed=11)
    assert len(short) == 123
    assert torch.equal(short.images, drawn.images[:123])
    assert torch.equal(short.labels, drawn.labels[:123])


def test_no_image_comes_twice(drawn):
    assert len(torch.unique(drawn.images.flatten(1), dim=0)) == len(drawn)


def test_labels_are_uniform_and_successive_labels_are_independent(drawn):
    labels = drawn.labels.numpy()
    assert chisquare(np.bincount(labels, minlength=10)).pvalue > 1e-3
    pairs = np.zeros((10, 10))
    np.add.at(pairs, (labels[:-1], labels[1:]), 1)
    assert chi2_contingency(pairs).pvalue > 1e-3


def test_images_are_white_on_black_with_the_ink_of_a_digit_inside(drawn):
    assert drawn.images.dtype == torch.uint8
    assert drawn.images.shape == (6000, 1, 28, 28)
    ink = drawn.pixels()[:, 0]
    assert 0.05 < ink.mean() < 0.2
    assert (ink.amax((1, 2)) > 0.5).all()
    border = torch.cat([ink[:, 0], ink[:, -1], ink[:, :, 0], ink[:, :, -1]], 1)
    assert border.mean() < 0.2 * ink.mean()


def test_the_nearest_mean_tells_the_digits_apart_far_better_than_chance_but_not_perfectly(drawn):
    images = drawn.pixels().flatten(1)
    train, test = slice(0, 4000), slice(4000, 6000)
    means = torch.stack([images[train][drawn.labels[train] == label].mean(0) for label in range(10)])
    error = (torch.cdist(images[test], means).argmin(1) != drawn.labels[test]).double().mean()
    assert 0.05 < error < 0.5


def test_the_pixels_of_a_seed_never_change_without_a_new_version():
    split = digits.sample(50, seed=3)
    assert (digits.VERSION, split.fingerprint[:16]) == (1, "ffeed087b555913c")


def test_a_processor_with_other_instructions_draws_the_same_pixels(drawn):
    script = "from pacviz.data import digits; print(digits.sample(1000, seed=11).fingerprint)"
    plain = {**os.environ, "ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "COMPATIBLE"}
    run = subprocess.run([sys.executable, "-c", script], env=plain, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == Split(drawn.images[:1000], drawn.labels[:1000]).fingerprint


def test_drawing_leaves_torch_as_it_was():
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    digits.sample(10, seed=0)
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), state)


def test_progress_rises_to_one():
    seen = []
    digits.sample(250, seed=0, progress=lambda fraction, text: seen.append((fraction, text)))
    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert "250" in seen[0][1]


def test_progress_may_stop_the_drawing():
    def stop(fraction, text):
        raise KeyboardInterrupt

    threads = torch.get_num_threads()
    with pytest.raises(KeyboardInterrupt):
        digits.sample(250, seed=0, progress=stop)
    assert torch.get_num_threads() == threads
    assert len(digits.sample(1, seed=0)) == 1


@pytest.mark.parametrize(("n", "seed"), [(0, 1), (-5, 1), (10, -1), (10, 2**63)])
def test_a_sample_of_nothing_or_an_impossible_seed_is_refused(n, seed):
    with pytest.raises(PacvizError, match="n >= 1"):
        digits.sample(n, seed)


def test_a_cached_sample_is_read_back_instead_of_drawn(empty_cache, monkeypatch):
    first = digits.cached_sample(40, seed=5)
    monkeypatch.setattr(digits, "sample", None)
    assert digits.cached_sample(40, seed=5).fingerprint == first.fingerprint


@pytest.mark.parametrize("damage", ["cut short", "a flipped bit", "emptied", "another file"])
def test_a_damaged_cache_is_drawn_again_and_repaired(empty_cache, damage):
    whole = digits.cached_sample(40, seed=5)
    [path] = (empty_cache / "digits").iterdir()
    content = path.read_bytes()
    path.write_bytes(
        {
            "cut short": content[:-100],
            "a flipped bit": content[:-100] + bytes([content[-100] ^ 1]) + content[-99:],
            "emptied": b"",
            "another file": b"these are no digits",
        }[damage]
    )
    assert torch.equal(digits.cached_sample(40, seed=5).images, whole.images)
    # The metadata of safetensors have no fixed order, so equal digits need not be equal bytes.
    assert digits._read(path).fingerprint == whole.fingerprint


def test_digits_come_with_a_warning_where_the_cache_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path / "file"))
    with pytest.warns(UserWarning, match=r"drawn again at the next start.*PACVIZ_CACHE"):
        split = digits.cached_sample(40, seed=5)
    assert torch.equal(split.images, digits.sample(40, seed=5).images)
    assert store.cache_dir().is_file()
