"""Codes are found by name and version: what an earlier version wrote is read for good, and verified byte for byte."""

import json

import numpy as np
import pytest

from pacviz import PacvizError, Scenario, certify
from pacviz.certificates.archive import Archive
from pacviz.certificates.verify import claimed, pack
from pacviz.codes import coder
from pacviz.codes.code import CODES, VERSIONS, Code, code_named, register
from pacviz.codes.codebook.code import CodebookCode
from pacviz.codes.coder import decode, decode_prior, encode, encode_prior
from pacviz.codes.compress import as_it_stands
from pacviz.codes.ledger import Charge
from pacviz.models import architecture


@pytest.fixture
def later(monkeypatch):
    """A third version of the code of codebooks, which writes one bit more."""
    monkeypatch.setitem(CODES, "codebook", dict(CODES["codebook"]))

    @register
    class Later(CodebookCode):
        version = 3

        def code(self, coder, architecture, network, charge):
            coder.uniform(0, 2)
            charge("later", "a bit for nothing")
            return super().code(coder, architecture, network, charge)

    return Later


def network():
    rng = np.random.default_rng(0)
    specs = architecture("tiny").layers
    matrices = {spec.name: rng.integers(-1, 2, (spec.rows, spec.columns)).astype(np.float32) for spec in specs}
    return as_it_stands("tiny", matrices)


def test_the_newest_version_is_written_and_every_version_is_read(later):
    before = [encode(network(), version).data for version in (1, 2)]
    now = encode(network())
    assert encode(network(), 3).data == now.data
    assert [coder.header(data).version for data in (*before, now.data)] == [1, 2, 3]
    for data in (*before, now.data):
        result, consumed = decode(data + b"\xff")
        assert consumed == len(data)
        assert all(np.array_equal(result.matrices[name], matrix) for name, matrix in network().matrices.items())
    assert now.ledger.bits == 8 * len(now.data)
    assert now.ledger.by_part()["codebooks and header"][""] > 10


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_prior_has_the_version_of_its_code(later, version):
    scales = dict.fromkeys(network().matrices, 3)
    data = encode_prior(network(), scales, version).data
    assert coder.header(data) == coder.Header("tiny", version, stochastic=True)
    assert decode_prior(data)[0].prior_scales == scales


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_version_costs_no_bit_and_declared_architectures_have_one_too(later, version, monkeypatch):
    assert encode(network(), version).ledger.charges[0].bits == pytest.approx(9)
    known = encode(network(), version).data
    monkeypatch.setattr("pacviz.models.PLACES", ())
    told = encode(network(), version).data
    assert told[0] == coder.DECLARED[version] != known[0]
    assert coder.header(told, "tiny").version == version
    decode(told, "tiny")
    with pytest.raises(PacvizError, match="declared"):
        decode(told)


def test_bytes_of_a_version_that_is_not_known_here_are_refused(later):
    data = encode(network(), 3).data
    CODES["codebook"].pop(3)
    with pytest.raises(PacvizError, match=r"version 3 of the code 'codebook'.*update pacviz"):
        decode(data)


@pytest.fixture(scope="module")
def former():
    """A certificate file of the first version."""
    return Archive.from_bytes(pack(certify(Scenario(sparsity=0.998))))


def test_a_file_of_the_former_version_verifies_after_there_is_a_newer_one(former, later):
    assert encode(decode(former.code)[0]).data != former.code
    assert claimed(former).scenario.sparsity == 0.998


def test_names_and_versions_are_taken_once():
    for code in (CodebookCode, type("Wrong", (CodebookCode,), {"name": "Not a name"}), _with(VERSIONS + 1)):
        with pytest.raises(PacvizError, match=r"A code has|There is a code"):
            register(code)
    with pytest.raises(PacvizError, match=r"no code 'zip'; choose one of codebook, integers, subspace"):
        code_named("zip")


def _with(number: int) -> type[Code]:
    return type("Numbered", (CodebookCode,), {"version": number})


def test_charges_of_before_are_read_with_their_kind_and_layer():
    for charge in encode(network()).ledger.charges:
        plain = json.loads(json.dumps(charge.to_dict()))
        assert Charge.from_dict(plain) == charge
        assert Charge.from_dict({name: plain[name] for name in ("name", "bits", "why")}) == charge
