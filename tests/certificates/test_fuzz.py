"""Thousands of changed certificate files: each is refused in one sentence, or says what the honest one said.

python -m pytest tests/certificates/test_fuzz.py -m long -s     # the table of docs/certificate-file.md
"""

import copy
import dataclasses
import hashlib
import json
import math
import resource
import time
import tracemalloc
from dataclasses import dataclass
from random import Random

import numpy as np
import pytest
import torch

from pacviz.certificates.archive import Archive, BrokenArchive
from pacviz.certificates.certificate import Certificate
from pacviz.certificates.measure import errors, network_of, posterior_of, summary
from pacviz.certificates.verify import pack, verify
from pacviz.codes.coder import decode
from pacviz.codes.contexts.faster import compile_now
from pacviz.codes.network import by_values
from pacviz.data import Dataset, Split
from pacviz.library.weights import Weights, scenario_of
from pacviz.models import Architecture, Conv, Flatten, Linear, MaxPool, ReLU, declare, from_description
from pacviz.models.declaration import described
from pacviz.scenario import AS_IS, Scenario
from pacviz.settings import defaults

SHAPE = (1, 8, 8)
CHAIN = (Conv("conv", 1, 2, 3), ReLU(), MaxPool(2), Flatten(), Linear("fc", 18, 10))
ODD = (
    *(
        "NaN",
        "Infinity",
        "-Infinity",
        "1e309",
        "-1e309",
        "-0.0",
        "0",
        "0.0",
        "1e-320",
        "1",
        "-1",
        "true",
        "false",
        "null",
    ),
    *(
        '""',
        '"0"',
        '"\\ud800"',
        '"' + "9" * 5_000 + '"',
        "9" * 90,
        "9" * 400,
        "59999.99997",
        "[]",
        "{}",
        "[0]",
        '{"": 0}',
    ),
    *("[" * 40 + "]" * 40, "[" * 5_000 + "]" * 5_000, '{"a":' * 20 + "0" + "}" * 20, '"cpu"', "2", "0.5", "1.0"),
)
"""What may stand in the place of any value of the header, as JSON, or nearly."""


def data_set() -> Dataset:
    """A few images that are ready at once, under the name of the digits."""
    rng = torch.Generator().manual_seed(0)

    def sample(n):
        images = torch.randint(0, 256, (n, *SHAPE), generator=rng, dtype=torch.uint8)
        return Split(images, torch.randint(0, 10, (n,), generator=rng))

    return Dataset("digits", "Few images", sample(150), sample(40), 10)


def certificate_of(weights: Weights, noise: float, dataset: Dataset) -> Archive:
    """The honest file of a network as it stands."""
    scenario = scenario_of(weights, {"data": "digits", "noise": noise}, as_is=True)
    network = network_of(scenario, weights)
    posterior = posterior_of(network, scenario)
    test, train = errors(posterior, scenario, dataset, False, lambda *_: None)
    measurement = summary(posterior, dataset.identity, train, test, False, weights.fingerprint)
    return Archive.from_bytes(pack(Certificate(scenario, measurement), weights))


def weights_of(random: Random, values: tuple[float, ...] = (-1.5, -0.5, 0.25, 1.0), density: float = 0.6) -> Weights:
    spec = declare(Architecture("", "", SHAPE, 10, CHAIN))
    rng = np.random.default_rng(random.getrandbits(32))
    matrices = {}
    for layer in spec.layers:
        chosen = rng.choice(np.array(values, np.float32), (layer.rows, layer.columns))
        matrices[layer.name] = np.where(rng.random(chosen.shape) < density, chosen, np.float32(0))
    return Weights(spec.name, matrices)


@dataclass
class Bench:
    """What the changed files are made from, and held to."""

    seed: int
    random: Random
    dataset: Dataset
    honest: tuple[Archive, ...]

    @classmethod
    def of(cls, seed: int) -> "Bench":
        dataset = data_set()
        honest = tuple(certificate_of(weights_of(Random(1)), noise, dataset) for noise in (0.0, 0.1))
        return cls(seed, Random(seed), dataset, honest)


def sealed(header: str, code: bytes, prior: bytes) -> bytes:
    content = b"pacviz\0\1" + b"".join(
        len(part).to_bytes(4) + part for part in (header.encode(errors="surrogatepass"), code, prior)
    )
    return content + hashlib.sha256(content).digest()


def flipped(random: Random, content: bytes, most: int = 8) -> bytes:
    changed = bytearray(content)
    for _ in range(random.randint(1, most)):
        if changed:
            changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def bits_anywhere(bench: Bench, honest: Archive) -> bytes:
    return flipped(bench.random, honest.to_bytes())


