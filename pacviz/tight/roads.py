"""The roads that are recorded, and shorter ones of the same kind to see how it goes."""

from __future__ import annotations

from pacviz.tight.road import Road, Run
from pacviz.training.recipe import Training

LOTFI = "Lotfi et al. 2022"
LOTFI_BOUND = 0.116
LOTFI_SIZES = ((0.01, 943.0), (0.02, 708.0), (0.03, 531.0), (0.05, 280.0))
"""Training errors and bytes on the curve of their bound on MNIST, all costs included."""

TINY_MENU: tuple[tuple[str, int, float], ...] = (
    ("tiny", 8, 5.0),
    ("upright", 8, 5.0),
    ("edges", 4, 5.0),
    ("edges", 6, 5.0),
    ("edges", 8, 3.0),
    ("edges", 8, 5.0),
    ("edges", 8, 8.0),
    ("edges", 10, 5.0),
)
"""Kind, width and price of the tiny networks that are recorded."""


def tiny_road(name: str, menu: tuple[tuple[str, int, float], ...], epochs: tuple[int, int, int], data: str) -> Road:
    """Tiny networks trained plainly, then to integers, then polished, for so many epochs each."""
    plain, whole, sweeps = epochs
    starts, runs = [], []
    for kind, width, price in menu:
        model = f"{kind}-{width}"
        first = Training.of(
            "dense",
            model=model,
            data=data,
            name="plain",
            epochs=plain,
            batch_size=256,
            learning_rate=0.02,
            weight_decay=0.0,
        )
        second = Training.of(
            "integers",
            model=model,
            data=data,
            name=f"integers-{price:g}",
            epochs=whole,
            price=price,
            learning_rate=4e-3,
        )
        last = Training.of(
            "polish", model=model, data=data, name=f"polished-{price:g}", start=second.name, epochs=sweeps, price=price
        )
        starts += [first, second]
        runs.append(Run(last, {"kind": kind, "width": width, "price": price}))
    return Road(
        name,
        f"Tiny networks of small integers on {data}",
        LOTFI,
        LOTFI_BOUND,
        LOTFI_SIZES,
        "tiny",
        tuple(dict.fromkeys(starts)),
        tuple(runs),
    )


ROADS = {"tiny-mnist": tiny_road("tiny-mnist", TINY_MENU, (16, 60, 2), "mnist")}
QUICK_ROADS = {"tiny-mnist": tiny_road("tiny-mnist", (("edges", 6, 5.0),), (4, 8, 1), "mnist")}


def road(name: str, quick: bool) -> Road:
    """The road of that name."""
    return (QUICK_ROADS if quick else ROADS)[name]
