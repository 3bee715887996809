"""A recipe ends in certificates that a stranger can check and the page can show."""

import pytest

from pacviz import data
from pacviz.certificates.archive import read
from pacviz.certificates.verify import verify
from pacviz.data import Dataset, digits
from pacviz.experiments.tightest.results import points
from pacviz.reproductions.recipes import QUICK_RECIPES, RECIPES, tiny_recipe
from pacviz.reproductions.tiny import BOUND, Recipe, Target
from pacviz.training.recipe import Training
from pacviz.words import at_most

pytestmark = pytest.mark.trained

SIZES = ((0.02, 708.0),)


def little_recipe():
    """Two prices, a few steps each."""
    plain = Training(model="edges-4", name="plain", epochs=2, batch_size=64, learning_rate=0.02, weight_decay=0.0)
    runs, starts = [], [plain]
    for price in (1.0, 9.0):
        given = {"model": "edges-4", "data": "digits", "epochs": 2, "batch_size": 64, "price": price}
        starts.append(Training.of("integers", name=f"whole-{price:g}", learning_rate=0.01, **given))
        last = Training.of("polish", name=f"last-{price:g}", start=f"whole-{price:g}", **{**given, "epochs": 1})
        runs.append(Target(last, {"width": 4, "price": price}))
    return Recipe("little", "Little", "Somebody 2020", 0.116, SIZES, "tiny", tuple(starts), tuple(runs))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    small = Dataset("digits", "Procedural digits", digits.sample(1500, seed=51), digits.sample(300, seed=52), 10)
    folder, cache, seen = tmp_path_factory.mktemp("recipe"), tmp_path_factory.mktemp("cache"), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PACVIZ_CACHE", str(cache))
        patch.setattr(data, "load", lambda *_, **__: small)
        first = little_recipe().reproduce(folder, lambda fraction, what: seen.append(fraction))
        times = {file: file.stat().st_mtime_ns for file in folder.rglob("*.safetensors")}
        again = little_recipe().reproduce(folder, lambda fraction, what: None)
        assert {file: file.stat().st_mtime_ns for file in folder.rglob("*.safetensors")} == times
    return first, again, folder, cache, seen, small


def test_a_recipe_that_was_followed_to_its_end_is_only_read(made):
    first, again, folder, *_ = made
    assert again.results == first.results
    assert len(list(folder.rglob("*.safetensors"))) == 5
    assert not list(folder.rglob("*.resume"))


def test_the_smallest_bound_comes_first_and_its_file_can_be_checked(made):
    first, _, _, _, _, small = made
    bounds = [certificate.bound for _, certificate in first.results]
    assert bounds == sorted(bounds)
    assert first.certificate.scenario.bound == BOUND
    assert verify(read(first.file), small).ok


def test_a_dearer_nat_makes_a_shorter_code(made):
    """Measured over 10 seeds: 0.50 to 0.79 of the bytes."""
    sizes = {run.settings["price"]: certificate.effective_bytes for run, certificate in made[0].results}
    assert sizes[9.0] < sizes[1.0]


def test_every_run_is_a_point_of_the_page_with_its_settings_and_command(made):
    first, _, folder, cache, *_ = made
    for place in (folder, cache / "tight"):
        listed = {point.settings["price"]: point for point in points([place])}
        assert listed.keys() == {1.0, 9.0}
        for run, certificate in first.results:
            point = listed[run.settings["price"]]
            assert (point.bound_of_fixed_architecture, point.family) == (certificate.bound, "tiny")
            assert point.command == "python -m pacviz reproduce little"


def test_the_rows_hold_the_published_and_ours(made):
    first = made[0]
    published, *ours = first.rows
    assert (published["bytes"], published["training error"], published["bound"]) == (708.0, 0.02, 0.116)
    assert [row["bound"] for row in ours] == [certificate.bound for _, certificate in first.results]
    assert "Somebody 2020" in first.table
    assert at_most(first.certificate.bound) in first.table


def test_progress_never_goes_back(made):
    seen = made[4]
    assert seen == sorted(seen)
    assert seen[-1] == 1


@pytest.mark.parametrize("recipe", [*RECIPES.values(), *QUICK_RECIPES.values()], ids=lambda recipe: recipe.name)
def test_a_recipe_trains_nothing_twice_and_starts_from_what_it_trains(recipe):
    made = set()
    for training in (*recipe.starts, *(run.training for run in recipe.targets)):
        assert (training.model, training.name) not in made
        assert training.start == "scratch" or (training.model, training.start) in made
        made.add((training.model, training.name))
    assert len({run.file for run in recipe.targets}) == len(recipe.targets)


def test_prices_of_one_network_share_its_plain_training():
    recipe = tiny_recipe("x", (("edges", 8, 3.0, 2), ("edges", 8, 5.0, 2)), 1, 1)
    assert [training.name for training in recipe.starts] == ["plain", "integers-3", "integers-5"]
