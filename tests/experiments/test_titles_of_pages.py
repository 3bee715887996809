"""A few thousand states of Train, Tightest, Trained to compress, Data and "Does it hold?": what is said of a picture is held
against its numbers, judged without the functions that say it."""

import dataclasses
import itertools
import math
import random
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from pacviz import data
from pacviz.bounds import BOUNDS, seeger
from pacviz.certificates.certificate import Certificate
from pacviz.certificates.measure import Measurement
from pacviz.codes.ledger import Charge, Ledger
from pacviz.data import Dataset, Split
from pacviz.experiments.data import figures as sheets
from pacviz.experiments.does_it_hold.figures import charged_share, errors_and_bounds, violation_share
from pacviz.experiments.does_it_hold.run import Outcome, Trial
from pacviz.experiments.does_it_hold.settings import Claim
from pacviz.experiments.frontier import takeaways as frontier_says
from pacviz.experiments.frontier.figures import frontier
from pacviz.experiments.frontier.results import BITS, Candidate, points, scenarios
from pacviz.experiments.tightest import takeaways as tightest_says
from pacviz.experiments.tightest.figures.tightest import tightest
from pacviz.experiments.tightest.mistakes import Mistakes
from pacviz.experiments.tightest.results import Point
from pacviz.experiments.tightest.results import points as tight_points
from pacviz.experiments.train import takeaways as train_says
from pacviz.experiments.train.figures import accuracy_curve, bound_curve, density_curve, loss_curve
from pacviz.figures.style import VACUOUS
from pacviz.literature import RECORD
from pacviz.risk import RiskEstimate
from pacviz.scenario import Scenario
from pacviz.training.recipe import METHODS, Training
from pacviz.training.records import Metrics, Run, recorded

DICE = random.Random(0)


@pytest.fixture(autouse=True)
def the_same_states_whichever_tests_are_chosen():
    DICE.seed(0)


PERCENT = r"(\d+(?:\.\d+)?) ?%"


def shares(text: str) -> list[float]:
    """The percentages of a sentence, as shares."""
    return [float(number) / 100 for number in re.findall(PERCENT, text)]


def moves(values, tolerance: float) -> tuple[bool, bool]:
    """Whether values somewhere rise, and whether they somewhere fall, by more than the tolerance."""
    rises = max((later - values[i] for i in range(len(values)) for later in values[i:]), default=0) > tolerance
    falls = max((values[i] - later for i in range(len(values)) for later in values[i:]), default=0) > tolerance
    return rises, falls


# Train


def row(step: int, exact: bool = False) -> Metrics:
    """A measurement whose bound follows from its bytes and errors, or none."""
    density = DICE.choice((1.0, 1.0, 0.5, 0.015, 0.00002, 1 - 1e-6))
    loss, accuracy = (
        DICE.choice((0.0, 1e-9, 2.3, 10 ** DICE.uniform(-5, 1.5))),
        DICE.choice((0.0, 0.1, 1.0, DICE.random())),
    )
    row = Metrics(step, float(step), float(step), loss, accuracy, max(1, int(density * 431_080)), density)
    if not exact and DICE.random() < 0.4:
        return row
    error = DICE.choice((0.0, 0.02, 0.5, 0.89, 0.95, 1.0))
    upper = error if exact else min(1.0, error + 0.01)
    count = DICE.choice((40, 400, 1600, 17_000, 144_000, 1_700_000))
    bound = seeger(upper, 8 * count * math.log(2), 60_000, 0.05)
    return dataclasses.replace(row, code_bytes=count, error=error, error_upper=upper, bound=bound, exact=exact)


def runs():
    """Every recorded run after each of its rows, corners and random ones of every method."""
    for run, rows in recorded().values():
        yield from ((run, rows[:count]) for count in range(0, len(rows) + 1, 4))
    for method in METHODS:
        training = Training(model="tiny")
        # Most methods need another network or a start, which changes no sentence.
        object.__setattr__(training, "method", method)
        object.__setattr__(training, "density", DICE.choice((0.1, 1.0)) if METHODS[method].prunes else 1.0)
        run = Run("digits/tiny/mine", training)
        yield run, []
        for _ in range(120):
            count = DICE.randint(1, 7)
            rows = [row(step) for step in range(count)]
            yield run, rows if DICE.random() < 0.5 else [*rows, row(count, exact=True)]