def bits_with_a_new_checksum(bench: Bench, honest: Archive) -> bytes:
    content = honest.to_bytes()[:-32]
    content = content[:8] + flipped(bench.random, content[8:], 4)
    return content + hashlib.sha256(content).digest()


def bits_of_a_section(bench: Bench, honest: Archive) -> bytes:
    """With the header's own fingerprint put right where it is the code's."""
    code, prior = honest.code, honest.prior
    if prior and bench.random.random() < 0.5:
        prior = flipped(bench.random, prior, 3)
    else:
        code = flipped(bench.random, code, 3)
    header = copy.deepcopy(dict(honest.header))
    header["certificate"]["fingerprints"]["code"] = hashlib.sha256(code).hexdigest()
    return Archive(header, code, prior).to_bytes()


def sections_swapped(bench: Bench, honest: Archive) -> bytes:
    other = bench.random.choice(bench.honest)
    pool = [honest.code, honest.prior, other.code, other.prior, b"", honest.code[:-1], honest.prior[:-1]]
    pool += [honest.code + b"\0", honest.prior + honest.code, bytes(bench.random.randrange(300))]
    return Archive(honest.header, bench.random.choice(pool), bench.random.choice(pool)).to_bytes()


def places(header):
    """Every (container, key) of a header."""
    inside = header.items() if isinstance(header, dict) else enumerate(header)
    for key, value in list(inside):
        yield header, key
        if isinstance(value, dict | list):
            yield from places(value)


def a_value_replaced(bench: Bench, honest: Archive) -> bytes:
    header = copy.deepcopy(dict(honest.header))
    for _ in range(bench.random.choice((1, 1, 1, 2, 3))):
        container, key = bench.random.choice(list(places(header)))
        container[key] = f"@{bench.random.randrange(len(ODD))}@"
    text = json.dumps(header)
    for index, odd in enumerate(ODD):
        text = text.replace(f'"@{index}@"', odd)
    return sealed(text, honest.code, honest.prior)


def a_number_nudged(bench: Bench, honest: Archive) -> bytes:
    header = copy.deepcopy(dict(honest.header))
    numbers = [(c, k) for c, k in places(header) if isinstance(c[k], int | float) and not isinstance(c[k], bool)]
    container, key = bench.random.choice(numbers)
    nudge = bench.random.choice((1, -1, 0.5, 1e-3, -1e-3, 1e-6, 1e-12, 100))
    container[key] = bench.random.choice((container[key] + nudge, container[key] * (1 + nudge), float(container[key])))
    return sealed(json.dumps(header), honest.code, honest.prior)


def keys_changed(bench: Bench, honest: Archive) -> bytes:
    header = copy.deepcopy(dict(honest.header))
    container, key = bench.random.choice([(c, k) for c, k in places(header) if isinstance(c, dict)])
    value = container[key]
    match bench.random.randrange(5):
        case 0:
            del container[key]
        case 1:
            container[key + bench.random.choice((" ", "s", "\0", " occam"))] = value
        case 2:
            del container[key]
            container[key.upper()] = value
        case 3:
            container[bench.random.choice(("bound", "certificate", "bounds occam", "x" * 10_000))] = value
        case 4:
            container[key] = "@"
            odd = bench.random.choice(ODD)
            both = [f"{json.dumps(key)}: {json.dumps(value)}", f"{json.dumps(key)}: {odd}"]
            bench.random.shuffle(both)
            return sealed(
                json.dumps(header).replace(f'{json.dumps(key)}: "@"', ", ".join(both)), honest.code, honest.prior
            )
    return sealed(json.dumps(header), honest.code, honest.prior)


def another_architecture(bench: Bench, honest: Archive) -> bytes:
    """Another description, and where it is one its name and fingerprint everywhere."""
    header = copy.deepcopy(dict(honest.header))
    description = header["architecture"]
    container, key = bench.random.choice(list(places(description)))
    container[key] = bench.random.choice(
        (0, 1, 2, 3, 9, 10, 11, 18, 64, 10**4, 10**6, 2**31, 1.0, True, None, "x", [], [1], {}, {"kind": "Glances"},
         {"kind": "Deskew"}, {"kind": "ReLU"}, {"kind": "OrientedEdges", "directions": 3, "kernel": 3, "stride": 1, "padding": 9})
    )  # fmt: skip
    if bench.random.random() < 0.3 and isinstance(description.get("operations"), list):
        description["operations"] *= bench.random.choice((2, 50, 500))
    try:
        spec = from_description(copy.deepcopy(description))
    except ValueError:
        return sealed(json.dumps(header), honest.code, honest.prior)
    header["certificate"]["scenario"]["model"] = spec.name
    header["certificate"]["fingerprints"]["architecture"] = spec.fingerprint
    return sealed(json.dumps(header), honest.code, honest.prior)


