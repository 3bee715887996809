"""What each command of `python -m pacviz` does: every page's work from a shell."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pacviz.bounds import BOUNDS
from pacviz.errors import PacvizError
from pacviz.experiments.experiment import EXPERIMENTS
from pacviz.experiments.random_labels.settings import Randomization
from pacviz.jobs.units import Plan, table
from pacviz.scenario import PIXELS, Scenario
from pacviz.settings import settings
from pacviz.training.recipe import Training
from pacviz.words import above, at_most, probability


def app(port: int | None) -> None:
    """Starts the app and opens it in a browser."""
    from pacviz.app.launch import launch

    launch(port)


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
    from pacviz.certificates.verify import pack
    from pacviz.library import weights as files

    given = {name: value for name, value in scenario.items() if value is not None}
    given |= zip(PIXELS, input_range or (), strict=False)
    if weights is None and as_is:
        raise PacvizError("--as-is certifies weights from a file as they stand; name the file by --weights.")
    if weights is not None and "model" not in given:
        raise PacvizError(
            "--weights needs --model: names and shapes of weights do not tell what is computed with them; say it by one of "
            f"{settings(Scenario)['model'].allowed.removeprefix('one of ')}."
        )
    target = _path(out)
    if target is not None:
        store.require_place(target)
    source = None if weights is None else files.read(store.given_path(weights), given["model"])
    wanted = Scenario.from_mapping(given) if source is None else files.scenario_of(source, given, as_is)
    if source is not None:
        print(
            f"pacviz: {weights} is taken for the weights of {source.model}, and the certificate is about what that computes: "
            f"{files.described(source.model)}.  Compare its logits with those of your network: pacviz.library.weights.logits.",
            file=sys.stderr,
        )
    with _progress_bar() as progress:
        certificate = certify(wanted, progress=progress, weights=source)
    if target is not None:
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
            print(_json({"ok": False, **nothing, "problem": problem, "remarks": [], "comparisons": []}))
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

    with _progress_bar() as progress:
        dataset = None if data is None else datasets.load(data, progress=progress)
        verification = verify_here(content, dataset, progress)
    if json:
        print(_json(verification.to_dict()))
    else:
        for found in verification.comparisons:
            print(
                f"{'agrees' if found.agrees else 'DIFFERS':9}{found.name}: {found.claimed!r} claimed, {found.found!r} found"
            )
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


def bound(risk: float, kl: float, n: int, delta: float, json: bool) -> None:
    """Prints every bound for given numbers."""
    values = {name: bound.function(risk, kl, n, delta) for name, bound in BOUNDS.items()}
    print(_json(values) if json else "\n".join(f"{name:12}{above(value, 6)}" for name, value in values.items()))


def train(folder: str | None, json: bool, **given: Any) -> int | None:
    """Trains a network and writes its checkpoint; stopped, the same command goes on where it was."""
    from pacviz.jobs import processes as runs
    from pacviz.jobs import records

    training = Training.of(**{name: value for name, value in given.items() if value is not None})
    target = _path(folder)
    place = target and target.resolve()
    run = records.Run(records.identity(training), training, place)
    done = {found.id for found in records.listing() if found.state == "done" and found.checkpoint.exists()}
    if run.id in done:
        runs.check(training, place)
        from pacviz.library.checkpoints import load

        checkpoint = load(run.checkpoint)
    else:
        try:
            with _progress_bar() as progress, runs.taking_part(training, place, progress):
                from pacviz.experiments.train.run import work

                checkpoint = work(run, progress)
        except runs.Stopped:
            print(f"pacviz: {run.id} is stopped and kept; the same command goes on.", file=sys.stderr)
            return 130
    path, train_error, test_error = run.checkpoint, checkpoint.train_error, checkpoint.test_error
    result = {"path": str(path), "train_error": train_error, "test_error": test_error}
    print(_json(result) if json else f"{path}\ntraining error {train_error:.3%}, test error {test_error:.3%}")
    return None


def runs(run: str | None, action: str | None, json: bool) -> None:
    """Lists the trainings of every page and shell; stops, resumes, discards or restores one, or prints what was measured."""
    from pacviz.jobs import processes as runs
    from pacviz.jobs import records

    if run is None:
        if action is not None:
            raise PacvizError(f"--{action} needs the name of a run; `python -m pacviz runs` lists them.")
        found = records.listing()
        if json:
            print(_json([each.to_dict() for each in found]))
        else:
            print("\n".join(f"{each.state:12} {each.id}  {each.message}".rstrip() for each in found) or "No runs yet.")
        return
    if action is not None:
        {"stop": runs.stop, "resume": runs.resume, "discard": runs.discard, "restore": runs.restore}[action](run)
        return
    known, rows = records.find(run), records.metrics(run)
    if json:
        print(_json({**known.to_dict(), "metrics": [dataclasses.asdict(row) for row in rows]}))
        return
    print(f"{known.id}: {known.state} {known.message}".rstrip() + f"\n{known.training.command}")
    for row in rows:
        if row.bound is not None:
            print(
                f"epoch {row.epoch:7.2f}  loss {row.loss:.4f}  {row.accuracy:7.2%} right  {row.density:7.2%} left  "
                f"{row.code_bytes:9,} bytes  bound {at_most(row.bound, 1):>6}{'' if row.exact else ' (preview)'}"
            )


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
    wanted = surface.Grid(**{name: value for name, value in grid.items() if value is not None})
    place = _path(folder)
    store.require_place(surface.path(scenario, place))
    plan = surface.plan(scenario, wanted)
    if dry_run:
        _print_plan(plan, json)
        return
    _tell_plan(plan)
    with _progress_bar() as progress:
        recorded = surface.record(scenario, wanted, progress, on)
    path = surface.save(recorded, place)
    report = {"path": str(path), "points": len(recorded.cells), "bytes": path.stat().st_size}
    print(_json(report) if json else f"{path}\n{len(recorded.cells):,} points, {path.stat().st_size / 1000:,.0f} kB")


def _tell_plan(plan: Plan) -> None:
    """Says that a command goes on, or that its settings were changed; a new one has nothing to say."""
    if plan.missing and (plan.done or plan.changed):
        print(f"pacviz: {plan.sentence}", file=sys.stderr)


def _print_plan(plan: Plan, json: bool) -> None:
    """What `--dry-run` says: the units, which of them are done, and what the rest costs."""
    print(_json(plan.to_dict()) if json else f"{table(plan.units)}\n{plan.sentence}".lstrip())


def choose(
    checkpoints: list[str] | None, sparsity: list[str] | None, bits: list[str] | None, json: bool, **given: Any
) -> None:
    """Compares checkpoints, sparsities, codebooks and noise by the bound, and says what to certify."""
    from pacviz.certificates import choose as selection
    from pacviz.library import checkpoints as stored

    base = Scenario.from_mapping({name: value for name, value in given.items() if value is not None})
    found = stored.sound(base.model, base.data, checkpoints) or [stored.find(base.model, base.data, base.checkpoint)]
    points = [
        (checkpoint, scenario)
        for checkpoint in found
        for scenario in selection.compressions(
            checkpoint,
            base,
            [settings(Scenario)["sparsity"].check("sparsity", value, float) for value in sparsity or ()],
            [settings(Scenario)["bits"].check("bits", value, int) for value in bits or selection.CODEBOOK_BITS],
        )
    ]
    with _progress_bar() as progress:
        options = [option for _, option in selection.choose(points, progress)]
    command = f"python -m pacviz certify{options[0].scenario.arguments()}"
    if json:
        print(_json({"command": command, "options": [dataclasses.asdict(option) for option in options]}))
        return
    print(selection.table(options).to_string(index=False, max_rows=None))
    print(
        f"\nThe first is the best.  A preview is estimated from {selection.DRAWS:,} draws; certify it with fresh ones:"
    )
    print(f"\n{command}")


def reproduce(name: str, quick: bool, folder: str | None, json: bool) -> None:
    """Makes a published result again, from random weights to a certificate; stopped, it goes on where it was."""
    from pacviz import store
    from pacviz.reproductions import recipes, tiny, zhou2019

    known = [*zhou2019.RECIPES, *recipes.RECIPES]
    if name not in known:
        raise PacvizError(f"There is no recipe {name!r}; choose one of {', '.join(known)}.")
    whole = store.shelf(store.cache_dir() / "reproductions", name)
    place = _path(folder) or (whole / "quick" if quick else whole)
    result: tiny.Result | zhou2019.Reproduction
    with _progress_bar() as progress:
        if name in recipes.RECIPES:
            result = tiny.reproduce(recipes.recipe(name, quick), place, progress)
        else:
            result = zhou2019.reproduce(zhou2019.recipe(name, quick), place, progress)
    if json:
        print(_json({"certificate": result.certificate.to_dict(), "file": str(result.file), "rows": result.rows}))
        return
    print(f"{result.title}\n\n{result.table}\n")
    print(f"{result.certificate.statement}\n{result.file}: python -m pacviz verify {result.file}")


def data(list: bool, download: str | None, json: bool) -> None:
    """Lists the data sets, or downloads one."""
    from pacviz import data as datasets
    from pacviz import store

    if download is not None:
        with _progress_bar() as progress:
            dataset = datasets.load(download, download=True, progress=progress)
        print(
            f"{dataset.title}: {len(dataset.train):,} training and {len(dataset.test):,} test examples in {store.data_dir()}"
        )
        return
    rows = [
        {"name": name, "title": source.title, "available": datasets.is_available(name)}
        for name, source in datasets.DATASETS.items()
    ]
    if json:
        print(_json({"folder": str(store.data_dir()), "datasets": rows}))
        return
    print(f"Data folder: {store.data_dir()} (PACVIZ_DATA chooses another)")
    for row, source in zip(rows, datasets.DATASETS.values(), strict=True):
        offer = f"python -m pacviz data --download {source.name}" if source.download else f"put {source.place} there"
        print(f"{source.name:15}{source.title:25}{'ready' if row['available'] else f'absent: {offer}'}")


def experiments(json: bool) -> None:
    """Lists the experiments: each with its page, its commands and its folder."""
    rows = [experiment.to_dict() for experiment in EXPERIMENTS]
    if json:
        print(_json(rows))
        return
    for experiment in EXPERIMENTS:
        print(f"{experiment.name:15}{experiment.title:22}{' '.join(experiment.commands)}")


def benchmark(app: bool, sessions: int | None) -> None:
    """Prints the medians that docs/speed.md quotes, as JSON."""
    if app or sessions is not None:
        from pacviz.benchmarks.app import app_benchmark

        print(_json(app_benchmark(sessions)))
        return
    from pacviz.benchmarks.steps import benchmark

    print(_json(benchmark()))


def randomize(name: str | None, folder: str | None, on: str, dry_run: bool, json: bool, **given: Any) -> None:
    """Fits networks to ever more random labels, prunes and codes them, and records what each level costs."""
    from pacviz.experiments.random_labels.results import check_free, check_name, plan, record, save

    experiment = Randomization(**{field: value for field, value in given.items() if value is not None})
    name = name or f"{experiment.model}-{experiment.data}"
    target = _path(folder)
    check_name(name, target)
    if target is None:
        check_free(name, experiment)
    wanted = plan(experiment)
    if dry_run:
        _print_plan(wanted, json)
        return
    _tell_plan(wanted)
    with _progress_bar() as progress:
        recording = record(experiment, progress, on)
    for run in (run for unit, run in zip(wanted.units, recording.runs, strict=True) if unit.id not in wanted.done):
        left = f"{run.errors} training errors left" if run.errors else "no training error left"
        print(
            f"{run.level:.0%} random labels, seed {run.seed}: {left} after {len(run.accuracies)} epochs",
            file=sys.stderr,
        )
    path = save(recording, name, target)
    if json:
        print(_json({"path": str(path), "points": recording.table().to_dict("records")}))
        return
    print(
        f"{path}\n\n{'random':>7} {'method':9} {'sparsity':>8} {'accuracy':>9} {'test error':>10} {'bytes':>10} {'floor':>7}"
    )
    for row in recording.summaries:
        print(
            f"{row.level:7.0%} {row.method:9} {row.sparsity:8.1%} {row.accuracy.mean:9.1%} {row.test_error.mean:10.1%} "
            f"{row.bytes.mean:10,.0f} {row.floor.mean:7,.0f}"
        )


def record(what: str) -> None:
    """Measures again what the app shows at once, and writes the recordings that ship with pacviz."""
    from pacviz.experiments import recordings
    from pacviz.experiments.does_it_hold import results

    with _progress_bar() as progress:
        print(recordings.record(progress) if what == "screens" else results.record(progress))


def _path(text: str | None) -> Path | None:
    """The path that somebody wrote, None where nobody did."""
    from pacviz.store import given_path

    return None if text is None else given_path(text)


def _json(value: Any) -> str:
    return json.dumps(value, indent=2)


@contextmanager
def _progress_bar() -> Iterator[Callable[[float, str], None]]:
    from tqdm import tqdm

    with tqdm(
        total=1.0, disable=None, leave=False, bar_format="{desc:35.35}{percentage:3.0f}%|{bar}| {elapsed}<{remaining}"
    ) as bar:

        def advance(fraction: float, what: str) -> None:
            bar.set_description_str(what, refresh=False)
            bar.update(fraction - bar.n)

        yield advance
