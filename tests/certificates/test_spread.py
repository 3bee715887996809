"""Noise that differs between layers: free to choose, priced by bytes that decode, confirmed by `verify`."""

import copy
import dataclasses
import hashlib
import json

import numpy as np
import pytest

from pacviz import PacvizError, Scenario, certify, data
from pacviz.bounds import best_prior
from pacviz.certificates.archive import Archive
from pacviz.certificates.measure import RESULTS_FORMAT, key, network_of, posterior_of
from pacviz.certificates.verify import pack, verify
from pacviz.codes.coder import cluster_weights, decode_prior
from pacviz.library import weights
from pacviz.models import architecture

NOISY = Scenario(checkpoint="plain", sparsity=0.98, bits=3, noise=0.05, spread="0.5-1-2-0.25")


def test_each_layer_has_its_share_of_the_noise():
    network = network_of(NOISY)
    even, spread = posterior_of(network, NOISY.but(spread="even")).stds, posterior_of(network, NOISY).stds
    assert [spread[name] / even[name] for name in even] == pytest.approx([0.5, 1, 2, 0.25])
    assert posterior_of(network, NOISY.but(noise=0.1, spread="0.5-0.5-0.5-0.5")).stds == pytest.approx(even)


@pytest.mark.parametrize(("text", "canonical"), [("1-1-1-1", "even"), ("0.50-01-2-1.0", "0.5-1-2-1")])
def test_equal_spreads_are_one_scenario(text, canonical):
    assert Scenario(spread=text) == Scenario(spread=canonical)


@pytest.mark.parametrize("text", ["1-2-3", "0-1-1-1", "1-1-1-101", "-1-1-1-1", "1--1-1-1", "uneven", "", "1e2-1-1-1"])
def test_a_spread_that_does_not_fit_the_layers_is_refused_with_what_would(text):
    with pytest.raises(PacvizError, match=r"^spread must be 'even'.*joined by dashes") as refusal:
        Scenario(spread=text)
    assert repr(text) in str(refusal.value)


def test_a_spread_must_fit_the_model():
    assert Scenario(model="mlp", spread="1-2-3").multipliers == (1, 2, 3)
    with pytest.raises(PacvizError, match=r"3 multipliers .* fc1, fc2, fc3"):
        NOISY.but(model="mlp")


def test_what_was_measured_before_there_were_spreads_keeps_its_key():
    for scenario in (Scenario(), Scenario(noise=0.05)):
        later = ("bound", "delta", "spread", "quantizer")
        older = {name: value for name, value in scenario.to_dict().items() if name not in later}
        older |= {"checkpoint": None, "seed": 0 if scenario.noise else None}
        fingerprint = "2" * 64
        source = dataclasses.replace(_tiny())
        source.__dict__["fingerprint"] = fingerprint
        text = json.dumps([older, fingerprint, data.fingerprints("digits"), False, RESULTS_FORMAT])
        assert key(scenario, False, source) == hashlib.sha256(text.encode()).hexdigest()


def test_a_spread_is_part_of_the_key_where_there_is_noise_and_only_there():
    even = NOISY.but(spread="even")
    assert key(NOISY, False) != key(even, False)
    assert key(NOISY.but(noise=0.0), False) == key(even.but(noise=0.0), False)


def test_the_charged_prior_scales_decode_and_are_those_that_the_noise_asks_for():
    network = network_of(NOISY)
    parts = posterior_of(network, NOISY).coded
    prior, consumed = decode_prior(parts.prior)
    assert consumed == len(parts.prior)
    stds = posterior_of(network, NOISY).stds
    total = 8 * len(parts.prior) * np.log(2)
    for layer in network.layers:
        index, nats = best_prior(
            layer.codebook, cluster_weights(layer), layer.counts, stds[layer.name], layer.weight_range
        )
        assert prior.prior_scales[layer.name] == index
        total += nats
    assert parts.ledger.nats == pytest.approx(total)
    uneven = [prior.prior_scales[layer.name] for layer in network.layers]
    even = decode_prior(posterior_of(network, NOISY.but(spread="even")).coded.prior)[0].prior_scales
    assert uneven != [even[layer.name] for layer in network.layers]


def _tiny() -> weights.Weights:
    random = np.random.default_rng(5)
    return weights.Weights(
        "tiny",
        {
            spec.name: random.normal(size=(spec.rows, spec.columns)).astype(np.float32)
            for spec in architecture("tiny").layers
        },
    )


@pytest.fixture(scope="module")
def archive():
    source = _tiny()
    given = {"model": "tiny", "sparsity": 0.3, "bits": 2, "noise": 0.1, "spread": "0.5-2"}
    scenario = weights.scenario_of(source, given, as_is=False)
    return Archive.from_bytes(pack(certify(scenario, weights=source), source))


def test_a_certificate_with_a_spread_is_confirmed_from_its_file(archive):
    verification = verify(archive)
    assert verification.ok, verification.problem
    assert ("scenario spread", "0.5-2") in [(line.name, line.claimed) for line in verification.comparisons]


def test_another_spread_than_the_measured_one_is_found_out(archive):
    header = copy.deepcopy(archive.header)
    header["certificate"]["scenario"]["spread"] = "1-2"
    assert "posterior_stds" in " ".join(
        line.name for line in verify(dataclasses.replace(archive, header=header)).comparisons if not line.agrees
    )


def test_a_file_from_before_there_were_spreads_is_confirmed():
    source = _tiny()
    scenario = weights.scenario_of(source, {"model": "tiny", "bits": 2, "sparsity": 0.3}, as_is=False)
    archive = Archive.from_bytes(pack(certify(scenario, weights=source), source))
    header = copy.deepcopy(archive.header)
    del header["certificate"]["scenario"]["spread"]
    assert verify(dataclasses.replace(archive, header=header)).ok
