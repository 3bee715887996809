"""Trained networks on disk: the shipped ones in assets/checkpoints, the user's own in the cache."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from pacviz import store
from pacviz.errors import PacvizError
from pacviz.models import architecture
from pacviz.scenario import AS_IS, FROM_FILE, PLAIN, Scenario
from pacviz.sparse import packed, unpacked
from pacviz.weights import Weights

SHIPPED = store.ASSETS / "checkpoints"
_SUFFIX = ".safetensors"
_NAME = re.compile(r"[a-z0-9.-]+")
_MEMBER = re.compile(r"(?P<method>[a-z-]+)-(?P<percent>\d+(\.\d+)?)")
_ROUNDING = 1e-9
REACH = 2
"""How many times as many weights as it has a member of a family may be asked for, and still be taken as it stands."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A trained network.

    model, data: names of its architecture and of the data set that it was trained on.  matrices: float32 (rows,
    columns) a layer, as Architecture.matrices gives them.  train_error, test_error: 0-1 errors in [0, 1].
    training: the recipe, as JSON can hold it.  command: the command line that makes it again.
    """

    name: str
    model: str
    data: str
    matrices: Mapping[str, np.ndarray]
    train_error: float
    test_error: float
    training: Mapping[str, Any]
    command: str

    @cached_property
    def fingerprint(self) -> str:
        """Hex SHA-256 of the model's name and every weight, in the order of the layers."""
        return Weights(self.model, self.matrices).fingerprint

    @cached_property
    def density(self) -> float:
        """The share of its weights that are not zero."""
        return sum(map(np.count_nonzero, self.matrices.values())) / sum(m.size for m in self.matrices.values())


def user_folder() -> Path:
    """Where the user's own checkpoints lie."""
    return store.cache_dir() / "checkpoints"


def _file(folder: Path, model: str, data: str, name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise PacvizError(f"A checkpoint cannot be called {name!r}; use lower-case letters, digits, dots and hyphens.")
    return folder / f"{model}-{data}-{name}{_SUFFIX}"


def check_name(model: str, data: str, name: str) -> None:
    """Raises PacvizError for a name that the user's checkpoint cannot have; ask it before a long training."""
    if name in (AS_IS, FROM_FILE):
        raise PacvizError(f"{name!r} stands for weights that are given as a file; choose another name.")
    if _file(SHIPPED, model, data, name).exists():
        raise PacvizError(f"A checkpoint {name!r} of {model} on {data} comes with pacviz; choose another name.")


def save(checkpoint: Checkpoint, folder: Path | None = None) -> Path:
    """Writes a checkpoint to `folder` (the user's where None), whole or not at all, and returns the file.

    Raises PacvizError for a name that the user's checkpoint cannot have, or a folder that cannot be written.
    """
    if folder is None:
        check_name(checkpoint.model, checkpoint.data, checkpoint.name)
    path = _file(folder or user_folder(), checkpoint.model, checkpoint.data, checkpoint.name)
    # A sparse file knows no -0: what is written has the fingerprint of what will be read.
    matrices = {name: matrix + np.float32(0) for name, matrix in checkpoint.matrices.items()}
    checkpoint = dataclasses.replace(checkpoint, matrices=matrices)
    state = packed(architecture(checkpoint.model).state_dict(checkpoint.matrices))
    about = {
        "name": checkpoint.name,
        "model": checkpoint.model,
        "data": checkpoint.data,
        "train_error": repr(checkpoint.train_error),
        "test_error": repr(checkpoint.test_error),
        "training": json.dumps(dict(checkpoint.training)),
        "command": checkpoint.command,
        "fingerprint": checkpoint.fingerprint,
    }
    store.write_atomic(path, lambda temporary: save_file(state, temporary, about))
    return path


def load(path: Path) -> Checkpoint:
    """The checkpoint in a file; quick when the same file was read before.

    Raises PacvizError where the file is missing, damaged or no checkpoint, or holds weights that its model cannot have.
    """
    try:
        return _load(path, path.stat().st_mtime_ns)
    except (OSError, SafetensorError) as error:
        raise PacvizError(f"{path} cannot be read as a checkpoint ({error}); delete it and train again.") from error


@lru_cache(maxsize=64)
def _load(path: Path, modified: int) -> Checkpoint:
    with safe_open(path, "pt") as file:
        about = file.metadata() or {}
        state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a mapping)
    try:
        checkpoint = Checkpoint(
            about["name"],
            about["model"],
            about["data"],
            architecture(about["model"]).matrices(unpacked(state)),
            float(about["train_error"]),
            float(about["test_error"]),
            json.loads(about["training"]),
            about["command"],
        )
        intact = about["fingerprint"] == checkpoint.fingerprint
    except PacvizError as error:
        raise PacvizError(f"{path} is no usable checkpoint: {error}") from error
    except (KeyError, ValueError) as error:
        raise PacvizError(
            f"{path} says too little about itself ({error}); make it with pacviz.checkpoints.save."
        ) from error
    if not intact:
        raise PacvizError(f"{path} does not hold the weights that it was saved with; delete it and train again.")
    return checkpoint


