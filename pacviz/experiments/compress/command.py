"""`certify`: one scenario's certificate; `sweep`: the response surface under the page's curves."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from pacviz.errors import PacvizError
from pacviz.experiments.command import (
    Command,
    add_settings,
    add_units,
    as_json,
    given,
    path_of,
    print_plan,
    progress_bar,
    tell_plan,
)
from pacviz.scenario import PIXELS, Scenario
from pacviz.settings import defaults, settings
from pacviz.words import at_most


def certify(
    json: bool,
    out: str | None,
    weights: str | None,
    as_is: bool,
    input_range: list[str] | None,
    **scenario: Any,
) -> None:
    """Prints the certificate of a scenario, and saves it with the network where --out says."""
    from pacviz import store
    from pacviz.certificates.certificate import certify
    from pacviz.library import weights as files

    chosen = given(scenario) | dict(zip(PIXELS, input_range or (), strict=False))
    if weights is None and as_is:
        raise PacvizError("--as-is certifies weights from a file as they stand; name the file by --weights.")
    if weights is not None and "model" not in chosen:
        raise PacvizError(
            "--weights needs --model: names and shapes of weights do not tell what is computed with them; say it by one of "
            f"{settings(Scenario)['model'].allowed.removeprefix('one of ')}."
        )
    target = path_of(out)
    if target is not None:
        store.require_place(target)
    source = None if weights is None else files.read(store.given_path(weights), chosen["model"])
    wanted = Scenario.from_mapping(chosen) if source is None else files.scenario_of(source, chosen, as_is)
    if source is not None:
        print(
            f"pacviz: {weights} is taken for the weights of {source.model}, and the certificate is about what that computes: "
            f"{files.described(source.model)}.  Compare its logits with those of your network: pacviz.library.weights.logits.",
            file=sys.stderr,
        )
    with progress_bar() as progress:
        certificate = certify(wanted, progress=progress, weights=source)
    if target is not None:
        from pacviz.certificates.verify import pack

        packed = pack(certificate, source)
        store.write_atomic(target, lambda path: path.write_bytes(packed))
    if trouble := store.problem():
        print(f"pacviz: {trouble}", file=sys.stderr)
    if json:
        print(certificate.to_json())
        return
    measured = certificate.measurement
    interval = (
        ""
        if certificate.risk.upper == certificate.risk.mean
        else f" (at most {at_most(certificate.risk.upper, 3)}, {certificate.risk.method})"
    )
    print(certificate.statement_with_architecture)
    print(f"\ntraining error   {certificate.risk.mean:.3%}{interval}\ntest error       {certificate.test.mean:.3%}")
    print(
        f"compressed size  {measured.code_bytes:,} bytes\neffective size   {certificate.effective_bytes:,.0f} bytes\n"
    )
    for name, bound in certificate.bounds.items():
        print(f"{name:15}  {'does not apply with noise' if bound is None else at_most(bound, 3)}")
    print(
        f"\nwith the architecture charged: {at_most(certificate.bound_with_architecture, 3)} ({certificate.scenario.bound})"
    )
    print(f"\n{'bits':>12}  where they go")
    for charge in certificate.ledger.charges:
        print(f"{charge.bits:12,.0f}  {charge.name}: {charge.why}")
    print(f"{certificate.ledger.bits:12,.0f}  in all: K")
    print(f"{certificate.architecture_bits:12,.0f}  besides, the architecture: free where it was fixed before the data")


def _certify_options(parser: ArgumentParser) -> None:
    add_settings(parser, Scenario, (name for name in settings(Scenario) if name not in PIXELS))
    parser.add_argument(
        "--input-range",
        nargs=2,
        metavar=("LOW", "HIGH"),
        help="What the network sees for a black and for a white pixel; default 0 1.",
    )
    parser.add_argument("--weights", metavar="FILE", help="Weights from a safetensors file instead of a checkpoint.")
    parser.add_argument(
        "--as-is", action="store_true", help="The weights are pruned and quantized already: certify them as they stand."
    )
    parser.add_argument("--out", metavar="FILE", help="Save the certificate with the network as one file for `verify`.")


def sweep(
    model: str,
    data: str,
    checkpoint: str,
    pruning: str,
    folder: str | None,
    on: str,
    dry_run: bool,
    json: bool,
    **grid: Any,
) -> None:
    """Records the response surface of a checkpoint, over which the app's curves move while a slider is dragged.

    An interrupted recording goes on where it stopped.
    """
    from pacviz import store
    from pacviz.certificates import surface

    scenario = Scenario(model=model, data=data, checkpoint=checkpoint, pruning=pruning)
    wanted = surface.Grid(**given(grid))
    place = path_of(folder)
    store.require_place(surface.path(scenario, place))
    plan = surface.plan(scenario, wanted)
    if dry_run:
        print_plan(plan, json)
        return
    tell_plan(plan)
    with progress_bar() as progress:
        recorded = surface.sweep(scenario, wanted, progress, on)
    path = surface.save(recorded, place)
    report = {"path": str(path), "points": len(recorded.cells), "bytes": path.stat().st_size}
    print(as_json(report) if json else f"{path}\n{len(recorded.cells):,} points, {path.stat().st_size / 1000:,.0f} kB")


def _sweep_options(parser: ArgumentParser) -> None:
    for name in ("model", "data", "checkpoint", "pruning"):
        parser.add_argument(f"--{name}", default=defaults(Scenario)[name], help=f"default {defaults(Scenario)[name]}")
    for name in ("sparsity", "bits", "noise"):
        parser.add_argument(
            f"--{name}",
            nargs="+",
            metavar=name.upper(),
            help=f"values of the grid, ascending; {settings(Scenario)[name].allowed}",
        )
    parser.add_argument("--draws", type=int, help="draws of a training example and fresh weights at a noisy point")
    parser.add_argument("--folder", help="where to write it; default: where the app finds it")
    add_units(parser)


COMMANDS = (Command(certify, _certify_options), Command(sweep, _sweep_options))