def test_what_train_says_is_true_of_its_rows():
    seen = Counter()
    for run, rows in runs():
        measured = [one for one in rows if one.bound is not None]
        loss, error, density, bound = (
            say(rows)
            for say in (
                train_says.loss_title,
                train_says.error_title,
                train_says.density_title,
                train_says.bound_title,
            )
        )
        seen.update(re.sub(r"[\d.,]+", "#", text) for text in (loss, bound))
        if len(rows) > 1:
            rises, falls = moves([math.log10(max(one.loss, train_says.LEAST_LOSS)) for one in rows], train_says.DECADES)
            assert ("hardly" in loss) == (not rises and not falls), loss
            assert ("rises" in loss or "up and down" in loss) == rises, loss
            assert ("falls" in loss or "up and down" in loss) == falls, loss
            if "pruned" in loss:
                assert rows[0].nonzeros > rows[-1].nonzeros
        if rows:
            assert shares(error)[0] == pytest.approx(1 - rows[-1].accuracy, abs=5.1e-5)
            assert ("compressed" in error) == bool(measured)
            assert ("All weights" in density) == (rows[-1].density == 1)
            if "ver 99.99" in density:
                assert 0.9999 < rows[-1].density < 1
            elif "nder 0.01" in density:
                assert 0 < rows[-1].density < 0.0001
            elif rows[-1].density < 1:
                assert shares(density)[0] == pytest.approx(rows[-1].density, abs=5.1e-5)
                assert 0 < shares(density)[0] < 1
        judge(run, measured, bound, train_says.run_explanation(run, rows))
    assert all(
        any(word in text for text in seen) for word in ("too many", "errors alone", "its errors make", "preview")
    )


def judge(run, measured, bound, explanation):
    """Whether what is said of a run's bound is true of its last measured row."""
    if not measured:
        assert "will show" in bound
        assert "Vacuous" not in explanation
        return
    last = measured[-1]
    assert ("acuous" in bound) == ("acuous" in explanation) == (last.bound >= VACUOUS)
    if last.bound < VACUOUS:
        assert ("preview" in bound) == ("preview" in explanation) == (not last.exact)
        assert all(last.bound <= shares(text)[-1] < last.bound + 1.01e-4 for text in (bound, explanation))
        return
    without_errors = seeger(0.0, 8 * last.code_bytes * math.log(2), 60_000, 0.05)
    if "too many" in bound:
        assert without_errors >= VACUOUS - 1e-6
    elif "errors alone" in bound:
        assert last.error_upper >= VACUOUS
    else:
        assert max(without_errors, last.error_upper) < VACUOUS
    assert ("errs on" in explanation) == ("too many" not in bound)
    assert ("so far" in explanation) == (not last.exact)
    if "pruning has not begun" in explanation:
        assert last.density == 1
        assert run.training.density < 1
    if "plain training" in explanation:
        assert run.training.method == "dense"


def test_the_pictures_of_train_are_headed_by_these_sentences():
    for run, rows in itertools.islice(runs(), 0, None, 300):
        for draw, say in (
            (loss_curve, train_says.loss_title),
            (accuracy_curve, train_says.error_title),
            (density_curve, train_says.density_title),
            (bound_curve, train_says.bound_title),
        ):
            assert draw(run.training, rows).layout.title.text == say(rows)
        (line,) = bound_curve(run.training, rows).data
        assert list(line.y) == [one.bound for one in rows if one.bound is not None]


# Trained to compress


def certificate(error: float, count: float, delta: float = 0.05, n: int = 60_000, drawn: bool = False) -> Certificate:
    """Of a network that errs so often and takes so many bytes; drawn: its error is the estimate from some of them."""
    risk = RiskEstimate("exact", round(error * n), n, 0.0, None)
    if drawn:
        risk = RiskEstimate("clopper-pearson", round(error * 1000), 1000, 0.001, 0)
    measured = Measurement(
        Ledger((Charge("positions", 8 * count, "all of it"),)),
        *(int(count), None, 100, 431_080, risk, risk, n, 10, False, {}),
    )
    return Certificate(Scenario(delta=delta), measured)


