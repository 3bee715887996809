"""A certificate's parts add up, and what it charges is what the bytes and the noise cost."""

import json
import math

import pytest

from pacviz import PacvizError, Scenario, certify, data, known, store
from pacviz.bounds import BOUNDS
from pacviz.certificates import budget
from pacviz.certificates import measure as measurement
from pacviz.certificates.certificate import Certificate
from pacviz.certificates.measure import Measurement, network_of
from pacviz.codes.coder import decode, encode
from pacviz.models import architecture, grammar
from pacviz.posteriors import gaussian
from pacviz.risk import count_errors, counting
from pacviz.words import at_most

SPARSE = Scenario(sparsity=0.971)
NOISY = SPARSE.but(bits=4, noise=0.1)


@pytest.fixture(scope="module")
def sparse():
    return certify(SPARSE)


@pytest.fixture(scope="module")
def noisy():
    return certify(NOISY, preview=True)


def test_the_charge_without_noise_is_the_length_of_the_decodable_bytes(sparse):
    code = encode(network_of(SPARSE)).data
    assert sparse.measurement.code_bytes == len(code)
    assert sparse.ledger.bits == pytest.approx(8 * len(code), abs=1e-6)
    assert sparse.kl_nats == pytest.approx(8 * len(code) * math.log(2))


@pytest.mark.parametrize("name", ["sparse", "noisy"])
def test_a_certificate_comes_back_from_its_plain_values(name, request):
    certificate = request.getfixturevalue(name)
    again = Certificate.from_dict(json.loads(certificate.to_json()))
    assert again.to_dict() == certificate.to_dict()
    assert again.scenario == certificate.scenario


def test_the_decoded_network_has_the_very_errors_that_are_certified(sparse):
    decoded, _ = decode(encode(network_of(SPARSE)).data)
    digits = data.load("digits")
    assert count_errors(decoded, digits.train) == sparse.risk.errors
    assert sparse.risk.draws == sparse.n == len(digits.train)
    assert count_errors(decoded, digits.test) == sparse.measurement.test.errors


def test_every_bound_is_at_least_the_risk_and_occam_needs_no_noise(sparse, noisy):
    for certificate in (sparse, noisy):
        assert all(value >= certificate.risk.upper for value in certificate.bounds.values() if value is not None)
    assert sparse.bounds["occam"] is not None
    assert noisy.bounds["occam"] is None


def test_noise_is_paid_for_in_delta_and_refunded_in_bits(sparse, noisy):
    assert noisy.risk.method == "clopper-pearson"
    assert noisy.risk.failure == budget.interval_share(NOISY.seed, preview=True) * NOISY.delta == pytest.approx(0.01)
    assert noisy.bound_delta == pytest.approx(0.04)
    assert sparse.bound_delta == 0.05
    refunds = [charge.bits for charge in noisy.ledger.charges if charge.name.startswith("noise refund")]
    assert len(refunds) == 4
    assert all(refund <= 0 for refund in refunds)
    nonzeros, entries = noisy.measurement.nonzeros, 2**NOISY.bits
    assert -sum(refunds) <= nonzeros * math.log2(entries)
    assert noisy.effective_bytes < noisy.measurement.code_bytes


def test_delta_and_the_bound_change_the_statement_but_need_no_new_measurement(sparse):
    stricter = known(SPARSE.but(delta=0.001, bound="catoni"))
    assert stricter is not None
    assert stricter.measurement == sparse.measurement
    assert stricter.bound == stricter.bounds["catoni"]
    assert stricter.bounds["seeger"] > sparse.bounds["seeger"]


def test_a_measurement_survives_its_json(sparse, noisy):
    for certificate in (sparse, noisy):
        assert Measurement.from_json(certificate.measurement.to_json()) == certificate.measurement


def test_a_whole_measurement_is_the_answer_to_a_preview_too(sparse):
    assert certify(SPARSE, preview=True) == sparse
    assert not sparse.measurement.preview


