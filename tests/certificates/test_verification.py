"""A certificate file convinces a stranger, and a forged one does not, even with its checksum put right."""

import copy
import dataclasses
import json
import math
from functools import lru_cache

import pytest
import torch
from safetensors.torch import save_file

from pacviz import PacvizError, Scenario, certify, data
from pacviz.certificates import budget
from pacviz.certificates import verify as verification
from pacviz.certificates.archive import Archive, BrokenArchive, Provenance
from pacviz.certificates.certificate import Certificate
from pacviz.certificates.comparison import LATER
from pacviz.certificates.measure import network_of
from pacviz.certificates.verify import pack, verify
from pacviz.codes import coder
from pacviz.library import weights
from pacviz.models import architecture
from pacviz.risk import Elsewhere, RiskEstimate
from pacviz.words import at_most

SPARSE = Scenario(sparsity=0.97)
NOISY = SPARSE.but(noise=0.05)


@pytest.fixture(scope="module")
def sparse():
    return Archive.from_bytes(pack(certify(SPARSE)))


@pytest.fixture(scope="module")
def noisy():
    return Archive.from_bytes(pack(certify(NOISY)))


@pytest.fixture
def unmeasured(monkeypatch):
    """Nothing slow may happen."""

    def refuse(*_):
        raise AssertionError("the errors were measured")

    monkeypatch.setattr(verification, "errors", refuse)
    # The same bytes are decoded once, and the same network is written once.
    monkeypatch.setattr(coder, "decode", lru_cache(maxsize=8)(coder.decode))
    monkeypatch.setattr(verification, "posterior_of", lru_cache(maxsize=8)(verification.posterior_of))


def forged(archive, *path, value):
    """The archive with one entry of its header changed."""
    header = copy.deepcopy(archive.header)
    place = header
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value(place[path[-1]]) if callable(value) else value
    return Archive.from_bytes(dataclasses.replace(archive, header=header).to_bytes())


def recomputed(archive, scenario, errors, borderline=None):
    """A forgery that is consistent in itself: another number of training errors, and all that follows from it."""
    measurement = certify(scenario).measurement
    borderline = measurement.train.borderline if borderline is None else borderline
    train = dataclasses.replace(measurement.train, errors=errors, borderline=borderline)
    certificate = Certificate(scenario, dataclasses.replace(measurement, train=train))
    header = {**archive.header, "certificate": json.loads(certificate.to_json())}
    return dataclasses.replace(archive, header=header)


def refused(archive):
    """Whether an archive is refused before anything is measured: by one sentence of bearable length."""
    try:
        result = verify(archive, data.load("digits"))
    except BrokenArchive as refusal:
        problem = str(refusal)
    else:
        problem = result.problem or ""
        assert result.bound is None
    return problem.endswith(".") and len(problem) < 500 and "\n" not in problem


@pytest.mark.parametrize("name", ["sparse", pytest.param("noisy", marks=pytest.mark.slow)])
def test_a_certificate_is_confirmed_from_its_bytes_and_the_data_alone(name, request, monkeypatch):
    archive = request.getfixturevalue(name)
    monkeypatch.setattr(verification, "network_of", None)
    result = verify(archive)
    assert result.ok
    assert result.problem is None
    assert result.bound == pytest.approx(archive.header["certificate"]["bound"], abs=1e-12)
    names = [comparison.name for comparison in result.comparisons]
    assert len(names) == len(set(names))
    assert {"bound", "kl_nats", "statement", "code", "prior", "training errors", "test errors"} <= set(names)
    lines = archive.header["certificate"]["ledger"]
    assert sum(name.startswith("ledger ") for name in names) == len(lines)
    assert json.loads(json.dumps(result.to_dict()))["ok"] is True


