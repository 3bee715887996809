"""`tails`: how heavy the tails of the weights in a file are."""

from __future__ import annotations

from argparse import ArgumentParser

from pacviz.errors import PacvizError
from pacviz.experiments.command import Command, as_json, path_of


def tails(file: str | None, weights: str | None, seed: int, json: bool) -> None:
    """Tail index of every large tensor of a safetensors file: 2 for finite variance, less the heavier the tail."""
    from pacviz.library.tails.layers import FEWEST, median, table
    from pacviz.library.tails.layers import tails as measured

    path = path_of(file or weights)
    if path is None or (file and weights):
        raise PacvizError("Name one safetensors file: python -m pacviz tails FILE.")
    layers = measured(path, seed)
    if json:
        print(as_json({"alpha": median(layers), "layers": [tail.to_dict() for tail in layers]}))
    elif not layers:
        print(f"No tensor of {path} has {FEWEST:,} real numbers or more.")
    else:
        import pandas as pd

        print(pd.DataFrame(table(layers)).to_string(index=False))


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", help="the safetensors file")
    parser.add_argument("--weights", metavar="FILE", help="the same")
    parser.add_argument("--seed", type=int, default=0, help="of the permutations of rows; default 0")


TAILS = Command(tails, _options)
