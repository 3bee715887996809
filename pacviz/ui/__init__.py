"""The only room of pacviz that knows Streamlit: controls, sentences, and how errors reach a person."""

from pacviz.ui.controls import scenario_controls
from pacviz.ui.panels import ABOUT, charges_table, figures, formula, headline, ledger_table, take_away
from pacviz.ui.session import (
    dark,
    friendly,
    navigation,
    offer_download,
    progress_line,
    start,
    through_app,
    warn_about_cache,
)
from pacviz.ui.training import (
    PULSE,
    any_alive,
    choose_run,
    run_figures,
    run_headline,
    shown_run,
    states,
    training_controls,
)
from pacviz.ui.trials import (
    PAUSE,
    known_trials,
    more_trials,
    running,
    trial_controls,
    trial_figures,
    trial_formula,
    verdict,
)
from pacviz.ui.work import unfinished, work

__all__ = [
    "ABOUT",
    "PAUSE",
    "PULSE",
    "any_alive",
    "charges_table",
    "choose_run",
    "dark",
    "figures",
    "formula",
    "friendly",
    "headline",
    "known_trials",
    "ledger_table",
    "more_trials",
    "navigation",
    "offer_download",
    "progress_line",
    "run_figures",
    "run_headline",
    "running",
    "scenario_controls",
    "shown_run",
    "start",
    "states",
    "take_away",
    "through_app",
    "training_controls",
    "trial_controls",
    "trial_figures",
    "trial_formula",
    "unfinished",
    "verdict",
    "warn_about_cache",
    "work",
]
