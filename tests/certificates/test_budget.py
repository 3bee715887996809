"""One budget of delta: what may fail sums to it, and every look at a noisy network is paid for with draws of its own."""

import dataclasses
import json
import math

import numpy as np
import pytest

from pacviz import PacvizError, Scenario, certify, data, store
from pacviz.certificates import budget, measure, verify
from pacviz.certificates.archive import Archive
from pacviz.certificates.certificate import Certificate
from pacviz.certificates.measure import network_of, posterior_of
from pacviz.certificates.verify import pack
from pacviz.library import weights
from pacviz.models import architecture
from pacviz.posteriors.gaussian import certifying_draws, looked_at
from pacviz.risk import upper_limit

NOISY = Scenario(checkpoint="plain", sparsity=0.98, bits=3, noise=0.05)


def draws(scenario):
    network = network_of(scenario)
    posterior = posterior_of(network, scenario)
    return certifying_draws(posterior.coded, posterior.stds, scenario.seed)


def test_the_shares_of_all_looks_under_all_seeds_and_of_the_bound_sum_to_one():
    looks = budget.LOOKS * sum(budget.interval_share(seed, preview=False) for seed in range(100_000))
    assert looks < budget.RISK
    assert looks == pytest.approx(budget.RISK, rel=1e-4)
    assert budget.bound_share(estimated=True) + budget.RISK == pytest.approx(1)
    assert budget.bound_share(estimated=False) == 1
    assert budget.interval_share(3, preview=False) == pytest.approx(budget.interval_share(0, preview=False) / 16)


@pytest.mark.parametrize("seed", [0, 1, 5, 2**31 - 1])
def test_the_share_that_an_interval_was_given_is_read_back(seed):
    for preview in (False, True):
        share = budget.interval_share(seed, preview)
        assert budget.spent_share(share * 0.05, 0.05, seed) == share
    assert budget.spent_share(0.0, 0.05, seed) == 0


def test_every_network_noise_and_seed_has_draws_of_its_own_and_previews_have_others():
    scenarios = [NOISY, *(NOISY.but(**{name: value}) for name, value in OTHERS)]
    result = [draws(scenario) for scenario in scenarios]
    assert len({*result, looked_at(0), looked_at(1)}) == len(result) + 2
    assert draws(NOISY) == result[0]


OTHERS = [("noise", 0.055), ("seed", 1), ("bits", 4), ("sparsity", 0.981), ("spread", "1-1-1-2")]


def test_what_does_not_change_the_posterior_does_not_change_its_draws():
    assert len({draws(NOISY.but(**change)) for change in ({}, {"delta": 0.01}, {"bound": "catoni"})}) == 1


@pytest.fixture(scope="module")
def tiny():
    random = np.random.default_rng(5)
    return weights.Weights(
        "tiny",
        {
            spec.name: random.normal(size=(spec.rows, spec.columns)).astype(np.float32)
            for spec in architecture("tiny").layers
        },
    )


def of(source, **given):
    return weights.scenario_of(source, {"sparsity": 0.3, "bits": 2, "noise": 0.1, **given}, as_is=False)


def test_another_seed_is_another_look_and_pays_for_it(tiny):
    first, third = (certify(of(tiny, seed=seed), weights=tiny) for seed in (0, 2))
    for certificate, looks in ((first, 1), (third, 9)):
        failure = 0.05 * budget.RISK * 6 / math.pi**2 / budget.LOOKS / looks
        assert certificate.risk.failure == pytest.approx(failure)
        assert certificate.bound_delta == pytest.approx(0.04)
        risk = certificate.risk
        assert risk.upper == upper_limit(risk.errors + risk.borderline, risk.draws, risk.failure)
    assert first.risk.errors != third.risk.errors


def test_a_noisy_file_from_before_looks_were_paid_for_is_confirmed_and_bounded_by_the_present_draws(tiny):
    scenario = of(tiny)
    now = certify(scenario, weights=tiny)
    measured = dataclasses.replace(now.measurement.train, errors=now.risk.errors + 9, failure=budget.RISK)
    test = dataclasses.replace(now.measurement.test, failure=budget.RISK)
    then = Certificate(scenario, dataclasses.replace(now.measurement, train=measured, test=test))
    packed = Archive.from_bytes(pack(now, tiny))
    former = dataclasses.replace(packed, header={**packed.header, "certificate": json.loads(then.to_json())})
    result = verify.verify(former)
    assert result.ok, result.problem
    assert result.bound == pytest.approx(now.bound, abs=1e-12)
    unlikely = dataclasses.replace(measured, errors=now.risk.errors - 2_000)
    then = Certificate(scenario, dataclasses.replace(now.measurement, train=unlikely, test=test))
    forged = dataclasses.replace(packed, header={**packed.header, "certificate": json.loads(then.to_json())})
    assert not verify.verify(forged).ok


