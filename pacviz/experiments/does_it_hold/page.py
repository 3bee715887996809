"""The parts of "Does it hold?": the experiment's controls, its trials as they come, and the verdict on them."""

from __future__ import annotations

import dataclasses
import math
import statistics
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pacviz import data
from pacviz.app.charts import chart
from pacviz.app.controls import number, segments, slider
from pacviz.app.links import Parameter, flag, linked, offer, parameters
from pacviz.app.owner import visitor
from pacviz.app.plain import plain
from pacviz.app.session import dark, friendly, through_app
from pacviz.errors import PacvizError
from pacviz.experiments.does_it_hold.figures import charged_share, errors_and_bounds, violation_share
from pacviz.experiments.does_it_hold.live import MOST, trials
from pacviz.experiments.does_it_hold.run import FAILURE, Coverage, Trial, noticed, violations_needed
from pacviz.experiments.does_it_hold.settings import (
    LEARNERS,
    RANDOM,
    SEVERE,
    TRUE,
    USUAL,
    Claim,
    Guess,
    Learner,
    Pipeline,
)
from pacviz.experiments.experiment import EXPERIMENTS
from pacviz.jobs import limits
from pacviz.progress import Progress
from pacviz.settings import defaults, setting, settings
from pacviz.words import at_most

PREFIX = "holds_"
_RUNNING, _WATCHED, _PROBLEM = "holds_running", "holds_watched", "holds_problem"
POWERS = tuple(10**power for power in range(7))
PULSE = 0.5
"""Seconds between two drawings of trials that are run."""
_PRETENCE = "The bound pretends that it was fixed before them. **Charge the choice**, and it holds."


@dataclass(frozen=True)
class _Choices:
    learner: str = setting(
        "pipeline",
        "How the network is found",
        "pipeline: train, prune, quantize and code. guess: take the best of M random networks.",
        choices=lambda: tuple(LEARNERS),
    )
    trials: int = setting(
        100, "Trials", "How often a sample is drawn and a network learned on it.", low=20, high=MOST, step=20
    )


_PREFIXES = {name: f"{PREFIX}{name}_" for name in LEARNERS}
PARAMETERS: tuple[Parameter, ...] = (
    *parameters(_Choices, PREFIX),
    *parameters(Claim, PREFIX),
    flag(f"{PREFIX}charged", True),
    *(one for name, kind in LEARNERS.items() for one in parameters(kind, _PREFIXES[name])),
)
"""All that a link to the page can say."""


def trial_controls() -> tuple[Learner, Claim, int]:
    """Draws all controls in the sidebar; the experiment, what is claimed of it, and the number of trials wanted."""
    with linked("holds", PARAMETERS), st.sidebar:
        if limits.public():
            st.caption(limits.read_only("running trials"))
        else:
            label, icon = ("Pause", "pause") if running() else ("Run live", "play_arrow")
            st.button(
                label,
                icon=f":material/{icon}:",
                key=f"{PREFIX}run",
                on_click=_turn,
                width="stretch",
            )
        learner = segments("learner", tuple(LEARNERS), _Choices, PREFIX)
        kind, prefix = LEARNERS[learner], _PREFIXES[learner]
        # No tooltips: they would lie over the buttons above.
        for column, title, presets in zip(st.columns(2), ("Usual", "Severe"), (USUAL, SEVERE), strict=True):
            column.button(
                title,
                key=f"{PREFIX}{title.lower()}",
                on_click=_set,
                args=(prefix, presets[learner]),
                width="stretch",
            )
        st.caption("Severe: few digits, random labels. A bound that charges too little is noticed sooner.")
        charged = st.toggle(
            "Charge the choice",
            key=f"{PREFIX}charged",
            help="Off, the bound is broken on purpose: it pretends that the network was fixed before the data.",
        )
        values: dict[str, Any] = {}
        if kind is Guess:
            offer(f"{prefix}guesses", POWERS, defaults(Guess)["guesses"])
            values["guesses"] = st.select_slider(
                settings(Guess)["guesses"].title, POWERS, key=f"{prefix}guesses", help=settings(Guess)["guesses"].help
            )
        else:
            for name in ("sparsity", "bits", "epochs"):
                values[name] = slider(name, kind, prefix)
        values["n"] = slider("n", kind, prefix)
        values["labels"] = segments("labels", (TRUE, RANDOM), kind, prefix)
        wanted = slider("trials", _Choices, PREFIX)
        left, right = st.columns(2)
        with left:
            delta = number("delta", Claim, PREFIX)
        with right:
            values["seed"] = number("seed", kind, prefix)
    return kind(**values), Claim(delta, charged), int(wanted)