def _names(folder: Path, model: str, data: str) -> Iterator[str]:
    prefix = f"{model}-{data}-"
    for path in sorted(folder.glob(f"{prefix}*{_SUFFIX}")):
        name = path.name.removeprefix(prefix).removesuffix(_SUFFIX)
        if _NAME.fullmatch(name):
            yield name


def available(model: str, data: str) -> tuple[str, ...]:
    """Names of the checkpoints of a model on a data set, the shipped ones first; none is opened."""
    return tuple(dict.fromkeys([*_names(SHIPPED, model, data), *_names(user_folder(), model, data)]))


def families(model: str, data: str) -> dict[str, dict[float, str]]:
    """Methods with checkpoints at several densities (names METHOD-PERCENT): each one's names by density in (0, 1].

    The plain network that they started from is every family's member of density 1.
    """
    found: dict[str, dict[float, str]] = {}
    for name in available(model, data):
        if match := _MEMBER.fullmatch(name):
            found.setdefault(match["method"], {})[float(match["percent"]) / 100] = name
    return {method: {1.0: PLAIN, **members} for method, members in found.items() if len(members) > 1}


def choices(model: str, data: str) -> tuple[str, ...]:
    """What a Scenario's checkpoint may be for a model on a data set: each family by its method, and single ones."""
    grouped = families(model, data)
    members = {name for family in grouped.values() for name in family.values()} - {PLAIN}
    return (*(name for name in available(model, data) if name not in members), *grouped)


def of(scenario: Scenario) -> Checkpoint:
    """The checkpoint that a scenario compresses: `along` at its own sparsity."""
    return along(scenario, (scenario.sparsity,))[0]


def along(scenario: Scenario, sparsities: Sequence[float]) -> list[Checkpoint]:
    """The checkpoint that a scenario compresses at each of these sparsities; raises PacvizError where `find` does.

    Of a family it is the densest one with at most as many weights as asked for, if that is 1 / REACH of them or more:
    pruning leaves it as it was trained.  Else it is the next denser one, which pruning cuts.  For cutting it even a
    little further breaks a network that was trained at the edge of what it can lose.
    """
    members = family(scenario)
    wanted = [members[_member(members, 1 - sparsity)] if members else scenario.checkpoint for sparsity in sparsities]
    found = {name: find(scenario.model, scenario.data, name) for name in dict.fromkeys(wanted)}
    return [found[name] for name in wanted]


def family(scenario: Scenario) -> dict[float, str]:
    """The members behind a scenario's checkpoint by their densities, as `families` gives them; none for a single network."""
    model, data, name = scenario.model, scenario.data, scenario.checkpoint
    return {} if name in available(model, data) else families(model, data).get(name, {})


def _member(family: Iterable[float], density: float) -> float:
    sparser = [member for member in family if density / REACH - _ROUNDING <= member <= density + _ROUNDING]
    return max(sparser) if sparser else min(member for member in family if member > density)


def shipped() -> tuple[tuple[str, str, str], ...]:
    """(model, data, name) of every checkpoint that comes with pacviz."""
    found = (load(path) for path in sorted(SHIPPED.glob(f"*{_SUFFIX}")))
    return tuple((checkpoint.model, checkpoint.data, checkpoint.name) for checkpoint in found)


def trained(training: Mapping[str, Any], folder: Path) -> Checkpoint | None:
    """The checkpoint in a folder that this very recipe made, or None where there is no such file.

    training: a recipe as Training.to_dict gives it.  Raises PacvizError for a checkpoint of that name by another recipe.
    """
    path = _file(folder, training["model"], training["data"], training["name"])
    if not path.exists():
        return None
    checkpoint = load(path)
    if checkpoint.training != training:
        raise PacvizError(f"{path} was trained with other settings; delete it, or choose another folder.")
    return checkpoint


def find(model: str, data: str, name: str) -> Checkpoint:
    """The checkpoint of that name, a shipped one before one of the user's.

    Raises PacvizError where there is none, saying what there is and how to make one, or where `load` does.
    """
    names = available(model, data)
    if name in (AS_IS, FROM_FILE):
        raise PacvizError(
            f"Checkpoint {name!r} stands for weights given as a file; give it by `python -m pacviz certify --weights FILE`."
        )
    if name not in names:
        raise PacvizError(
            f"There is no checkpoint {name!r} of {model} on {data} (there is {', '.join(names) or 'none yet'}); "
            f"train it by `python -m pacviz train --model {model} --data {data} --name {name}`."
        )
    path = next(file for folder in (SHIPPED, user_folder()) if (file := _file(folder, model, data, name)).exists())
    checkpoint = load(path)
    if (checkpoint.model, checkpoint.data, checkpoint.name) != (model, data, name):
        raise PacvizError(
            f"{path} holds {checkpoint.name!r} of {checkpoint.model} on {checkpoint.data}; give it back its own name."
        )
    return checkpoint
