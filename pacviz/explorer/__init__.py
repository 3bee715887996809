"""The explorer: everything a browser needs to redraw a scenario while a slider is dragged, and the script that does so."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pacviz.bounds import BOUNDS
from pacviz.certificates import budget, surface
from pacviz.certificates.certificate import Certificate, architecture_bits
from pacviz.codes.ledger import PARTS
from pacviz.explorer.jobs import unfinished
from pacviz.explorer.tour import PRESETS, TOUR, Preset
from pacviz.explorer.view import MOST_PINS, PANELS, Pin, View, hidden, pinned, released
from pacviz.figures.style import LAYERS, LINES, VACUOUS, Line, lit
from pacviz.library import checkpoints
from pacviz.models import architecture
from pacviz.scenario import Scenario
from pacviz.settings import Setting, defaults, settings
from pacviz.words import SENTENCES

_FOLDER = Path(__file__).parent
_SHARED = ("nodes", "words", "bounds", "charts", "page", "exports", "live")
EXPLORER = tuple(_FOLDER / f"{name}.js" for name in ("waterfall", "surface", "axes", "tour", "explorer"))
"""The scripts of the explorer itself, after those that it shares with other pages."""
STREAMLIT = _FOLDER / "streamlit.js"
"""The script that hands `mount` to a page of the app."""
LIVE = ("sparsity", "bits", "noise", "delta", "bound")
"""The settings that the explorer's own controls move; what is left says where the weights and data come from."""
STOPS = 24
"""Stops of a logarithmic slider for each factor of ten."""
PATTERNS = ("", "M0 8L8 0", "M0 0L8 8M0 8L8 0", "M3 4h2", "M0 0L8 8", "M4 0V8M0 4H8")
"""What is drawn over the colour of each layer."""
TILES = (
    (
        "train",
        "Training error",
        "Share of training examples that the compressed (noisy) network gets wrong: the empirical risk in the bound.",
        "r",
    ),
    (
        "test",
        "Test error",
        "On examples that played no part in training. For information: the bound does not use it.",
        None,
    ),
    ("code", "Compressed size", "Length of the real bytes that decode to the network without noise.", None),
    (
        "bytes",
        "Effective size",
        "K = KL(posterior ‖ prior) in bytes: what the bound charges, after a refund for noise (kB = 1000 bytes, "
        "1 nat = 1.44 bits).",
        "K",
    ),
    (
        "bound",
        "Bound",
        "With probability 1 − δ the true error is below this. The description of the architecture is charged, too: published "
        "certificates take it as fixed before the data, and compare with the number in brackets.",
        "R",
    ),
)
"""The large numbers: name, title, help, and the symbol of the formula that each stands for."""
_STYLES = {"train": "train_error", "test": "test_error", "code": "code_bytes", "bytes": "effective_bytes"}

__all__ = [
    "EXPLORER",
    "LIVE",
    "MOST_PINS",
    "PANELS",
    "PRESETS",
    "STREAMLIT",
    "TOUR",
    "Pin",
    "Preset",
    "View",
    "bound_words",
    "hidden",
    "payload",
    "pictures",
    "pinned",
    "released",
    "source",
    "stops",
    "unfinished",
]


@cache
def source(own: tuple[Path, ...] = EXPLORER, host: Path = STREAMLIT) -> str:
    """The script of a page, an ES module without imports: `mount(element, data, onChange)`.

    own: the page's own scripts; `payload` makes the data of the explorer's.
    host: the script whose default export fulfils the contract of whoever shows the page.
    """
    style = json.dumps((_FOLDER / "explorer.css").read_text(encoding="utf-8"))
    shared = (_FOLDER / f"{name}.js" for name in _SHARED)
    scripts = (path.read_text(encoding="utf-8") for path in (*shared, *own, host))
    return "\n".join([f"const CSS = {style};", f"const SENTENCES = {json.dumps(SENTENCES)};", *scripts])


