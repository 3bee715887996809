"""PACVIZ_PUBLIC=1: what is recorded and what the browser computes, and nothing that works, changes or downloads."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pacviz import store
from pacviz.app import work
from pacviz.certificates.archive import Archive, read
from pacviz.experiments.experiment import EXPERIMENTS
from pacviz.experiments.tightest import mistakes
from pacviz.jobs.live import Live

APP = str(Path(__file__).parents[2] / "app.py")
PAGES = tuple(one.page for one in EXPERIMENTS)


@pytest.fixture(autouse=True)
def read_only(monkeypatch, tmp_path):
    """A read-only server with an empty cache and no data of its own; whoever works fails."""
    monkeypatch.setenv("PACVIZ_PUBLIC", "1")
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path))
    monkeypatch.setenv("PACVIZ_DATA", str(tmp_path / "none"))

    def worked(*_):
        raise AssertionError("a read-only server works")

    monkeypatch.setattr(work, "certify", worked)
    monkeypatch.setattr(Live, "_start", worked)
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


@pytest.mark.parametrize("public", ["1", "0"])
def test_a_claimed_point_is_verified_only_where_something_may_be_measured(public, monkeypatch, tmp_path, real_data):
    monkeypatch.setenv("PACVIZ_PUBLIC", public)
    monkeypatch.setenv("PACVIZ_DATA", str(real_data))
    shipped = read(store.ASSETS / "tight" / "edges-4-mnist-polished-5.pacviz")
    header = {**shipped.header, "made": {**shipped.header["made"], "command": "somebody else's"}}
    (tmp_path / "tight").mkdir()
    (tmp_path / "tight" / "theirs.pacviz").write_bytes(Archive(header, shipped.code, shipped.prior).to_bytes())
    app = AppTest.from_file(APP, default_timeout=300)
    app.query_params["tight_point"] = "theirs"
    app.run().switch_page("pages/tightest.py").run()
    assert not app.exception
    assert any("theirs" in str(element.value) or "claims" in str(element.value) for element in app.markdown)
    assert ("Verify" in {button.label for button in app.button}) == (public == "0")
