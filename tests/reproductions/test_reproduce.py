"""A reproduction ends in a certificate that a stranger can check, whatever stopped it on the way."""

import pytest

from pacviz import data, store
from pacviz.certificates import choose as selection
from pacviz.certificates.archive import read
from pacviz.certificates.verify import verify
from pacviz.data import Dataset, digits
from pacviz.errors import PacvizError
from pacviz.library.checkpoints import load
from pacviz.reproductions.zhou2019 import ZHOU, Recipe
from pacviz.words import at_most

pytestmark = [pytest.mark.trained, pytest.mark.slow]

SMALL = Recipe("little", "Little", ZHOU, "tiny", "digits", "surgery", 12, ((0.6, 3), (0.4, 3)), 2)


class Stopped(Exception):
    pass


def stop_after(calls):
    def progress(fraction, what):
        nonlocal calls
        calls -= 1
        if calls < 0:
            raise Stopped

    return progress


@pytest.fixture(scope="module", autouse=True)
def few_draws_and_digits():
    small = Dataset("digits", "Procedural digits", digits.sample(2000, seed=51), digits.sample(300, seed=52), 10)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selection, "DRAWS", 500)
        patch.setattr(selection, "ROUNDS", 1)
        patch.setattr(data, "load", lambda *_, **__: small)
        yield small


@pytest.fixture(scope="module")
def whole(tmp_path_factory, few_draws_and_digits):
    folder, seen = tmp_path_factory.mktemp("whole"), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PACVIZ_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield SMALL.reproduce(folder, lambda fraction, what: seen.append(fraction)), folder, seen


def test_a_reproduction_that_was_stopped_again_and_again_comes_to_the_very_same_certificate(
    whole, tmp_path, monkeypatch
):
    result, _, seen = whole
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path / "cache"))
    for calls in (3, len(seen) // 3, len(seen) // 3):
        with pytest.raises(Stopped):
            SMALL.reproduce(tmp_path / "folder", stop_after(calls))
    again = SMALL.reproduce(tmp_path / "folder", lambda fraction, what: None)
    assert again.certificate == result.certificate
    assert again.options == result.options


def test_what_is_there_is_read_and_not_made_again(whole):
    first, folder, _ = whole
    times = {path: path.stat().st_mtime_ns for path in folder.rglob("*.safetensors")}
    assert len(times) == 5
    assert not list(store.cache_dir().rglob("units/*/*.resume"))
    assert SMALL.reproduce(folder, lambda fraction, what: None).certificate == first.certificate
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.safetensors")} == times


def test_the_best_of_all_that_was_compared_is_certified_and_its_file_can_be_checked(whole, few_draws_and_digits):
    result, folder, _ = whole
    assert result.certificate.scenario == min(result.options, key=lambda option: option.bound).scenario
    assert verify(read(result.file), few_draws_and_digits).ok
    tuned = load(folder / "digits" / "tiny" / "surgery-straight-through.safetensors")
    before = [
        option for option in result.options if option.scenario.checkpoint in ("plain", "surgery-60", "surgery-40")
    ]
    chosen = min(before, key=lambda option: option.bound).scenario
    assert (tuned.training["start"], tuned.training["bits"]) == (chosen.checkpoint, chosen.bits)
    assert {option.scenario.checkpoint for option in result.options} >= {"plain", tuned.name}


def test_the_rows_say_what_was_measured_beside_what_was_published(whole):
    result = whole[0]
    published, ours = result.rows
    assert (published["bound"], published["effective"]) == (0.46, 6.23 * 1024)
    assert ours["bound"] == result.certificate.bound
    assert ours["effective"] == result.certificate.effective_bytes
    assert at_most(result.certificate.bound) in result.table
    assert "Zhou et al. 2019, Table 1" in result.table


def test_progress_never_goes_back(whole):
    seen = whole[2]
    assert seen == sorted(seen)
    assert seen[-1] == 1


def test_a_folder_of_another_recipe_is_not_written_over(whole):
    _, folder, _ = whole
    other = Recipe("other", "Other", ZHOU, "tiny", "digits", "surgery", 2, SMALL.ladder, 1)
    with pytest.raises(PacvizError, match="was trained with other settings; delete it, or choose another folder"):
        other.reproduce(folder, lambda fraction, what: None)
