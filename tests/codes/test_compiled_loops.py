"""The compiled loops of the second version write and read the very bytes that numpy does; without numba, numpy does it alone."""

import math
import os
import subprocess
import sys

import numpy as np
import pytest
from coder_networks import TINY, networks, realistic
from hypothesis import given, settings
from hypothesis import strategies as st

from pacviz import PacvizError, models
from pacviz.codes.coder import decode, encode, encode_prior, header
from pacviz.codes.compress import compress
from pacviz.codes.contexts import code, faster, positions, values
from pacviz.codes.contexts.waves import Waves
from pacviz.codes.network import CompressedLayer, CompressedNetwork
from pacviz.codes.rangecoder import Coder, TooSlow
from pacviz.library import checkpoints
from pacviz.models import LayerSpec, from_description

compiled = faster._started()
needs_numba = pytest.mark.skipif(compiled is None, reason="numba is not installed")


@pytest.fixture(scope="module", autouse=True)
def known_architecture():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(models.ARCHITECTURES, TINY.name, TINY)
        patch.setattr("pacviz.models.PLACES", (*models.PLACES, TINY.name))
        yield


class Loops:
    """Either way, for as long as the context lasts; what positions were written as is forgotten."""

    def __init__(self, loops) -> None:
        self._loops, self._patch = loops, pytest.MonkeyPatch()

    def __enter__(self) -> None:
        code._written.cache_clear()
        for module in (positions, values):
            self._patch.setattr(module, "kernels", lambda steps, patience: self._loops)

    def __exit__(self, *error) -> None:
        self._patch.undo()


def same(found: CompressedNetwork, network: CompressedNetwork) -> bool:
    pairs = zip(found.layers, network.layers, strict=True)
    return all(np.array_equal(a.symbols, b.symbols) and np.array_equal(a.codebook, b.codebook) for a, b in pairs)


def alike(network: CompressedNetwork) -> bytes:
    """Its bytes, which both write, and each reads from the other."""
    with Loops(None):
        plain = encode(network, 2)
    with Loops(compiled):
        fast = encode(network, 2)
        assert fast.data == plain.data
        assert [charge.bits for charge in fast.ledger.charges] == [charge.bits for charge in plain.ledger.charges]
        assert same(decode(plain.data + b"\x5a")[0], network)
    with Loops(None):
        assert same(decode(fast.data)[0], network)
    return plain.data


@needs_numba
@given(networks())
@settings(max_examples=12)
def test_networks_of_every_density_have_the_same_bytes_compiled(network):
    alike(network)


