"""What a method of training promises."""

from __future__ import annotations

import shlex
from functools import cache

import numpy as np

from pacviz.checks.contract import require
from pacviz.data import DATASETS, Dataset
from pacviz.data.digits import sample
from pacviz.device import one_thread
from pacviz.library.checkpoints import Checkpoint
from pacviz.models import ARCHITECTURES
from pacviz.scenario import SCRATCH
from pacviz.training.methods.method import METHODS, Method
from pacviz.training.recipe import Training
from pacviz.training.train import train


@cache
def _few_digits() -> Dataset:
    digits = sample(100, 7)
    return Dataset("digits", DATASETS["digits"].title, digits, digits, DATASETS["digits"].classes)


def check_method(method: Method) -> None:
    """Its usual settings are allowed and its command repeats them; it trains a small network on a few digits, the same for
    the same seed, and leaves as few weights, and as few values, as it says.
    """
    name = method.name
    require(METHODS.get(name) is method, f"{name} is not registered: decorate its class with `register`.")
    usual = Training.of(name)
    words = shlex.split(usual.command)[4:]
    given = {
        key.removeprefix("--").replace("-", "_"): value for key, value in zip(words[::2], words[1::2], strict=True)
    }
    require(Training.of(**given) == usual, f"The command of {name} asks for another training.")
    require(usual.estimate.seconds > 0, f"{name} says that it takes no time.")
    start = None
    model = "tiny" if method.by_gradient else "tiny-4"
    if method.code is not None:
        model = next(other.name for other in ARCHITECTURES.values() if other.code == method.code)
    changes = {"model": model, "epochs": 1, "batch_size": 50, "name": "checked", "start": SCRATCH}
    if method.from_trained:
        network, random = ARCHITECTURES[model], np.random.default_rng(0)
        weights = {
            layer.name: random.integers(-2, 3, (layer.rows, layer.columns)).astype(np.float32)
            for layer in network.layers
        }
        start = Checkpoint("integers", model, "digits", weights, 0.0, 0.0, {}, "")
        changes["start"] = start.name
    if method.prunes and "density" in usual.to_dict():
        changes["density"] = 0.5
    if "dimension" in method.particular:
        changes["dimension"] = 20
    training = Training.of(name, **changes)
    dataset = _few_digits()
    with one_thread():
        one, other = (train(training, dataset, start=start) for _ in range(2))
    for layer, matrix in one.matrices.items():
        require(bool(np.isfinite(matrix).all()), f"{name} leaves weights that are no numbers.")
        require(np.array_equal(matrix, other.matrices[layer]), f"{name} trains another network each time.")
        if method.quantizes:
            values = len(np.unique(matrix[matrix != 0]))
            require(values <= 2**training.bits, f"{name} leaves {values} values in {layer}, for {training.bits} bits.")
    if method.prunes and "density" in usual.to_dict() and usual.density < 1:
        require(
            one.density <= 0.5 + 0.02, f"{name} leaves {one.density:.0%} of the weights, where half were asked for."
        )
