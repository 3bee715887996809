"""What needs no network waits for none of the libraries that networks need."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import save_file

from pacviz.cli.commands import commands_named, every_command

BOUND = ["bound", "--risk", "0.02", "--kl", "1000", "--n", "60000"]


def imported_by(commands: list[list[str]], names: set[str]) -> list[str]:
    """For each command, run one after the other in one new process: its exit code, and which of these modules are loaded."""
    program = (
        "import sys, os, contextlib; from pacviz.cli import main\n"
        f"for command in {commands}:\n"
        "    with open(os.devnull, 'w') as nowhere, contextlib.redirect_stdout(nowhere): code = main(command)\n"
        f"    print(code, *sorted({names} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_bound_imports_neither_numpy_nor_torch_nor_the_networks():
    names = {"numpy", "torch", "scipy", "pandas", "pacviz.models", "pacviz.jobs", "pacviz.scenario"}
    assert imported_by([BOUND], names) == ["0"]


def test_what_is_known_waits_for_no_torch(tmp_path):
    weights = tmp_path / "weights.safetensors"
    save_file({"weight": np.random.default_rng(0).normal(size=(40, 50))}, weights)
    commands = [
        ["certify"],
        ["certify", "--json"],
        ["certify", "--data", "mnist"],
        ["certify", "--noise", "0.05"],
        ["verify", "--help"],
        ["experiments", "--json"],
        ["tails", str(weights), "--json"],
    ]
    found = imported_by(commands, {"torch", "torchvision", "streamlit", "pandas", "plotly", "scipy.stats"})
    assert dict(zip(map(" ".join, commands), found, strict=True)) == dict.fromkeys(map(" ".join, commands), "0")


def test_a_known_point_without_noise_waits_for_no_scipy():
    assert imported_by([["certify"]], {"scipy", "tqdm", "urllib.request"}) == ["0"]


@pytest.mark.parametrize("command", every_command(), ids=lambda command: command.name)
def test_a_command_found_by_its_name_is_the_one_that_is_listed(command):
    assert command in commands_named(command.name)


def test_an_unknown_command_is_looked_for_among_all():
    assert len(commands_named("nonesuch")) == len(every_command())
    assert len(commands_named("--help")) == len(every_command())