def another_network(bench: Bench, honest: Archive) -> bytes:
    """Code and prior of valid structure and odd values, a header that follows from them, and claimed counts of errors."""
    odd = (1e-45, -1e-45, 1e-38, 3e38, -3e38, 2.0**-90, 2.0**90, 1.0, -1.0, 1.0000001, 0.1, 65504.0, 3.14159)
    values = tuple(bench.random.sample(odd, bench.random.randint(1, 6)))
    weights = weights_of(bench.random, values, bench.random.choice((0.0, 0.02, 0.5, 1.0)))
    noise = bench.random.choice((0.0, 0.0, 0.05, 0.2))
    try:
        made = certificate_of(weights, noise, bench.dataset)
    except ValueError:  # no certificate has such a network
        made = honest
    claimed = Certificate.from_dict(made.header["certificate"])
    train = claimed.measurement.train
    counts = bench.random.choice(
        ((0, 0), (0, train.charged), (train.errors, 0), (max(0, train.errors - 9), 9), (train.errors + 9, 0))
    )
    wrong = dataclasses.replace(train, errors=min(counts[0], 150), borderline=min(counts[1], 150 - min(counts[0], 150)))
    forged = Certificate(claimed.scenario, dataclasses.replace(claimed.measurement, train=wrong))
    header = {**made.header, "certificate": json.loads(forged.to_json())}
    return Archive(header, made.code, made.prior).to_bytes()


CHANGES = {
    bits_anywhere: 2_000,
    bits_with_a_new_checksum: 4_000,
    bits_of_a_section: 3_000,
    sections_swapped: 1_500,
    a_value_replaced: 5_000,
    a_number_nudged: 1_500,
    keys_changed: 2_000,
    another_architecture: 1_200,
    another_network: 800,
}
"""How the files are changed, and how many of each the long test makes: 21,000."""


def equal(one, other) -> bool:
    """Whether two headers say the same: numbers of one kind that are equal to nine digits, all else alike."""
    if isinstance(one, dict):
        return (
            isinstance(other, dict) and one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
        )
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, float):
        return isinstance(other, float) and math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return type(one) is type(other) and one == other


def same_statement(archive: Archive, bench: Bench) -> bool:
    """Whether an accepted file says nothing but what is true of the network in it, made and measured anew."""
    scenario = archive.header["certificate"]["scenario"]
    decoded = Weights(scenario["model"], network_in(archive).matrices)
    honest = certificate_of(decoded, scenario["noise"], bench.dataset)
    told, expected = (copy.deepcopy(dict(each.header)) for each in (archive, honest))
    expected["certificate"] = with_counts(expected["certificate"], told["certificate"]["estimates"]["train"])
    for header in (told, expected):
        # For information only, and checked to be well formed; a seed where nothing is drawn changes nothing.
        header.pop("made", None)
        header.pop("device")
        header["certificate"].pop("version")
        if scenario["noise"] == 0:
            header["certificate"]["scenario"].pop("seed")
        if scenario["checkpoint"] != AS_IS:
            for name in ("checkpoint", "pruning", "quantizer", "sparsity", "bits"):
                header["certificate"]["scenario"].pop(name, None)
            header["certificate"]["fingerprints"].pop("weights")
    later = {name: value for name, value in expected["certificate"].items() if name not in told["certificate"]}
    told["certificate"] = later | told["certificate"]
    for name in ("spread", "quantizer"):
        if name in expected["certificate"]["scenario"]:
            told["certificate"]["scenario"].setdefault(name, defaults(Scenario)[name])
    for line, honest_line in zip(told["certificate"]["ledger"], expected["certificate"]["ledger"], strict=True):
        line |= {name: honest_line[name] for name in ("kind", "layer") if name not in line}
    return equal(told, expected) and (archive.code, archive.prior) == (honest.code, honest.prior)


def with_counts(certificate, claimed):
    """The honest certificate with the claimed counts, where both charge the same number of answers.

    Errors that hang by rounding may be right and borderline on another machine: the bound is the same.
    """
    honest = Certificate.from_dict(certificate)
    train = dataclasses.replace(
        honest.measurement.train, errors=claimed["errors"], borderline=claimed["borderline"], elsewhere=None
    )
    if train.charged != honest.measurement.train.charged:
        return certificate
    return json.loads(Certificate(honest.scenario, dataclasses.replace(honest.measurement, train=train)).to_json())