def _set(prefix: str, experiment: Learner) -> None:
    for name, value in dataclasses.asdict(experiment).items():
        st.session_state[prefix + name] = value


def running() -> bool:
    """Whether somebody has asked for trials to be run now."""
    return bool(st.session_state.get(_RUNNING, False)) and not limits.public()


def _turn() -> None:
    st.session_state[_RUNNING], st.session_state[_PROBLEM] = not running(), None


def _follow(experiment: Learner | None) -> None:
    """Leaves the trials that were watched before, where they are others."""
    before = st.session_state.get(_WATCHED)
    if before is not None and before != experiment:
        trials(before).leave(visitor())
    st.session_state[_WATCHED] = experiment


def _tell(place: st.delta_generator.DeltaGenerator, share: float, what: str) -> None:
    place.progress(min(max(share, 0.0), 1.0), plain(what.capitalize()) + " …")


def known_trials(experiment: Learner, claim: Claim, wanted: int) -> list[Trial]:
    """The trials that were recorded or have been run since, by anybody; another claim runs none again."""
    return [Trial(outcome, claim) for outcome in trials(experiment).first(wanted).values()]


def watch_trials(experiment: Learner, wanted: int, progress: Progress) -> None:
    """Keeps the trials going in their process, and tells how far they are."""
    live = trials(experiment)
    live.want(wanted)
    live.watch(visitor(), lambda fraction, what: progress(len(live.first(wanted)) / wanted, what))


def verdict(experiment: Learner, trials: list[Trial], claim: Claim) -> None:
    """How many bounds were violated, in one large sentence, and why."""
    coverage = Coverage.of(trials, claim.delta)
    count = f"{coverage.violated} of {coverage.trials} bounds were violated"
    if not trials:
        st.markdown("### No trial of these settings has been run yet")
    elif coverage.refuted:
        st.markdown(f"### :red[**{count}**]: this is not a certificate")
    else:
        st.markdown(f"### :blue[**{count}**]; δ allows {100 * claim.delta:.4g} %")
    with st.container(key="explanation"):
        if not trials:
            st.markdown(
                "**Run live** draws a sample, finds a network on it and compares its bound with its true error, again and "
                "again. **Usual** and **Severe** show trials that were recorded."
            )
        else:
            st.markdown(
                f"{_badge(experiment, claim)} {explanation(experiment, claim, coverage)} {power_words(trials, claim)}"
            )


def _badge(experiment: Learner, claim: Claim) -> str:
    if not claim.charged:
        return ":red-badge[:material/money_off: the choice is not charged: K = 0]"
    price = f"ln M = {math.log(experiment.guesses):.1f} nats" if isinstance(experiment, Guess) else "the code length"
    return f":green-badge[:material/paid: the choice is charged: K = {price}]"


def explanation(experiment: Learner, claim: Claim, coverage: Coverage) -> str:
    """A few sentences: why the bound holds or fails, and how surely that is known."""
    match experiment:
        case Guess(guesses=1):
            text = "A single guess is no choice: ln 1 = 0, so there is nothing to charge."
        case Guess(n, guesses) if claim.charged:
            text = (
                f"The bound holds for all {guesses:,} guesses at once, and so for the best of them on its {n} digits."
            )
        case Guess(n, guesses):
            text = f"The best of {guesses:,} guesses was picked because it errs least on its {n} digits. {_PRETENCE}"
        case Pipeline() if claim.charged:
            text = "Every bit of the code is charged: the bound holds at once for every network that it can describe."
        case Pipeline(n):
            text = f"The network was picked because it errs little on the {n:,} digits that it trained on. {_PRETENCE}"
    if coverage.refuted:
        text += f" Were δ true, so many violations would have a probability below {_power_of_ten(coverage.p_value)}."
    if coverage.undecided:
        text += f" Too close to tell: {coverage.undecided}."
    return text


def power_words(trials: list[Trial], claim: Claim) -> str:
    """What the present trials would have noticed, in a sentence: how much a bound that is not refuted by them means."""
    share, enough = noticed(trials, claim.delta), violations_needed(len(trials), claim.delta)
    if not trials[0].outcome.choice_nats:
        return ""
    if enough is None:
        return f"So few trials refute nothing at δ = {claim.delta:g}: run more."
    if not share:
        return "**Power:** even a bound that charges nothing would have gone unnoticed here; try *Severe*."
    return f"**Power:** a bound that charges less than **{_down(share)}** of K would have been noticed by these trials."


