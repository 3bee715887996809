"""What a hostile file costs who verifies it: seconds and megabytes, by the clock and through the command.

python -m pytest tests/certificates/test_refusals.py -m long -s     # the table of docs/certificate-file.md
"""

import copy
import dataclasses
import hashlib
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from random import Random

import numpy as np
import pytest

from pacviz import data
from pacviz.certificates.archive import Archive
from pacviz.certificates.certificate import Certificate
from pacviz.certificates.measure import network_of, posterior_of, summary
from pacviz.certificates.verify import pack
from pacviz.codes.coder import decode, encode, header
from pacviz.codes.contexts import faster
from pacviz.errors import PacvizError
from pacviz.library.weights import Weights, scenario_of
from pacviz.models import from_description
from pacviz.models.declaration import _operation
from pacviz.risk import RiskEstimate

SECONDS, MEGABYTES = 2.0, 500.0
"""What a refusal may take, after the start of Python and of the libraries."""
ROOT = Path(__file__).parents[2]
FLATTEN, RELU, DESKEW, GLANCES = ({"kind": kind} for kind in ("Flatten", "ReLU", "Deskew", "Glances"))

DRIVER = """
import json, os, pathlib, resource, sys, time
import pacviz.cli, pacviz.certificates.verified
import torch
torch.set_num_threads(1)

def megabytes(name):
    status = pathlib.Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(name)) / 1024

for file in sys.stdin.read().split():
    start = time.monotonic()
    if os.fork() == 0:
        sys.stdout = sys.stderr = open(file + ".said", "w")
        pathlib.Path("/proc/self/clear_refs").write_text("5")
        before = megabytes("VmRSS")
        code = pacviz.cli.main(["verify", file, "--json"])
        sys.stdout.flush()
        used = resource.getrusage(resource.RUSAGE_SELF)
        taken = {"code": code, "cpu": used.ru_utime + used.ru_stime, "megabytes": megabytes("VmHWM") - before}
        pathlib.Path(file + ".took").write_text(json.dumps(taken))
        os._exit(0)
    os.wait()
    print(json.dumps({**json.loads(pathlib.Path(file + ".took").read_text()), "wall": time.monotonic() - start}))
"""
"""Verifies each file in a process of its own, which has the libraries already: what is counted is the file's."""


def linear(inputs, outputs=10, name="fc"):
    return {"kind": "Linear", "name": name, "inputs": inputs, "outputs": outputs}


def conv(inputs=1, outputs=4, kernel=3, stride=1, padding=0, name="conv"):
    sizes = {"inputs": inputs, "outputs": outputs, "kernel": kernel, "stride": stride, "padding": padding}
    return {"kind": "Conv", "name": name, **sizes}


def edges(directions=4, kernel=3, padding=0):
    return {"kind": "OrientedEdges", "directions": directions, "kernel": kernel, "stride": 1, "padding": padding}


def images(*operations, classes=10, shape=(1, 28, 28)):
    return {"input_shape": list(shape), "classes": classes, "operations": list(operations)}


