"""What a visitor looks at beside the scenario itself: the rest of the page's URL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pacviz.certificates.surface import AXES
from pacviz.errors import PacvizError, quoted
from pacviz.explorer.tour import TOUR
from pacviz.scenario import Scenario
from pacviz.settings import check_settings, defaults, setting, settings

PANELS = (
    *("head", "controls", "presets", "tour", "tiles", "errors", "waterfall", "sizes", "formula", "pins", "take"),
    *("ledger", "charges", "lines"),
)
"""What of the page can be hidden, beside the controls."""
MOST_PINS = 6


@dataclass(frozen=True)
class Pin:
    """A setting kept to compare with.  n: as in View."""

    scenario: Scenario
    n: int = 0

    def to_text(self) -> str:
        """Name:value pairs with commas between them, defaults left out."""
        values = {**self.scenario.to_dict(), "n": self.n}
        plain = {**defaults(Scenario), "n": 0}
        return ",".join(f"{name}:{value}" for name, value in values.items() if value != plain[name]) or "default"

    @classmethod
    def from_text(cls, text: str) -> Pin:
        """The inverse of `to_text`; raises PacvizError naming what is wrong with it."""
        pairs = [] if text == "default" else [part.partition(":") for part in text.split(",")]
        return cls.from_mapping({name: value for name, _, value in pairs})

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Pin:
        """From plain values by name; raises PacvizError like `Scenario.from_mapping`."""
        rest = {name: value for name, value in values.items() if name != "n"}
        return cls(Scenario.from_mapping(rest), settings(View)["n"].check("n", values.get("n", 0), int))


@dataclass(frozen=True)
class View:
    """How the explorer shows a Scenario.  hide: names of controls and PANELS.  pins: at most MOST_PINS.

    Raises PacvizError naming the field, the value and what is allowed.
    """

    n: int = setting(
        0,
        "Training examples n",
        "What if there were more or fewer examples, with the same errors and the same code? Arithmetic, not a "
        "certificate; 0 in a link stands for as many as there are.",
        low=0,
        high=10**7,
        scale="log",
    )
    along: str = setting("sparsity", "Curves along", "The setting on the horizontal axis.", choices=lambda: AXES)
    tour: int = setting(0, "Tour", "Step of the tour, 0 for none.", low=0, high=len(TOUR))
    present: int = setting(0, "Projector", "1: large type, no sidebar.", low=0, high=1)
    hide: tuple[str, ...] = ()
    pins: tuple[Pin, ...] = ()

    def __post_init__(self) -> None:
        check_settings(self)
        allowed = (*settings(Scenario), *settings(View), *PANELS)
        for name in self.hide:
            if name not in allowed:
                raise PacvizError(f"hide must name controls or panels ({', '.join(allowed)}), got {quoted(name)}.")
        if len(self.pins) > MOST_PINS:
            raise PacvizError(f"pins must be at most {MOST_PINS}, got {len(self.pins)}; remove some.")


def hidden(text: str) -> tuple[str, ...]:
    """What `View.hide` is for a text of names with commas between them; raises PacvizError as View does."""
    return View(hide=tuple(filter(None, text.split(",")))).hide


def pinned(text: str) -> tuple[Pin, ...]:
    """What `View.pins` is for a text of pins with semicolons between them; raises PacvizError as Pin and View do."""
    return View(pins=tuple(Pin.from_text(part) for part in text.split(";") if part)).pins


def released(moved: Mapping[str, Any], before: View) -> tuple[Scenario, View]:
    """What a browser says when a slider is let go, checked: the setting and the view that it leads to.

    moved: what `onChange` is told.  before: the view until then, which keeps what the explorer itself does not move.
    Raises PacvizError naming the field, the value and what is allowed.
    """
    values = dict(moved)
    view = {**vars(before), **{name: values.pop(name, getattr(before, name)) for name in ("along", "tour")}}
    pins = values.pop("pins", ())
    values.pop("seq", None)
    point = Pin.from_mapping(values)
    return point.scenario, View(**{**view, "n": point.n, "pins": tuple(map(Pin.from_mapping, pins))})
