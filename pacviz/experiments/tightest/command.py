"""`reproduce`: a published result made again; `verify`: a certificate file checked against the data."""

from __future__ import annotations

import sys
from argparse import ArgumentParser

from pacviz.errors import PacvizError
from pacviz.experiments.command import Command, add_units, as_json, path_of, print_plan, progress_bar, tell_plan
from pacviz.words import at_most, probability


def verify(file: str, data: str | None, json: bool) -> int:
    """Checks a certificate file against the data: 0 where everything agrees, 1 where anything does not."""
    from pacviz.certificates.archive import BrokenArchive

    try:
        return _verify(file, data, json)
    except Exception as error:
        # Whoever asked for JSON reads JSON, whatever happens.
        if json:
            nothing = {"bound": None, "bound_with_architecture": None, "n": None, "delta": None}
            problem = str(error) if isinstance(error, PacvizError) else f"unexpected error ({type(error).__name__})"
            print(as_json({"ok": False, **nothing, "problem": problem, "remarks": [], "comparisons": []}))
        if not isinstance(error, BrokenArchive):
            raise
        print(f"pacviz: {error}", file=sys.stderr)
        return 1


def _verify(file: str, data: str | None, json: bool) -> int:
    from pacviz.certificates.archive import Archive, content_of
    from pacviz.store import given_path

    content = content_of(given_path(file))
    # What is no certificate file is refused before torch is waited for.
    Archive.from_bytes(content)
    from pacviz import data as datasets
    from pacviz.certificates.verified import verify_here

    with progress_bar() as progress:
        dataset = None if data is None else datasets.load(data, progress=progress)
        verification = verify_here(content, dataset, progress)
    if json:
        print(as_json(verification.to_dict()))
    else:
        for one in verification.comparisons:
            print(f"{'agrees' if one.agrees else 'DIFFERS':9}{one.name}: {one.claimed!r} claimed, {one.found!r} found")
    if verification.problem:
        print(f"pacviz: {verification.problem}", file=sys.stderr)
    elif not json:
        assert verification.bound is not None
        assert verification.bound_with_architecture is not None
        print(
            f"\nAll agree: with probability {probability(verification.delta)} over the {verification.n:,} training examples "
            f"the true error is below {at_most(verification.bound_with_architecture)} ({at_most(verification.bound)} with the "
            "architecture taken as fixed before the data)."
        )
        for remark in verification.remarks:
            print(remark)
    return 0 if verification.ok else 1


def _verify_options(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="what `certify --out` saved")
    parser.add_argument("--data", metavar="NAME", help="the data that it is about; default: the ones that it names")


def reproduce(name: str, quick: bool, folder: str | None, on: str, dry_run: bool, json: bool) -> None:
    """Makes a published result again, from random weights to a certificate; stopped, it goes on where it was."""
    from pacviz import store
    from pacviz.reproductions.recipes import find

    recipe = find(name, quick)
    whole = store.shelf(store.cache_dir() / "reproductions", name)
    plan = recipe.plan()
    if dry_run:
        print_plan(plan, json)
        return
    tell_plan(plan)
    with progress_bar() as progress:
        result = recipe.reproduce(path_of(folder) or (whole / "quick" if quick else whole), progress, on)
    if json:
        print(as_json({"certificate": result.certificate.to_dict(), "file": str(result.file), "rows": result.rows}))
        return
    print(f"{result.title}\n\n{result.table}\n")
    print(f"{result.certificate.statement}\n{result.file}: python -m pacviz verify {result.file}")


def _reproduce_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "name",
        metavar="NAME",
        help="zhou2019-lenet5: LeNet-5 on MNIST, 46 %% in the paper; lotfi2022-mnist: random subspaces, 11.6 %%; "
        "tiny-mnist: a few hundred integers, below that record",
    )
    parser.add_argument("--quick", action="store_true", help="in minutes, with a weaker result")
    parser.add_argument("--folder", help="where everything is kept; default: a folder of the cache")
    add_units(parser)


COMMANDS = (Command(reproduce, _reproduce_options), Command(verify, _verify_options))