POOL_ALL = {"kind": "AveragePool", "size": None, "stride": None}
CORNERS = {
    "2 classes for 10 labels": images(FLATTEN, linear(784, 2), classes=2),
    "two glances": images(GLANCES, GLANCES, FLATTEN, linear(784)),
    "six glances": images(*[GLANCES] * 6, FLATTEN, linear(784)),
    "glances after weights": images(conv(), GLANCES, FLATTEN, linear(2704)),
    "padding to 1024²": images(conv(1, 1, 1, padding=498), {"kind": "MaxPool", "size": 32}, FLATTEN, linear(1024)),
    "padding to 1024², dense": images(conv(1, 1, 1, padding=498), FLATTEN, linear(1024**2)),
    "2,000 deskew": images(*[DESKEW] * 2_000, FLATTEN, linear(784)),
    "90 deskew of 228²": images(conv(1, 1, 1, padding=100), *[DESKEW] * 90, FLATTEN, linear(228**2)),
    "12,000 x 784 dense": images(FLATTEN, linear(784, 12_000, "a"), RELU, linear(12_000)),
    "10 million classes": images(FLATTEN, linear(784, 10**7), classes=10**7),
    "a kernel of 1,000²": images(conv(1, 1, 1_000, padding=500), FLATTEN, linear(841)),
    "100,000 edges": images(edges(10**5), POOL_ALL, FLATTEN, linear(10**5)),
    "an image of 10 million pixels": images(FLATTEN, linear(10**7), shape=(1, 1, 10**7)),
}
"""Declarations that once crashed or exhausted the verifier, and their neighbours."""
DEAREST = {
    "most parameters": images(FLATTEN, linear(784, 2_514, "a"), RELU, linear(2_514)),
    "most values at a time": images(conv(1, 6, 1, padding=240), POOL_ALL, FLATTEN, linear(6)),
    "most products": images(conv(1, 53, 49, padding=24), POOL_ALL, FLATTEN, linear(53)),
    "most operations": images(*[RELU] * 98, FLATTEN, linear(784)),
    "most deskew": images(*[DESKEW] * 98, FLATTEN, linear(784)),
}
"""Nearly as much of one thing as a declaration may take."""


def sealed(header: str | bytes, code: bytes, prior: bytes = b"") -> bytes:
    header = header if isinstance(header, bytes) else header.encode()
    content = b"pacviz\0\1" + b"".join(len(part).to_bytes(4) + part for part in (header, code, prior))
    return content + hashlib.sha256(content).digest()


@pytest.fixture(scope="module")
def honest() -> Archive:
    spec = from_description(images(FLATTEN, linear(784)))
    return unmeasured(spec, Random(0))


def unmeasured(spec, random: Random, density: float = 1.0) -> Archive:
    """A file that is consistent in itself: a network drawn by chance, without a single error, as it claims."""
    rng = np.random.default_rng(random.getrandbits(32))
    values = rng.standard_normal(30).astype(np.float32)
    matrices = {
        layer.name: rng.choice(values, (layer.rows, layer.columns))
        * (rng.random((layer.rows, layer.columns)) < density)
        for layer in spec.layers
    }
    weights = Weights(spec.name, {name: matrix + np.float32(0) for name, matrix in matrices.items()})
    scenario = scenario_of(weights, {"data": "digits"}, as_is=True)
    network, identity = network_of(scenario, weights), data.load("digits").identity
    posterior = posterior_of(network, scenario)
    test, train = (RiskEstimate("exact", 0, n, 0.0, None) for n in (identity.tests, identity.n))
    measurement = summary(posterior, identity, train, test, False, weights.fingerprint)
    return Archive.from_bytes(pack(Certificate(scenario, measurement), weights))


def redeclared(honest: Archive, description) -> bytes:
    """The honest file with another architecture, named and fingerprinted where it is one."""
    header = copy.deepcopy(dict(honest.header)) | {"architecture": description}
    try:
        spec = from_description(copy.deepcopy(description))
    except PacvizError:
        pass
    else:
        header["certificate"]["scenario"]["model"] = spec.name
        header["certificate"]["fingerprints"]["architecture"] = spec.fingerprint
    return sealed(json.dumps(header), honest.code)


def any_description(random: Random):
    """A chain on images of 28 x 28 that fits, more or less, with now and then a number that no chain has."""
    shape, operations = (1, 28, 28), [GLANCES] if random.random() < 0.2 else []
    for index in range(random.randint(0, 8)):
        sizes = {
            "kernel": random.choice((1, 2, 3, 5, 28, 200)),
            "stride": random.choice((1, 1, 2, 7)),
            "padding": random.choice((0, 0, 1, 2, 30, 400)),
        }
        operation = random.choice(
            (
                RELU,
                DESKEW,
                {"kind": "MaxPool", "size": random.randint(1, 4)},
                {"kind": "AveragePool", "size": random.choice((None, 1, 2, 30)), "stride": random.choice((None, 1, 3))},
                {"kind": "DepthwiseConv", "name": f"layer{index}", "channels": shape[0], **sizes},
                conv(shape[0], random.choice((1, 3, 40, 1_000)), name=f"layer{index}") | sizes,
                edges(random.choice((1, 4, 1_000))) | sizes,
            )
        )
        try:
            shape = _operation(operation).after(shape)
        except PacvizError:
            if random.random() < 0.9:
                continue
        operations.append(dict(operation))
    description = images(*operations, FLATTEN, linear(math.prod(shape), 10, "out"))
    if random.random() < 0.5 and operations:
        operation = random.choice(operations)
        field = random.choice(list(operation))
        operation[field] = random.choice((0, -1, 28, 1_024, 10**6, 10**7, 2**31, 2**64, 1.0, True, None, "3", [], {}))
    return description


