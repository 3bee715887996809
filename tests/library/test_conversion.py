"""Somebody else's torch module becomes an architecture that computes the same, or a sentence that says why not."""

import copy
import dataclasses
import warnings

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import prune

from pacviz import PacvizError, certify, data, from_module, scenario_of
from pacviz.certificates.archive import Archive, BrokenArchive
from pacviz.certificates.verify import pack, verify
from pacviz.codes.coder import decode, encode
from pacviz.codes.compress import compress
from pacviz.library.weights import logits
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
    verification = verify(archive, data.load("digits"))
    assert verification.ok, verification.problem
    assert archive.header["certificate"]["fingerprints"]["architecture"] in name
    assert archive.header["certificate"]["architecture_bits"] == len(grammar.encode(architecture(name)))
    assert verification.bound < verification.bound_with_architecture


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
        (nn.Sequential(nn.Flatten(), nn.Linear(100, 10)), "cannot be multiplied"),
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


class Ending(nn.Module):
    """Written as tutorials do: shapes are asked for, and the end is a softmax."""

    def __init__(self, flatten, end):
        super().__init__()
        self.conv, self.fc, self.flatten, self.end = nn.Conv2d(1, 4, 5), nn.Linear(576, 10), flatten, end

    def forward(self, x):
        return self.end(self.fc(self.flatten(F.max_pool2d(F.relu(self.conv(x)), (2, 2)))))


def by_loop(x):
    n = 1
    for side in x.size()[1:]:
        n *= side
    return x.view(-1, n)


def with_means():
    """One bias, no depth: means over all positions instead of a flattening."""

    class Means(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.fc = nn.Conv2d(1, 4, 5, 2), nn.Linear(4, 10)

        def forward(self, x):
            return self.fc(self.conv(x).relu().mean((2, 3)))

    return Means()


def dense():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 20), nn.ReLU(), nn.Linear(20, 10))


def changed(module, change):
    change(module)
    return module


def stale():
    """Pruned, looked at, then moved by an optimiser: the attribute `weight` is not what the next answer is made of."""
    module = changed(dense(), lambda module: prune.l1_unstructured(module[1], "weight", 0.5))
    with torch.no_grad():
        module(torch.rand(1, *SHAPE))
        module[1].weight_orig.add_(0.01)
    return module


def normalised(module):
    module(2 * torch.rand(16, *SHAPE) + 0.3)
    return module.eval()


def global_pruning(module):
    prune.global_unstructured([(module[1], "weight"), (module[3], "weight")], prune.L1Unstructured, amount=0.9)


def set_weight_norm(module):
    module[1] = nn.utils.parametrizations.weight_norm(module[1])


def set_old_weight_norm(module):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module[1] = nn.utils.weight_norm(module[1])
    module(torch.rand(1, *SHAPE))


def set_spectral_norm(module):
    module[1] = nn.utils.parametrizations.spectral_norm(module[1])


def set_old_spectral_norm(module):
    module[1] = nn.utils.spectral_norm(module[1])


CHAINS = {
    "by len": lambda: Ending(lambda x: x.reshape(len(x), -1), lambda x: x),
    "by a loop over the shape": lambda: Ending(by_loop, lambda x: x),
    "by dim": lambda: Ending(lambda x: x.flatten(x.dim() - 3), lambda x: x),
    "by ndim": lambda: Ending(lambda x: x if x.ndim == 2 else x.view(x.shape[0], -1), lambda x: x),
    "log_softmax": lambda: Ending(lambda x: x.flatten(1), lambda x: F.log_softmax(x, dim=1)),
    "log_softmax method": lambda: Ending(lambda x: x.flatten(1), lambda x: x.log_softmax(-1)),
    "softmax": lambda: Ending(lambda x: x.flatten(1), lambda x: torch.softmax(x, 1)),
    "Softmax": lambda: nn.Sequential(dense(), nn.Softmax(dim=1)),
    "LogSoftmax": lambda: nn.Sequential(dense(), nn.LogSoftmax(1)),
    "flat already": lambda: Ending(lambda x: x.flatten(1), lambda x: x.view(-1, 10)),
    "pruned": lambda: changed(dense(), lambda module: prune.l1_unstructured(module[1], "weight", 0.5)),
    "pruned globally": lambda: changed(dense(), global_pruning),
    "pruned and moved": stale,
    "weight norm": lambda: changed(dense(), set_weight_norm),
    "old weight norm": lambda: changed(dense(), set_old_weight_norm),
    "spectral norm": lambda: changed(dense(), set_spectral_norm),
    "old spectral norm": lambda: changed(dense(), set_old_spectral_norm),
    "pruned and normalised": lambda: normalised(
        changed(
            nn.Sequential(nn.Conv2d(1, 4, 5), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(2304, 10)),
            lambda module: prune.l1_unstructured(module[0], "weight", 0.5),
        )
    ),
    "padding by name": lambda: nn.Sequential(
        nn.Conv2d(1, 4, 5, padding="same"), nn.Conv2d(4, 2, 3, padding="valid"), nn.Flatten(), nn.Linear(1352, 10)
    ),
    "sizes in lists": lambda: nn.Sequential(
        nn.Conv2d(1, 4, [5, 5], [1, 1], [0, 0]), nn.MaxPool2d([2, 2], [2, 2], [0, 0]), nn.Flatten(), nn.Linear(576, 10)
    ),
    "means": lambda: nn.Sequential(nn.Conv2d(1, 4, 5, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 10)),
    "means by a method": with_means,
    "means over windows": lambda: nn.Sequential(nn.AvgPool2d(4, 2), nn.Flatten(), nn.Linear(169, 10)),
    "depthwise": lambda: nn.Sequential(nn.Conv2d(1, 4, 5), nn.Conv2d(4, 4, 5, groups=4, bias=False), dense_after(1600)),
    "on two devices": lambda: nn.DataParallel(dense()),
    "in half precision": lambda: dense().half(),
    "in double precision": lambda: dense().double(),
    "frozen": lambda: changed(dense(), lambda module: module.requires_grad_(False)),
}


