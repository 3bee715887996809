"""The notebooks run from top to bottom, offline, and sliders are made from the settings of what they move."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from ipywidgets import Dropdown, FloatLogSlider, FloatSlider, IntSlider

from pacviz import PacvizError, Scenario
from pacviz.bounds.operating_point import OperatingPoint
from pacviz.notebook import explore

FOLDER = Path(__file__).parents[2] / "assets" / "notebooks"
EXECUTE = """
import asyncio, sys
from pathlib import Path
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError

async def execute(path):
    notebook = nbformat.read(path, as_version=4)
    for attempt in (1, 2):
        try:
            await NotebookClient(notebook, timeout=120).async_execute()
            break
        except CellTimeoutError:  # a kernel with widgets now and then forgets to say that it is done
            if attempt == 2:
                raise
    nbformat.write(notebook, Path(path).name)

async def all_at_once():
    await asyncio.gather(*map(execute, sys.argv[1:]))

asyncio.run(all_at_once())
"""
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def read(path):
    return nbformat.read(path, as_version=4)


def outputs(notebook):
    """What its cells show, by kind."""
    data = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])]
    return {kind: [shown[kind] for shown in data if kind in shown] for kind in {key for shown in data for key in shown}}


@pytest.fixture(scope="module")
def executed(cache):
    # A process of its own: the browser tests leave an event loop running in this one, beside which no kernel answers.
    environment = {**os.environ, "PLOTLY_RENDERER": "plotly_mimetype", "PYTHONPATH": str(FOLDER.parents[1])}
    script = [sys.executable, "-c", EXECUTE, *map(str, NOTEBOOKS)]
    subprocess.run(script, check=True, timeout=600, cwd=cache, env=environment)
    return {path.stem: read(cache / path.name) for path in NOTEBOOKS}


def test_notebooks_ship_with_what_they_show_and_with_nothing_of_the_machine_that_ran_them():
    assert [path.stem for path in NOTEBOOKS] == ["certify-your-own", "tour"]
    for path in NOTEBOOKS:
        text, shown = path.read_text(encoding="utf-8"), outputs(read(path))
        assert any("With probability 0.95" in html for html in shown["text/html"])
        assert shown["application/vnd.plotly.v1+json"]
        assert all(cell.execution_count for cell in read(path).cells if cell.cell_type == "code")
        assert not re.search(r"/(home|work|tmp|root|Users|usr)/|[A-Z]:\\\\|site-packages|Traceback|Warning", text)
        assert path.stat().st_size < 600_000


@pytest.mark.slow
@pytest.mark.parametrize("name", [path.stem for path in NOTEBOOKS])
def test_a_notebook_shows_certificates_figures_and_sliders(executed, name):
    shown = outputs(executed[name])
    assert any("With probability 0.95" in html for html in shown["text/html"])
    assert shown["application/vnd.plotly.v1+json"]
    assert shown["application/vnd.jupyter.widget-view+json"]
    if name == "certify-your-own":
        assert any(text.startswith("(True, 0.") for text in shown["text/plain"])
        assert "vacuous" not in shown["text/html"][0]
    else:
        assert any(text.startswith("'With probability 0.95") for text in shown["text/plain"])


@pytest.mark.parametrize(
    ("value", "name", "kind"),
    [
        (Scenario(), "sparsity", FloatSlider),
        (Scenario(), "delta", FloatSlider),
        (Scenario(), "bits", IntSlider),
        (Scenario(), "bound", Dropdown),
        (OperatingPoint(), "n", FloatLogSlider),
        (OperatingPoint(), "kl", FloatLogSlider),
    ],
)
def test_a_setting_has_the_widget_that_suits_it(value, name, kind):
    drawn = []
    widget = explore(drawn.append, value, [name]).children[0]
    assert type(widget) is kind
    assert widget.value == getattr(value, name)
    assert drawn == [value]


def test_a_slider_that_moves_draws_the_value_that_it_describes(capsys):
    drawn = []
    n, bound, _ = explore(drawn.append, OperatingPoint(), ["n", "bound"]).children
    n.value = 12345.6
    bound.value = "occam"
    assert drawn[1:] == [OperatingPoint(n=12346), OperatingPoint(n=12346, bound="occam")]
    noise, _ = explore(drawn.append, Scenario(bound="occam"), ["noise"]).children
    noise.value = 0.1
    assert "one deterministic network only" in capsys.readouterr().out


def test_an_unknown_setting_is_a_sentence():
    with pytest.raises(PacvizError, match="no setting 'size'"):
        explore(print, OperatingPoint(), ["size"])
