"""What is coded comes back bit for bit, whatever follows it, and every bit of it is on the ledger."""

import itertools
import math

import numpy as np
import pytest
from coder_networks import ATOM, TINY, codebooks, layer, networks, realistic, registered
from hypothesis import given, settings
from hypothesis import strategies as st

from pacviz import PacvizError, models
from pacviz.codes.codebook.codebooks import code_codebook, snap
from pacviz.codes.codebook.units import canonical_order, drop_dead_units
from pacviz.codes.coder import PRIOR_SCALES, cluster_weights, decode, decode_prior, encode, encode_prior
from pacviz.codes.network import CompressedLayer, CompressedNetwork
from pacviz.codes.rangecoder import Coder

TRAILING = [b"", b"\x00" * 9, b"\xff" * 9, bytes(range(7, 40))]


@pytest.fixture(scope="module", autouse=True)
def _small_architectures():
    with registered(TINY, ATOM):
        yield


def assert_same(a: CompressedNetwork, b: CompressedNetwork) -> None:
    assert a.model == b.model
    for x, y in zip(a.layers, b.layers, strict=True):
        assert x.name == y.name
        assert x.symbols.dtype == y.symbols.dtype == np.uint16
        np.testing.assert_array_equal(x.symbols, y.symbols)
        assert x.codebook.dtype == y.codebook.dtype == np.float32
        assert x.codebook.tobytes() == y.codebook.tobytes()


def assert_decodes(network: CompressedNetwork) -> None:
    encoded = encode(network)
    for trailing in TRAILING:
        decoded, consumed = decode(encoded.data + trailing)
        assert consumed == len(encoded.data)
        assert_same(decoded, network)
    assert encoded.ledger.bits == 8 * len(encoded.data)


