"""Sliders in a notebook: the app's explorer, and ipywidgets for the settings of any value that has them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from pacviz.errors import PacvizError
from pacviz.settings import Setting, settings

if TYPE_CHECKING:
    from pacviz.notebook.widget import Explorer

__all__ = ["Explorer", "explore"]

LOGARITHMIC = 1e4
"""From this ratio between its largest and its smallest value on, a slider is logarithmic."""
_WIDTHS = {"style": {"description_width": "11em"}, "layout": {"width": "34em"}}

Value = TypeVar("Value")


def __getattr__(name: str) -> Any:
    """The Explorer is made when first asked for: it alone needs anywidget, and torch."""
    if name != "Explorer":
        raise AttributeError(f"module 'pacviz.notebook' has no attribute {name!r}")
    try:
        from pacviz.notebook.widget import Explorer
    except ModuleNotFoundError as error:
        if error.name != "anywidget":
            raise
        raise PacvizError("The explorer needs anywidget: pip install 'pacviz[notebook]'.") from error
    return Explorer


def explore(draw: Callable[[Value], Any], start: Value, names: Sequence[str]) -> Any:
    """A widget a setting above whatever `draw` makes of the value that they describe, drawn again when one of them moves.

    draw: from a value to anything that a notebook can show: a figure, a certificate.  start: a frozen dataclass of
    settings, as a Scenario or an OperatingPoint.  names: the settings to move; the others stay as in `start`.
    Raises PacvizError for an unknown name, or where ipywidgets are not installed.

        explore(bounds_against_n, OperatingPoint(), ["risk", "kl", "delta"])
    """
    try:
        import ipywidgets
        from IPython.display import display
    except ImportError as error:
        raise PacvizError("Sliders need ipywidgets: pip install 'pacviz[notebook]'.") from error
    known = settings(type(start))
    for name in names:
        if name not in known:
            raise PacvizError(f"There is no setting {name!r}; the settings are {', '.join(known)}.")
    widgets = {name: _widget(known[name], getattr(start, name)) for name in names}

    def show(**moved: Any) -> None:
        # A logarithmic slider knows no whole numbers.
        whole = {name: round(value) for name, value in moved.items() if isinstance(getattr(start, name), int)}
        try:
            display(draw(dataclasses.replace(start, **moved | whole)))  # type: ignore[type-var]
        except PacvizError as error:
            print(error)

    output = ipywidgets.interactive_output(show, widgets)
    return ipywidgets.VBox([*widgets.values(), output])


def _widget(setting: Setting, value: Any) -> Any:
    import ipywidgets

    common = {"value": value, "description": setting.title, "tooltip": setting.help, **_WIDTHS}
    if choices := setting.choices():
        return ipywidgets.Dropdown(options=choices, **common)
    if isinstance(value, str):
        return ipywidgets.Text(**common)
    common["continuous_update"] = False
    if setting.high / setting.smallest >= LOGARITHMIC:
        low, high = (math.log10(limit) for limit in (setting.smallest, setting.high))
        common["value"] = max(float(value), setting.smallest)
        return ipywidgets.FloatLogSlider(min=low, max=high, step=(high - low) / 120, readout_format=".3g", **common)
    margin = setting.step if setting.exclusive else 0
    common |= {"min": setting.low + margin, "max": setting.high - margin, "step": setting.step}
    if isinstance(value, int):
        return ipywidgets.IntSlider(**common)
    return ipywidgets.FloatSlider(readout_format=".1%" if setting.percent else ".3f", **common)
