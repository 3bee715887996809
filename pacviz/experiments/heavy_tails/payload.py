"""What the script of "Heavy tails" is given: a recording, averaged over the seeds, and the sentences about it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from scipy.special import ndtri

from pacviz.experiments.heavy_tails import takeaways
from pacviz.experiments.heavy_tails.results import Recording, Spread, accuracy_at, prunable
from pacviz.experiments.heavy_tails.run import survivals
from pacviz.experiments.heavy_tails.settings import DIVERGED, KEPT, LAYERS, WAYS, LayerTails, Related, Trained
from pacviz.explorer import style_words
from pacviz.figures.style import LAYERS as COLOURS
from pacviz.figures.style import VACUOUS, Line
from pacviz.library.tails.compressibility import gaussian_error
from pacviz.settings import setting, settings

SCRIPTS = (Path(__file__).parent / "tails.js",)
"""The page's own script, for `pacviz.explorer.source`."""
RATIO_COLOURS = ("#440154", "#46327E", "#365C8D", "#277F8E", "#1FA187", "#4AC16D", "#A0DA39", "#DCC41A")
"""From the smallest ratio to the largest (viridis, which the colour-blind can order)."""
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "x", "star")
GAUSSIAN = Line("independent Gaussian weights", "#777777", "dot", "x")
START = Line("first weights", "#777777", "dot", "x")


@dataclass(frozen=True)
class Place:
    """Where the sliders of the page stand.  layer: its name.  way: of pruning.  kept: one of KEPT."""

    ratio: float = setting(
        0.01, "Ratio η/b", "Step size over batch size of plain SGD: how loud its noise is.", low=1e-9, high=100.0
    )
    width: int = setting(128, "Width", "Hidden units of each layer.", low=8, high=2048)
    layer: str = setting("fc2", "Layer", "Whose weights are shown.")
    way: str = setting(
        LAYERS,
        "Pruning",
        " ".join(f"{way.title}: {way.what}" for way in WAYS.values()),
        choices=lambda: tuple(WAYS),
    )
    kept: float = setting(
        0.1, "Weights kept", "The share that is left after pruning.", low=0.001, high=1.0, percent=True
    )


def nearest(recording: Recording, place: Place) -> Place:
    """The place among what the recording has that is nearest to a wanted one."""
    experiment, layers = recording.experiment, layers_of(recording)
    return Place(
        min(experiment.ratios, key=lambda ratio: abs(math.log(ratio / place.ratio))),
        int(min(experiment.widths, key=lambda width: abs(width - place.width))),
        place.layer if place.layer in layers else layers[min(1, len(layers) - 1)],
        place.way,
        min(KEPT, key=lambda kept: abs(kept - place.kept)),
    )


def layers_of(recording: Recording) -> list[str]:
    """Names of the layers."""
    for network in recording.networks:
        if network.layers:
            return [layer.name for layer in network.layers]
    return ["none"]


def payload(recording: Recording, place: Place, echo: int = 0, present: bool = False) -> dict[str, Any]:
    """The data of `mount` as plain values.  echo: the last `seq` heard from the browser.  present: for an audience."""
    experiment, layers = recording.experiment, layers_of(recording)
    shown = nearest(recording, place)
    return {
        "ratios": experiment.ratios,
        "widths": [int(width) for width in experiment.widths],
        "kept": list(KEPT),
        "layers": layers,
        "ways": {name: way.title for name, way in WAYS.items()},
        "of": {name: way.of for name, way in WAYS.items()},
        "vacuous": VACUOUS,
        "gaussian": [gaussian_error(kept) for kept in KEPT],
        "cells": [
            [_cell(recording, ratio, int(width), layers) for ratio in experiment.ratios] for width in experiment.widths
        ],
        "titles": _titles(recording, layers),
        "explanation": takeaways.explanation(recording),
        "what": takeaways.state(recording),
        "command": experiment.command,
        "delta": experiment.delta,
        "controls": _controls(recording),
        "styles": {name: style_words(line) for name, line in _styles(recording, layers).items()},
        "state": {name: getattr(shown, name) for name in settings(Place)},
        "echo": echo,
        "present": present,
    }


