"""Weights made elsewhere are taken as they stand, or refused with a sentence."""

import re
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import safetensors
import torch
from safetensors.torch import save_file

from pacviz.codes.coder import decode, encode
from pacviz.codes.compress import as_it_stands
from pacviz.codes.network import ENTRIES
from pacviz.errors import PacvizError
from pacviz.library import weights
from pacviz.library.weights import Weights
from pacviz.models import architecture
from pacviz.posteriors.gaussian import NOISY_ENTRIES, posterior_stds

SHAPES = {
    key: shape for layer in architecture("mlp").layers for key, shape in zip(layer.tensors, layer.shapes, strict=True)
}


def state(values, dtype=torch.float32):
    """A state dict of the MLP whose entries take the given values in turn."""
    return {
        key: torch.tensor(np.resize(values, shape), dtype=dtype).contiguous().clone() for key, shape in SHAPES.items()
    }


def saved(folder, tensors):
    save_file(tensors, folder / "it.safetensors")
    return folder / "it.safetensors"


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_weights_are_read_as_they_are(tmp_path, dtype):
    values = [0, -0.5, 0, 1.25, -0.0, 3]
    read = weights.read(saved(tmp_path, state(values, dtype)), "mlp")
    assert (
        read.fingerprint
        == Weights("mlp", architecture("mlp").matrices(state(np.abs(values) * np.sign(values)))).fingerprint
    )
    assert not any(np.signbit(matrix[matrix == 0]).any() for matrix in read.matrices.values())


def test_every_distinct_nonzero_value_is_an_entry_and_every_weight_survives_the_code(tmp_path):
    read = weights.read(saved(tmp_path, state([0.0, -2.5, 0.0, 1e-30, 7.0])), "mlp")
    network = as_it_stands("mlp", read.matrices)
    assert all(np.array_equal(layer.codebook, np.array([-2.5, 1e-30, 7], np.float32)) for layer in network.layers)
    decoded, _ = decode(encode(network).data)
    for result in (network, decoded):
        assert Weights("mlp", result.matrices).fingerprint == read.fingerprint
    scenario = weights.scenario_of(read, {"data": "digits"}, as_is=True)
    assert scenario.bits == 2
    assert scenario.sparsity == pytest.approx(0.4, abs=1e-4)


def test_an_empty_network_stands_too(tmp_path):
    read = weights.read(saved(tmp_path, state([0.0])), "mlp")
    scenario = weights.scenario_of(read, {}, as_is=True)
    assert (scenario.sparsity, scenario.bits) == (1.0, 0)


@pytest.mark.parametrize("extra", [0, 1])
def test_a_layer_has_as_many_values_as_the_code_has_symbols_for_and_no_more(extra):
    matrices = {layer.name: np.zeros((layer.rows, layer.columns), np.float32) for layer in architecture("mlp").layers}
    matrices["fc1"].flat[: ENTRIES + extra] = 1 + np.arange(ENTRIES + extra)
    if extra:
        with pytest.raises(PacvizError, match=r"fc1 takes 65,536 different values.*leave out --as-is"):
            as_it_stands("mlp", matrices)
    else:
        network = as_it_stands("mlp", matrices)
        decoded, _ = decode(encode(network).data)
        assert np.array_equal(decoded.matrices["fc1"], matrices["fc1"])


def test_noise_on_very_many_values_is_refused():
    matrices = {layer.name: np.zeros((layer.rows, layer.columns), np.float32) for layer in architecture("mlp").layers}
    matrices["fc2"].flat[: NOISY_ENTRIES + 1] = 1 + np.arange(NOISY_ENTRIES + 1)
    network = as_it_stands("mlp", matrices)
    assert posterior_stds(network, 0.0)["fc2"] == 0
    with pytest.raises(PacvizError, match=r"fc2 takes 1,025 different values.*set noise to 0"):
        posterior_stds(network, 0.1)


def without(key):
    return {name: tensor for name, tensor in state([1.0]).items() if name != key}


@pytest.mark.parametrize(
    ("tensors", "words"),
    [
        (without("fc2.bias"), "lack 'fc2.bias'"),
        (state([1.0]) | {"fc9.weight": torch.ones(2)}, "fc9.weight"),
        (state([1.0]) | {"fc2.bias": torch.ones(7)}, "shape"),
        (state([1.0, float("nan")]), "NaN"),
        (state([1.0, float("inf")]), "NaN or infinite"),
        (state([1.0, 1e300], torch.float64), "NaN or infinite"),
    ],
)
def test_weights_that_the_model_cannot_have_are_refused_with_the_file(tmp_path, tensors, words):
    path = saved(tmp_path, tensors)
    with pytest.raises(PacvizError, match=words) as refusal:
        weights.read(path, "mlp")
    assert str(path) in str(refusal.value)