def dense(entries: int, density: float = 1.0) -> CompressedNetwork:
    rng = np.random.default_rng(entries)
    grid = np.concatenate([np.arange(-entries // 2, 0), np.arange(1, entries // 2 + 1)]).astype(np.float32)
    specs = models.LENET5.layers
    return CompressedNetwork(
        "lenet5", tuple(layer(spec, rng.random((spec.rows, spec.columns)) < density, grid, rng) for spec in specs)
    )


@given(networks())
def test_every_network_comes_back_whatever_follows(network):
    assert_decodes(network)


@pytest.mark.parametrize(
    "network",
    [
        realistic(),
        canonical_order(drop_dead_units(realistic())),
        realistic(1, (520, 20, 4, 1)),
        realistic(2, (1, 0, 400500, 5010)),
        dense(256),
        dense(65534, 0.5),
    ],
    ids=["pruned", "ordered", "uneven", "without a layer", "dense", "thousands of values"],
)
def test_a_real_architecture_comes_back(network):
    assert_decodes(network)


@given(codebooks())
def test_every_float32_codebook_comes_back(codebook):
    codebook = np.unique(codebook[codebook != 0])
    writer = Coder()
    code_codebook(writer, codebook, len(codebook))
    assert code_codebook(Coder(writer.finish()), None, len(codebook)).tobytes() == codebook.tobytes()


def test_a_codebook_on_a_coarse_grid_is_cheaper_than_floats():
    codebook = np.random.default_rng(0).normal(size=16).astype(np.float32)

    def bits(values: np.ndarray) -> float:
        coder = Coder()
        code_codebook(coder, np.sort(values), 1000)
        return coder.bits

    assert bits(snap(codebook, 8)) < bits(codebook.astype(np.float16).astype(np.float32)) / 2 < bits(codebook) / 3


@given(codebooks(), st.integers(2, 16))
def test_snapping_rounds_to_an_integer_grid_of_that_many_bits(codebook, bits):
    codebook = codebook[codebook != 0]
    snapped = snap(codebook, bits)
    assert 0 < len(snapped) <= len(codebook)
    assert snapped.all()
    assert (np.diff(snapped) > 0).all()
    largest = np.abs(codebook.astype(np.float64)).max()
    step = max(2.0**-149, 2.0 ** (math.frexp(largest)[1] - bits + 1))
    multiples = snapped / step
    assert (multiples == np.rint(multiples)).all()
    assert np.abs(multiples).max() <= 2 ** (bits - 1)
    assert all(
        np.abs(snapped - value).min() <= max(step / 2, step - abs(value)) for value in codebook.astype(np.float64)
    )


@given(networks())
def test_the_lines_of_the_ledger_sum_to_the_bytes(network):
    encoded = encode(network)
    assert encoded.ledger.bits == 8 * len(encoded.data)
    assert all(charge.bits >= 0 for charge in encoded.ledger.charges)
    assert encoded.ledger.charges[-1].name == "rounding"
    assert encoded.ledger.charges[-1].bits < 9


@pytest.mark.parametrize("version", [1, 2])
def test_assignments_cost_their_entropy_and_positions_less_than_a_random_subset(version):
    network = realistic()
    bits = {charge.name: charge.bits for charge in encode(network, version).ledger.charges}
    for part in network.layers:
        entropy = -float(part.counts @ np.log2(part.counts / part.nonzeros))
        table = bits.get(f"cluster weights of {part.name}", 0.0)
        assert bits[f"assignments of {part.name}"] + table < entropy + 8 * len(part.codebook)
        if part.nonzeros > 1000:
            assert bits[f"positions of {part.name}"] < 0.95 * math.log2(math.comb(part.symbols.size, part.nonzeros))


def test_a_layer_with_nothing_in_it_costs_next_to_nothing():
    empty = CompressedNetwork("lenet5", tuple(empty_layer(spec) for spec in models.LENET5.layers))
    assert len(encode(empty).data) < 40


def empty_layer(spec: models.LayerSpec) -> CompressedLayer:
    return CompressedLayer(spec.name, np.zeros((spec.rows, spec.columns), np.uint16), np.zeros(0, np.float32))


def pinned_network() -> CompressedNetwork:
    layers = []
    for spec in TINY.layers:
        cells = np.arange(spec.rows * spec.columns).reshape(spec.rows, spec.columns)
        symbols = np.where(cells * cells % 7 == 2, 1 + cells % 3, 0).astype(np.uint16)
        layers.append(CompressedLayer(spec.name, symbols, np.array([-0.75, 0.5, 1.25], np.float32)))
    return CompressedNetwork(TINY.name, tuple(layers))


@pytest.mark.parametrize(
    ("version", "network", "prior"),
    [
        (
            1,
            "022653c07cdecb63d106bfb19608db1da26d2fac2db569736c28b6c585ccadf58542746a009aa0bc",
            "02a653c07c5ecb63d106bfb1841cbf2ffb9e01377afe9860791ff0d52380d150508b49",
        ),
        (
            2,
            "422655898e63083adf04bdb942c46354a2b0144d47db3cad35517b1895e17d6cdec895bfe4403c89",
            "42a655898de3083adf04bdaaea3d40e3786421ed5f9bbfec611620600534d41d09",
        ),
    ],
)
def test_the_format_stays_as_it_is(version, network, prior):
    assert encode(pinned_network(), version).data.hex() == network
    assert encode_prior(pinned_network(), {"conv": 0, "hidden": 64, "output": 127}, version).data.hex() == prior


def test_no_code_is_the_beginning_of_another_and_kraft_holds():
    values = [np.array(one, np.float32) for size in (1, 2) for one in itertools.combinations((-3, -1, 1, 2, 2.5), size)]
    result: dict[bytes, CompressedNetwork] = {}
    ideal = 0.0
    for symbols in itertools.product(range(3), repeat=2):
        used = set(symbols) - {0}
        for codebook in values if used else [np.zeros(0, np.float32)]:
            if used == set(range(1, len(codebook) + 1)):
                only = CompressedLayer("only", np.array([symbols], np.uint16), codebook)
                encoded = encode(CompressedNetwork("atom", (only,)))
                result[encoded.data] = CompressedNetwork("atom", (only,))
                ideal += 2.0 ** -sum(charge.bits for charge in encoded.ledger.charges[:-1])
    assert len(result) == 1 + 3 * 5 + 2 * 10
    ordered = sorted(result)
    assert not any(later.startswith(code) for code, later in itertools.pairwise(ordered))
    assert sum(2.0 ** (-8 * len(code)) for code in result) <= ideal <= 1


@given(networks(), st.data())
def test_the_prior_comes_back_whatever_follows(network, data):
    scales = {part.name: data.draw(st.integers(0, PRIOR_SCALES - 1)) for part in network.layers}
    encoded = encode_prior(network, scales)
    prior, consumed = decode_prior(encoded.data + data.draw(st.sampled_from(TRAILING)))
    assert consumed == len(encoded.data)
    assert encoded.ledger.bits == 8 * len(encoded.data)
    assert prior.model == network.model
    assert prior.prior_scales == scales
    for part in network.layers:
        np.testing.assert_array_equal(prior.masks[part.name], part.symbols > 0)
        assert prior.codebooks[part.name].tobytes() == part.codebook.tobytes()
        assert prior.cluster_weights[part.name].tobytes() == cluster_weights(part).tobytes()


@pytest.mark.parametrize(("version", "only"), [(1, ["prior scale"]), (2, ["cluster weights", "prior scale"])])
def test_the_prior_costs_what_the_network_does_without_assignments_and_seven_bits_a_layer(version, only):
    network = realistic()
    exact = {charge.name: charge.bits for charge in encode(network, version).ledger.charges[:-1]}
    prior = {
        charge.name: charge.bits
        for charge in encode_prior(network, dict.fromkeys(network.matrices, 5), version).ledger.charges[:-1]
    }
    assert {name for name in exact if name not in prior} == {f"assignments of {name}" for name in network.matrices}
    assert {name for name in prior if name not in exact} == {
        f"{kind} of {name}" for name in network.matrices for kind in only
    }
    for name, bits in prior.items():
        if name in exact or name.startswith("prior scale"):
            assert bits == pytest.approx(exact.get(name, 7), rel=1e-3, abs=0.05)


@given(networks())
def test_cluster_weights_are_probabilities_that_price_the_assignments(network):
    bits = {charge.name: charge.bits for charge in encode(network, 1).ledger.charges}
    for part in network.layers:
        weights = cluster_weights(part)
        assert weights.shape == part.codebook.shape
        assert (weights > 0).all()
        if part.nonzeros:
            assert weights.sum() == pytest.approx(1, abs=1e-12)
            price = -(part.counts @ np.log2(weights))
            # Learning that neighbours tell nothing about signs costs a little.
            assert bits[f"assignments of {part.name}"] < price + 2 * math.log2(part.nonzeros + 2)


@pytest.mark.parametrize("version", [1, 2])
def test_signs_that_agree_within_a_kernel_are_cheaper(version):
    def assignment_bits(signs: np.ndarray) -> float:
        part = CompressedLayer("conv2", np.where(signs > 0, 2, 1).astype(np.uint16), np.array([-1, 1], np.float32))
        empty = [empty_layer(spec) for spec in models.LENET5.layers]
        network = CompressedNetwork("lenet5", (empty[0], part, *empty[2:]))
        assert_decodes(network)
        charges = encode(network, version).ledger.charges
        return next(charge.bits for charge in charges if charge.name == "assignments of conv2")

    rng = np.random.default_rng(0)
    kernels = np.append(np.repeat(rng.choice([-1, 1], (50, 20)), 25, axis=1), rng.choice([-1, 1], (50, 1)), axis=1)
    assert assignment_bits(kernels) < 0.6 * assignment_bits(rng.choice([-1, 1], kernels.shape))


@given(st.integers(0, len(models.ARCHITECTURES) + 2), st.binary(max_size=60))
def test_any_bytes_either_decode_or_are_refused(architecture, payload):
    data = bytes([architecture]) + payload  # the first byte of a code names the architecture
    for read in (decode, decode_prior):
        try:
            _, consumed = read(data)
        except PacvizError:
            continue
        assert consumed <= len(data)


@given(networks(), st.data())
def test_damaged_bytes_either_decode_to_a_network_or_are_refused(network, data):
    code = bytearray(encode(network).data)
    code[data.draw(st.integers(0, len(code) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        decoded, consumed = decode(bytes(code))
    except PacvizError:
        return
    assert consumed <= len(code)
    assert_decodes(decoded)


def test_damaged_bytes_of_a_real_architecture_are_refused_or_decode():
    code = encode(realistic()).data
    rng = np.random.default_rng(0)
    for place in rng.integers(0, len(code), 12):
        damaged = code[:place] + rng.bytes(len(code) - place)
        try:
            assert_decodes(decode(damaged)[0])
        except PacvizError:
            continue


@settings(max_examples=25)
@given(networks())
def test_truncated_bytes_are_refused(network):
    code = encode(network).data
    for length in range(len(code)):
        with pytest.raises(PacvizError):
            decode(code[:length])


def test_each_form_refuses_the_other():
    network = pinned_network()
    with pytest.raises(PacvizError, match="decode_prior"):
        decode(encode_prior(network, dict.fromkeys(network.matrices, 0)).data)
    with pytest.raises(PacvizError, match="with decode"):
        decode_prior(encode(network).data)


def test_an_architecture_from_the_future_is_refused_by_its_number():
    with pytest.raises(PacvizError, match="architecture 254"):
        decode(b"\xfe" * 40)


@pytest.mark.parametrize("seed", range(3))
def test_units_in_canonical_order_never_cost_more(seed):
    network = realistic(seed)
    assert len(encode(canonical_order(network)).data) < len(encode(network).data) - 100