def texts(honest: Archive) -> dict[str, bytes]:
    """Headers that are hard on whoever reads JSON."""
    said = copy.deepcopy(dict(honest.header))
    said["certificate"]["bounds"] = {"k" * 400_000: [0] * 200_000}
    return {
        "a long key over a long list": sealed(json.dumps(said), honest.code),
        "a long key over a long list, 3 MB": sealed(json.dumps({"k" * 1_500_000: [0] * 750_000}), honest.code),
        "a long key over a long list, 1 MB": sealed(json.dumps({"k" * 500_000: [0] * 180_000}), honest.code),
        "half a million lists": sealed("[" + ",".join(["[]"] * 349_000) + "]", honest.code),
        "half a million levels": sealed("[" * 520_000 + "]" * 520_000, honest.code),
        "a whole number of a million digits": sealed('{"n": ' + "9" * 1_000_000 + "}", honest.code),
        "a decimal of a million digits": sealed('{"n": 0.' + "9" * 1_000_000 + "}", honest.code),
        "70,000 names": sealed(json.dumps({f"name{i}": i for i in range(60_000)}), honest.code),
        "70,000 names twice": sealed("{" + ",".join(f'"name{i % 40_000}": 1' for i in range(60_000)) + "}", b""),
        "70,000 lines of the ledger": sealed(json.dumps(many_lines(honest)), honest.code),
        "4 MB of code": Archive(honest.header, bytes(2**22 - 1), b"").to_bytes(),
        "4 MB of code, all ones": Archive(honest.header, b"\xff" * (2**22 - 1), b"").to_bytes(),
        "4 MB of random code": Archive(honest.header, Random(0).randbytes(2**22 - 1), b"").to_bytes(),
        "4 MB of prior": Archive(honest.header, honest.code, bytes(2**22 - 1)).to_bytes(),
        "8 MB behind the name": b"pacviz\0\1" + b"\0\x10\0\0" * 2**21,
        "a gigabyte": b"pacviz\0\1" + bytes(2**30),
    }


def many_lines(honest: Archive):
    header = copy.deepcopy(dict(honest.header))
    header["certificate"]["ledger"] = [{"name": "a", "bits": 1.0, "why": ""}] * 24_000
    return header


