"""Units of long work: each has a key, and its result is a file, which is the only truth about whether it is done.

A unit is found again by what its result depends on.  So the same command goes on where it was, whoever did the units
that are there; a setting that changes the result makes another key, hence a new unit, and nothing is ever mixed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

from filelock import FileLock

from pacviz import store
from pacviz.progress import Progress
from pacviz.settings import import_extensions


@dataclass(frozen=True)
class Unit:
    """A piece of work that any process can do.

    kind: a short name; results of a kind share a folder.  key: everything that the result depends on beside the units that
    it needs, as one text.  title: what is done, for a person.  work: "module:function", called with `arguments`, a Progress
    and the results of `needs` in order; it returns the result as a JSON text.  arguments: plain JSON values.
    seconds: about how long it takes on one core, None where unknown.  needs: units that must be done before.
    """

    kind: str
    key: str
    title: str
    work: str
    arguments: Mapping[str, Any]
    seconds: float | None = None
    needs: tuple[Unit, ...] = ()

    @cached_property
    def id(self) -> str:
        """Hex SHA-256 of kind, key and the units that it needs."""
        told: list[Any] = [self.kind, self.key]
        if self.needs:
            told.append([unit.id for unit in self.needs])
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()

    @property
    def place(self) -> Path:
        """The file of its result."""
        return store.shelf(store.cache_dir() / "units", self.kind, self.id, suffix=".json")

    def result(self) -> str | None:
        """The JSON text that the work returned; None where it is not done, or its file was damaged and set aside."""
        if not self.place.exists():
            return None
        try:
            return store.read(self.place, _whole, "the result of a unit", "it is worked out again")
        except store.Damaged:
            return None

    def keep(self, text: str) -> None:
        """Writes a result, whole or not at all.  Raises PacvizError where the cache cannot be written."""
        store.write_atomic(self.place, lambda path: path.write_text(text, encoding="utf-8"))

    def do(self, progress: Progress | None = None, needed: Sequence[str] | None = None) -> str:
        """The result: read where it is there, else worked out and kept.

        needed: the results of `needs`, for a worker that cannot read them; they are read, or worked out, where None.
        Where another process does this very unit, it waits for that one; a lock whose process died is free.
        Whatever the work raises comes through, and nothing is kept then.
        """
        self.place.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self.place.with_suffix(".lock")):
            result = self.result()
            if result is None:
                import_extensions()
                module, _, name = self.work.partition(":")
                work: Callable[..., str] = getattr(import_module(module), name)
                before = [unit.do() for unit in self.needs] if needed is None else needed
                result = work(self.arguments, progress or (lambda fraction, what: None), *before)
                self.keep(result)
        return result


@dataclass(frozen=True)
class Plan:
    """What a command is going to do.

    name: of the command and what it is about.  units: each after those that it needs.  changed: how many units the last
    command of this name had that do not belong to this one: a setting that matters was changed; their results are kept, and
    not used.
    """

    name: str
    units: tuple[Unit, ...]
    done: frozenset[str]
    changed: int

    @classmethod
    def of(cls, name: str, units: Iterable[Unit]) -> Plan:
        listed = tuple(units)
        before = set(json.loads(text)) if (text := _read(_journal(name))) else set()
        done = frozenset(unit.id for unit in listed if unit.place.exists())
        return cls(name, listed, done, len(before - {unit.id for unit in listed}))

    @property
    def missing(self) -> tuple[Unit, ...]:
        """The units without a result, in order."""
        return tuple(unit for unit in self.units if unit.id not in self.done)

    @property
    def seconds(self) -> float | None:
        """About how long the missing units take on two cores; None where that is not known of all."""
        costs = [unit.seconds for unit in self.missing]
        return None if None in costs else float(sum(cost for cost in costs if cost is not None))

    @property
    def sentence(self) -> str:
        """How much is done, and whether the settings were changed."""
        cost = "" if not self.missing or self.seconds is None else f", about {self.seconds:,.0f} s of work"
        told = f"{len(self.done)} of {len(self.units)} units are done, {len(self.missing)} are missing{cost}."
        if self.changed and self.missing:
            told += (
                f" The settings differ from those of the last run of {self.name}: {self.changed} of its units do not belong "
                "to these settings; they are kept, and not used."
            )
        return told

    def begin(self) -> None:
        """Writes down what this command consists of, for the next one of its name."""
        text = json.dumps([unit.id for unit in self.units])
        store.write_atomic(_journal(self.name), lambda path: path.write_text(text, encoding="utf-8"))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as `--dry-run --json` prints them."""
        rows = [
            {"title": unit.title, "id": unit.id, "done": unit.id in self.done, "seconds": unit.seconds}
            for unit in self.units
        ]
        return {"name": self.name, "missing": len(self.missing), "seconds": self.seconds, "units": rows}


def table(units: Sequence[Unit]) -> str:
    """A line a unit, for a person."""
    cost = {unit.id: "" if unit.seconds is None else f"about {unit.seconds:,.0f} s" for unit in units}
    return "\n".join(
        f"{'done' if unit.place.exists() else 'missing':8} {cost[unit.id]:14} {unit.title}" for unit in units
    )


def _journal(name: str) -> Path:
    return store.cache_dir() / "units" / "plans" / f"{hashlib.sha256(name.encode()).hexdigest()}.json"


def _whole(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    json.loads(text)
    return text


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return None
