"""What a declared network costs is known from its description, and one that costs too much is refused before it is made."""

import contextlib
import dataclasses
import json
import math
from random import Random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pacviz.codes.coder import decode, encode
from pacviz.codes.network import by_values
from pacviz.data import Split
from pacviz.errors import PacvizError
from pacviz.models import ARCHITECTURES, Residual, declare, described, from_description
from pacviz.models.declaration import LIMITS, _operation, cost
from pacviz.risk import answers

FLATTEN, RELU, DESKEW, GLANCES = ({"kind": kind} for kind in ("Flatten", "ReLU", "Deskew", "Glances"))


def linear(inputs, outputs, name="fc"):
    return {"kind": "Linear", "name": name, "inputs": inputs, "outputs": outputs}


def conv(inputs=1, outputs=4, kernel=3, stride=1, padding=0, name="conv"):
    sizes = {"inputs": inputs, "outputs": outputs, "kernel": kernel, "stride": stride, "padding": padding}
    return {"kind": "Conv", "name": name, **sizes}


def edges(directions=4, kernel=3, stride=1, padding=0):
    return {
        "kind": "OrientedEdges",
        "directions": directions,
        "kernel": kernel,
        "stride": stride,
        "padding": padding,
    }


def images(*operations, classes=10, shape=(1, 28, 28)):
    return {"input_shape": list(shape), "classes": classes, "operations": list(operations)}


def refusal(description):
    with pytest.raises(PacvizError) as refused:
        from_description(description)
    message = str(refused.value)
    assert message.endswith(".")
    assert len(message.splitlines()) == 1
    assert len(message) < 500
    return message


@pytest.mark.parametrize("name", [name for name, spec in ARCHITECTURES.items()])
def test_every_chain_of_ours_could_be_declared_and_its_parameters_are_counted_without_it(name):
    spec = ARCHITECTURES[name]
    if any(isinstance(operation, Residual) for operation in spec.operations):
        with pytest.raises(PacvizError, match="shortcut"):
            declare(spec)
        return
    assert cost(spec).parameters == spec.parameters
    assert described(from_description(json.loads(json.dumps(described(spec))))) == described(spec)


@pytest.mark.parametrize(
    ("operations", "said"),
    [
        ([FLATTEN, linear(784, 12_000, "a"), linear(12_000, 10)], "parameters"),
        ([DESKEW] * 2_000 + [FLATTEN, linear(784, 10)], "operations"),
        ([conv(1, 64), conv(64, 128, 5, name="b"), FLATTEN, linear(128 * 22**2, 10)], "products"),
        ([conv(1, 1, 1, padding=100, name="a"), *[DESKEW] * 90, FLATTEN, linear(228**2, 10)], "products"),
        ([conv(1, 1, 1, padding=498), FLATTEN, linear(1024**2, 10)], "parameters"),
        ([conv(1, 1, 1, padding=498), {"kind": "MaxPool", "size": 32}, FLATTEN, linear(1024, 10)], "values"),
        ([conv(1, 1, 1_000, padding=500), FLATTEN, linear(841, 10)], "products"),
        ([edges(10**5), {"kind": "AveragePool", "size": None, "stride": None}, FLATTEN, linear(10**5, 10)], "products"),
        ([edges(4, 1), FLATTEN, linear(3136, 10)], "whole numbers"),
        ([GLANCES, GLANCES, FLATTEN, linear(784, 10)], "several times"),
        ([GLANCES] * 6 + [FLATTEN, linear(784, 10)], "several times"),
        ([conv(), GLANCES, FLATTEN, linear(2704, 10)], "before its first weights"),
        ([FLATTEN, linear(784, 10) | {"name": "fc" * 40}], "name"),
        ([FLATTEN, linear(784, 10) | {"name": "ﬁn"}], "name"),
        ([conv() | {"normalised": True}, FLATTEN, linear(2704, 10)], "is described by"),
        ([FLATTEN, {**linear(784, 10), "kind": ["Linear"]}], "no operation"),
        ([FLATTEN, ["Linear"]], "no operation"),
        ({"kind": "Flatten"}, "lists"),
    ],
)
def test_what_would_crash_or_exhaust_who_reads_it_is_refused_by_name(operations, said):
    description = images() | {"operations": operations}
    assert said in refusal(description)