def candidates():
    """What every menu of the page shows, each part of its methods, and random points."""
    for model, name, bits in itertools.product(("lenet5", "mlp"), ("digits", "mnist"), BITS):
        shown = points(scenarios(model, name, bits))
        methods = sorted({point.method for point in shown})
        for chosen in itertools.chain.from_iterable(
            itertools.combinations(methods, k) for k in range(len(methods) + 1)
        ):
            yield model, name, [point for point in shown if point.method in chosen], len(shown)
    made = [
        certificate(DICE.choice((0.0, 0.95, 10 ** DICE.uniform(-4, 0))), round(10 ** DICE.uniform(1.5, 5.5)))
        for _ in range(40)
    ]
    for _ in range(800):
        some = [
            Candidate(DICE.choice(list(METHODS)), DICE.choice((1.0, 10 ** DICE.uniform(-3, 0))), DICE.choice(made))
            for _ in range(DICE.randint(0, 6))
        ]
        yield "lenet5", "mnist", some, len(some)


def test_what_trained_to_compress_says_is_true_of_its_points():
    seen = Counter()
    for model, name, shown, there in candidates():
        title = frontier_says.chart_title(shown)
        headline = frontier_says.headline(model, name, shown, there - len(shown))
        seen.update(re.sub(r"[\d.,]+", "#", text) for text in (title, headline))
        if not shown:
            assert ("choose a method" in headline) == (there > 0)
            assert ("has been measured here yet" in headline) == (there == 0)
            continue
        bounds = {
            dense: [point.certificate.bound_with_architecture for point in shown if (point.method == "dense") == dense]
            for dense in (True, False)
        }
        least = min(min(some) for some in bounds.values() if some)
        assert ("vacuous" in headline) == (least >= VACUOUS)
        if least < VACUOUS:
            assert least <= shares(headline)[-1] < least + 1.01e-4
        explained = frontier_says.explanation(shown, published=True)
        assert ("The published numbers" in frontier_says.explanation(shown, published=False)) is False
        assert shares(explained)[-1] == pytest.approx(min(point.certificate.bound for point in shown), abs=1.01e-4)
        if all(bounds.values()):
            trained, after = shares(title)
            told = frontier_says.compared(shown)
            assert shares(told) == [after, trained]
            for some, text in ((bounds[True], after), (bounds[False], trained)):
                assert min(some) <= text < min(some) + 1.01e-4
            assert (
                title.count("vacuous") == told.count("vacuous") == sum(min(some) >= VACUOUS for some in bounds.values())
            )
        else:
            assert frontier_says.compared(shown) == ""
            assert ("All of these are vacuous" in title) == (least >= VACUOUS)
    assert len(seen) >= 8


def test_the_picture_of_trained_to_compress_is_headed_by_its_sentence_and_drawn_for_its_n():
    for shown in (
        [],
        [Candidate("dense", 0.05, certificate(0.01, 2000)), Candidate("gradual", 0.05, certificate(0.02, 900))],
    ):
        assert frontier(shown).layout.title.text == frontier_says.chart_title(shown)
    few = [Candidate("dense", 0.05, certificate(0.01, 2000, n=10_000))]
    line = next(trace for trace in frontier(few).data if trace.name == "bound 30%")
    for count, error in list(zip(line.x, line.y, strict=True))[::50]:
        assert seeger(error, 8 * count * math.log(2), 10_000, 0.05) == pytest.approx(0.3, abs=1e-9)


def test_the_layers_that_are_kept_most_and_least_are_the_ones_that_are_named():
    for _ in range(500):
        names = DICE.sample(("conv1", "conv2", "fc1", "fc2"), DICE.randint(1, 4))
        left = [
            {name: (DICE.choice((0, 1, DICE.randint(0, 1000))), 1000) for name in names}
            for _ in range(DICE.randint(0, 4))
        ]
        title = frontier_says.layers_title(left)
        if not left:
            assert title == "Which layers are kept"
            continue
        means = {name: np.mean([one[name][0] for one in left]) for name in names}
        told = re.findall(r"of (\w+) ", title)
        assert means[told[0]] == max(means.values())
        assert means[told[-1]] == min(means.values())


