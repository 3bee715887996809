"""Trained networks on disk: the shipped ones in assets/checkpoints, the user's own in the cache."""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save as to_bytes

from pacviz import store
from pacviz.codes.code import code_of
from pacviz.data import source
from pacviz.errors import PacvizError
from pacviz.library.packing import packed, unpacked
from pacviz.library.weights import Weights
from pacviz.models import ARCHITECTURES, architecture, declared
from pacviz.scenario import AS_IS, DATA_NAMES, FROM_FILE, PLAIN, SCRATCH, Scenario
from pacviz.settings import NAME, defaults

SHIPPED = store.ASSETS / "checkpoints"
_SUFFIX = ".safetensors"
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


def place(folder: Path, model: str, data: str, name: str) -> Path:
    """Where a checkpoint lies in a folder: DATA/MODEL/NAME.safetensors.  Raises PacvizError for what is no name."""
    if not NAME.fullmatch(name):
        raise PacvizError(
            f"A checkpoint cannot be called {store.cut(name)!r}; use lower-case letters, digits, dots and dashes, at most 100."
        )
    return store.shelf(folder, data, model, name, suffix=_SUFFIX)


def check_name(model: str, data: str, name: str) -> None:
    """Raises PacvizError for a name that the user's checkpoint cannot have; ask it before a long training."""
    place(user_folder(), model, data, name)
    if name in (AS_IS, FROM_FILE, SCRATCH):
        meaning = "random weights" if name == SCRATCH else "weights that are given as a file"
        raise PacvizError(f"{name!r} stands for {meaning}; choose another name.")
    if is_reserved(model, data, name):
        raise PacvizError(
            f"A checkpoint {name!r} of {model} on {data} comes with pacviz; choose another name, such as "
            f"{free_name(model, data, name)!r}."
        )


def is_reserved(model: str, data: str, name: str) -> bool:
    """Whether what comes with pacviz goes by that name: a checkpoint, a family of them, or a member that it could have."""
    return _is_one_of(_files(SHIPPED, model, data), name)


def _is_one_of(shipped: Iterable[str], name: str) -> bool:
    methods = {match["method"] for match in map(_MEMBER.fullmatch, shipped) if match}
    member = _MEMBER.fullmatch(name)
    return name in shipped or (member["method"] if member else name) in methods


def free_name(model: str, data: str, name: str, taken: Iterable[str] = ()) -> str:
    """The name, or one like it, that no checkpoint of a model on a data set has and nobody has taken.

    What is added is no number after a dash: that would make it a member of a family (see `families`).
    """
    shipped = _files(SHIPPED, model, data)
    others = {*taken, *_files(user_folder(), model, data), AS_IS, FROM_FILE, SCRATCH}
    free, number = name, 1
    while free in others or _is_one_of(shipped, free):
        number += 1
        free = f"{name}-v{number}"
    return free


def save(checkpoint: Checkpoint, folder: Path | None = None) -> Path:
    """Writes a checkpoint to `folder` (the user's where None), whole or not at all, and returns the file.

    Raises PacvizError for a name that the user's checkpoint cannot have, or a folder that cannot be written.
    """
    if folder is None:
        check_name(checkpoint.model, checkpoint.data, checkpoint.name)
    path = place(folder or user_folder(), checkpoint.model, checkpoint.data, checkpoint.name)
    # A sparse file knows no -0: what is written has the fingerprint of what will be read.
    matrices = {name: matrix + np.float32(0) for name, matrix in checkpoint.matrices.items()}
    checkpoint = dataclasses.replace(checkpoint, matrices=matrices)
    state = packed(architecture(checkpoint.model).arrays(checkpoint.matrices))
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
    content = _in_order(to_bytes(state, about))
    store.write_atomic(path, lambda temporary: temporary.write_bytes(content))
    return path


def _in_order(content: bytes) -> bytes:
    """A safetensors file whose metadata are sorted, so that the same checkpoint is the same file.

    The library writes them in another order each time.  The header is its length in 8 bytes, and JSON up to a multiple of 8.
    """
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + content[8 + length :]


