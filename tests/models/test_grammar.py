"""An architecture's description can be read back, stops where it ends, and says all that the network computes."""

import itertools
import math
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacviz import PacvizError
from pacviz.experiments.tightest.results import folders, points
from pacviz.models import (
    ARCHITECTURES,
    Architecture,
    AveragePool,
    Conv,
    DepthwiseConv,
    Deskew,
    Flatten,
    Glances,
    Linear,
    MaxPool,
    OrientedEdges,
    ReLU,
    Residual,
    grammar,
)
from pacviz.models.operations import OPERATIONS

few, sides = st.integers(1, 40), st.integers(1, 5)


@st.composite
def architectures(draw):
    """Chains of every operation that fit each other, on grey or coloured images."""
    channels, side = draw(st.sampled_from([(1, 28), (3, 32), (1, 9)]))
    shape, names, operations = (channels, side, side), itertools.count(), []
    for _ in range(draw(st.integers(0, 8))):
        kernel, stride, padding = draw(sides), draw(sides), draw(st.integers(0, 3))
        operation = draw(
            st.sampled_from(
                [
                    Conv(f"a{next(names)}", shape[0], draw(few), kernel, stride, padding, draw(st.booleans())),
                    DepthwiseConv(f"a{next(names)}", shape[0], kernel, stride, padding),
                    MaxPool(draw(sides)),
                    ReLU(),
                    AveragePool(draw(sides), draw(st.none() | sides)),
                    AveragePool(),
                    Deskew(),
                    Glances(),
                    Residual((Conv(f"a{next(names)}", shape[0], shape[0], 3, 1, 1, True), ReLU())),
                    *([OrientedEdges(draw(few), kernel, stride, padding)] if shape[0] == 1 else []),
                ]
            )
        )
        try:
            shape = operation.after(shape)
        except PacvizError:
            continue
        operations.append(operation)
    classes = draw(st.integers(2, 200))
    operations += [Flatten(), ReLU(), Linear(f"a{next(names)}", math.prod(shape), classes)]
    return Architecture(
        "x", "X", (channels, side, side), classes, tuple(operations), draw(st.sampled_from(grammar.CODES))
    )


pixels = st.floats(-1e3, 1e3) | st.sampled_from([0.0, 1.0, -0.5, 0.1307, 255.0])


@given(architectures(), pixels, pixels, st.text("01", max_size=80))
def test_a_description_rebuilds_the_architecture_and_stops_at_its_end_whatever_follows(network, low, high, rest):
    bits = grammar.encode(network, low, high)
    decoded, read = grammar.decode(bits + rest, network.input_shape, network.classes)
    assert read == len(bits)
    assert decoded == grammar.Description(grammar.unnamed(network), low, high)
    assert grammar.encode(decoded.architecture, low, high) == bits


@given(architectures(), st.sets(st.integers(0, 400), max_size=3), st.text("01", max_size=300))
def test_other_bits_are_refused_or_describe_what_can_be_written_again(network, flipped, rest):
    bits = [str(int(bit) ^ (place in flipped)) for place, bit in enumerate(grammar.encode(network))]
    for text in (rest, "".join(bits)):
        try:
            decoded, read = grammar.decode(text + rest, network.input_shape, network.classes)
        except PacvizError:
            continue
        again = grammar.encode(decoded.architecture, decoded.low, decoded.high)
        assert grammar.decode(again, network.input_shape, network.classes) == (decoded, len(again))
        assert len(again) <= read


@given(architectures(), st.data())
def test_a_description_cut_short_is_refused(network, data):
    bits = grammar.encode(network)
    with pytest.raises(PacvizError, match="end before"):
        grammar.decode(bits[: data.draw(st.integers(0, len(bits) - 1))], network.input_shape, network.classes)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_registered_network_is_described_and_built_again_with_the_same_parameters(name):
    network = ARCHITECTURES[name]
    decoded, _ = grammar.decode(grammar.encode(network), network.input_shape, network.classes)
    shapes = [layer.shapes for layer in network.layers]
    assert [layer.shapes for layer in decoded.architecture.layers] == shapes
    assert decoded.architecture.code == network.code
    built = decoded.architecture.build(folded=True).state_dict()
    assert [tuple(tensor.shape) for tensor in built.values()] == [shape for layer in shapes for shape in layer]


