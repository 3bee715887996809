"""Somebody else's torch module becomes an architecture that computes the same, or a sentence that says why not."""

import copy
import dataclasses

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from pacviz import PacvizError, certify, data, from_module, scenario_of
from pacviz.certificates.archive import Archive, BrokenArchive
from pacviz.certificates.verify import pack, verify
from pacviz.codes.coder import decode, encode
from pacviz.codes.compress import compress
from pacviz.models import ARCHITECTURES, Conv, Linear, architecture, declared, described, from_description, grammar

SHAPE = (1, 28, 28)


class Written(nn.Module):
    """A chain by functions and methods, normalised, nested and without some biases."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(1, 4, 3, stride=2, padding=1, bias=False))
        self.norm = nn.BatchNorm2d(4)
        self.hidden = nn.Linear(36, 8)
        self.norm_hidden = nn.BatchNorm1d(8)
        self.out = nn.Linear(8, 10, bias=False)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.norm(self.features(x))), 2)
        x = self.norm_hidden(self.hidden(x.view(x.size(0), -1))).relu()
        return self.out(F.dropout(x, training=self.training))


@pytest.fixture(scope="module")
def module():
    """With running statistics that are not those of a new module."""
    torch.manual_seed(3)
    module = Written()
    for _ in range(5):
        module(2 * torch.rand(32, *SHAPE) + 0.3)
    return module.train()


def test_the_declared_network_computes_what_the_module_does_and_leaves_it_alone(module):
    before = copy.deepcopy(module.state_dict())
    weights = from_module(module, SHAPE)
    spec = architecture(weights.model)
    network = spec.build()
    network.load_state_dict(spec.state_dict(weights.matrices))
    images = torch.rand(64, *SHAPE)
    with torch.no_grad():
        torch.testing.assert_close(network(images), copy.deepcopy(module).eval()(images), rtol=1e-4, atol=1e-4)
    assert module.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())
    assert [type(operation) for operation in spec.operations if isinstance(operation, Conv | Linear)] == [
        Conv,
        Linear,
        Linear,
    ]


def test_the_same_architecture_has_one_name_which_is_its_fingerprint(module):
    first = from_module(module, SHAPE)
    torch.manual_seed(4)
    other = from_module(Written(), SHAPE)
    assert first.model == other.model == f"declared-{architecture(first.model).fingerprint}"
    assert first.fingerprint != other.fingerprint
    assert first.model not in ARCHITECTURES


def test_an_architecture_survives_its_description(module):
    spec = architecture(from_module(module, SHAPE).model)
    again = from_description(described(spec))
    assert again == spec
    assert declared(again.name) is spec


def test_the_code_of_a_declared_network_is_decoded_by_who_is_told_its_architecture(module):
    weights = from_module(module, SHAPE)
    network = compress(weights.model, weights.matrices, 0.5, 3, "global")
    code = encode(network).data
    decoded, length = decode(code, weights.model)
    assert length == len(code)
    assert decoded.model == weights.model
    assert all((decoded.matrices[name] == matrix).all() for name, matrix in network.matrices.items())
    with pytest.raises(PacvizError, match="declared"):
        decode(code)


@pytest.fixture(scope="module")
def archive(module):
    weights = from_module(module, SHAPE)
    certificate = certify(scenario_of(weights, {"sparsity": 0.5, "bits": 3}), weights=weights)
    assert certificate.scenario.model == weights.model
    return Archive.from_bytes(pack(certificate, weights))


def test_a_certificate_of_a_declared_network_is_confirmed_from_its_file_alone(archive, monkeypatch):
    name = archive.header["certificate"]["scenario"]["model"]
    monkeypatch.setattr("pacviz.models.declaration._declared", {})
    assert declared(name) is None
    found = verify(archive, data.load("digits"))
    assert found.ok, found.problem
    assert archive.header["certificate"]["fingerprints"]["architecture"] in name
    assert archive.header["certificate"]["architecture_bits"] == len(grammar.encode(architecture(name)))
    assert found.bound < found.bound_with_architecture


@pytest.mark.parametrize(
    ("change", "refused"),
    [({"input_shape": [1, 28, 29]}, False), ({"classes": 11}, True), ({"operations": []}, True), ({"more": 1}, True)],
)
def test_another_architecture_in_the_file_is_refused(archive, change, refused):
    forged = dataclasses.replace(
        archive, header={**archive.header, "architecture": archive.header["architecture"] | change}
    )
    if refused:
        with pytest.raises(BrokenArchive, match=r"\.$"):
            verify(forged, data.load("digits"))
    else:
        assert verify(forged, data.load("digits")).problem.endswith(" was found.")


def test_a_file_without_its_architecture_is_refused(archive, monkeypatch):
    monkeypatch.setattr("pacviz.models.declaration._declared", {})
    header = {key: value for key, value in archive.header.items() if key != "architecture"}
    with pytest.raises(BrokenArchive, match="model must be one of"):
        verify(dataclasses.replace(archive, header=header), data.load("digits"))


def chain(*modules):
    return nn.Sequential(*modules, nn.Flatten(), nn.LazyLinear(10))


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.flat, self.layer, self.out = nn.Flatten(), nn.Linear(784, 784), nn.Linear(784, 10)

    def forward(self, x):
        x = self.flat(x)
        return self.out(x + self.layer(x))


class Deciding(nn.Module):
    def forward(self, x):
        return x if x.sum() > 0 else -x


class Transposing(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(784, 10)

    def forward(self, x):
        return self.layer(x.view(28, -1).reshape(4, 784)) if x.shape[0] == 4 else self.layer(x.flatten(1))


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (Residual(), "reads"),
        (Deciding(), "cannot be traced"),
        (chain(nn.Sigmoid()), "Sigmoid"),
        (chain(nn.Conv2d(1, 4, 3, groups=1, dilation=2)), "dilation"),
        (chain(nn.Conv2d(1, 4, (3, 5))), r"\(3, 5\)"),
        (chain(nn.MaxPool2d(3, 2)), "MaxPool2d"),
        (chain(nn.ReLU(), nn.BatchNorm2d(1)), "BatchNorm2d"),
        (nn.Sequential(nn.Flatten(), nn.Linear(100, 10)), "cannot read activations"),
        (nn.Sequential(nn.Conv2d(1, 4, 3)), "no linear layer"),
        (nn.Sequential(nn.Flatten(), nn.Linear(784, 20_000), nn.Linear(20_000, 10)), "parameters"),
    ],
)
def test_what_is_no_chain_is_a_sentence(module, words):
    if any(isinstance(part, nn.LazyLinear) for part in module.modules()):
        module(torch.rand(2, *SHAPE))
    with pytest.raises(PacvizError, match=words) as refusal:
        from_module(module, SHAPE)
    assert str(refusal.value).endswith(".")


def test_weights_that_are_not_finite_are_refused():
    module = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    nn.init.constant_(module[1].weight, float("nan"))
    with pytest.raises(PacvizError, match="NaN"):
        from_module(module, SHAPE)


@pytest.mark.parametrize(
    "description",
    [
        None,
        {},
        {"classes": 10},
        {"input_shape": 3, "classes": 10, "operations": []},
        {"input_shape": [1, 28, 28], "classes": 10, "operations": [{"kind": "Exec"}]},
        {"input_shape": [1, 28, 28], "classes": 10, "operations": [{"kind": "Flatten", "code": "x"}]},
        {"input_shape": [1, 28, 28], "classes": 10, "operations": [{"kind": "ReLU"}]},
    ],
)
def test_a_description_that_makes_no_sense_is_a_sentence(description):
    with pytest.raises(PacvizError, match=r"\.$"):
        from_description(description)


@pytest.mark.parametrize(
    "fields",
    [
        {"outputs": 10**9},
        {"outputs": True},
        {"outputs": 10.0},
        {"name": "a.b"},
        {"name": ["fc"]},
        {"inputs": 783},
    ],
)
def test_a_layer_that_makes_no_sense_is_a_sentence(fields):
    layer = {"kind": "Linear", "name": "fc", "inputs": 784, "outputs": 10} | fields
    description = {
        "input_shape": [1, 28, 28],
        "classes": layer["outputs"],
        "operations": [{"kind": "Flatten"}, layer],
    }
    with pytest.raises(PacvizError, match=r"\.$"):
        from_description(description)
