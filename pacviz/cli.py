"""The command line: `python -m pacviz …`, every page's work from a shell."""

from __future__ import annotations

import argparse
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
from pacviz.scenario import Scenario, defaults, settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; 0 when it succeeded, 2 and one sentence on standard error for a wrong input."""
    warnings.showwarning = lambda message, *_: print(f"pacviz: {message}", file=sys.stderr)
    options = vars(_parser().parse_args(arguments))
    command = options.pop("command")
    try:
        command(**options)
    except PacvizError as error:
        print(f"pacviz: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader (head, a pager) has seen enough; what is still buffered must not complain on the way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        print("pacviz: stopped; nothing half-written is left behind.", file=sys.stderr)
        return 130
    return 0


def certify_command(json: bool, **scenario: Any) -> None:
    """Prints the certificate of a scenario."""
    from pacviz import store
    from pacviz.certificate import certify

    wanted = Scenario.from_mapping(scenario)
    with _progress_bar() as progress:
        certificate = certify(wanted, progress=progress)
    if trouble := store.problem():
        print(f"pacviz: {trouble}", file=sys.stderr)
    if json:
        print(certificate.to_json())
        return
    measured = certificate.measurement
    interval = (
        ""
        if certificate.risk.method == "exact"
        else f" (at most {certificate.risk.upper:.3%}, {certificate.risk.method})"
    )
    print(certificate.statement)
    print(f"\ntraining error   {certificate.risk.mean:.3%}{interval}\ntest error       {measured.test.mean:.3%}")
    print(
        f"compressed size  {measured.code_bytes:,} bytes\neffective size   {certificate.effective_bytes:,.0f} bytes\n"
    )
    for name, bound in certificate.bounds.items():
        print(f"{name:15}  {'does not apply with noise' if bound is None else f'{bound:.3%}'}")
    print(f"\n{'bits':>12}  where they go")
    for charge in certificate.ledger.charges:
        print(f"{charge.bits:12,.0f}  {charge.name}: {charge.why}")
    print(f"{certificate.ledger.bits:12,.0f}  in all")


def bound_command(risk: float, kl: float, n: int, delta: float, json: bool) -> None:
    """Prints every bound for given numbers."""
    values = all_bounds(risk, kl, n, delta, deterministic=True)
    print(_json(values) if json else "\n".join(f"{name:12}{value:.6f}" for name, value in values.items()))


def train_command(model: str, data: str, name: str, folder: str | None, json: bool, **training: Any) -> None:
    """Trains a network and writes its checkpoint."""
    from pacviz import checkpoints, store
    from pacviz import data as datasets
    from pacviz.models import architecture
    from pacviz.training import Training, train

    recipe = Training(**{key: value for key, value in training.items() if value is not None})
    if folder is None:
        checkpoints.check_name(model, data, name)
    store.require_writable(checkpoints.user_folder() if folder is None else Path(folder))
    with _progress_bar() as progress:
        dataset = datasets.load(data, progress=progress)
    with _progress_bar() as progress:
        checkpoint = train(architecture(model), dataset, name, recipe, progress)
    path = checkpoints.save(checkpoint, None if folder is None else Path(folder))
    report = {"path": str(path), "train_error": checkpoint.train_error, "test_error": checkpoint.test_error}
    print(
        _json(report)
        if json
        else f"{path}\ntraining error {checkpoint.train_error:.3%}, test error {checkpoint.test_error:.3%}"
    )


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
    for row in rows:
        ready = "ready" if row["available"] else f"absent: python -m pacviz data --download {row['name']}"
        print(f"{row['name']:15}{row['title']:25}{ready}")


def benchmark_command() -> None:
    """Prints the medians that README.md quotes, as JSON."""
    from pacviz.benchmark import benchmark

    print(_json(benchmark()))


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

    def add(name: str, command: Callable[..., None], json: bool = True) -> argparse.ArgumentParser:
        subparser = commands.add_parser(name, help=command.__doc__, description=command.__doc__)
        subparser.set_defaults(command=command)
        if json:
            subparser.add_argument("--json", action="store_true", help="print JSON for machines")
        return subparser

    certify = add("certify", certify_command)
    for name, setting in settings().items():
        default = defaults()[name]
        certify.add_argument(
            f"--{name}",
            default=default,
            metavar=name.upper(),
            help=_escape(f"{setting.title}: {setting.help} {setting.allowed.capitalize()}; default {default}."),
        )
    bound = add("bound", bound_command)
    bound.add_argument("--risk", type=float, required=True, help="empirical risk in [0, 1]")
    bound.add_argument("--kl", type=float, required=True, help="KL(posterior || prior), or code length, in nats")
    bound.add_argument("--n", type=int, required=True, help="training examples, at least 8")
    bound.add_argument("--delta", type=float, default=0.05, help="failure probability in (0, 1); default 0.05")
    train = add("train", train_command)
    train.add_argument("--model", default="lenet5", help="default lenet5")
    train.add_argument("--data", default="digits", help="default digits")
    train.add_argument("--name", default="mine", help="what the app calls the checkpoint; default mine")
    train.add_argument("--folder", help="where to write it; default: where the app finds it")
    for option, kind in (
        ("epochs", int),
        ("batch-size", int),
        ("learning-rate", float),
        ("weight-decay", float),
        ("seed", int),
    ):
        train.add_argument(f"--{option}", type=kind)
    data = add("data", data_command)
    data.add_argument("--list", action="store_true", help="list the data sets (the default)")
    data.add_argument("--download", metavar="NAME", help="download this data set")
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
