"""What needs no network waits for none of the libraries that networks need."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pacviz.cli.commands import commands_named, every_command

BOUND = ["bound", "--risk", "0.02", "--kl", "1000", "--n", "60000"]


def test_a_bound_imports_neither_torch_nor_scipy_nor_the_networks():
    program = (
        "import sys; from pacviz.cli import main; "
        f"assert main({BOUND}) == 0; "
        "print(sorted({'torch', 'scipy', 'pandas', 'pacviz.models', 'pacviz.jobs', 'pacviz.scenario'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "seeger" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_certify_imports_no_scipy_stats_before_it_is_asked_for():
    program = "import sys; import pacviz.certificates.certificate; print('scipy.stats' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("command", every_command(), ids=lambda command: command.name)
def test_a_command_found_by_its_name_is_the_one_that_is_listed(command):
    assert command in commands_named(command.name)


def test_an_unknown_command_is_looked_for_among_all():
    assert len(commands_named("nonesuch")) == len(every_command())
    assert len(commands_named("--help")) == len(every_command())