def dense_after(inputs):
    return nn.Sequential(nn.Flatten(), nn.Linear(inputs, 10))


@pytest.mark.parametrize("name", CHAINS)
def test_a_module_is_certified_with_the_weights_that_it_computes_with(name):
    torch.manual_seed(5)
    module = CHAINS[name]()
    weights = from_module(module, SHAPE)
    images = torch.rand(32, *SHAPE)
    with torch.no_grad():
        expected = module.float().eval()(images)
    result = logits(weights, images)
    if "oftmax" in name:
        assert torch.equal(result.argmax(1), expected.argmax(1))
        result = result.log_softmax(1) if "og" in name else result.softmax(1)
    torch.testing.assert_close(result, expected, rtol=1e-4, atol=1e-4)


class Returning(nn.Module):
    def __init__(self, end):
        super().__init__()
        self.fc, self.end = nn.Linear(784, 10), end

    def forward(self, x):
        return self.end(self.fc(x.flatten(1)))


class Normalising(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.3]).view(1, 1, 1))
        self.fc = nn.Linear(784, 10)

    def forward(self, x):
        return self.fc((x - self.mean).flatten(1))


class Surprising(nn.Module):
    def __init__(self, error):
        super().__init__()
        self.fc, self.error = nn.Linear(784, 10), error

    def forward(self, x):
        raise self.error

    def __deepcopy__(self, memory):
        raise self.error


STRANGE = {
    "state dict": (lambda: dense().state_dict(), "This is a state dict; give the module"),
    "class": (lambda: nn.Linear, "This is the class Linear"),
    "file name": (lambda: "mine.pt", "This is a str"),
    "nothing": (lambda: None, "This is a NoneType"),
    "meta": (lambda: dense().to("meta"), "1.weight lies on the device meta"),
    "lazy": (lambda: nn.Sequential(nn.Flatten(), nn.LazyLinear(10)), "1.weight has no shape yet"),
    "dict": (lambda: Returning(lambda x: {"logits": x}), "returns a dict"),
    "tuple": (lambda: Returning(lambda x: (x, x)), "returns a tuple"),
    "list": (lambda: Returning(lambda x: [x]), "returns a list"),
    "number": (lambda: Returning(lambda x: 1.0), "returns another value"),
    "answers": (lambda: Returning(lambda x: x.argmax(1)), "argmax is no step"),
    "softmax over images": (lambda: Returning(lambda x: x.softmax(0)), "over the images of a batch"),
    "softmax inside": (lambda: nn.Sequential(nn.Softmax(1), dense()), "at its end alone"),
    "no statistics": (
        lambda: nn.Sequential(nn.Conv2d(1, 4, 5), nn.BatchNorm2d(4, track_running_stats=False), dense_after(2304)),
        "keeps no running statistics",
    ),
    "overflow": (lambda: changed(dense(), lambda m: [p.data.mul_(1e30) for p in m.parameters()]), "infinite"),
    "even kernel": (
        lambda: nn.Sequential(nn.Conv2d(1, 1, 4, padding="same"), dense_after(784)),
        "choose an odd kernel",
    ),
    "reflected": (
        lambda: nn.Sequential(nn.Conv2d(1, 1, 3, padding=1, padding_mode="reflect"), dense_after(784)),
        "no step",
    ),
    "shift a channel": (lambda: Returning(lambda x: x - torch.ones(10)), "no step|a tensor of its own"),
    "normalised by channel": (Normalising, "Where it normalises images, leave that out"),
    "indices": (
        lambda: nn.Sequential(nn.MaxPool2d(2, return_indices=True), dense_after(196)),
        "cannot be traced|tensor",
    ),
    "ceiling": (lambda: nn.Sequential(nn.MaxPool2d(3, ceil_mode=True), dense_after(100)), "no step"),
    "transposed": (lambda: Returning(lambda x: x.t()), "no step"),
    "attention": (lambda: nn.MultiheadAttention(28, 2), "cannot be traced|no step"),
    "recurrent": (lambda: nn.LSTM(28, 10), "cannot be traced|no step|tensor"),
    "empty": (lambda: nn.Sequential(), "no linear layer"),
    "scripted": (lambda: torch.jit.script(dense()), ""),
    "recursion": (lambda: Surprising(RecursionError("deep")), "RecursionError"),
    "key": (lambda: Surprising(KeyError("x")), "KeyError"),
    "no words": (lambda: Surprising(StopIteration()), "StopIteration"),
}


@pytest.mark.parametrize("name", STRANGE)
def test_what_cannot_be_certified_is_one_sentence_and_never_an_exception_of_somebody_else(name):
    make, words = STRANGE[name]
    with pytest.raises(PacvizError, match=words) as refusal:
        from_module(make(), SHAPE)
    assert str(refusal.value).endswith(".")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("shape", [None, 784, (28, 28), (1, 28, -28), (1, 28, "28"), (1.0, 28, 28)])
def test_a_shape_that_is_none_is_one_sentence(shape):
    with pytest.raises(PacvizError, match="input_shape must be"):
        from_module(dense(), shape)


def test_the_module_is_left_alone_with_its_hooks():
    module = changed(dense(), lambda module: prune.l1_unstructured(module[1], "weight", 0.5)).train()
    before = copy.deepcopy(module.state_dict())
    from_module(module, SHAPE)
    assert module.training
    assert prune.is_pruned(module)
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())


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