@cache
def pictures() -> str:
    """The functions that make files of pictures, for scripts of other pages: `picture`, `png`, `download`, `pageFont`."""
    return "\n".join((_FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in ("nodes", "exports"))


def bound_words() -> dict[str, dict[str, Any]]:
    """What a page says of each bound."""
    return {
        name: {"title": bound.title, "source": bound.source, "deterministic_only": bound.deterministic_only}
        for name, bound in BOUNDS.items()
    }


def style_words(line: Line) -> dict[str, Any]:
    """How a script draws a line; lit: its colour on a dark page."""
    return {**dataclasses.asdict(line), "lit": lit(line.colour)}


def stops(setting: Setting, kind: type) -> list[float]:
    """The values at which a slider stops, ascending: every step, or logarithmically spaced ones rounded to steps."""
    margin = setting.step if setting.exclusive else 0
    low, high, step = setting.low + margin, setting.high - margin, setting.step
    if setting.scale == "linear":
        values = [low + index * step for index in range(round((high - low) / step) + 1)]
    elif setting.scale == "log":
        low = max(low, 10 * step if kind is int else step)
        count = math.ceil(STOPS * math.log10(high / low))
        values = [_two_digits(low * (high / low) ** (index / count)) for index in range(count)] + [high]
    else:
        count = math.ceil(2 * STOPS * math.log10((1 - low) / (1 - high)))
        values = [1 - (1 - low) * ((1 - high) / (1 - low)) ** (index / count) for index in range(count + 1)]
    return sorted({kind(round(round(value / step) * step, 6)) for value in values})


def _two_digits(value: float) -> float:
    return float(f"{value:.2g}")


def payload(
    scenario: Scenario,
    view: View,
    certificates: Sequence[Certificate],
    recorded: tuple[surface.Surface, str] | None,
    pins: Sequence[Certificate | None] = (),
    working: bool = False,
    echo: int = 0,
    bare: bool = False,
    problem: str = "",
) -> dict[str, Any]:
    """The data of `mount` as plain values.

    certificates: what has been measured; where there is no surface, those along `view.along` make the curves.
    recorded: of `surface.find`.  pins: the certificate of each pin of the view, None where it is not known.
    working: a better measurement of this very scenario is on its way.  echo: the last `seq` heard from the browser.
    bare: a link to a step of the tour that does not carry its settings.
    problem: a sentence to be shown in place of the explanation until something moves.
    """
    base = {name: value for name, value in scenario.to_dict().items() if name not in LIVE}
    base_id = json.dumps(base)
    layers = tuple(layer.name for layer in architecture(scenario.model).layers)
    present = next((one for one in certificates if one.scenario == scenario), None)
    head = recorded[0] if recorded else present.measurement if present else None
    n = 0 if head is None else head.n
    bound_help = settings(Scenario)["bound"].help
    return {
        "known": {
            "n": n,
            "classes": 10 if head is None else head.classes,
            "parameters": architecture(scenario.model).parameters,
            "architecture_bits": architecture_bits(scenario),
            "layers": [*layers, "network"],
            "parts": list(PARTS),
            "shares": budget.shares(),
            "vacuous": VACUOUS,
        },
        "base": {"id": base_id, "names": base, "checkpoint": scenario.checkpoint},
        "defaults": {name: value for name, value in defaults(Scenario).items() if name in LIVE},
        "controls": _controls(n, recorded[0].grid.sparsity if recorded and checkpoints.family(scenario) else ()),
        "bounds": bound_words(),
        "bound_help": bound_help,
        "tiles": [dict(zip(("name", "title", "help", "symbol"), tile, strict=True)) for tile in TILES],
        "styles": {name: style_words(LINES[_STYLES.get(name, name)]) for name in (*_STYLES, *BOUNDS)},
        "looks": {"colours": LAYERS, "lit": [lit(colour) for colour in LAYERS], "patterns": PATTERNS},
        "state": {
            **scenario.to_dict(),
            **{name: getattr(view, name) for name in ("n", "along", "tour")},
            "pins": [{**pin.scenario.to_dict(), "n": pin.n} for pin in view.pins],
        },
        "echo": echo,
        "bare": bare,
        "surface": _surface(base_id, certificates, recorded, view.along),
        "measured": [_point(base_id, present)] if present else [],
        "working": working,
        "problem": problem,
        "pins": [
            {"state": {**pin.scenario.to_dict(), "n": pin.n}, **({} if known is None else _pinned(known))}
            for pin, known in zip(view.pins, pins, strict=False)
        ],
        "presets": [dataclasses.asdict(preset) for preset in PRESETS],
        "tour": [dataclasses.asdict(step) for step in TOUR],
        "hide": list(view.hide),
        "present": bool(view.present),
    }  # fmt: skip


def _controls(n: int, trained: Sequence[float]) -> list[dict[str, Any]]:
    """trained: the sparsities at which a family has networks; between two of them it has none."""
    listed = []
    for kind, names in ((Scenario, LIVE), (View, ("n",))):
        for name in names:
            setting, number = settings(kind)[name], type(defaults(kind)[name])
            if number is str:
                continue
            values = list(trained) if name == "sparsity" and trained else stops(setting, number)
            listed.append({
                "name": name,
                "title": setting.title,
                "help": setting.help,
                "percent": setting.percent,
                "stops": sorted({*values, n} - {0}) if name == "n" else values,
                "symbol": name if name in ("n", "delta") else None,
            })  # fmt: skip
    return listed


def _point(base_id: str, certificate: Certificate) -> dict[str, Any]:
    values = certificate.scenario.to_dict()
    return {
        "base": base_id,
        **{name: values[name] for name in surface.AXES},
        "preview": certificate.measurement.preview,
        "cell": dataclasses.asdict(surface.cell(certificate.measurement, certificate.layers)),
    }


def _pinned(certificate: Certificate) -> dict[str, Any]:
    return {
        "cell": dataclasses.asdict(surface.cell(certificate.measurement, certificate.layers)),
        "known": {"n": certificate.n, "architecture_bits": certificate.architecture_bits},
    }


def _surface(
    base_id: str, certificates: Sequence[Certificate], recorded: tuple[surface.Surface, str] | None, along: str
) -> dict[str, Any] | None:
    if recorded is not None:
        return {"id": hashlib.sha256(recorded[1].encode()).hexdigest(), "base": base_id, "gzip": recorded[1]}
    line = surface.along(certificates, along)
    if line is None:
        return None
    raw = line.to_dict()
    return {"id": hashlib.sha256(json.dumps(raw).encode()).hexdigest(), "base": base_id, "raw": raw}