def driven(files, **settings: str) -> list[dict]:
    """What verifying each file took.  settings: of the environment."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **settings}
    done = subprocess.run(
        [sys.executable, "-c", DRIVER],
        input="\n".join(map(str, files)),
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        cwd=ROOT,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def sentence(file: Path) -> str:
    said = json.loads(Path(f"{file}.said").read_text().partition("\npacviz: ")[0])
    assert said["ok"] is False
    return said["problem"]


def row(what: str, files: int, taken: list[dict]) -> None:
    worst = {name: max(one[name] for one in taken) for name in ("cpu", "wall", "megabytes")}
    print(
        f"| {what} | {files:,} | {worst['cpu']:.2f} s | {worst['wall']:.2f} s | {worst['megabytes']:.0f} MB |",
        flush=True,
    )


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="this system does not tell the most memory")
def test_every_bad_file_is_refused_in_one_sentence_within_two_seconds_and_500_megabytes(honest, tmp_path):
    random = Random(3)
    kinds = {
        "declarations that crashed or exhausted": [redeclared(honest, about) for about in CORNERS.values()],
        "the dearest that may be declared, with another code": [
            redeclared(honest, about) for about in DEAREST.values()
        ],
        "the dearest that may be declared, with a false bound": [
            falsified(unmeasured(from_description(about), random)) for about in DEAREST.values()
        ],
        "headers and sections": list(texts(honest).values()),
        "any declarations": [redeclared(honest, any_description(random)) for _ in range(300)],
    }
    print("\n| files | number | most CPU | most by the clock | most memory |\n|---|---:|---:|---:|---:|")
    for what, contents in kinds.items():
        files = [tmp_path / f"{len(list(tmp_path.iterdir()))}-{index}.pacviz" for index in range(len(contents))]
        for file, content in zip(files, contents, strict=True):
            file.write_bytes(content)
        taken = driven(files)
        row(what, len(files), taken)
        for file, one in zip(files, taken, strict=True):
            problem = sentence(file)
            assert one["code"] == 1, (what, problem, one)
            assert problem.endswith("."), problem
            assert problem.isprintable(), problem
            assert len(problem) < 600, problem
            # Of the processor: a clock would blame whatever else the machine does.
            assert one["cpu"] < SECONDS, (what, problem, one)
            assert one["megabytes"] < MEGABYTES, (what, problem, one)
            file.unlink()


NARROW, WIDE, LARGE = "130 units that see the image", "1,500 units that see four", "2,514 units that see the image"
CHAINS = {
    NARROW: [linear(784, 130, "a"), RELU, linear(130)],
    WIDE: [linear(784, 4, "a"), RELU, linear(4, 1_500, "b"), RELU, linear(1_500)],
    LARGE: [linear(784, 2_514, "a"), RELU, linear(2_514)],
}
DENSITIES = {NARROW: 1.0, WIDE: 0.15, LARGE: 0.0001}
"""With nearly as many weights as the second version of the code has patience for."""


def with_other_weights(spec, random: Random, density: float, version: int | None) -> Archive:
    """A file that is consistent in itself, but its code, which is written in that version, is of other weights."""
    archive, other = (unmeasured(spec, random, density) for _ in range(2))
    network = decode(other.code, spec.name)[0]
    return dataclasses.replace(archive, code=encode(network, version).data)


@pytest.mark.long
@pytest.mark.parametrize("compiled", [True, False])
def test_a_whole_code_of_the_second_version_is_refused_in_time_with_and_without_compiled_loops(
    compiled, tmp_path, monkeypatch
):
    """What a declared network may take in version 2 at the most, and more than that."""
    random, contents = Random(5), {}
    for what, chain in CHAINS.items():
        archive = with_other_weights(from_description(images(FLATTEN, *chain)), random, DENSITIES[what], None)
        assert header(archive.code, "").version == 2, what
        contents[what] = archive.to_bytes()
    largest = from_description(DEAREST["most parameters"])
    contents["2 million dense weights, version 1"] = with_other_weights(largest, random, 1.0, None).to_bytes()
    monkeypatch.setattr("pacviz.codes.contexts.code.PATIENCE", math.inf)
    contents["2 million dense weights, version 2"] = with_other_weights(largest, random, 1.0, 2).to_bytes()
    settings = {} if compiled else {"NUMBA_CACHE_DIR": str(tmp_path / "nothing")}
    assert faster.compile_now() or not compiled
    print(f"\n{'compiled' if compiled else 'numpy'}")
    for what, content in contents.items():
        (file := tmp_path / "false.pacviz").write_bytes(content)
        [taken] = driven([file], **settings)
        row(what, 1, [taken])
        problem = sentence(file)
        assert taken["code"] == 1, (what, problem)
        assert taken["cpu"] < SECONDS, (what, problem, taken)
        assert taken["megabytes"] < MEGABYTES, (what, problem, taken)


def falsified(archive: Archive) -> bytes:
    """The file with a smaller bound, and nothing else wrong."""
    header = copy.deepcopy(dict(archive.header))
    header["certificate"]["bound"] -= 1e-6
    return dataclasses.replace(archive, header=header).to_bytes()