def load(path: Path) -> Checkpoint:
    """The checkpoint in a file; quick when the same file was read before.

    Raises PacvizError where the file is missing, and store.Damaged where it is damaged or no checkpoint, or holds weights
    that its model cannot have; in the cache it is then set aside.
    """
    return store.read(path, lambda path: _load(path, path.stat().st_mtime_ns), "a checkpoint", "train it again")


@lru_cache(maxsize=64)
def _load(path: Path, modified: int) -> Checkpoint:
    with safe_open(path, "np") as file:
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
        raise store.Damaged(f"it is no usable checkpoint: {error}") from error
    except (KeyError, ValueError, TypeError) as error:
        raise store.Damaged(f"it says too little about itself: {error!r}") from error
    if not intact:
        raise store.Damaged("it does not hold the weights that it was saved with")
    return checkpoint


def _files(folder: Path, model: str, data: str) -> dict[str, Path]:
    """The checkpoints of a model on a data set in a folder, by name.

    A file MODEL-DATA-NAME.safetensors, as they were called before, counts where it says about itself that it is just that.
    """
    paths = {path.name.removesuffix(_SUFFIX): path for path in store.files(folder / data / model, f"*{_SUFFIX}")}
    for path in store.files(folder, f"{model}-{data}-*{_SUFFIX}"):
        name = path.name.removeprefix(f"{model}-{data}-").removesuffix(_SUFFIX)
        with suppress(PacvizError):
            if _about(path) == (model, data, name):
                paths.setdefault(name, path)
    return {name: path for name, path in paths.items() if NAME.fullmatch(name)}


def _about(path: Path) -> tuple[str, ...]:
    """The (model, data, name) that a file tells; quick when it was asked before.  Raises as `load` does."""
    return store.read(path, lambda path: _told(path, path.stat().st_mtime_ns), "a checkpoint", "train it again")


@lru_cache(maxsize=1024)
def _told(path: Path, modified: int) -> tuple[str, ...]:
    with safe_open(path, "np") as opened:
        about = opened.metadata() or {}
    return tuple(about.get(key, "") for key in ("model", "data", "name"))


def available(model: str, data: str) -> tuple[str, ...]:
    """Names of the checkpoints of a model on a data set, the shipped ones first; none is opened.

    One of the user's that lies under a name of what ships is left out: see `is_reserved`.
    """
    return tuple(_available(model, data))


def _available(model: str, data: str) -> dict[str, Path]:
    shipped = _files(SHIPPED, model, data)
    own = _files(user_folder(), model, data)
    for name in [name for name in own if _is_one_of(shipped, name)]:
        store.notice(
            f"{own[name]} is left out: {name!r} is a name of what comes with pacviz; certify it by `python -m pacviz "
            f"certify --model {model} --data {data} --weights {shlex.quote(str(own.pop(name)))}`, or move it away."
        )
    return shipped | own


def sound(model: str, data: str, names: Iterable[str] | None = None) -> list[Checkpoint]:
    """The checkpoints of these names, all there are where None, without those that turn out to be damaged.

    Raises PacvizError for a name that there is not.
    """
    readable = []
    for name in available(model, data) if names is None else names:
        with suppress(store.Damaged):
            readable.append(find(model, data, name))
    return readable


def networks() -> dict[str, tuple[str, ...]]:
    """By data set, the architectures of which there is a checkpoint."""
    folders = (SHIPPED, *sorted(SHIPPED.rglob("*/")), user_folder(), *sorted(user_folder().rglob("*/")))
    return _networks(*((folder, folder.stat().st_mtime_ns if folder.exists() else 0) for folder in folders))


@lru_cache(maxsize=4)
def _networks(*folders: tuple[Path, int]) -> dict[str, tuple[str, ...]]:
    """folders: with the times at which they changed."""
    by_data = {data: tuple(model for model in ARCHITECTURES if available(model, data)) for data in DATA_NAMES}
    return {data: models for data, models in by_data.items() if models}