@pytest.mark.slow
def test_how_a_network_was_made_travels_with_it_and_proves_nothing(sparse):
    provenance = Provenance("tiny", {"width": 8}, "python -m pacviz train")
    told = Archive.from_bytes(pack(certify(SPARSE), provenance=provenance))
    assert told.provenance == provenance
    assert told.header["certificate"] == sparse.header["certificate"]
    assert verify(told).ok
    assert verify(dataclasses.replace(told, header={**told.header, "made": "up"})).ok


@pytest.mark.usefixtures("unmeasured")
@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("bound",), lambda bound: bound - 1e-6),
        (("bounds", "catoni"), lambda bound: bound / 2),
        (("bound_with_architecture",), lambda bound: bound - 1e-6),
        (("architecture_bits",), lambda bits: bits - 1),
        (("kl_nats",), lambda nats: nats - 1),
        (("ledger", 3, "bits"), lambda bits: bits - 8),
        (("ledger", 3, "why"), "a gift"),
        (("ledger",), lambda lines: lines[:-1]),
        (("ledger",), lambda lines: [*lines, lines[0]]),
        (("delta",), 0.04),
        (("scenario", "delta"), 0.04),
        (("risk_failure",), 0.001),
        (("estimates", "train", "failure"), 1e-3),
        (("estimates", "train", "errors"), lambda errors: errors - 1),
        (("estimates", "train", "draws"), lambda draws: 100 * draws),
        (("risk_upper",), lambda upper: upper - 1e-6),
        (("n",), 10**6),
        (("code_bytes",), lambda length: length - 1),
        (("nonzeros",), 7),
        (("preview",), True),
        (("statement",), "The true error is below 1 %."),
        (("scenario", "noise"), 0.01),
        (("scenario", "bound"), "mcallester"),
        (("scenario", "model"), "mlp"),
        (("scenario", "data"), "mnist"),
        (("fingerprints", "code"), "0" * 64),
        (("fingerprints", "architecture"), "0" * 64),
        (("comment",), "signed by everybody"),
    ],
)
@pytest.mark.parametrize("name", ["sparse", pytest.param("noisy", marks=pytest.mark.slow)])
def test_a_forged_entry_is_named_before_anything_is_measured(name, path, value, request):
    archive = request.getfixturevalue(name)
    if path == ("comment",):
        header = {**archive.header["certificate"], "comment": value}
        forgery = forged(archive, "certificate", value=header)
    else:
        forgery = forged(archive, "certificate", *path, value=value)
    result = verify(forgery, data.load("digits"))
    assert not result.ok
    assert result.problem.endswith(" was found.")


@pytest.mark.usefixtures("unmeasured")
def test_a_forged_posterior_prior_or_code_is_named(sparse, noisy):
    wider = forged(noisy, "posterior_stds", "fc1", value=float.hex(1.0))
    assert "posterior_stds fc1" in verify(wider).problem
    assert "prior" in verify(dataclasses.replace(noisy, prior=noisy.prior[:-1])).problem
    assert "code" in verify(dataclasses.replace(sparse, code=sparse.code + b"\0")).problem


@pytest.mark.parametrize("change", [-40, 40])
def test_a_forgery_that_is_consistent_in_itself_is_found_by_measuring(sparse, change):
    claimed = sparse.header["certificate"]["estimates"]["train"]
    result = verify(recomputed(sparse, SPARSE, claimed["errors"] + change))
    assert "training errors" in result.problem
    assert result.bound >= sparse.header["certificate"]["bound"] - 1e-12


@pytest.mark.parametrize("device", ["cpu", "mps", "cuda"])
def test_the_word_for_a_device_loosens_nothing(noisy, monkeypatch, device):
    measured = certify(NOISY).measurement
    monkeypatch.setattr(verification, "errors", lambda *_: (measured.test, measured.train))
    errors = noisy.header["certificate"]["estimates"]["train"]["errors"]
    elsewhere = dataclasses.replace(noisy, header={**noisy.header, "device": device})
    assert verify(elsewhere).ok
    assert not verify(recomputed(elsewhere, NOISY, errors - 50)).ok
    assert not verify(recomputed(elsewhere, NOISY, errors + 50)).ok


