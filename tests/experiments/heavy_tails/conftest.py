"""A small experiment that was really run: two ratios and two widths on digits."""

import pytest

from pacviz import data
from pacviz.experiments.heavy_tails.results import Recording
from pacviz.experiments.heavy_tails.run import steps
from pacviz.experiments.heavy_tails.settings import HeavyTails


@pytest.fixture(scope="package")
def experiment():
    return HeavyTails(
        data="digits",
        n=200,
        step_sizes=(0.1, 0.3),
        batch_sizes=(20,),
        widths=(16, 24),
        seeds=1,
        loss=0.05,
        steps=600,
        further=40,
        averaged=20,
        tests=200,
    )


@pytest.fixture(scope="package")
def recording(experiment):
    dataset = data.load("digits")
    networks = []
    for cell in experiment.cells:
        *_, last = steps(experiment, cell, dataset)
        networks.append(last.trained)
    return Recording(experiment, tuple(networks))