def scaled(source, exponents, biases):
    """Small whole numbers as weights, each layer times a power of two; biases only in the layers named, so that the layers
    after a scaled one scale with it."""
    matrices = {}
    for (name, matrix), exponent in zip(source.matrices.items(), exponents, strict=True):
        whole = np.rint(2 * matrix).clip(-4, 4)
        whole[:, -1] *= name in biases
        matrices[name] = np.ldexp(whole + 0.0, exponent).astype(np.float32)
    return weights.Weights(source.model, matrices)


@pytest.mark.slow
@pytest.mark.parametrize("as_is", [True, False])
def test_a_network_and_its_exact_rescalings_err_alike_in_certify_and_verify(tiny, as_is):
    """The draws differ, so that the errors agree within five standard deviations of both, and the charges but for codebooks."""
    first = next(iter(tiny.matrices))
    bounds = {}
    for exponents in ((0, 0), (-140, 120), (-90, 0)):
        source = scaled(tiny, exponents, {first})
        given = {"noise": 0.2} if as_is else {"noise": 0.2, "sparsity": 0.0, "bits": 4, "pruning": "layer"}
        scenario = weights.scenario_of(source, given, as_is=as_is)
        certificate = certify(scenario, weights=source)
        bounds[exponents] = certificate
        result = verify.verify(Archive.from_bytes(pack(certificate, source)))
        assert result.ok, result.problem
        assert result.bound == pytest.approx(certificate.bound, abs=1e-12)
    plain, *others = bounds.values()
    spread = 5 * (2 * plain.risk.mean * (1 - plain.risk.mean) / plain.risk.draws) ** 0.5
    assert spread < 0.02
    for other in others:
        assert abs(other.risk.mean - plain.risk.mean) < spread
        refund, whole = (
            sum(charge.bits for charge in each.ledger.charges if charge.name.startswith("noise refund"))
            for each in (other, plain)
        )
        assert refund == pytest.approx(whole, rel=1e-9)
    assert len({certificate.risk.errors for certificate in bounds.values()}) > 1


def idx(folder, labels):
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    for sample, n in (("train", 60_000), ("t10k", 10_000)):
        images = random.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        (raw / f"{sample}-images-idx3-ubyte").write_bytes(
            bytes([0, 0, 8, 3]) + b"".join(side.to_bytes(4) for side in images.shape) + images.tobytes()
        )
        answers = np.random.default_rng(labels).integers(0, 10, n, dtype=np.uint8)
        (raw / f"{sample}-labels-idx1-ubyte").write_bytes(bytes([0, 0, 8, 1]) + n.to_bytes(4) + answers.tobytes())


def test_other_bytes_of_the_same_name_are_measured_anew_and_known_ones_are_read_back(tmp_path, monkeypatch, tiny):
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PACVIZ_DATA", str(tmp_path))
    scenario = of(tiny, data="mnist", noise=0.0)
    result = []
    for labels in (1, 2):
        idx(tmp_path, labels)
        result.append(certify(scenario, weights=tiny).measurement)
        assert result[-1].fingerprints["data"] == data.load("mnist").train.fingerprint
    assert result[0].fingerprints["data"] != result[1].fingerprints["data"]
    assert result[0].train.errors != result[1].train.errors
    idx(tmp_path, 1)
    monkeypatch.setattr(measure, "measure_anew", None)
    assert certify(scenario, weights=tiny).measurement == result[0]
    monkeypatch.setenv("PACVIZ_DATA", str(tmp_path / "nowhere"))
    assert measure.recall(scenario, weights=tiny) is None


def test_recordings_answer_for_the_official_data_only(tmp_path, monkeypatch):
    scenario = Scenario(data="mnist")
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PACVIZ_DATA", str(tmp_path))
    assert measure.recall(scenario) is not None
    idx(tmp_path, 1)
    assert measure.recall(scenario) is None


def test_fingerprints_are_read_once_for_files_that_stay_as_they_are(tmp_path, monkeypatch):
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PACVIZ_DATA", str(tmp_path))
    idx(tmp_path, 1)
    result = data.fingerprints("mnist")
    monkeypatch.setattr(data, "_fingerprints", {})
    monkeypatch.setattr(data, "load", None)
    assert data.fingerprints("mnist") == result
    assert store.recall(data._stamped(data._key("mnist"))) is not None


def test_damaged_files_have_no_fingerprint_and_loading_them_says_why(tmp_path, monkeypatch):
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PACVIZ_DATA", str(tmp_path))
    idx(tmp_path, 1)
    (tmp_path / "MNIST" / "raw" / "t10k-labels-idx1-ubyte").write_bytes(b"cut")
    assert data.fingerprints("mnist") is None
    with pytest.raises(PacvizError, match="t10k-labels"):
        data.load("mnist")