@pytest.mark.parametrize(("deviations", "ok"), [(-1, True), (1, True), (-4.5, False), (4.5, False)])
def test_a_file_of_before_with_other_draws_is_held_to_ours_which_make_the_bound(noisy, monkeypatch, deviations, ok):
    measured = certify(NOISY).measurement
    monkeypatch.setattr(verification, "errors", lambda *_: (measured.test, measured.train))
    share = measured.train.charged / measured.n
    errors = measured.train.errors + round(deviations * math.sqrt(2 * measured.n * share * (1 - share)))
    train, test = (dataclasses.replace(split, failure=budget.RISK) for split in (measured.train, measured.test))
    former = dataclasses.replace(measured, train=dataclasses.replace(train, errors=errors), test=test)
    claim = json.loads(Certificate(NOISY, former).to_json())
    result = verify(dataclasses.replace(noisy, header={**noisy.header, "certificate": claim}))
    assert result.ok is ok, result.problem
    assert result.bound == Certificate(NOISY, measured).bound
    assert result.train == measured.train
    assert at_most(result.bound) in result.remarks[-1]


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")])
def test_a_machine_that_cannot_measure_says_nothing_about_the_file(sparse, monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(verification, "errors", fail)
    with pytest.raises(PacvizError, match="memory of this machine") as refused:
        verify(sparse)
    assert not isinstance(refused.value, BrokenArchive)
    monkeypatch.setenv("PACVIZ_DEVICE", "tpu")
    with pytest.raises(PacvizError, match="PACVIZ_DEVICE") as refused:
        verify(sparse)
    assert not isinstance(refused.value, BrokenArchive)


def test_an_unknown_device_is_named(noisy):
    result = verify(dataclasses.replace(noisy, header={**noisy.header, "device": "one with other random numbers"}))
    assert "device" in result.problem
    assert result.bound is None


BORDERLINE = RiskEstimate("exact", 100, 1_000, 0.0, None, 5, Elsewhere((98, 102), (104, 106)))
"""Two errors and two borderline answers may turn on another machine, and one may be borderline there or not."""


@pytest.mark.parametrize(
    ("errors", "borderline", "same"),
    [
        (100, 5, True),
        (102, 3, True),
        (98, 7, True),
        (100, 4, True),
        (100, 6, True),
        (100, 0, False),
        (105, 0, False),
        (103, 2, False),
        (97, 8, False),
        (100, 986, False),
        (0, 105, False),
    ],
)
def test_both_counts_are_held_to_the_recount(errors, borderline, same):
    assert BORDERLINE.could_be(RiskEstimate("exact", errors, 1_000, 0.0, None, borderline)) is same


@pytest.mark.parametrize("change", [-1, 1])
def test_the_bound_is_from_the_larger_of_what_is_claimed_and_what_was_found(sparse, monkeypatch, change):
    measured = certify(SPARSE).measurement
    again = dataclasses.replace(
        measured.train,
        errors=measured.train.errors + change,
        elsewhere=Elsewhere((0, measured.n), (0, measured.n)),
    )
    monkeypatch.setattr(verification, "errors", lambda *_: (measured.test, again))
    result = verify(sparse)
    assert result.ok
    larger = max(measured.train, again, key=lambda estimate: estimate.charged)
    assert result.bound == Certificate(SPARSE, dataclasses.replace(measured, train=larger)).bound


def test_borderline_answers_are_no_reservoir_for_errors(sparse):
    claimed = sparse.header["certificate"]["estimates"]["train"]
    moved = recomputed(sparse, SPARSE, 0, claimed["errors"] + claimed["borderline"])
    result = verify(moved)
    assert [comparison.name for comparison in result.comparisons if not comparison.agrees] == [
        "training errors",
        "borderline training answers",
    ]
    assert result.bound >= sparse.header["certificate"]["bound"] - 1e-12


@pytest.mark.usefixtures("unmeasured")
@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("n",), lambda n: n - 0.00003),
        (("n",), float),
        (("n",), str),
        (("bound",), str),
        (("preview",), 0),
        (("vacuous",), None),
        (("delta",), lambda delta: delta + 1e-8),
        (("risk_failure",), 1e-10),
        (("zhou_bytes",), 1.0),
        (("bounds",), lambda bounds: bounds | {"occam": 0.01}),
        (("bounds occam",), 0.01),
        (("estimates train errors",), 0),
        (("ledger",), lambda lines: [*lines[:-1], lines[-1] | {"bits": True}]),
        (("ledger",), lambda lines: [*lines[:-1], lines[-1] | {"more": 1}]),
        (("ledger",), lambda lines: dict(enumerate(lines))),
        (("ledger",), lambda lines: [list(line.values()) for line in lines]),
        (("scenario", "seed"), "0"),
        (("scenario", "delta"), "0.05"),
        (("scenario", "pruning"), lambda pruning: [pruning]),
        (("estimates", "train", "elsewhere"), {"errors": [0, 60_000], "charged": [0, 60_000]}),
        (("version",), "x"),
        (("version",), 1),
        (("version",), "1" * 41),
    ],
)
def test_structures_are_compared_key_by_key_and_type_by_type(sparse, path, value):
    assert refused(forged(sparse, "certificate", *path, value=value))


