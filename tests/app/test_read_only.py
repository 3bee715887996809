"""PACVIZ_PUBLIC=1: what is recorded and what the browser computes, and nothing that works, changes or downloads."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pacviz.app import work
from pacviz.experiments.does_it_hold import page as trials
from pacviz.experiments.tightest import mistakes

APP = str(Path(__file__).parents[2] / "app.py")
PAGES = ("compress", "frontier", "tightest", "train", "labels", "holds", "bounds", "data")


@pytest.fixture(autouse=True)
def read_only(monkeypatch, tmp_path):
    """A read-only server with an empty cache and no data of its own; whoever works fails."""
    monkeypatch.setenv("PACVIZ_PUBLIC", "1")
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path))
    monkeypatch.setenv("PACVIZ_DATA", str(tmp_path / "none"))

    def worked(*_):
        raise AssertionError("a read-only server works")

    monkeypatch.setattr(work, "certify", worked)
    monkeypatch.setattr(trials, "more_trials", worked)
    monkeypatch.setattr(mistakes, "_mistakes", worked)


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_and_offers_no_button_that_works_or_changes_anything(name):
    app = AppTest.from_file(APP, default_timeout=300)
    app.run().switch_page(f"pages/{name}.py").run()
    assert not app.exception
    offered = {button.label for button in app.button}
    assert not {
        label for label in offered if label.startswith(("Start", "Run", "Pause", "Download", "Discard", "Keep"))
    }


@pytest.mark.parametrize(
    "link", [{"sparsity": "0.512"}, {"data": "mnist", "noise": "0.0123"}, {"data": "cifar10", "model": "resnet20"}]
)
def test_a_point_that_nobody_measured_is_a_sentence_or_an_interpolation(link):
    app = AppTest.from_file(APP, default_timeout=300)
    for name, value in link.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    assert not any("Download" in button.label for button in app.button)