def test_what_is_no_file_of_weights_is_refused(tmp_path):
    (tmp_path / "text").write_text("no tensors at all, but long enough for a header")
    (tmp_path / "cut").write_bytes(saved(tmp_path, state([1.0])).read_bytes()[:-5])
    for name in ("text", "cut", "absent", "."):
        with pytest.raises(PacvizError, match="cannot be read as weights"):
            weights.read(tmp_path / name, "mlp")


@pytest.mark.parametrize("wrap", [lambda tensors: tensors, lambda tensors: {"epoch": 3, "state_dict": tensors}])
@pytest.mark.parametrize("old", [False, True])
def test_a_state_dict_that_torch_saved_is_read_without_running_anything(tmp_path, wrap, old):
    tensors = state([0.0, -2.5, 7.0])
    torch.save(wrap(tensors), tmp_path / "it.pt", _use_new_zipfile_serialization=not old)
    expected = weights.read(saved(tmp_path, tensors), "mlp").fingerprint
    assert weights.read(tmp_path / "it.pt", "mlp").fingerprint == expected
    torch.save({f"module.{name}": tensor for name, tensor in tensors.items()}, tmp_path / "parallel.pt")
    assert weights.read(tmp_path / "parallel.pt", "mlp").fingerprint == expected


class Evil:
    def __reduce__(self):
        return print, ("run",)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (Evil(), "holds more than tensors, and what it holds would have to be run"),
        (torch.nn.Linear(2, 2), "holds more than tensors"),
        ([torch.zeros(2)], "holds no state dict"),
        ({"fc1.weight": "text"}, "holds no state dict"),
        (torch.zeros(2), "holds no state dict"),
    ],
)
def test_a_file_of_torch_that_is_no_state_dict_says_how_to_write_one(tmp_path, capsys, content, words):
    torch.save(content, tmp_path / "it.pt")
    with pytest.raises(PacvizError, match=words) as refusal:
        weights.read(tmp_path / "it.pt", "mlp")
    assert "safetensors.torch.save_file(model.state_dict()" in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert capsys.readouterr().out == ""


def test_a_whole_network_that_torch_wrote_says_how_its_weights_are_taken_out(tmp_path):
    """The two lines that the sentence gives are run."""
    torch.manual_seed(0)
    sides = (784, 300, 100, 10)
    network = torch.nn.Sequential(OrderedDict({f"fc{i}": torch.nn.Linear(*sides[i - 1 : i + 1]) for i in (1, 2, 3)}))
    torch.save(network, tmp_path / "it.pt")
    torch.jit.script(network).save(tmp_path / "script.pt")
    expected = weights.read(saved(tmp_path, network.state_dict()), "mlp").fingerprint
    for name, words in (("it.pt", "PyTorch file that holds more than tensors"), ("script.pt", "TorchScript archive")):
        with pytest.raises(PacvizError, match=words) as refusal:
            weights.read(tmp_path / name, "mlp")
        load, write = re.findall("`([^`]+)`", str(refusal.value))
        known = {"torch": torch, "safetensors": safetensors}
        exec(load.replace(name, str(tmp_path / name)), known)
        exec(write.replace("mine.safetensors", str(tmp_path / "mine.safetensors")), known)
        assert weights.read(tmp_path / "mine.safetensors", "mlp").fingerprint == expected


def test_a_zip_file_of_something_else_is_no_file_of_torch(tmp_path):
    np.savez(tmp_path / "it.npz", a=np.zeros(3))
    with pytest.raises(PacvizError, match=r"it is a zip file, but none that torch\.save wrote"):
        weights.read(tmp_path / "it.npz", "mlp")


def test_logits_tell_networks_of_the_same_names_apart(tmp_path):
    """The published LeNet-5 of the PyTorch example has no ReLU where another one has."""
    spec, images = architecture("mlp"), torch.rand(5, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    torch.manual_seed(0)
    theirs = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(784, 300), torch.nn.Linear(300, 100), torch.nn.Linear(100, 10)
    )
    names = ("fc1", "fc2", "fc3")
    tensors = {
        f"{name}.{key}": tensor
        for name, layer in zip(names, list(theirs)[1:], strict=True)
        for key, tensor in layer.state_dict().items()
    }
    read = weights.read(saved(tmp_path, tensors), "mlp")
    with torch.no_grad():
        assert not torch.allclose(weights.logits(read, images), theirs(images), atol=1e-3)
        network = spec.build(folded=True)
        network.load_state_dict(tensors)
        torch.testing.assert_close(weights.logits(read, images), network(images))
    assert "ReLU" in weights.described("mlp")


def test_the_documented_check_tells_another_network(tmp_path, monkeypatch):
    page = (Path(__file__).parents[2] / "docs" / "own-weights.md").read_text(encoding="utf-8")
    (check,) = re.findall(r"```python\n(.*?)```", page, re.S)
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    theirs = architecture("lenet5").build()
    save_file(theirs.state_dict(), "mine.safetensors")
    exec(check, {"mine": theirs})
    with pytest.raises(AssertionError, match="another network than yours"):
        exec(check, {"mine": torch.nn.Sequential(theirs, torch.nn.ReLU())})
