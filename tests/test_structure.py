"""The rooms keep to their doors: who may import what."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted([*ROOT.glob("pacviz/**/*.py"), *ROOT.glob("pages/*.py"), ROOT / "app.py"])


def imported(path: Path) -> set[str]:
    """Modules that a file imports anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def roots(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imported(path)}


@pytest.mark.parametrize("path", sorted(ROOT.glob("pacviz/bounds/*.py")), ids=lambda path: path.name)
def test_bounds_are_formulas_of_numbers_without_torch(path):
    assert "torch" not in roots(path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_ui_knows_streamlit(path):
    is_ui = path.is_relative_to(ROOT / "pacviz" / "ui") or path.parent.name == "pages" or path.name == "app.py"
    assert is_ui or "streamlit" not in roots(path)


@pytest.mark.parametrize("path", sorted(ROOT.glob("pages/*.py")), ids=lambda path: path.name)
def test_pages_draw_and_do_not_compute(path):
    assert not roots(path) & {"torch", "numpy", "scipy", "pandas"}
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.BinOp)]


def test_no_circles():
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in ROOT.glob("pacviz/**/*.py")
    }
    edges = {}
    for name, path in modules.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names: set[str] = set()
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and node.module:
                candidates = [f"{node.module}.{alias.name}" for alias in node.names]
                names |= {candidate if candidate in modules else node.module for candidate in candidates}
        edges[name] = (names & set(modules)) - {"pacviz", name}

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, " -> ".join((*above, name))
        for target in edges[name]:
            visit(target, (*above, name))

    for name in modules:
        visit(name, ())