# Tightest


def tight(name: str, made: Certificate, verified: bool) -> Point:
    return Point(name, "tiny", {}, "python -m pacviz make", made, b"", Path(name), verified)


def collections_of_points():
    """Parts of what ships, and random points: claimed, verified, unsure, estimated."""
    shipped = [point for point in tight_points() if point.certificate.scenario.data == "mnist"]
    yield shipped
    yield from ([point] for point in shipped)
    made = [
        certificate(
            DICE.choice((0.0, 0.005, 10 ** DICE.uniform(-3, -0.5))),
            round(10 ** DICE.uniform(1.9, 4)),
            DICE.choice((0.05, 0.05, 1e-9, 0.5)),
            drawn=DICE.random() < 0.2,
        )
        for _ in range(60)
    ]
    for _ in range(1500):
        yield [tight(f"p{place}", DICE.choice(made), DICE.random() < 0.7) for place in range(DICE.randint(0, 5))]


def test_what_tightest_says_is_true_of_its_points():
    seen = Counter()
    for shown in collections_of_points():
        title, headline = tightest_says.chart_title(shown), tightest_says.headline(shown)
        rivals = [point for point in shown if point.verified and point.certificate.scenario.delta <= 0.05]
        for point in shown:
            risk, told = point.certificate.risk, tightest_says.errors_counted(point.certificate)
            counted = [int(number.replace(",", "")) for number in re.findall(r"[\d,]*\d", told)]
            exact = [risk.errors, point.certificate.n, *([risk.borderline] if risk.borderline else [])]
            assert counted == (exact if risk.method == "exact" else [risk.errors, risk.draws])
        if not rivals:
            assert "published record" in headline
            assert "would beat it" in title
            if shown:
                why = tightest_says.why_none(shown)
                seen[why] += 1
                assert ("verified here holds" in why) == any(point.verified for point in shown)
                assert ("claimed" in why) == any(not point.verified for point in shown)
            continue
        winner = min(rivals, key=lambda point: point.bound)
        assert winner.bound <= shares(headline)[0] < winner.bound + 1.01e-4
        assert f"with {winner.bytes:,.0f} bytes" in headline
        assert title.startswith(f"{winner.bytes:,.0f} bytes")
        under = seeger(winner.error, winner.certificate.kl_nats, 60_000, 0.05) < RECORD
        assert (": below the curve" in title) == under
        assert (": not yet below the curve" in title) != under
        seen[under] += 1
    assert len(seen) == 5


def test_the_picture_of_tightest_is_headed_by_its_sentence_and_drawn_on_the_side_that_it_says():
    for made in (certificate(0.01, 500), certificate(0.01, 5000), certificate(0.02, 805, delta=1e-9)):
        shown = [tight("p", made, True)]
        figure = tightest(shown)
        assert figure.layout.title.text == tightest_says.chart_title(shown)
        curve = next(trace for trace in figure.data if trace.name == f"the published record, {100 * RECORD:g} %")
        allowed = max(
            (error for error, count in zip(curve.y, curve.x, strict=True) if count >= shown[0].bytes), default=0
        )
        assert (": below the curve" in figure.layout.title.text) == (shown[0].error < allowed)


def test_what_is_said_of_mistakes_is_true_of_them():
    for _ in range(500):
        pairs = [tuple(DICE.sample(range(DICE.choice((2, 4, 10))), 2)) for _ in range(DICE.choice((0, 1, 2, 3, 40)))]
        labels, answers = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
        wrong = Mistakes(np.zeros((len(pairs), 1, 2, 2), np.uint8), labels, answers, labels, 10_000, "test")
        title = tightest_says.mistakes_title(wrong, names=DICE.choice(((), [f"class{i}" for i in range(10)])))
        counts = Counter(pairs)
        assert title.startswith("No answer" if not pairs else f"{len(pairs)} of 10,000 answers")
        if "taken for" in title:
            label, answer = map(int, re.search(r"(?:class)?(\d) is taken for (?:class)?(\d)", title).groups())
            assert counts[label, answer] == max(counts.values())
            assert f" {max(counts.values())} times" in title or len(pairs) == 1
        elif pairs:
            assert set(counts.values()) == {1}


