"""The only room of pacviz that knows Streamlit: controls, sentences, and how errors reach a person."""

from pacviz.ui.explorer import explorer, explorer_state
from pacviz.ui.frontier import (
    Shown,
    frontier_controls,
    frontier_headline,
    point_line,
    points_table,
    selected_point,
)
from pacviz.ui.panels import ABOUT, below
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
from pacviz.ui.what_if import (
    point_controls,
    point_formula,
    point_headline,
    point_tiles,
    published_results,
    published_table,
)
from pacviz.ui.work import unfinished, work

__all__ = [
    "ABOUT",
    "PAUSE",
    "Shown",
    "below",
    "dark",
    "explorer",
    "explorer_state",
    "friendly",
    "frontier_controls",
    "frontier_headline",
    "known_trials",
    "more_trials",
    "navigation",
    "offer_download",
    "point_controls",
    "point_formula",
    "point_headline",
    "point_line",
    "point_tiles",
    "points_table",
    "progress_line",
    "published_results",
    "published_table",
    "running",
    "selected_point",
    "start",
    "through_app",
    "trial_controls",
    "trial_figures",
    "trial_formula",
    "unfinished",
    "verdict",
    "warn_about_cache",
    "work",
]
