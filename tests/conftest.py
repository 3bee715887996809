"""One cache for the whole run: the digits are drawn once, and nothing of the user's is read or written.
Property tests draw the same examples in every run."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

SHARED = "PYTEST_XDIST_WORKER" in os.environ
"""Whether other tests run beside this one: then one thread each, in what it starts too."""
if SHARED:
    os.environ["OMP_NUM_THREADS"] = "1"

import pacviz.settings  # noqa: E402 (before torch, whose threads it tells to be patient)

import torch  # noqa: E402  # isort: skip

from pacviz.bounds import BOUNDS  # noqa: E402
from pacviz.certificates import measure  # noqa: E402, F401 (with all codes and posteriors)
from pacviz.codes.code import CODES  # noqa: E402
from pacviz.codes.prune import PRUNINGS  # noqa: E402
from pacviz.codes.quantizer import QUANTIZERS  # noqa: E402
from pacviz.data import DATASETS  # noqa: E402
from pacviz.models import ARCHITECTURES  # noqa: E402
from pacviz.models.operations import OPERATIONS  # noqa: E402
from pacviz.posteriors.posterior import POSTERIORS  # noqa: E402
from pacviz.training.recipe import METHODS  # noqa: E402

settings.register_profile("same every time", derandomize=True, deadline=None, max_examples=50)
settings.load_profile("same every time")
torch.set_num_threads(1 if SHARED else 2)


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    os.environ["PACVIZ_CACHE"] = str(folder)
    return folder


@pytest.fixture(scope="module", autouse=True)
def registries() -> Iterator[None]:
    """What the tests of a file register goes with them: the next file in the same process finds what ships."""
    kinds = (BOUNDS, CODES, PRUNINGS, QUANTIZERS, OPERATIONS, ARCHITECTURES, METHODS, DATASETS, POSTERIORS)
    before = [(kind, dict(kind)) for kind in kinds]
    names = {kind: list(listed) for kind, listed in pacviz.settings._names.items()}
    yield
    for kind, whole in before:
        kind.clear()
        kind.update(whole)
    for kind, listed in names.items():
        pacviz.settings._names[kind][:] = listed


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the real MNIST; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("PACVIZ_DATA") or Path(__file__).parents[2] / "shared" / "data")
    if not (folder / "MNIST" / "raw").exists():
        pytest.skip(f"the real MNIST is not in {folder}; set PACVIZ_DATA")
    return folder


def pytest_sessionfinish(session) -> None:
    """A run that should have used a browser and had none is no success."""
    if _unseen(session.config) and not _unwanted() and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure(config) -> None:
    if count := _unseen(config):
        why = (
            "as BROWSER=none asked"
            if _unwanted()
            else "for no browser starts here; install Chromium, or say BROWSER=none"
        )
        config.pluginmanager.get_plugin("terminalreporter").write_line(
            f"The browser tests were not run ({count} of them), {why}.", yellow=True
        )


def _unseen(config) -> int:
    """How many tests were skipped because there is no browser; 0 in a worker, which reports to the run that it belongs to."""
    reporter = None if hasattr(config, "workerinput") else config.pluginmanager.get_plugin("terminalreporter")
    skipped = [] if reporter is None else reporter.stats.get("skipped", [])
    return sum("no browser: " in str(report.longrepr) for report in skipped)


def _unwanted() -> bool:
    return os.environ.get("BROWSER") == "none"
