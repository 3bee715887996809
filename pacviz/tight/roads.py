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


SUBSPACE_MENU: tuple[tuple[str, str, int, int], ...] = (
    *(("edges", "dense", dimension, levels) for dimension in (100, 200, 350, 600, 1000) for levels in (3, 7, 31)),
    ("edges", "kronecker", 600, 31),
    ("conv", "dense", 600, 31),
)
"""Kind of network, kind of projection, dimension and levels of the subspaces that are recorded."""


def subspace_road(name: str, menu: tuple[tuple[str, str, int, int], ...], epochs: int, data: str) -> Road:
    """Networks that are trained in random subspaces from the first step on."""
    runs = []
    for kind, projection, dimension, levels in menu:
        training = Training.of(
            "subspace",
            model=f"subspace-{kind}",
            data=data,
            name=f"{projection}-{dimension}-{levels}",
            projection=projection,
            dimension=dimension,
            levels=levels,
            epochs=epochs,
        )
        runs.append(Run(training, {"kind": kind, "projection": projection, "dimension": dimension, "levels": levels}))
    title = f"Integers in random subspaces on {data}"
    return Road(name, title, LOTFI, LOTFI_BOUND, LOTFI_SIZES, "subspace", (), tuple(runs))


ROADS = {
    "tiny-mnist": tiny_road("tiny-mnist", TINY_MENU, (16, 60, 2), "mnist"),
    "lotfi2022-mnist": subspace_road("lotfi2022-mnist", SUBSPACE_MENU, 12, "mnist"),
}
QUICK_ROADS = {
    "tiny-mnist": tiny_road("tiny-mnist", (("edges", 6, 5.0),), (4, 8, 1), "mnist"),
    "lotfi2022-mnist": subspace_road("lotfi2022-mnist", (("edges", "dense", 600, 31),), 4, "mnist"),
}


def road(name: str, quick: bool) -> Road:
    """The road of that name."""
    return (QUICK_ROADS if quick else ROADS)[name]
