"""torchvision can be imported beside any build of torch."""

import subprocess
import sys

import torch

from pacviz.data.vision import OPERATORS, torchvision


def test_torchvision_has_its_data_sets_and_models():
    assert torchvision.datasets.MNIST.resources
    assert sum(weights.numel() for weights in torchvision.models.resnet18().parameters()) == 11_689_512


def test_both_operators_have_a_schema():
    for operator in OPERATORS:
        schema = torch._C._get_schema(f"torchvision::{operator}", "")
        assert [argument.name for argument in schema.arguments] == ["dets", "scores", "iou_threshold"]


def test_operators_that_are_there_are_left_alone():
    """As from a matching wheel: a second definition would be an error."""
    schema = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
    script = (
        "import torch\n"
        f"for name in {OPERATORS}:\n"
        f"    torch.library.define('torchvision::' + name, '{schema}')\n"
        "from pacviz.data.vision import torchvision\n"
        "print(torchvision.__name__)\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert run.stdout.strip() == "torchvision", run.stderr