@needs_numba
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.02, 0.4, 1.0]), st.sampled_from([1, 2, 31, 700]))
@settings(max_examples=8)
def test_matrices_of_several_waves_and_large_codebooks_have_the_same_bytes_compiled(seed, density, entries):
    rng = np.random.default_rng(seed)
    spec = LayerSpec("linear", ("linear.weight",), ((30, 90),), None)
    mask = rng.random((30, 90)) < density
    mask[0, 0] = True
    if seed % 2:
        mask = mask[sorted(range(30), key=lambda row: (-mask[row].sum(), mask[row].tobytes()))]
    entries = min(entries, int(mask.sum()))
    symbols = np.zeros(mask.shape, np.uint16)
    symbols[mask] = 1 + rng.permutation(np.arange(mask.sum()) % entries)
    codebook = np.arange(1, entries + 1).astype(np.float32) - np.float32(entries // 3 + 0.5)
    waves, written = Waves.of(spec, np.ones(90, np.int64)), []
    for loops in (None, compiled):
        coder = Coder()
        with Loops(loops):
            positions.code_positions(coder, mask, spec, waves)
            values.code_assignments(coder, symbols, mask, codebook, waves)
        written.append((coder.finish(), coder.bits, coder.effort))
    assert written[0] == written[1]
    for loops in (None, compiled):
        reader = Coder(written[0][0])
        with Loops(loops):
            read = positions.code_positions(reader, None, spec, waves)
            assert np.array_equal(values.code_assignments(reader, None, read, codebook, waves), symbols)
        assert (reader.finish(), reader.bits, reader.effort) == written[0]


@needs_numba
@pytest.mark.parametrize(("model", "name", "bits"), [("lenet5", "gradual-0.2", 4), ("mlp", "gradual-1.5", 2)])
def test_a_network_that_ships_has_the_same_bytes_compiled(model, name, bits):
    shipped = compress(model, checkpoints.find(model, "mnist", name).matrices, 0.0, bits, "global")
    assert len(alike(shipped.layered)) < 4000


@needs_numba
def test_damaged_bytes_mean_the_same_to_both():
    network = realistic(nonzeros=(16, 20, 30, 10), bits=2)
    data = alike(network)
    rng = np.random.default_rng(0)
    for place in rng.integers(2, len(data), 4):
        damaged = bytearray(data)
        damaged[place] ^= int(rng.integers(1, 256))
        for end in (bytes(damaged), bytes(damaged[: place + 1])):
            plain, fast = (outcome(end, loops) for loops in (None, compiled))
            assert (plain is None) == (fast is None)
            assert plain is None or same(plain, fast)


def outcome(data: bytes, loops) -> CompressedNetwork | None:
    with Loops(loops):
        try:
            return decode(data)[0].layered
        except PacvizError:
            return None


def test_without_numba_numpy_codes_alone(monkeypatch):
    monkeypatch.setattr(faster.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(faster, "COMPILING", 0)
    monkeypatch.setattr(faster, "_NAME", "pacviz.codes.contexts.nowhere")
    faster._started.cache_clear()
    try:
        assert faster.kernels(10**12, math.inf) is None
        assert not faster.compile_now()
    finally:
        faster._started.cache_clear()


def test_small_codes_never_wait_for_the_compiler(tmp_path):
    program = (
        "import sys, numpy as np; from pacviz.codes.coder import encode, decode; from pacviz.codes.compress import as_it_stands;"
        "from pacviz.models import architecture; layers = architecture('mlp').layers;"
        "network = as_it_stands('mlp', {a.name: np.eye(a.rows, a.columns, dtype=np.float32) for a in layers});"
        "decode(encode(network, 2).data); print('numba' in sys.modules)"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "False"


def test_what_strangers_declare_never_has_the_loops_compiled(monkeypatch, tmp_path):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(faster, "_NAME", "pacviz.codes.contexts.nowhere")
    monkeypatch.setattr(faster, "_started", lambda: pytest.fail("the loops were started"))
    assert all(faster.kernels(10**9, code.PATIENCE) is None for _ in range(100))


def declared(hidden: int, density: float) -> CompressedNetwork:
    layers = [
        {"kind": "Linear", "name": "a", "inputs": 784, "outputs": hidden},
        {"kind": "Linear", "name": "b", "inputs": hidden, "outputs": 10},
    ]
    chain = [{"kind": "Flatten"}, layers[0], {"kind": "ReLU"}, layers[1]]
    spec = from_description({"input_shape": [1, 28, 28], "classes": 10, "operations": chain})
    rng, found = np.random.default_rng(0), []
    for layer in spec.layers:
        mask = rng.random((layer.rows, layer.columns)) < density
        mask[0, :2] = True
        symbols = (mask * rng.integers(1, 3, mask.shape)).astype(np.uint16)
        symbols[0, :2] = 1, 2
        found.append(CompressedLayer(layer.name, symbols, np.array([-1, 1], np.float32)))
    return CompressedNetwork(spec.name, tuple(found))


def test_a_declared_network_for_which_the_second_version_is_slow_is_written_in_the_first(monkeypatch):
    network = declared(20, 0.05)
    scales = {layer.name: 0 for layer in network.layers}
    assert header(encode(network).data, network.model).version == 2
    dear = encode(network, 2).data
    monkeypatch.setattr(code, "PATIENCE", 10_000)
    again = CompressedNetwork(network.model, network.layers)
    assert header(encode(again).data, network.model).version == 1
    assert header(encode_prior(again, scales).data, network.model).version == 1
    assert same(decode(encode(again).data, network.model)[0], network)
    for loops in {None, compiled}:
        with Loops(loops), pytest.raises(TooSlow, match="too long for a network of this size"):
            decode(dear, network.model)
    with Loops(None):
        registered = encode(realistic(), 2).data
        assert same(decode(registered)[0], realistic())