def _controls(recording: Recording) -> dict[str, Any]:
    stops = {"ratio": recording.experiment.ratios, "width": list(recording.experiment.widths), "kept": sorted(KEPT)}
    return {
        name: {"name": name, "title": one.title, "help": one.help, "percent": one.percent, "stops": stops.get(name)}
        for name, one in settings(Place).items()
    }


def _styles(recording: Recording, layers: Sequence[str]) -> dict[str, Line]:
    ratios = recording.experiment.ratios
    step = (len(RATIO_COLOURS) - 1) / max(1, len(ratios) - 1)
    found = {
        f"r{number}": Line(
            f"η/b {takeaways.ratio_text(ratio)}",
            RATIO_COLOURS[round(number * step)],
            "solid",
            SYMBOLS[number % len(SYMBOLS)],
        )
        for number, ratio in enumerate(ratios)
    }
    dashes = ("solid", "longdash", "dash", "dashdot")
    for number, layer in enumerate(layers):
        found[f"l_{layer}"] = Line(layer, COLOURS[number % len(COLOURS)], dashes[number % 4], SYMBOLS[number % 7])
    for number, (name, way) in enumerate(WAYS.items()):
        found[f"w_{name}"] = Line(way.title, COLOURS[number], dashes[number], SYMBOLS[number])
    return found | {
        "gaussian": GAUSSIAN,
        "start": START,
        "measured": Line("measured", COLOURS[0], "solid", "circle"),
        "tail": Line("fitted power law (Hill)", COLOURS[5], "longdash", "diamond"),
        "within": Line("within rows", COLOURS[0], "solid", "circle"),
        "between": Line("between rows", COLOURS[5], "longdash", "square"),
        "chance": Line("independent weights", "#777777", "dot", "x"),
    }


def _spread(found: Spread | None) -> list[float] | None:
    return None if found is None else [round(value, 5) for value in (found.mean, found.low, found.high)]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(fmean(known), 5) if known else None


def _cell(recording: Recording, ratio: float, width: int, layers: Sequence[str]) -> dict[str, Any]:
    """The networks of one ratio and width, averaged."""
    everything = recording.at(ratio, width)
    networks = [one for one in everything if one.how != DIVERGED]
    counts = {how: sum(one.how == how for one in everything) for how in {one.how for one in everything}}
    return {
        "ended": counts,
        "alpha": _spread(Spread.of(one.alpha for one in networks)),
        "test": _mean([one.test_error for one in networks]),
        "accuracy": {way: [_mean([accuracy_at(one, way, kept) for one in networks]) for kept in KEPT] for way in WAYS},
        "bound": {way: _spread(Spread.of(_bound(recording, way)(one) for one in networks)) for way in WAYS},
        "bytes": {way: _mean([_bytes(recording, one, way) for one in networks]) for way in WAYS},
        "layers": {
            name: _layer([layer for one in networks for layer in one.layers if layer.name == name]) for name in layers
        },
    }


def _bound(recording: Recording, way: str) -> Callable[[Trained], float | None]:
    return lambda network: recording.bound(network, (way,))


def _bytes(recording: Recording, network: Trained, way: str) -> float | None:
    found = recording.certificate(network, (way,))
    return None if found is None else float(found.bytes)


