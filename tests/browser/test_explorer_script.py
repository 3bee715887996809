"""The browser's formulas give what Python's give, and a surface says between its points what lies between them."""

import dataclasses
import itertools
import json

import numpy as np
import pytest

from pacviz import Scenario, certify
from pacviz.bounds import BOUNDS, largest_kl
from pacviz.bounds.operating_point import NATS_PER, OperatingPoint
from pacviz.certificates import budget, surface
from pacviz.certificates.certificate import Certificate
from pacviz.certificates.surface import Grid
from pacviz.codes.ledger import Charge, Ledger
from pacviz.experiments.bounds.payload import SCRIPTS, payload
from pacviz.explorer import View, source
from pacviz.explorer import payload as explorer_payload
from pacviz.literature import PUBLISHED
from pacviz.risk import RiskEstimate, upper_limit
from pacviz.words import size

NAMES = "BOUNDS, upperLimit, largestKl, openSurface, evaluate, numbersOf, withoutArchitecture, size"
POINTS = (
    *(result.point for result in PUBLISHED if result.point),
    OperatingPoint(),
    OperatingPoint(n=10, risk=0.0, kl=0.0, delta=1e-12),
    OperatingPoint(n=10_000_000, risk=0.85, kl=1e9, unit="nats"),
    OperatingPoint(n=50_000, risk=0.3, kl=12_345.6, unit="bits", bound="catoni", classes=2),
    OperatingPoint(risk=0.9, bound="occam"),
    OperatingPoint(risk=1.0, delta=0.5, classes=100_000),
)


def loaded(page, script, names):
    page.goto("about:blank")
    page.add_script_tag(type="module", content=f"{script}\nwindow.pacviz = {{{names}}};")
    page.wait_for_function("window.pacviz")
    return page


@pytest.fixture
def script(page):
    return loaded(page, source(), NAMES)


def test_bounds_agree_with_python(script):
    points = list(
        itertools.product((0.0, 1e-4, 0.02, 0.35, 0.9), (10.0, 1e3, 45_564.7, 2e6), (1000, 60_000), (1e-3, 0.05, 0.9))
    )
    result = script.evaluate("points => points.map(p => Object.values(pacviz.BOUNDS).map(f => f(...p)))", points)
    assert script.evaluate("Object.keys(pacviz.BOUNDS)") == list(BOUNDS)
    for point, values in zip(points, result, strict=True):
        for bound, value in zip(BOUNDS.values(), values, strict=True):
            assert value == pytest.approx(bound.function(*point), abs=1e-6), (bound.name, point)


def test_limits_and_room_agree_with_python(script):
    cases = [(0, 2000), (3, 2000), (667, 2000), (1999, 2000), (0, 60_000), (800, 60_000), (59_999, 60_000), (5, 5)]
    limits = [(errors, draws, failure) for errors, draws in cases for failure in (2e-4, 0.01, 0.18)]
    result = script.evaluate("cases => cases.map(c => pacviz.upperLimit(...c))", limits)
    assert result == pytest.approx([upper_limit(*case) for case in limits], abs=1e-7)
    rooms = [(0.02, 0.5, 60_000, 0.05), (0.6, 0.5, 60_000, 0.05), (0.1, 0.5, 50, 0.05)]
    assert script.evaluate("cases => cases.map(c => pacviz.largestKl(...c))", rooms) == pytest.approx(
        [largest_kl(*case) for case in rooms]
    )


def test_what_follows_from_a_point_agrees_with_python(page):
    script = loaded(page, source(SCRIPTS), "consequences")
    ask = "([points, known]) => points.map(point => pacviz.consequences(point, known))"
    result = script.evaluate(ask, [[dataclasses.asdict(point) for point in POINTS], payload(POINTS[0])["known"]])
    for point, told in zip(POINTS, result, strict=True):
        assert told["kl"] == pytest.approx(point.kl_nats, rel=1e-12)
        assert told["bytes"] == pytest.approx(point.kl_bytes, rel=1e-12)
        assert told["guessing"] == point.guessing
        assert (told["bound"] >= told["guessing"]) == point.vacuous
        assert told["bounds"] == pytest.approx(point.bounds, abs=1e-6)
        assert told["bound"] == pytest.approx(point.value, abs=1e-6)
        for name, least in point.least_n.items():
            # Exact below 10^10; beyond, an example more or less is within the rounding of floats.
            assert told["least_n"][name] == (None if least is None else pytest.approx(least, rel=1e-10))
        for name, most in point.most_bytes.items():
            nats = None if most is None else pytest.approx(most * NATS_PER["bytes"], rel=1e-5, abs=1e-3)
            assert told["most_nats"][name] == nats
        assert told["surer"]["times"] == pytest.approx(point.delta / point.surer().delta)
        assert told["surer"]["bound"] == pytest.approx(point.surer().value, abs=1e-6)


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_sliding_charges_the_architecture_as_a_certificate_does(script, noise):
    measured = certify(Scenario(noise=noise), preview=True)
    names = [name for name, bound in BOUNDS.items() if not (noise and bound.deterministic_only)]
    for bound, delta in itertools.product(names, (0.001, 0.05, 0.5)):
        certificate = Certificate(measured.scenario.but(bound=bound, delta=delta), measured.measurement)
        data = explorer_payload(certificate.scenario, View(), [certificate], None)
        result = script.evaluate(
            """({state, known, measured}) => {
                const values = pacviz.evaluate(state, pacviz.numbersOf(measured[0].cell, state.delta), known);
                return [values.bound, pacviz.withoutArchitecture(state, values), 8 * values.architecture, values.kl];
            }""",
            data,
        )
        assert result[2:] == pytest.approx([certificate.architecture_bits, certificate.kl_with_architecture], rel=1e-6)
        assert result[:2] == pytest.approx([certificate.bound_with_architecture, certificate.bound], abs=1e-6)


