"""The rooms keep to their doors: who may import what.  Imports inside functions count."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted([*ROOT.glob("pacviz/**/*.py"), *ROOT.glob("pages/*.py"), ROOT / "app.py"])
ROOMS = (
    "errors", "progress", "settings", "store", "device", "words", "bounds", "models", "jobs", "data", "codes", "scenario",
    "risk", "posteriors", "literature", "library", "training", "certificates", "figures", "reproductions", "explorer",
    "app", "notebook", "experiments", "checks", "benchmarks", "cli",
)  # fmt: skip
"""From the ground up: a file imports only from its own room and from those before it."""
LOOSE = {"__init__", "__main__", "errors", "progress", "settings", "store", "device", "scenario"}
STREAMLIT = (
    "app.py",
    "pages/*.py",
    "pacviz/app/*.py",
    "pacviz/experiments/*/page*.py",
    "pacviz/benchmarks/visitors.py",
)
"""Who may know Streamlit; the benchmark speaks its protocol."""


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imported(path: Path) -> set[str]:
    """Modules that a file imports anywhere in it, save for annotations alone."""
    tree = parsed(path)
    unread = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    names: set[str] = set()
    for node in ast.walk(tree):
        if node in unread:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def roots(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imported(path)}


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def room(module: str) -> str:
    """The part after pacviz, "" for the package itself."""
    return (*module.split("."), "")[1]


MODULES = {dotted(path): path for path in ROOT.glob("pacviz/**/*.py") if not path.is_symlink()}


@cache
def edges(module: str) -> set[str]:
    """Modules of pacviz that a module imports; a name taken from a module is no import of its package's other modules."""
    names = imported(MODULES[module])
    from_packages = {name.rpartition(".")[0] for name in names if name in MODULES}
    return {name for name in names if name in MODULES} - {"pacviz", module} - (from_packages - _faces(module))


def _faces(module: str) -> set[str]:
    """Packages of which a module imports something that is no module."""
    return {
        node.module
        for node in ast.walk(parsed(MODULES[module]))
        if isinstance(node, ast.ImportFrom) and node.module
        if any(f"{node.module}.{alias.name}" not in MODULES for alias in node.names)
    }


@pytest.mark.parametrize("path", sorted(ROOT.glob("pacviz/bounds/*.py")), ids=lambda path: path.name)
def test_bounds_are_formulas_of_numbers_without_torch(path):
    assert "torch" not in roots(path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_app_and_pages_know_streamlit(path):
    assert "streamlit" not in roots(path) or any(path.match(str(ROOT / allowed)) for allowed in STREAMLIT)


@pytest.mark.parametrize("path", sorted(ROOT.glob("pages/*.py")), ids=lambda path: path.name)
def test_pages_are_doors_to_their_experiments(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 10
    assert all(name.startswith("pacviz.experiments.") for name in imported(path))


def test_at_most_six_modules_lie_loose():
    assert {path.stem for path in ROOT.glob("pacviz/*.py")} <= LOOSE


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_file_imports_only_from_rooms_nearer_to_the_ground(module):
    if room(module) in ("", "__main__"):
        return
    floor = ROOMS.index(room(module))
    above = {name for name in edges(module) if room(name) and ROOMS.index(room(name)) > floor}
    assert not above, f"{module} imports {', '.join(sorted(above))}"


@pytest.mark.parametrize("module", sorted(name for name in MODULES if name.startswith("pacviz.experiments.")))
def test_experiments_never_import_each_other(module):
    own = module.split(".")[2]
    if MODULES[module].parent.name == "experiments":
        return
    others = {name for name in edges(module) if room(name) == "experiments" and (*name.split("."), "")[2] != own}
    assert not {name for name in others if MODULES[name].parent.name != "experiments"}


def test_no_circles():
    def visit(name: str, above: tuple[str, ...], seen: set[str]) -> None:
        assert name not in above, " -> ".join((*above, name))
        if name in seen:
            return
        for target in edges(name):
            visit(target, (*above, name), seen)
        seen.add(name)

    seen: set[str] = set()
    for name in MODULES:
        visit(name, (), seen)