def test_no_description_begins_another_one_and_together_they_are_a_prior():
    bits = {grammar.encode(network) for network in ARCHITECTURES.values() if network.input_shape == (1, 28, 28)}
    assert all(not one.startswith(other) for one, other in itertools.permutations(bits, 2))
    assert sum(Fraction(1, 2 ** len(text)) for text in bits) < 1


@given(st.integers(1, 2**64 - 1))
def test_a_number_takes_twice_its_binary_logarithm_and_one_bit(number):
    assert len(grammar._gamma(number)) == 2 * number.bit_length() - 1


def test_every_operation_has_a_description():
    assert set(OPERATIONS) == set(grammar.PLACES)
    assert len(grammar.PLACES) <= grammar._NAMED


@pytest.mark.parametrize(
    ("name", "bits"), [("lenet5", 103), ("tiny-8", 126), ("edges-10", 126), ("glances-8", 134), ("resnet20", 596)]
)
def test_what_a_network_costs_to_describe_does_not_change(name, bits):
    assert len(grammar.encode(ARCHITECTURES[name])) == bits


def test_pixels_from_0_to_1_cost_a_bit_and_another_range_its_decimals():
    network = ARCHITECTURES["tiny"]
    standard = len(grammar.encode(network))
    assert len(grammar.encode(network, -0.5, 0.5)) - standard == 2 * (3 + 7)
    assert len(grammar.encode(network, -0.4242, 2.8215)) > len(grammar.encode(network, -0.5, 0.5))


def test_names_and_batch_normalisation_cost_nothing():
    def named(name, normalised):
        chain = (Conv(name, 1, 4, 3, 1, 1, normalised), Flatten(), Linear("out", 4 * 784, 10))
        return grammar.encode(Architecture(name, name, (1, 28, 28), 10, chain))

    assert named("a", True) == named("quite_another_name", False)


@pytest.mark.parametrize(
    ("operations", "words"),
    [
        ((Conv("a", 2, 4, 3), Flatten(), Linear("b", 4 * 26**2, 10)), "cannot read activations"),
        ((Flatten(), Linear("b", 784, 9)), "10 classes"),
        ((Linear("b", 1, 10),), "cannot read activations"),
        ((MaxPool(29), Flatten(), Linear("b", 1, 10)), "leaves nothing"),
        ((Residual((Conv("a", 1, 1, 3),)), Flatten(), Linear("b", 676, 10)), "sum of activations"),
    ],
)
def test_a_chain_that_does_not_fit_is_refused(operations, words):
    with pytest.raises(PacvizError, match=words):
        grammar.encode(Architecture("", "", (1, 28, 28), 10, operations))


def test_a_pixel_range_without_numbers_is_refused():
    with pytest.raises(PacvizError, match="got nan"):
        grammar.encode(ARCHITECTURES["tiny"], math.nan, 1.0)


DOCS = (Path(__file__).parents[2] / "docs" / "architecture-code.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", OPERATIONS.values())
def test_the_documentation_tells_the_numbers_of_every_operation(kind):
    rows = [line.split("|") for line in DOCS.splitlines() if line.startswith("|")]
    numbers = next(row[2] for row in rows if kind.__name__ in row[1].replace(",", " ").split())
    assert all(name in numbers for name in kind.numbers)


def test_the_documentation_shows_the_recorded_bounds_rounded_up():
    def up(bound):
        return f"{math.ceil(1e4 * bound) / 100:.2f} %"

    shown = [line for line in DOCS.splitlines() if line.startswith("| ") and line.endswith(" % |")]
    recorded = {
        f"| {point.certificate.architecture_bits} | {up(point.bound_of_fixed_architecture)} | {up(point.bound)} |"
        for point in points([folders()[0]])
    }
    assert len(shown) == 6
    assert all(any(line.endswith(row) for row in recorded) for line in shown)