def families(model: str, data: str) -> dict[str, dict[float, str]]:
    """Methods with checkpoints at several densities (names METHOD-PERCENT): each one's names by density in (0, 1].

    The plain network that they started from is every family's member of density 1.
    """
    members_of: dict[str, dict[float, str]] = {}
    for name in available(model, data):
        if match := _MEMBER.fullmatch(name):
            members_of.setdefault(match["method"], {})[float(match["percent"]) / 100] = name
    return {method: {1.0: PLAIN, **members} for method, members in members_of.items() if len(members) > 1}


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
    try:
        loaded = {name: find(scenario.model, scenario.data, name) for name in dict.fromkeys(wanted)}
    except store.Damaged:
        if members and family(scenario) != members:  # it is out of the way now, and the others do without it
            return along(scenario, sparsities)
        raise
    return [loaded[name] for name in wanted]


def family(scenario: Scenario) -> dict[float, str]:
    """The members behind a scenario's checkpoint by their densities, as `families` gives them; none for a single network."""
    model, data, name = scenario.model, scenario.data, scenario.checkpoint
    return {} if name in available(model, data) else families(model, data).get(name, {})


def _member(family: Iterable[float], density: float) -> float:
    sparser = [member for member in family if density / REACH - _ROUNDING <= member <= density + _ROUNDING]
    return max(sparser) if sparser else min(member for member in family if member > density)


def shipped() -> tuple[tuple[str, str, str], ...]:
    """(model, data, name) of every checkpoint that comes with pacviz, by model."""
    places = (path.relative_to(SHIPPED).parts for path in SHIPPED.glob(f"*/*/*{_SUFFIX}"))
    return tuple(sorted((model, data, name.removesuffix(_SUFFIX)) for data, model, name in places))


def trained(training: Mapping[str, Any], folder: Path) -> Checkpoint | None:
    """The checkpoint in a folder that this very recipe made, or None where there is no such file.

    training: a recipe as Training.to_dict gives it.  Raises PacvizError for a checkpoint of that name by another recipe.
    """
    path = _files(folder, training["model"], training["data"]).get(training["name"])
    if path is None:
        return None
    checkpoint = load(path)
    if checkpoint.training != training:
        raise PacvizError(f"{path} was trained with other settings; delete it, or choose another folder.")
    return checkpoint


def find(model: str, data: str, name: str) -> Checkpoint:
    """The checkpoint of that name; no user's has the name of a shipped one.

    Raises PacvizError where there is none, saying what there is and how to make one, or where `load` does.
    """
    paths = _available(model, data)
    if name in (AS_IS, FROM_FILE):
        raise PacvizError(
            f"Checkpoint {name!r} stands for weights given as a file; give it by `python -m pacviz certify --model {model} "
            "--weights FILE`."
        )
    if name not in paths:
        raise PacvizError(
            f"There is no checkpoint {store.cut(name)!r} of {model} on {data} (there is {', '.join(paths) or 'none yet'}); "
            f"{_how_to_make(model, data, name)}."
        )
    checkpoint = load(paths[name])
    told = (checkpoint.model, checkpoint.data, checkpoint.name)
    if told != (model, data, name):
        sentence = f"{paths[name]} holds {told[2]!r} of {told[0]} on {told[1]}; give it back its own name and folder."
        store.leave_out(paths[name], sentence)
        raise store.Damaged(sentence)
    return checkpoint


def _how_to_make(model: str, data: str, name: str) -> str:
    """What somebody can do who asked for a checkpoint that there is not."""
    network, images = architecture(model), source(data)
    if declared(model):
        return "a network of one's own comes by pacviz.from_module, and its weights are given to pacviz.certify"
    if network.input_shape != images.shape:
        fitting = [other.name for other in ARCHITECTURES.values() if other.input_shape == images.shape]
        return (
            f"{network.title} reads images of {network.input_shape}, but {images.title} has {images.shape}: choose one of "
            f"the models {', '.join(fitting)}"
        )
    if not NAME.fullmatch(name) or name == SCRATCH or is_reserved(model, data, name):
        return "choose one of these"
    command = f"`python -m pacviz train --model {model} --data {data} --name {name}"
    if needed := code_of(model).method:
        return f"train one by {command} --method {needed}`, and certify its file by --weights and --as-is"
    if name == defaults(Scenario)["checkpoint"]:  # a network that is small, as its name says
        command += " --method gradual --start scratch"
    return f"train it by {command}`"
