"""What is installed is what is in the clone: the wheel carries all that ships, and its ranges allow what is tested."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from pacviz import Scenario, certify
from pacviz.app import launch
from pacviz.benchmarks.app import answers
from pacviz.errors import PacvizError

ROOT = Path(__file__).parents[1]
SOURCES = ("pacviz", "assets", "pages", ".streamlit", "app.py", "pyproject.toml", "README.md", "LICENSE")


def test_what_is_tested_lies_in_the_ranges_of_those_who_import_pacviz():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ranges = {each.name: each.specifier for each in map(Requirement, project["dependencies"])}
    pins = dict(line.split("==") for line in (ROOT / "requirements.txt").read_text().split())
    assert list(ranges) == list(pins)
    assert [name for name, pin in pins.items() if pin not in ranges[name]] == []
    operators = {name: sorted(one.operator for one in allowed) for name, allowed in ranges.items()}
    assert operators == {name: ["<", ">="] for name in pins}, "a range has a lowest version and an end"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder with a space into which the wheel was installed; the clone that it was built from is gone."""
    clone, folder = tmp_path_factory.mktemp("a clone"), tmp_path_factory.mktemp("another folder")
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, clone / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, clone / name)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "wheel", ".", "--no-deps", "--no-build-isolation", "--wheel-dir", folder], cwd=clone, check=True
    )
    shutil.rmtree(clone)
    [wheel] = folder.glob("*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--no-index", "--target", folder / "site", wheel], check=True)
    return folder / "site"


@pytest.fixture
def installed(site, tmp_path, cache):
    """How to run Python there: in a folder of its own, with a cache of its own, and the installed pacviz only.

    The digits, which take a while to draw, are those of the other tests.
    """
    for folder in (cache / "digits", tmp_path / "cache"):
        folder.mkdir(exist_ok=True)
    (tmp_path / "cache" / "digits").symlink_to(cache / "digits")
    environment = {**os.environ, "PYTHONPATH": str(site), "PACVIZ_CACHE": str(tmp_path / "cache")}
    return {"cwd": tmp_path, "env": environment}


def test_the_wheel_carries_every_file_that_ships(site):
    for inside, folder in (
        ("assets", ROOT / "assets"),
        ("app/pages", ROOT / "pages"),
        ("app/.streamlit", ROOT / ".streamlit"),
    ):
        there = {
            path.relative_to(folder) for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts
        }
        carried = {path.relative_to(site / "pacviz" / inside) for path in (site / "pacviz" / inside).rglob("*")}
        assert there <= carried
    scripts = {path.relative_to(ROOT) for pattern in ("*.js", "*.css") for path in (ROOT / "pacviz").rglob(pattern)}
    assert [path for path in scripts if not (site / path).exists()] == []


def test_installed_anywhere_the_first_screens_certificate_is_there(installed):
    done = subprocess.run(
        [sys.executable, "-m", "pacviz", "certify", "--json"], **installed, capture_output=True, text=True, check=True
    )
    result = json.loads(done.stdout)
    assert result["bound"] == certify(Scenario()).bound
    assert 0.1 < result["bound"] < 0.2


def test_installed_anywhere_pages_of_what_ships_open(installed):
    script = """
from streamlit.testing.v1 import AppTest
from pacviz.app.launch import SCRIPT
app = AppTest.from_file(SCRIPT, default_timeout=120)
for page in ("compress", "labels", "tightest"):
    app.switch_page(f"pages/{page}.py").run()
    print(page, [element.message for element in app.exception])
"""
    done = subprocess.run([sys.executable, "-c", script], **installed, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:-1] == ["compress []", "labels []", "tightest []"]


def test_installed_anywhere_the_app_starts_and_answers(installed):
    port = launch._free(8700 + os.getpid() % 1000)
    command = [sys.executable, "-m", "pacviz", "app", "--port", str(port)]
    installed["env"]["STREAMLIT_SERVER_HEADLESS"] = "true"
    with subprocess.Popen(command, **installed, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        deadline = time.monotonic() + 120
        while not (up := answers(f"http://127.0.0.1:{port}")) and server.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
        server.terminate()
    assert up


def test_a_port_that_is_taken_is_one_sentence_and_the_usual_one_gives_way(monkeypatch, capsys):
    with socket.socket() as other:
        other.bind(("", 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(PacvizError, match=f"Port {taken} is taken by another program; choose another one"):
            launch.launch(taken)
        monkeypatch.setattr(launch, "PORT", taken)
        assert launch._usual() != taken
        assert f"port {taken} is taken" in capsys.readouterr().err
    with pytest.raises(PacvizError, match="ports go from 1 to 65535"):
        launch.launch(70_000)
