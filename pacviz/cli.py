"""The command line: `python -m pacviz …`, every page's work from a shell."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pacviz.bounds import all_bounds
from pacviz.errors import PacvizError
from pacviz.randomization.experiment import Randomization, Run
from pacviz.scenario import PIXELS, Scenario, defaults, settings
from pacviz.training.recipe import Training, option


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; 0 when it succeeded, 2 and one sentence on standard error for a wrong input.

    1 is for `verify`: the input was right and the certificate was not.
    """
    warnings.showwarning = lambda message, *_: print(f"pacviz: {message}", file=sys.stderr)
    options = vars(_parser().parse_args(arguments))
    command = options.pop("command")
    try:
        return command(**options) or 0
    except PacvizError as error:
        print(f"pacviz: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader (head, a pager) has seen enough; what is still buffered must not complain on the way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("pacviz: stopped; nothing half-written is left behind.", file=sys.stderr)
        return 130


def certify_command(
    json: bool,
    out: str | None,
    weights: str | None,
    as_is: bool,
    input_range: list[str] | None,
    **scenario: Any,
) -> None:
    """Prints the certificate of a scenario, and saves it with the network where --out says."""
    from pacviz import store
    from pacviz import weights as files
    from pacviz.certificate import certify
    from pacviz.verification import pack

    given = {name: value for name, value in scenario.items() if value is not None}
    given |= zip(PIXELS, input_range or (), strict=False)
    if weights is None and as_is:
        raise PacvizError("--as-is certifies weights from a file as they stand; name the file by --weights.")
    source = None if weights is None else files.read(Path(weights), given.get("model", defaults()["model"]))
    wanted = Scenario.from_mapping(given) if source is None else files.scenario_of(source, given, as_is)
    with _progress_bar() as progress:
        certificate = certify(wanted, progress=progress, weights=source)
    if out is not None:
        packed = pack(certificate, source)
        store.write_atomic(Path(out), lambda path: path.write_bytes(packed))
    if trouble := store.problem():
        print(f"pacviz: {trouble}", file=sys.stderr)
    if json:
        print(certificate.to_json())
        return
    measured = certificate.measurement
    interval = (
        ""
        if certificate.risk.upper == certificate.risk.mean
        else f" (at most {certificate.risk.upper:.3%}, {certificate.risk.method})"
    )
    print(certificate.statement)
    print(f"\ntraining error   {certificate.risk.mean:.3%}{interval}\ntest error       {certificate.test.mean:.3%}")
    print(
        f"compressed size  {measured.code_bytes:,} bytes\neffective size   {certificate.effective_bytes:,.0f} bytes\n"
    )
    for name, bound in certificate.bounds.items():
        print(f"{name:15}  {'does not apply with noise' if bound is None else f'{bound:.3%}'}")
    print(f"\n{'bits':>12}  where they go")
    for charge in certificate.ledger.charges:
        print(f"{charge.bits:12,.0f}  {charge.name}: {charge.why}")
    print(f"{certificate.ledger.bits:12,.0f}  in all")


def verify_command(file: str, data: str | None, json: bool) -> int:
    """Checks a certificate file against the data: 0 where everything agrees, 1 where anything does not."""
    from pacviz.archive import BrokenArchive, read

    try:
        archive = read(Path(file))
        from pacviz import data as datasets
        from pacviz.verification import verify

        with _progress_bar() as progress:
            dataset = None if data is None else datasets.load(data, progress=progress)
            verification = verify(archive, dataset, progress)
    except BrokenArchive as error:
        if json:
            unknown = dict.fromkeys(("bound", "n", "delta"))
            print(_json({"ok": False, **unknown, "problem": str(error), "comparisons": []}))
        print(f"pacviz: {error}", file=sys.stderr)
        return 1
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
        print(
            f"\nAll agree: with probability {1 - verification.delta:.4g} over the {verification.n:,} training examples "
            f"the true error is below {verification.bound:.2%}."
        )
    return 0 if verification.ok else 1


def bound_command(risk: float, kl: float, n: int, delta: float, json: bool) -> None:
    """Prints every bound for given numbers."""
    values = all_bounds(risk, kl, n, delta, deterministic=True)
    print(_json(values) if json else "\n".join(f"{name:12}{value:.6f}" for name, value in values.items()))


def train_command(folder: str | None, json: bool, **given: Any) -> None:
    """Trains a network and writes its checkpoint; stopped, the same command goes on where it was."""
    from pacviz import checkpoints, store
    from pacviz import data as datasets
    from pacviz.training.fit import Step
    from pacviz.training.train import train

    training = Training.of(**{name: value for name, value in given.items() if value is not None})
    if folder is None:
        checkpoints.check_name(training.model, training.data, training.name)
    store.require_writable(checkpoints.user_folder() if folder is None else Path(folder))
    with _progress_bar() as progress:
        dataset = datasets.load(training.data, progress=progress)

    with _progress_bar() as progress:

        def report(step: Step) -> None:
            epoch = f"epoch {step.epoch + 1} of {training.epochs}"
            progress(step.step / step.steps, f"{epoch}, {step.accuracy:.1%} right")

        checkpoint = train(training, dataset, report)
    path = checkpoints.save(checkpoint, None if folder is None else Path(folder))
    result = {"path": str(path), "train_error": checkpoint.train_error, "test_error": checkpoint.test_error}
    print(
        _json(result)
        if json
        else f"{path}\ntraining error {checkpoint.train_error:.3%}, test error {checkpoint.test_error:.3%}"
    )


def choose_command(
    checkpoints: list[str] | None, sparsity: list[str] | None, bits: list[str] | None, json: bool, **given: Any
) -> None:
    """Compares checkpoints, sparsities, codebooks and noise by the bound, and says what to certify."""
    from pacviz import checkpoints as stored
    from pacviz import selection

    base = Scenario.from_mapping({name: value for name, value in given.items() if value is not None})
    names = checkpoints or stored.available(base.model, base.data)
    found = [stored.find(base.model, base.data, name) for name in names or [base.checkpoint]]
    points = [
        (checkpoint, scenario)
        for checkpoint in found
        for scenario in selection.compressions(
            checkpoint,
            base,
            [settings()["sparsity"].check("sparsity", value, float) for value in sparsity or ()],
            [settings()["bits"].check("bits", value, int) for value in bits or selection.CODEBOOK_BITS],
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


def reproduce_command(name: str, quick: bool, folder: str | None, json: bool) -> None:
    """Makes a published result again, from random weights to a certificate; stopped, it goes on where it was."""
    from pacviz import store
    from pacviz.reproduce import recipe, reproduce

    wanted = recipe(name, quick)
    place = Path(folder) if folder else store.cache_dir() / "reproductions" / (name + ("-quick" if quick else ""))
    with _progress_bar() as progress:
        result = reproduce(wanted, place, progress)
    if json:
        print(_json({"certificate": result.certificate.to_dict(), "file": str(result.file), "rows": result.rows}))
        return
    print(f"{wanted.title}\n\n{result.table}\n")
    print(f"{result.certificate.statement}\n{result.file}: python -m pacviz verify {result.file}")


def data_command(list: bool, download: str | None, json: bool) -> None:
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


def benchmark_command() -> None:
    """Prints the medians that README.md quotes, as JSON."""
    from pacviz.benchmark import benchmark

    print(_json(benchmark()))


def randomize_command(name: str | None, folder: str | None, json: bool, **given: Any) -> None:
    """Fits networks to ever more random labels, prunes and codes them, and records what each level costs."""
    from pacviz.randomization.recording import check_name, record, save

    experiment = Randomization(**{field: value for field, value in given.items() if value is not None})
    name = name or f"{experiment.model}-{experiment.data}"
    target = None if folder is None else Path(folder)
    check_name(name, target)

    def finished(run: Run) -> None:
        left = f"{run.errors} training errors left" if run.errors else "no training error left"
        print(
            f"{run.level:.0%} random labels, seed {run.seed}: {left} after {len(run.accuracies)} epochs",
            file=sys.stderr,
        )

    with _progress_bar() as progress:
        recording = record(experiment, progress, finished)
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


def record_command() -> None:
    """Measures the first screens again and writes the recordings that ship with pacviz."""
    from pacviz.recordings import record

    with _progress_bar() as progress:
        print(record(progress))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pacviz", description="PAC-Bayes compression bounds in which every bit is charged."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Callable[..., int | None], json: bool = True) -> argparse.ArgumentParser:
        subparser = commands.add_parser(name, help=command.__doc__, description=command.__doc__)
        subparser.set_defaults(command=command)
        if json:
            subparser.add_argument("--json", action="store_true", help="print JSON for machines")
        return subparser

    certify = add("certify", certify_command)
    for name, setting in settings().items():
        if name in PIXELS:
            continue
        certify.add_argument(
            f"--{name}",
            metavar=name.upper(),
            help=_escape(
                f"{setting.title}: {setting.help} {setting.allowed.capitalize()}; default {defaults()[name]}."
            ),
        )
    certify.add_argument(
        "--input-range",
        nargs=2,
        metavar=("LOW", "HIGH"),
        help="What the network sees for a black and for a white pixel; default 0 1.",
    )
    certify.add_argument("--weights", metavar="FILE", help="Weights from a safetensors file instead of a checkpoint.")
    certify.add_argument(
        "--as-is", action="store_true", help="The weights are pruned and quantized already: certify them as they stand."
    )
    certify.add_argument(
        "--out", metavar="FILE", help="Save the certificate with the network as one file for `verify`."
    )
    choose = add("choose", choose_command)
    for name in ("model", "data", "pruning", "delta", "bound", "seed"):
        about = settings()[name]
        choose.add_argument(
            f"--{name}",
            metavar=name.upper(),
            help=_escape(f"{about.title}: {about.allowed}; default {defaults()[name]}."),
        )
    choose.add_argument("--checkpoints", nargs="+", metavar="NAME", help="which to compare; default: all there are")
    for name in ("sparsity", "bits"):
        allowed = _escape(settings()[name].allowed)
        choose.add_argument(
            f"--{name}", nargs="+", metavar=name.upper(), help=f"{allowed}; default: what suits each checkpoint"
        )
    verify = add("verify", verify_command)
    verify.add_argument("file", metavar="FILE", help="what `certify --out` saved")
    verify.add_argument("--data", metavar="NAME", help="the data that it is about; default: the ones that it names")
    bound = add("bound", bound_command)
    bound.add_argument("--risk", type=float, required=True, help="empirical risk in [0, 1]")
    bound.add_argument("--kl", type=float, required=True, help="KL(posterior || prior), or code length, in nats")
    bound.add_argument("--n", type=int, required=True, help="training examples, at least 8")
    bound.add_argument("--delta", type=float, default=0.05, help="failure probability in (0, 1); default 0.05")
    train = add("train", train_command)
    for name, setting in settings(Training).items():
        usual = f"default {defaults(Training)[name]}" + (
            "" if name in ("model", "data", "name") else ", or what suits the method"
        )
        train.add_argument(
            f"--{option(name)}",
            metavar=name.upper(),
            help=_escape(f"{setting.title}: {setting.help} {setting.allowed.capitalize()}; {usual}."),
        )
    train.add_argument("--folder", help="where to write it; default: where the app finds it")
    reproduce = add("reproduce", reproduce_command)
    reproduce.add_argument("name", metavar="NAME", help="zhou2019-lenet5: LeNet-5 on MNIST, 46 % in the paper")
    reproduce.add_argument("--quick", action="store_true", help="in minutes, with a weaker result")
    reproduce.add_argument("--folder", help="where everything is kept; default: a folder of the cache")
    data = add("data", data_command)
    data.add_argument("--list", action="store_true", help="list the data sets (the default)")
    data.add_argument("--download", metavar="NAME", help="download this data set")
    randomize = add("randomize", randomize_command)
    for name, setting in settings(Randomization).items():
        default = defaults(Randomization)[name]
        several = isinstance(default, tuple)
        usual = " ".join(f"{number:g}" for number in default) if several else default
        randomize.add_argument(
            f"--{name.replace('_', '-')}",
            nargs="+" if several else None,
            metavar=name.upper(),
            help=_escape(f"{setting.title}: {setting.help} {setting.allowed.capitalize()}; default {usual}."),
        )
    randomize.add_argument("--name", help="what the app calls the recording; default: model and data")
    randomize.add_argument("--folder", help="where to write it; default: where the app finds it")
    add("benchmark", benchmark_command, json=False)
    add("record", record_command, json=False)
    return parser


def _escape(text: str) -> str:
    return text.replace("%", "%%")


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