def network_in(archive: Archive):
    return decode(archive.code, archive.header["certificate"]["scenario"]["model"])[0]


def tried(content: bytes, bench: Bench) -> bool:
    """Whether the file is accepted; if not, it is refused as it should be."""
    try:
        archive = Archive.from_bytes(content)
        verification = verify(archive, bench.dataset)
    except BrokenArchive as refusal:
        problem = str(refusal)
    else:
        if verification.ok:
            assert same_statement(archive, bench), archive.header
            return True
        problem = verification.problem
    one_sentence = problem.endswith(".") and problem.isprintable() and len(problem) < 600
    assert one_sentence, problem
    return False


def memory() -> float:
    """Most megabytes that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def table(bench: Bench, share: float) -> None:
    """Tries changed files of each kind, and prints a line about them."""
    print("\n| change | files | refused | accepted | slowest | memory |\n|---|---:|---:|---:|---:|---:|")
    for change, files in CHANGES.items():
        accepted, slowest, files, start = 0, 0.0, max(1, round(files * share)), memory()
        bench.random = Random(f"{bench.seed} {change.__name__}")
        for index in range(files):
            content = change(bench, bench.honest[index % len(bench.honest)])
            before = time.process_time()
            accepted += tried(content, bench)
            slowest = max(slowest, time.process_time() - before)
        print(
            f"| {change.__name__.replace('_', ' ')} | {files:,} | {files - accepted:,} | {accepted:,} | "
            f"{1000 * slowest:.0f} ms | +{memory() - start:.0f} MB |",
            flush=True,
        )


def test_the_unchanged_files_are_accepted():
    bench = Bench.of(0)
    for honest in bench.honest:
        assert tried(honest.to_bytes(), bench)
        verification = verify(honest, bench.dataset)
        assert verification.bound == pytest.approx(honest.header["certificate"]["bound"])


@pytest.mark.slow
def test_three_hundred_changed_files_are_refused_or_say_the_same():
    table(Bench.of(1), 1 / 70)


def test_fewer_classes_than_labels_are_a_sentence():
    bench = Bench.of(0)
    spec = declare(Architecture("", "", SHAPE, 2, (Flatten(), Linear("fc", 64, 2))))
    two = (dataclasses.replace(part, labels=part.labels % 2) for part in (bench.dataset.train, bench.dataset.test))
    two_labels = Dataset("digits", "Two labels", *two, 2)
    weights = Weights(spec.name, {"fc": np.ones((2, 65), np.float32)})
    told = certificate_of(weights, 0.0, two_labels)
    assert verify(told, two_labels).ok
    identity = bench.dataset.identity
    claimed = told.header["certificate"]
    claimed["fingerprints"] |= {"data": identity.train, "test": identity.test}
    claimed["classes"] = 10
    claimed = json.loads(Certificate.from_dict(claimed).to_json())
    with pytest.raises(BrokenArchive, match="2 classes apart"):
        verify(dataclasses.replace(told, header={**told.header, "certificate": claimed}), bench.dataset)


@pytest.mark.slow
def test_a_long_key_over_a_long_list_takes_little_memory():
    bench = Bench.of(0)
    (honest, _), list_of_zeros = bench.honest, {"k" * 400_000: [0] * 200_000}
    header = copy.deepcopy(dict(honest.header))
    header["certificate"]["bounds"] = list_of_zeros
    tracemalloc.start()
    try:
        assert not tried(sealed(json.dumps(header), honest.code, honest.prior), bench)
        assert not tried(sealed(json.dumps(list_of_zeros), honest.code, honest.prior), bench)
        assert not tried(sealed(json.dumps({"k" * 1_500_000: [0] * 750_000}), honest.code, honest.prior), bench)
        assert tracemalloc.get_traced_memory()[1] < 100e6
    finally:
        tracemalloc.stop()


@pytest.mark.long
def test_twenty_thousand_changed_files_are_refused_or_say_the_same():
    # Whoever reads one file never has so much to read that loops are compiled for it; this process reads thousands.
    compile_now()
    table(Bench.of(2), 1.0)


def test_odd_networks_are_made_from_the_description_of_the_honest_one():
    """The grammar of odd networks and that of odd headers work on the same architecture."""
    honest = Bench.of(0).honest[0]
    assert honest.header["architecture"] == described(declare(Architecture("", "", SHAPE, 10, CHAIN)))
    assert by_values(*dataclasses.astuple(weights_of(Random(1)))).nonzeros > 0