def _layer(layers: Sequence[LayerTails]) -> dict[str, Any] | None:
    if not layers:
        return None
    count = layers[0].rows * layers[0].columns
    related = {
        side: [
            [getattr(found, name) for name in ("correlation", "correlation_independent", "distance")] for found in known
        ]
        for side, known in (
            ("within", [layer.within for layer in layers if layer.within]),
            ("between", [layer.between for layer in layers if layer.between]),
        )
    }
    return {
        "alpha": _spread(Spread.of(layer.alpha for layer in layers)),
        "start": _mean([layer.start for layer in layers]),
        "entries": _mean([layer.entries for layer in layers]),
        "square": _mean([layer.square for layer in layers]),
        "hill": _mean([layer.hill for layer in layers]),
        "tail": _mean([None if layer.hill_k is None else layer.hill_k / count for layer in layers]),
        "survivals": [float(f"{value:.4g}") for value in survivals(count)],
        "magnitudes": [_mean(list(values)) for values in zip(*(layer.magnitudes for layer in layers), strict=True)],
        "errors": {
            name: [_mean(list(values)) for values in zip(*(layer.errors[name] for layer in layers), strict=True)]
            for name in layers[0].errors
        },
        **{side: [_mean(list(values)) for values in zip(*rows, strict=True)] or None for side, rows in related.items()},
    }


def _titles(recording: Recording, layers: Sequence[str]) -> dict[str, dict[str, str]]:
    """By chart and by what it depends on, joined by spaces, the takeaway."""
    experiment = recording.experiment
    found: dict[str, dict[str, str]] = {
        name: {} for name in ("alpha", "weights", "error", "accuracy", "bound", "chance")
    }
    for width in map(int, experiment.widths):
        for layer in layers:
            alphas = recording.spread(_of_layer(layer, lambda one: one.alpha), width)
            found["alpha"][f"{width} {layer}"] = takeaways.tails_title(layer, alphas)
            for way in WAYS:
                shares = recording.spread(_of_layer(layer, _prunable(way)), width)
                found["error"][f"{width} {layer} {way}"] = takeaways.error_title(
                    layer, way, [(ratio, spread.mean) for ratio, spread in shares.items()]
                )
            for ratio in experiment.ratios:
                known = [one for network in recording.at(ratio, width) for one in network.layers if one.name == layer]
                if known:
                    count = known[0].rows * known[0].columns
                    title = takeaways.distribution_title(
                        layer, fmean(one.magnitudes[-1] for one in known), -float(ndtri(0.5 / count))
                    )
                    found["weights"][f"{width} {layer} {ratio:g}"] = title
        for way in WAYS:
            for kept in KEPT:
                shares = recording.spread(_accuracy(way, kept), width)
                listed = [(ratio, spread.mean) for ratio, spread in shares.items()]
                found["accuracy"][f"{width} {way} {kept:g}"] = takeaways.accuracy_title(way, kept, listed)
            found["bound"][f"{width} {way}"] = takeaways.bound_title(recording.spread(_bound(recording, way), width))
    for layer in layers:
        for ratio in experiment.ratios:
            related = [_related(recording, layer, ratio, int(width)) for width in experiment.widths]
            pairs = [
                (fmean(one.correlation for one in some), fmean(one.correlation_independent for one in some))
                for some in related
                if some
            ]
            found["chance"][f"{layer} {ratio:g}"] = takeaways.dependence_title(
                layer, [one for one, _ in pairs], [other for _, other in pairs]
            )
    return found


def _related(recording: Recording, name: str, ratio: float, width: int) -> list[Related]:
    """How dependent the entries of the rows of a layer are, a value a network."""
    layers = [one for network in recording.at(ratio, width) for one in network.layers if one.name == name]
    return [one.within for one in layers if one.within is not None]


def _of_layer(name: str, value: Callable[[LayerTails], float | None]) -> Callable[[Trained], float | None]:
    def found(network: Trained) -> float | None:
        return next((value(layer) for layer in network.layers if layer.name == name), None)

    return found


def _accuracy(way: str, kept: float) -> Callable[[Trained], float | None]:
    return lambda network: accuracy_at(network, way, kept)


def _prunable(way: str) -> Callable[[LayerTails], float | None]:
    return lambda layer: layer.prunable[WAYS[way].of]


__all__ = ["SCRIPTS", "Place", "layers_of", "nearest", "payload", "prunable"]
