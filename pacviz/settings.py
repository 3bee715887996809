"""A setting: what a field of a frozen dataclass may be and how it is asked for, checked once when the value is made."""

from __future__ import annotations

import dataclasses
import math
import os
import pkgutil
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from pacviz.errors import PacvizError, quoted

NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,99}")
NAME_FORM = "a name of lower-case letters, digits, dots and dashes, at most 100"
OWN_DATA = "data of your own become known by pacviz.data.register and PACVIZ_MODULES (docs/extending.md)"


def import_all(package: str, part: str = "") -> None:
    """Imports every module of a package, so that what they register is known; of its packages only the module `part`."""
    for module_info in pkgutil.iter_modules(import_module(package).__path__, f"{package}."):
        module = f"{module_info.name}.{part}" if part else module_info.name
        if module_info.ispkg == bool(part) and find_spec(module):
            import_module(module)


def lazily(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` of a package (PEP 562) whose names are imported from its modules when they are first asked for.

    homes: the module of each name, as one writes it below the package.
    """

    def attribute(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{homes[name]}"), name)

    return attribute


@cache
def import_extensions() -> None:
    """Imports the modules that PACVIZ_MODULES names, joined by commas: what they register can be chosen like what ships.

    Raises PacvizError for one that cannot be imported.
    """
    for name in filter(None, os.environ.get("PACVIZ_MODULES", "").split(",")):
        try:
            import_module(name.strip())
        except ImportError as error:
            raise PacvizError(
                f"PACVIZ_MODULES names {quoted(name)}, which cannot be imported ({error}); give modules on Python's path."
            ) from error


def enlist(registry: dict[str, Any], name: str, thing: Any, kind: str) -> None:
    """Enters a thing into the registry of its kind; raises PacvizError for a name that is taken or is none."""
    if not NAME.fullmatch(name):
        raise PacvizError(f"A {kind} has {NAME_FORM}, got {quoted(name)}.")
    if name in registry:
        raise PacvizError(f"There is a {kind} {name!r} already; give this one another name.")
    registry[name] = thing


_names: dict[str, list[str]] = {}


def names(kind: str, *shipped: str) -> list[str]:
    """The names of a kind of thing, to which whoever registers another one adds its own; `shipped` ones come first."""
    known = _names.setdefault(kind, [])
    known[:0] = [name for name in shipped if name not in known]
    return known


@dataclass(frozen=True)
class Setting:
    """What a field of a Scenario may be, and how it is asked for.

    low, high: closed limits of a number (open ones where `exclusive`).  step: the slider's step.
    choices: the allowed texts; where there are none, any that matches `pattern`, which `form` puts in words.
    others: how a text becomes one of `choices`, told where it is none.
    percent: shown as a percentage.
    scale: how a slider spaces it: "linear", "log", or "log-rest", logarithmic in what is left to 1.
    """

    title: str
    help: str
    low: float = -math.inf
    high: float = math.inf
    step: float = 1.0
    exclusive: bool = False
    percent: bool = False
    scale: str = "linear"
    choices: Callable[[], tuple[str, ...]] = tuple
    others: str = ""
    pattern: re.Pattern[str] = NAME
    form: str = NAME_FORM

    @property
    def smallest(self) -> float:
        """The smallest positive value: where a logarithmic slider starts."""
        return self.low if self.low > 0 else self.step

    @property
    def allowed(self) -> str:
        """The allowed values in words."""
        if choices := self.choices():
            return f"one of {', '.join(choices)}"
        if self.low == -math.inf:
            return self.form
        between = "strictly between {:g} and {:g}" if self.exclusive else "from {:g} to {:g}"
        return between.format(self.low, self.high)

    def check(self, name: str, value: Any, kind: type) -> Any:
        """The value as `kind`, a tuple number by number; raises PacvizError naming the field, what came and what is allowed."""
        if kind is tuple:
            if isinstance(value, str) or not isinstance(value, Iterable) or not (listed := tuple(value)):
                raise PacvizError(f"{name} must be one or more numbers, each {self.allowed}, got {quoted(value)}.")
            return tuple(sorted({self.check(name, number, float) for number in listed}))
        refusal = PacvizError(
            f"{name} must be {self.allowed}, got {quoted(value)}{'; ' if self.others else ''}{self.others}."
        )
        try:
            converted = kind(value)
        except (TypeError, ValueError, OverflowError):
            raise refusal from None
        if kind is str:
            if converted not in self.choices() if self.choices() else not self.pattern.fullmatch(converted):
                raise refusal
            return converted
        if kind is int and converted != float(value):
            raise PacvizError(f"{name} must be a whole number {self.allowed}, got {quoted(value)}.")
        inside = self.low < converted < self.high if self.exclusive else self.low <= converted <= self.high
        if not inside:
            raise refusal
        return converted


def setting(default: Any, title: str, help: str, **limits: Any) -> Any:
    """A dataclass field with a Setting of these limits; `check_settings` holds its values to them."""
    return field(default=default, metadata={"setting": Setting(title, help, **limits)})


def settings(kind: type) -> dict[str, Setting]:
    """The Setting of each field that has one, in declaration order."""
    return {item.name: item.metadata["setting"] for item in dataclasses.fields(kind) if "setting" in item.metadata}


def defaults(kind: type) -> dict[str, Any]:
    """The default of each field, in declaration order."""
    return {item.name: item.default for item in dataclasses.fields(kind)}


def check_settings(value: Any, limits: Mapping[str, Setting] | None = None) -> None:
    """Converts each field of a new dataclass value to its kind; raises PacvizError where its Setting refuses it.

    limits: the Settings to hold it to; its own where None.
    """
    for name, setting in (limits or settings(type(value))).items():
        object.__setattr__(value, name, setting.check(name, getattr(value, name), type(defaults(type(value))[name])))