def _down(share: float) -> str:
    """A share as whole percents, rounded down; below one percent with a digit more."""
    return f"{math.floor(100 * share)} %" if share >= 0.01 else f"{math.floor(1000 * share) / 10:.1f} %"


def _power_of_ten(probability: float) -> str:
    """The next power of ten above a probability; 10^-99 stands for all below it."""
    return f"$10^{{{max(math.ceil(math.log10(max(probability, 1e-99))), -99)}}}$"


def _counted(share: float, digits: int) -> str:
    return f"{share:.{digits}%}"


def trial_figures(trials: list[Trial]) -> None:
    """Means over the trials, and the share of violations."""
    train, truth, bound, violated = (
        tell(statistics.fmean(values), 1) if values else "–"
        for tell, values in (
            (_counted, [trial.outcome.train.mean for trial in trials]),
            (_counted, [trial.outcome.truth.mean for trial in trials]),
            (at_most, [trial.bound for trial in trials]),
            (_counted, [float(trial.violated) for trial in trials]),
        )
    )
    price = f"{statistics.fmean(trial.kl_nats for trial in trials):,.1f}" if trials else "–"
    tiles = (
        ("Training error", train, "mean", "Of each network, on the sample that it was chosen on."),
        (
            "K, nats",
            price,
            "mean price",
            "The code length, or ln M; 0 where it is not charged. 1 nat = 1.44 bits.",
        ),
        ("Bound", bound, "mean", "Occam–Chernoff, from the training error, K, n and δ."),
        (
            "True error",
            truth,
            "mean",
            "Of each network, on 60,000 fresh digits: known to within half a point.",
        ),
        ("Violated", violated, f"of {len(trials)} bounds", "Bounds that lie below their true error for sure."),
        (
            "Power",
            _down(noticed(trials, trials[0].claim.delta)) if trials else "–",
            "of K is tested",
            "A bound that charged a smaller share of K would have been refuted by these very trials: so much of the charge "
            "do they put to the test. The rest may be needed for other samples, or be slack.",
        ),
    )
    for column, (label, value, note, help) in zip(st.columns(len(tiles)), tiles, strict=True):
        column.metric(label, value, note, delta_color="off", delta_arrow="off", help=help, border=True)


def trial_formula(trials: list[Trial], claim: Claim) -> None:
    """What is done, and the bound of the last trial with its numbers."""
    st.markdown(
        f"The digits come from a distribution that is known, so a true error can be measured as finely as one likes: "
        f"each network meets {data.digits.TRAIN_SIZE:,} digits that no trial has seen, and a violation is counted "
        f"only where chance in those is not to blame (level {FAILURE:g}). A bound may fail in a share δ of all samples; "
        "a sound one fails in far fewer, because it holds for all choices at once."
    )
    st.latex(claim.bound.formula)
    if trials:
        st.latex(trials[-1].formula)
        st.caption(f"{claim.bound.title} ({claim.bound.source}) in trial {len(trials)}; K in nats (1 nat = 1.44 bits).")


def page() -> None:
    """Draws the page."""
    through_app(EXPERIMENTS)
    with friendly():
        experiment, claim, wanted = trial_controls()
    if problem := st.session_state.get(_PROBLEM):
        st.error(plain(problem), icon=":material/error:")
    pending = running() and len(known_trials(experiment, claim, wanted)) < wanted
    _follow(experiment if pending else None)

    # A fragment, because the browser keeps every chart of a chain of st.rerun() until the last of them ends.
    @st.fragment(run_every=PULSE if pending else None)
    def live() -> None:
        """Draws the trials that are known."""
        known = known_trials(experiment, claim, wanted)
        verdict(experiment, known, claim)
        trial_figures(known)
        left, right = st.columns(2)
        with left:
            chart(errors_and_bounds(known, dark()), "errors_and_bounds")
        with right:
            chart(violation_share(known, claim.delta, wanted, dark()), "violation_share")
        # In the fragment: it may write to nothing outside of itself.
        status = st.empty()
        left, right = st.columns(2)
        with left:
            chart(charged_share(known, claim.delta, dark()), "charged_share")
        with right:
            trial_formula(known, claim)
        if not pending:
            return
        try:
            watch_trials(experiment, wanted, lambda share, what: _tell(status, share, what))
        except PacvizError as error:
            # What cannot be done is said, and not asked for again and again.
            st.session_state[_RUNNING], st.session_state[_PROBLEM] = False, str(error)
        if len(known_trials(experiment, claim, wanted)) == wanted:
            st.session_state[_RUNNING] = False
        if not running():
            st.rerun()

    live()