@pytest.mark.usefixtures("unmeasured")
def test_what_no_older_version_left_out_may_not_be_missing(sparse, noisy):
    def paths(part, *path):
        for key, value in part.items():
            yield (*path, key)
            if isinstance(value, dict):
                yield from paths(value, *path, key)

    for archive in (sparse, noisy):
        for path in paths(archive.header):
            header = copy.deepcopy(archive.header)
            place = header
            for key in path[:-1]:
                place = place[key]
            del place[path[-1]]
            changed = dataclasses.replace(archive, header=header)
            if path in LATER:
                continue
            assert refused(changed), path


def test_a_file_of_before_is_confirmed_without_what_came_later_and_told_what_its_architecture_costs(sparse):
    header = copy.deepcopy(sparse.header)
    for *path, last in LATER:
        place = header
        for key in path:
            place = place[key]
        del place[last]
    result = verify(dataclasses.replace(sparse, header=header))
    assert result.ok
    said = sparse.header["certificate"]
    assert result.bound_with_architecture == pytest.approx(said["bound_with_architecture"], abs=1e-12)
    assert result.bound < result.bound_with_architecture == result.to_dict()["bound_with_architecture"]


@pytest.mark.usefixtures("unmeasured")
def test_other_data_are_a_sentence(sparse):
    digits = data.load("digits")
    images = digits.train.images.clone()
    images[-1, 0, 0, 0] += 1
    other = dataclasses.replace(digits, train=dataclasses.replace(digits.train, images=images))
    result = verify(sparse, other)
    assert not result.ok
    assert "fingerprint of the data" in result.problem
    assert len(result.problem.splitlines()) == 1


@pytest.mark.usefixtures("unmeasured")
@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("certificate",), None),
        (("certificate",), []),
        (("certificate",), {}),
        (("certificate", "scenario"), 5),
        (("certificate", "scenario", "checkpoint"), "../../etc/passwd"),
        (("certificate", "scenario", "data"), "/etc/passwd"),
        (("certificate", "scenario", "model"), "../lenet5"),
        (("certificate", "scenario", "delta"), 0),
        (("certificate", "scenario", "delta"), "nan"),
        (("certificate", "n"), 10**400),
        (("certificate", "fingerprints"), []),
        (("certificate", "estimates", "train", "errors"), -1),
        (("certificate", "estimates", "train", "errors"), 10**400),
        (("certificate", "estimates", "train", "errors"), 0.5),
        (("certificate", "estimates", "train", "borderline"), True),
        (("certificate", "estimates"), "none"),
    ],
)
def test_a_header_that_makes_no_sense_is_a_sentence(sparse, path, value):
    with pytest.raises(BrokenArchive) as refusal:
        verify(forged(sparse, *path, value=value))
    assert str(refusal.value).endswith(".")
    assert "\n" not in str(refusal.value)