@pytest.mark.parametrize("shape", [[1, 28], [1, 28, 28, 1], [1, 28, 0], [1, 28, 28.0], [True, 28, 28], "123", None])
def test_images_of_no_shape_are_refused(shape):
    refusal(images(FLATTEN, linear(784, 10)) | {"input_shape": shape})


def numbers(draw, ordinary):
    return draw(
        st.one_of(ordinary, st.sampled_from([0, 1, -1, 2, 28, 1024, 10**6, 2**31, 2**64, 1.0, True, None, "3", []]))
    )


@st.composite
def descriptions(draw):
    """Chains that fit, more or less: now and then a number or a kind is none that any chain has."""
    few = st.integers(1, 40)
    kinds = draw(st.lists(st.sampled_from([conv(), edges(), linear(784, 10), FLATTEN, RELU, DESKEW, GLANCES,
        {"kind": "DepthwiseConv", "name": "d", "channels": 1, "kernel": 3, "stride": 1, "padding": 0},
        {"kind": "MaxPool", "size": 2}, {"kind": "AveragePool", "size": None, "stride": None}, {"kind": "Residual"}]),
        max_size=8))  # fmt: skip
    operations = []
    for index, kind in enumerate(kinds):
        changed = dict(kind)
        for field in set(kind) - {"kind", "name"}:
            if draw(st.integers(0, 2)) == 0:
                changed[field] = numbers(draw, few)
        if "name" in kind and draw(st.integers(0, 9)):
            changed["name"] = f"layer{index}"
        operations.append(changed)
    return images(*operations, classes=draw(few), shape=[draw(few), draw(few), draw(few)])


def declared_or_refused(description):
    """The architecture, None where it is refused."""
    with contextlib.suppress(PacvizError):
        return from_description(description)
    assert refusal(description)
    return None


@given(descriptions())
def test_any_description_is_declared_within_the_limits_or_refused_in_one_sentence(description):
    if (spec := declared_or_refused(description)) is not None:
        result = cost(spec)
        assert all(getattr(result, field.name) <= getattr(LIMITS, field.name) for field in dataclasses.fields(LIMITS))


def chain(random):
    """The description of a chain whose every operation can read what the one before it writes, and its image shape."""
    shape = image = (random.choice([1, 3]), random.randint(4, 16), random.randint(4, 16))
    operations = [GLANCES] if random.random() < 0.3 else []
    for index in range(random.randint(0, 6)):
        kernel, stride, padding = random.randint(1, 4), random.randint(1, 3), random.randint(0, 3)
        sizes = {"kernel": kernel, "stride": stride, "padding": padding}
        operation = random.choice(
            [
                RELU,
                DESKEW,
                {"kind": "MaxPool", "size": random.randint(1, 3)},
                {
                    "kind": "AveragePool",
                    "size": random.choice([None, 1, 2, 3]),
                    "stride": random.choice([None, 1, 2, 4]),
                },
                {"kind": "DepthwiseConv", "name": f"layer{index}", "channels": shape[0], **sizes},
                conv(shape[0], random.randint(1, 5), name=f"layer{index}") | sizes,
                edges(random.randint(1, 5)) | sizes | {"kernel": kernel + 1},
            ]
        )
        try:
            after = _operation(operation).after(shape)
        except PacvizError:
            continue
        operations.append(operation)
        shape = after
    return images(*operations, FLATTEN, linear(math.prod(shape), 10, "out"), shape=image)


@pytest.mark.parametrize("seed", range(60))
def test_whatever_chain_is_declared_can_be_coded_and_measured_and_computes_what_torch_does(seed):
    spec = declared_or_refused(chain(Random(seed)))
    assert spec is not None
    torch.manual_seed(seed)
    module = spec.build(folded=True)
    sparse = {key: w * (torch.rand_like(w) < 0.5) for key, w in module.state_dict().items()}
    module.load_state_dict(sparse)
    network = by_values(spec.name, {name: w + np.float32(0) for name, w in spec.matrices(sparse).items()})
    decoded, _ = decode(encode(network).data, spec.name)
    split = Split(torch.randint(0, 256, (70, *spec.input_shape), dtype=torch.uint8), torch.arange(70) % 10)
    with torch.inference_mode():
        expected = module(split.pixels())
    top = expected.topk(2, dim=1).values
    clear = top[:, 0] - top[:, 1] > 1e-4 * expected.abs().amax(1)
    assert torch.equal(answers(decoded, split)[clear], expected.argmax(1)[clear])
