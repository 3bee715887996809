"""What ships was measured on one processor; on another, which rounds sums differently, it opens, verifies and is the same.

The other processor is this one with its vector instructions switched off, in a process of its own.
"""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pacviz import Scenario, certify
from pacviz.certificates import surface
from pacviz.certificates.measure import measure_anew
from pacviz.certificates.verify import pack
from pacviz.data import digits
from pacviz.experiments.random_labels import files as random_labels
from pacviz.experiments.tightest.results import points
from pacviz.store import ASSETS
from pacviz.training import records

ROOT = Path(__file__).parents[1]
OTHER = {
    "ATEN_CPU_CAPABILITY": "default",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
    "OMP_NUM_THREADS": "1",
}
SWEPT = Scenario(checkpoint="plain", sparsity=0.9, bits=3)
"""A point of a shipped surface."""
FILES = ("edges-4-mnist-polished-5", "subspace-edges-mnist-dense-100-31")


def opened() -> dict:
    """What ships, as this process opens it."""
    from pacviz import known

    swept = {str(path.relative_to(ASSETS)): len(surface.load(path).cells) for path in surface.SHIPPED.rglob("*.gz")}
    return {
        "digits": hashlib.sha256(digits.sample(200, seed=1).images.numpy().tobytes()).hexdigest(),
        "first screen": known(Scenario()).bound,
        "surfaces": swept,
        "surface of the first screen": surface.find(Scenario())[0].weights,
        "random labels": {
            name: len(random_labels.read(path).judged) for name, path in random_labels.available().items()
        },
        "tightest": {point.name: point.certificate.bound for point in points([ASSETS / "tight"])},
        "runs": {name: len(rows) for name, (_, rows) in records.recorded().items()},
    }


def measured_again() -> int:
    """Training errors at SWEPT, whatever was measured before."""
    return measure_anew(SWEPT).train.errors


def on_the_other(script: str, cache: Path, *arguments: str) -> str:
    """Standard output of a script on the other processor."""
    environment = {**os.environ, **OTHER, "PACVIZ_CACHE": str(cache)}
    command = [sys.executable, "-c", f"import pacviz, sys\nsys.path.insert(0, 'tests')\n{script}", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout


def test_the_other_processor_is_another_one(cache):
    said = on_the_other("import torch; print(torch.backends.cpu.get_cpu_capability())", cache)
    assert said.strip() == "DEFAULT"


def test_what_ships_opens_and_says_the_same(tmp_path):
    result = json.loads(
        on_the_other("import json, test_other_processors as here; print(json.dumps(here.opened()))", tmp_path)
    )
    assert result == opened()
    assert all(result.values())


@pytest.mark.slow
def test_a_certificate_verifies(cache, tmp_path):
    file = tmp_path / "here.pacviz"
    file.write_bytes(pack(certify(Scenario())))
    verify = "from pacviz.cli import main; sys.exit(main(['verify', *sys.argv[1:]]))"
    assert "16." in on_the_other(verify, cache, str(file))


@pytest.mark.long
@pytest.mark.parametrize("name", FILES)
def test_a_shipped_certificate_on_real_data_verifies(real_data, cache, name):
    verify = "from pacviz.cli import main; sys.exit(main(['verify', *sys.argv[1:]]))"
    assert on_the_other(verify, cache, str(ASSETS / "tight" / f"{name}.pacviz"))


@pytest.mark.long
def test_a_point_of_a_shipped_surface_is_measured_again_within_its_borderline_answers(cache):
    recorded, _ = surface.find(SWEPT)
    at = recorded.grid.sparsity.index(SWEPT.sparsity), recorded.grid.bits.index(SWEPT.bits), 0
    errors, n, borderline = recorded.at(*at).train
    script = "import test_other_processors as here; print(here.measured_again())"
    assert abs(int(on_the_other(script, cache)) - errors) <= max(borderline, n // 10_000)
