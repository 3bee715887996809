"""A machine that lacks something says so in one sentence, and a test run without a browser is no success unless asked for."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOOLS = ("sh", "dirname", "date", "tee", "grep", "tail", "touch", "mkdir", "cat", "env")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="make and sh")

NEW = 'case "$*" in *version_info\\[:3\\]*) echo 3.12.4;; *ensurepip*) exit {venv};; *"-m venv"*) {make};; *) exit 0;; esac'
OLD = 'case "$*" in *version_info\\[:3\\]*) echo 3.9.2;; *) exit 1;; esac'
MAKE = (
    'mkdir -p .venv/bin; printf "#!/bin/sh\\n%s\\n" "case \\"\\$*\\" in *install*) {pip};; esac" > .venv/bin/python; '
    "chmod +x .venv/bin/python"
)


@pytest.fixture
def machine(tmp_path):
    """Runs .ci/environment in a folder with a space, where nothing is installed but these interpreters (shell scripts)."""
    clone, programs = tmp_path / "a clone", tmp_path / "bin"
    (clone / ".ci").mkdir(parents=True)
    programs.mkdir()
    shutil.copy(ROOT / ".ci" / "environment", clone / ".ci")
    for tool in (*TOOLS, "chmod"):
        (programs / tool).symlink_to(shutil.which(tool))

    def run(pythons, **environment):
        for name, script in pythons.items():
            (programs / name).write_text(f"#!/bin/sh\n{script}\n")
            (programs / name).chmod(0o755)
        done = subprocess.run(
            [clone / ".ci" / "environment", "app"],
            env={"PATH": str(programs), **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.returncode, done.stdout + done.stderr, clone

    return run


def new(venv=0, pip="echo Downloading torch"):
    return NEW.format(venv=venv, make=MAKE.format(pip=pip))


@pytest.mark.parametrize(
    ("pythons", "environment", "words"),
    [
        ({}, {}, "Python 3.11 or newer is needed and there is none here; install it"),
        ({"python3": OLD}, {}, "Python 3.11 or newer is needed, and python3 is 3.9.2; install it"),
        ({"python3": new()}, {"PYTHON": "python9"}, "PYTHON=python9 cannot be run"),
        ({"python3": new(), "mine": OLD}, {"PYTHON": "mine"}, "is needed, and mine is 3.9.2"),
        ({"python3": new(venv=1)}, {}, "python3 3.12.4 has no venv module; install it ("),
        ({"python3": new(pip="echo ConnectionError; exit 1")}, {}, "the network did not answer"),
        ({"python3": new(pip="echo No space left; exit 1")}, {}, "pip could not install the packages "),
    ],
)  # fmt: skip
def test_what_is_missing_for_the_app_is_one_sentence(machine, pythons, environment, words):
    code, said, _ = machine(pythons, **environment)
    assert code == 1
    assert words in said.splitlines()[-1]


def test_the_newest_python_that_is_there_is_used_and_what_is_done_is_said_before(machine):
    code, said, clone = machine({"python3": OLD, "python3.12": new()})
    assert code == 0, said
    assert "making a virtual environment in .venv with python3.12 3.12.4" in said
    assert "1 to 10 minutes" in said
    assert (clone / ".venv" / "app").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("wanted", "code", "words"), [("none", 0, "as BROWSER=none asked"), ("", 1, "no browser starts")]
)
def test_a_run_whose_browser_tests_found_no_browser_says_so_last_and_fails_unless_asked(tmp_path, wanted, code, words):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/browser/test_explorer_script.py"]
    nowhere = {"PATH": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path), "BROWSER": wanted}
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **nowhere}, capture_output=True, text=True, timeout=300)
    assert done.returncode == code
    last = done.stdout.splitlines()[-1]
    assert last.startswith("The browser tests were not run (")
    assert words in last