def test_a_surface_gives_its_points_and_what_lies_between(script):
    recorded = surface.sweep(Scenario(), Grid((0.985, 0.995), (2,), (0.0, 0.05)))
    left, right = recorded.at(0, 0, 0), recorded.at(1, 0, 0)
    states = [{"sparsity": s, "bits": 2, "noise": 0.0, "delta": 0.05} for s in (0.985, 0.99, 0.98)]
    result = script.evaluate(
        "([raw, states]) => { const s = pacviz.openSurface(JSON.parse(raw)); return states.map(x => s.at(x)); }",
        [json.dumps(recorded.to_dict()), states],
    )
    assert result[0]["how"] == "recorded"
    assert result[0]["train"] == left.train[0] / left.train[1]
    assert result[0]["bits"] == pytest.approx(left.bits, abs=0.1)
    assert result[1]["how"] == "interpolated"
    assert result[1]["bits"] == pytest.approx((left.bits + right.bits) / 2, abs=0.1)
    assert result[2] is None


def random_certificates(count):
    """Certificates and previews with and without noise, under every bound that a scenario may have, at any delta and seed."""
    random, base = np.random.default_rng(4), certify(Scenario(), preview=True).measurement
    for _ in range(count):
        noise, preview = random.choice([0.0, 0.05, 0.2]), bool(random.random() < 0.5)
        names = [name for name, bound in BOUNDS.items() if not (noise and bound.deterministic_only)]
        seed = int(random.choice([0, 0, 1, 7, 1000]))
        delta = float(np.exp(random.uniform(np.log(0.001), np.log(0.999))))
        scenario = Scenario(noise=noise, bound=str(random.choice(names)), delta=delta, seed=seed)
        draws = int(random.choice([2_000, 10_000])) if preview else base.n
        errors = int(random.choice([0, 1, draws // 50, draws // 3, draws]))
        exact = noise == 0 and not preview
        train = RiskEstimate(
            "exact" if exact else "clopper-pearson",
            errors,
            draws,
            0.0 if exact else budget.interval_share(seed, preview),
            None if exact else seed,
            int(random.integers(0, min(5, draws - errors) + 1)),
        )
        ledger = Ledger((Charge("header", float(np.exp(random.uniform(3, 14))), "any number of bits"),))
        yield Certificate(scenario, dataclasses.replace(base, train=train, ledger=ledger, preview=preview))


def test_the_browser_spends_delta_and_bounds_every_state_as_python_does(script):
    certificates = list(random_certificates(150))
    kinds = {(one.scenario.noise > 0, one.measurement.preview, one.scenario.bound) for one in certificates}
    assert {(False, True, "occam"), (False, False, "occam"), (True, True, "seeger"), (True, False, "seeger")} <= kinds
    ask = """all => all.map(({ state, known, measured }) => {
        const values = pacviz.evaluate(state, pacviz.numbersOf(measured[0].cell, state.delta), known);
        return { ...values, plain: pacviz.withoutArchitecture(state, values), text: pacviz.size(values.bytes) };
    })"""
    given = [explorer_payload(certificate.scenario, View(), [certificate], None) for certificate in certificates]
    for certificate, result in zip(certificates, script.evaluate(ask, given), strict=True):
        assert result["delta"] == certificate.bound_delta
        assert result["upper"] == pytest.approx(certificate.risk.upper, abs=1e-9)
        assert result["train"] == certificate.risk.mean
        assert result["kl"] == pytest.approx(certificate.kl_with_architecture, abs=1e-3)
        assert result["bound"] == pytest.approx(certificate.bound_with_architecture, abs=1e-6)
        assert result["plain"] == pytest.approx(certificate.bound, abs=1e-6)
        assert result["bounds"].keys() == certificate.bounds.keys()
        for name, value in certificate.bounds.items():
            assert (result["bounds"][name] is None) == (value is None)
        assert result["text"] == size(certificate.effective_bytes)


def test_upper_limits_agree_with_python_however_little_may_fail(script):
    limits = [
        (errors, draws, failure)
        for errors, draws in [
            (0, 2000),
            (3, 2000),
            (1_999, 2000),
            (0, 60_000),
            (1_450, 60_000),
            (59_999, 60_000),
            (5, 5),
        ]
        for failure in (0.2, 1e-2, 1e-7, 1e-13, 1e-25)
    ]
    result = script.evaluate("cases => cases.map(c => pacviz.upperLimit(...c))", limits)
    assert result == pytest.approx([upper_limit(*case) for case in limits], abs=1e-8)