@pytest.mark.usefixtures("unmeasured")
def test_figures_that_do_not_follow_from_the_files_own_words_are_told_before_anything_is_decoded(sparse, monkeypatch):
    monkeypatch.setattr("pacviz.codes.coder.decode", lambda *_: pytest.fail("the code was decoded"))
    for path, value in {
        ("bound",): 0.01,
        ("bounds", "occam"): 0.01,
        ("bound_with_architecture",): 0.01,
        ("kl_nats",): 1.0,
        ("effective_bytes",): 4.0,
        ("risk_upper",): 0.0,
        ("ledger", 0, "bits"): 1.0,
        ("scenario", "noise"): 1e-15,
        ("scenario", "delta"): 0.5,
        ("statement",): "With probability 0.95 over the training data the true error is below 1.00%.",
    }.items():
        result = verify(forged(sparse, "certificate", *path, value=value))
        assert not result.ok, path
        assert result.bound is None
        assert len(result.problem.splitlines()) == 1


@pytest.mark.usefixtures("unmeasured")
@pytest.mark.parametrize("code", [b"", b"\0", b"\xff" * 50, b"\0\x80" * 1_000])
def test_bytes_that_are_no_code_are_a_sentence(sparse, code):
    with pytest.raises(BrokenArchive, match=r"no valid certificate: .*\.$"):
        verify(dataclasses.replace(sparse, code=code))


def test_a_preview_is_not_packed():
    with pytest.raises(PacvizError, match="preview"):
        pack(certify(SPARSE.but(checkpoint="plain", sparsity=0.9617), preview=True))


def test_figures_from_a_machine_that_made_other_bytes_are_measured_anew(sparse):
    certificate = certify(SPARSE)
    fingerprints = {**certificate.measurement.fingerprints, "code": "elsewhere"}
    train = dataclasses.replace(certificate.measurement.train, errors=0)
    elsewhere = dataclasses.replace(certificate.measurement, fingerprints=fingerprints, train=train)
    assert Archive.from_bytes(pack(Certificate(SPARSE, elsewhere))) == sparse


@pytest.mark.slow
def test_a_network_certified_as_it_stands_is_confirmed_with_the_fingerprint_of_its_weights(tmp_path):
    state = architecture("lenet5").state_dict(network_of(SPARSE).matrices)
    state["fc1.bias"] = torch.where(state["fc1.bias"] == 0, -0.0, state["fc1.bias"])
    save_file(state, tmp_path / "it.safetensors")
    given = weights.read(tmp_path / "it.safetensors", "lenet5")
    scenario = weights.scenario_of(given, {"input_low": -1.0}, as_is=True)
    certificate = certify(scenario, weights=given)
    assert certificate.measurement.nonzeros == network_of(SPARSE).nonzeros
    archive = Archive.from_bytes(pack(certificate, given))
    assert verify(archive).ok
    assert not verify(forged(archive, "certificate", "fingerprints", "weights", value="0" * 64)).ok


def test_a_network_of_whole_numbers_is_certified_by_them_and_confirmed():
    rng = torch.Generator().manual_seed(0)
    net = architecture("upright-4")
    state = {
        key: (4 * torch.randn(w.shape, generator=rng)).round() + 0.0 for key, w in net.build(True).state_dict().items()
    }
    given = weights.Weights("upright-4", net.matrices(state))
    certificate = certify(weights.scenario_of(given, {}, as_is=True), weights=given)
    assert {charge.name for charge in certificate.ledger.charges} >= {"weights of conv2a", "biases of fc"}
    archive = Archive.from_bytes(pack(certificate, given))
    assert verify(archive).ok
