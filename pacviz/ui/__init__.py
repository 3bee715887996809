"""The only room of pacviz that knows Streamlit: controls, sentences, and how errors reach a person."""

from pacviz.ui.controls import scenario_controls
from pacviz.ui.panels import ABOUT, charges_table, figures, formula, headline, ledger_table, take_away
from pacviz.ui.session import dark, friendly, offer_download, progress_line, start, warn_about_cache
from pacviz.ui.work import unfinished, work

__all__ = [
    "ABOUT",
    "charges_table",
    "dark",
    "figures",
    "formula",
    "friendly",
    "headline",
    "ledger_table",
    "offer_download",
    "progress_line",
    "scenario_controls",
    "start",
    "take_away",
    "unfinished",
    "warn_about_cache",
    "work",
]
