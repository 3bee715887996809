"""What an experiment promises."""

from __future__ import annotations

import argparse
from importlib.util import find_spec

from pacviz.checks.contract import require
from pacviz.experiments.experiment import Experiment, experiments
from pacviz.settings import NAME


def check_experiment(experiment: Experiment) -> None:
    """It is found by its folder, has a title and a page of its own, and its commands explain themselves."""
    name = experiment.name
    everything = experiments()
    require(experiment in everything, f"{name} is in no folder of pacviz/experiments that says EXPERIMENT.")
    for what in ("name", "page", "title"):
        taken = [one for one in everything if getattr(one, what) == getattr(experiment, what)]
        require(len(taken) == 1, f"The {what} of {name} is that of another experiment too.")
    require(bool(NAME.fullmatch(experiment.page)), f"The page {experiment.page!r} of {name} is no address.")
    require(experiment.folder.name == name, f"{name} lies in a folder of another name, {experiment.folder}.")
    require(find_spec(f"pacviz.experiments.{name}.page") is not None, f"{name} has no page.py.")
    for command in experiment.commands:
        parser = argparse.ArgumentParser(command.name)
        command.options(parser)
        require(bool(command.run.__doc__), f"The command {command.name} of {name} does not say what it does.")
    require(experiment.to_dict()["page"] == f"pages/{experiment.page}.py", f"{name} tells another page than it has.")