# Data


def test_what_data_says_is_true_of_its_sheet():
    for _ in range(60):
        classes, size = DICE.choice((2, 3, 10)), DICE.choice((20, 90, 300))
        make = torch.Generator().manual_seed(DICE.randrange(2**31))
        samples = []
        for count in (size, 50):
            labels = torch.cat([torch.arange(classes), torch.randint(classes, (count - classes,), generator=make)])
            images = torch.randint(256, (count, 1, 3, 5), generator=make, dtype=torch.uint8) // (
                1 + labels[:, None, None, None]
            )
            samples.append(Split(images.to(torch.uint8), labels))
        some = Dataset("digits", "Digits", *samples, classes)
        means = np.stack(
            [some.train.images[some.train.labels == c].double().mean(0).numpy().ravel() for c in range(classes)]
        )
        flat = some.test.images.double().flatten(1).numpy()
        answers = ((flat[:, None] - means[None]) ** 2).sum(2).argmin(1)
        guessed, nearest = shares(sheets.takeaway(some))
        assert guessed == pytest.approx(1 - 1 / classes, abs=0.0051)
        assert nearest == pytest.approx((answers != some.test.labels.numpy()).mean(), abs=0.0251)
        asked = DICE.choice((0, 5, size - 1, 50_000))
        start = sheets.first_shown(some.train, asked, 2, classes)
        shown = sheets.sheet(some.train, 2, start, classes)
        assert 0 <= start <= asked
        assert shown.tiles, "the sheet shows something wherever it is asked to begin"
        assert sheets.caption(some, start).startswith(f"Examples {start:,} onwards of {size:,}")
        assert "5 × 3 pixels" in sheets.caption(some, start)


def test_a_sheet_begins_where_it_was_asked_to_or_early_enough_to_be_full():
    split = Split(torch.zeros(50_000, 1, 1, 1, dtype=torch.uint8), torch.zeros(50_000, dtype=torch.int64))
    assert sheets.first_shown(split, 4200, 8, 10) == 4200
    assert sheets.first_shown(split, 50_000, 8, 10) == 49_920
    assert set(data.DATASETS) >= {"digits", "mnist", "cifar10"}


# Does it hold?


def test_what_does_it_hold_says_is_true_of_its_trials():
    seen = Counter()
    for _ in range(14):
        claim = Claim(delta=DICE.choice((0.001, 0.05, 0.5, 0.9)), charged=DICE.random() < 0.5)
        trials = [
            Trial(
                Outcome(
                    RiskEstimate("exact", DICE.choice((0, 100, 500)), 1000, 0.0, None),
                    RiskEstimate("clopper-pearson", DICE.choice((200, 2000, 9000)), 10_000, 1e-3, None),
                    DICE.choice((0.0, 5.0, 600.0)),
                ),
                claim,
            )
            for _ in range(DICE.choice((0, 1, 3, 12)))
        ]
        marks, share, charged = (
            figure.layout.title.text
            for figure in (
                errors_and_bounds(trials),
                violation_share(trials, claim.delta, 20),
                charged_share(trials, claim.delta),
            )
        )
        seen.update((re.sub(r"\d+", "#", marks), share, charged))
        violated = sum(trial.outcome.truth.lower > trial.bound for trial in trials)
        if not trials:
            continue
        assert (f"{violated} of {len(trials)}" in marks) == (violated > 0)
        if marks.startswith("Every true error lies below"):
            assert all(trial.outcome.truth.upper <= trial.bound for trial in trials)
        assert ("No more" in share) == (violated / len(trials) <= claim.delta)
    assert len(seen) >= 6


def test_every_bound_of_a_state_is_the_one_that_its_certificate_states():
    """The judges above take the bound of a certificate for granted."""
    made = certificate(0.02, 900)
    assert made.bound == pytest.approx(BOUNDS["seeger"].function(0.02, made.kl_nats, 60_000, 0.05))
