"""The only room of pacviz that knows Streamlit: controls, sentences, and how errors reach a person."""

from pacviz.ui.controls import scenario_controls
from pacviz.ui.memorising import (
    KEPT_ACCURACY,
    level_table,
    memorising_headline,
    random_label_controls,
    random_sample,
    take_recording_away,
    theorem,
)
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
    "KEPT_ACCURACY",
    "PAUSE",
    "charges_table",
    "dark",
    "figures",
    "formula",
    "friendly",
    "headline",
    "known_trials",
    "ledger_table",
    "level_table",
    "memorising_headline",
    "more_trials",
    "navigation",
    "offer_download",
    "progress_line",
    "random_label_controls",
    "random_sample",
    "running",
    "scenario_controls",
    "start",
    "take_away",
    "take_recording_away",
    "theorem",
    "through_app",
    "trial_controls",
    "trial_figures",
    "trial_formula",
    "unfinished",
    "verdict",
    "warn_about_cache",
    "work",
]
