"""The recipes that are recorded, and shorter ones of the same kind to see how it goes."""

from __future__ import annotations

from pacviz import store
from pacviz.errors import PacvizError
from pacviz.literature import LOTFI, RECORD, RECORD_SIZES
from pacviz.reproductions import zhou2019
from pacviz.reproductions.tiny import Recipe, Target
from pacviz.training.recipe import Training

RECORDS: dict[str, tuple[float, tuple[tuple[float, float], ...]]] = {
    "mnist": (RECORD, RECORD_SIZES),
    "cifar10-jpeg": (0.582, ()),
}
"""By data set the published bound, and training errors and bytes on its curve, all costs included, where they are printed.

Theirs is about CIFAR-10 itself; its JPEG form is close, and not the same.
"""

TINY_MENU: tuple[tuple[str, int, float, int], ...] = (
    ("tiny", 8, 5.0, 60),
    ("upright", 8, 5.0, 60),
    ("edges", 4, 5.0, 60),
    ("edges", 6, 5.0, 60),
    ("edges", 8, 3.0, 60),
    ("edges", 8, 5.0, 60),
    ("edges", 8, 8.0, 60),
    ("edges", 10, 5.0, 60),
    ("edges", 12, 5.0, 60),
    ("glances", 8, 5.0, 30),
)
"""Kind, width, price and epochs of training to integers of the tiny networks that are recorded."""


def tiny_recipe(
    name: str, menu: tuple[tuple[str, int, float, int], ...], plain: int, sweeps: int, data: str = "mnist"
) -> Recipe:
    """Tiny networks trained plainly, then to integers, then polished.  plain, sweeps: epochs of the first and the last.

    Without sweeps the second is the last: a sweep of a network for color images takes half an hour of a core.
    """
    starts, targets = [], []
    for kind, width, price, whole in menu:
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
        starts.append(first)
        last = second
        if sweeps:
            starts.append(second)
            name = f"polished-{price:g}"
            last = Training.of(
                "polish", model=model, data=data, name=name, start=second.name, epochs=sweeps, price=price
            )
        targets.append(Target(last, {"kind": kind, "width": width, "price": price}))
    return Recipe(
        name,
        f"Tiny networks of small integers on {data}",
        LOTFI,
        *RECORDS[data],
        "tiny",
        tuple(dict.fromkeys(starts)),
        tuple(targets),
    )


COLOR_MENU = (("color", 12, 5.0, 40),)

SUBSPACE_MENU: tuple[tuple[str, str, int, int], ...] = (
    *(("edges", "dense", dimension, 31) for dimension in (100, 200, 350, 600, 1000)),
    *(("edges", "dense", dimension, levels) for dimension in (600, 1000) for levels in (3, 7)),
    ("edges", "kronecker", 600, 31),
    ("conv", "dense", 600, 31),
)
"""Kind of network, kind of projection, dimension and levels of the subspaces that are recorded."""


def subspace_recipe(name: str, menu: tuple[tuple[str, str, int, int], ...], epochs: int, data: str = "mnist") -> Recipe:
    """Networks that are trained in random subspaces from the first step on."""
    targets = []
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
        targets.append(
            Target(training, {"kind": kind, "projection": projection, "dimension": dimension, "levels": levels})
        )
    title = f"Integers in random subspaces on {data}"
    return Recipe(name, title, LOTFI, *RECORDS[data], "subspace", (), tuple(targets))


RECIPES = {
    "tiny-mnist": tiny_recipe("tiny-mnist", TINY_MENU, 16, 2),
    "tiny-cifar10-jpeg": tiny_recipe("tiny-cifar10-jpeg", COLOR_MENU, 16, 0, "cifar10-jpeg"),
    "lotfi2022-mnist": subspace_recipe("lotfi2022-mnist", SUBSPACE_MENU, 12),
}
QUICK_RECIPES = {
    "tiny-mnist": tiny_recipe("tiny-mnist", (("edges", 6, 5.0, 8),), 4, 1),
    "tiny-cifar10-jpeg": tiny_recipe("tiny-cifar10-jpeg", (("color", 8, 5.0, 8),), 4, 0, "cifar10-jpeg"),
    "lotfi2022-mnist": subspace_recipe("lotfi2022-mnist", (("edges", "dense", 600, 31),), 4),
}


def find(name: str, quick: bool) -> Recipe | zhou2019.Recipe:
    """The recipe of that name, or the short one of its kind.  Raises PacvizError where there is none."""
    known: dict[str, Recipe | zhou2019.Recipe] = (
        {**zhou2019.QUICK, **QUICK_RECIPES} if quick else {**zhou2019.RECIPES, **RECIPES}
    )
    if name not in known:
        raise PacvizError(f"There is no recipe {store.cut(name)!r}; choose one of {', '.join(known)}.")
    return known[name]
