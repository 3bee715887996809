"""One cache for the whole run: the digits are drawn once, and nothing of the user's is read or written.
Property tests draw the same examples in every run."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

SHARED = "PYTEST_XDIST_WORKER" in os.environ
"""Whether other tests run beside this one: then one thread each, in what it starts too."""
if SHARED:
    os.environ["OMP_NUM_THREADS"] = "1"

import pacviz  # noqa: F401, E402 (before torch, whose threads it tells to be patient)

import torch  # noqa: E402  # isort: skip

settings.register_profile("same every time", derandomize=True, deadline=None)
settings.load_profile("same every time")
torch.set_num_threads(1 if SHARED else 2)


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    os.environ["PACVIZ_CACHE"] = str(folder)
    return folder


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the real MNIST; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("PACVIZ_DATA") or Path(__file__).parents[2] / "shared" / "data")
    if not (folder / "MNIST" / "raw").exists():
        pytest.skip(f"the real MNIST is not in {folder}; set PACVIZ_DATA")
    return folder
