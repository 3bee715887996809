"""`python -m pacviz benchmark --codes` measures files that come back."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pacviz.benchmarks.codes import _whole, entropy_bytes
from pacviz.cli import main


def test_a_row_says_what_code_entropy_and_xz_take(capsys):
    assert main(["benchmark", "--codes", "--networks", "digits/mlp/gradual-0.2", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["bits"] for row in rows] == [2, 4, 8]
    for row in rows:
        assert set(row) == {"network", "bits", "bytes", "entropy", "xz", "nncodec", "encode_s", "decode_s"}
        assert 0 < row["bytes"] < row["xz"]
    assert rows[0]["entropy"] < rows[1]["entropy"] < rows[2]["entropy"]


def test_an_unknown_network_is_refused_in_one_sentence(capsys):
    assert main(["benchmark", "--codes", "--networks", "nonesuch"]) == 2
    assert "No network that ships has nonesuch in its name" in capsys.readouterr().err


def test_entropy_and_signed_ranks_are_those_of_a_case_by_hand():
    assert entropy_bytes(np.array([0] * 4 + [1] * 4)) == pytest.approx(1.0)
    assert _whole(np.array([0, 1, 2, 3]), np.array([-2.0, -1.0, 5.0])).tolist() == [0, -2, -1, 1]


def test_a_python_without_nncodec_is_refused_in_one_sentence(capsys, tmp_path):
    command = ["benchmark", "--codes", "--networks", "digits/mlp/gradual-0.2", "--nncodec"]
    assert main([*command, str(tmp_path / "nowhere")]) == 2
    assert "cannot be run; name the Python of an environment with nncodec" in capsys.readouterr().err
    (without := tmp_path / "python").write_text("#!/bin/sh\necho No module named nncodec >&2\nexit 1\n")
    without.chmod(0o755)
    assert main([*command, str(without)]) == 2
    assert "does not run NNCodec, it says 'No module named nncodec'" in capsys.readouterr().err