def test_a_preview_says_so_and_its_interval_covers_the_exact_risk(sparse):
    other = SPARSE.but(checkpoint="plain", sparsity=0.961)
    preview = certify(other, preview=True)
    assert preview.measurement.preview
    assert preview.statement.startswith("Preview")
    exact = certify(other)
    assert preview.risk.lower <= exact.risk.mean <= preview.risk.upper


def test_a_choice_made_by_previews_does_not_use_up_the_draws_that_certify(noisy, monkeypatch):
    original = counting.stochastic_risk

    seeds = []

    def few(network, stds, split, draws, share, seed, *rest):
        seeds.append(seed)
        return original(network, stds, split, 10, share, seed, *rest)

    monkeypatch.setattr(counting, "stochastic_risk", few)
    digits = data.load("digits")
    network = network_of(NOISY)
    posterior = measurement.posterior_of(network, NOISY)
    for preview in (False, True):
        measurement.errors(posterior, NOISY, digits, preview, lambda *_: None)
    certifying, looked = set(seeds[:2]), set(seeds[2:])
    assert len(seeds) == 4
    assert certifying == {gaussian.certifying_draws(posterior.coded, posterior.stds, NOISY.seed)}
    assert not certifying & looked


def test_the_documented_keys_are_all_there(noisy):
    values = json.loads(noisy.to_json())
    wanted = "bound bounds risk risk_upper kl_nats code_bytes effective_bytes train_error test_error n delta ledger"
    wanted += " bound_with_architecture architecture_bits"
    assert set(wanted.split()) <= set(values)
    assert set(values["bounds"]) == set(BOUNDS)
    assert all(set(line) == {"name", "kind", "layer", "bits", "why"} for line in values["ledger"])
    assert sum(line["bits"] for line in values["ledger"]) * math.log(2) == pytest.approx(values["kl_nats"])


@pytest.mark.parametrize("bound", ["catoni", "seeger", "mcallester", "occam"])
def test_the_architecture_is_charged_beside_the_ledger_and_not_in_it(sparse, bound):
    certificate = Certificate(SPARSE.but(bound=bound), sparse.measurement)
    bits = len(grammar.encode(architecture(SPARSE.model)))
    assert certificate.architecture_bits == bits
    nats = certificate.kl_nats + bits * math.log(2)
    charged = BOUNDS[bound].function(certificate.risk.upper, nats, certificate.n, certificate.bound_delta)
    assert certificate.bound_with_architecture == charged > certificate.bound
    assert certificate.kl_nats == certificate.ledger.nats


def test_another_pixel_range_has_to_be_described_too(sparse):
    other = Certificate(SPARSE.but(input_low=-0.5, input_high=0.5), sparse.measurement)
    assert other.architecture_bits == sparse.architecture_bits + 20
    assert other.bound == sparse.bound
    assert other.bound_with_architecture > sparse.bound_with_architecture


def test_a_notebook_shows_the_statement_and_every_charge(sparse):
    shown = sparse._repr_html_()
    assert sparse.statement_with_architecture in shown
    assert all(charge.name in shown for charge in sparse.ledger.charges)


def test_a_noisy_certificate_says_what_three_whole_evaluations_would_have_promised(sparse, noisy):
    assert sparse.naive_upper is None
    assert noisy.naive_upper > noisy.risk.upper
    assert at_most(noisy.naive_upper, 1) in noisy._repr_html_()


def test_an_unknown_checkpoint_is_refused_with_what_to_do():
    with pytest.raises(PacvizError, match="train"):
        certify(Scenario(checkpoint="nowhere"))


def test_an_unwritable_cache_costs_memory_only(monkeypatch, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("PACVIZ_CACHE", str(blocked))
    assert "cannot be written" in (store.problem() or "")
    assert certify(SPARSE.but(sparsity=0.975), preview=True).bound > 0
    assert blocked.read_text() == "in the way"


def test_cancelling_leaves_nothing_behind():
    class Cancelled(Exception):
        pass

    def cancel(fraction, what):
        if fraction > 0.2:
            raise Cancelled

    scenario = SPARSE.but(checkpoint="plain", sparsity=0.965)
    with pytest.raises(Cancelled):
        certify(scenario, progress=cancel)
    assert known(scenario) is None
