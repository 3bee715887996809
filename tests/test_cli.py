"""Every command prints what its documentation says, and a wrong input is one sentence and exit code 2."""

import json
import subprocess
import sys

import pytest

from pacviz.cli import main


def run(capsys, *arguments):
    code = main(arguments)
    return code, *capsys.readouterr()


def test_certify_prints_the_certificate_as_json(capsys):
    code, out, _ = run(
        capsys, "certify", "--model", "lenet5", "--data", "digits", "--sparsity", "0.97", "--bits", "4", "--json"
    )
    values = json.loads(out)
    assert code == 0
    assert values["scenario"]["sparsity"] == 0.97
    assert values["risk"] < values["bound"] <= 1
    assert values["bounds"]["occam"] is not None


def test_certify_speaks_to_people_too(capsys):
    code, out, _ = run(capsys, "certify", "--sparsity", "0.97")
    assert code == 0
    assert out.startswith("With probability 0.95")
    assert "positions of fc1" in out


def test_certify_on_the_real_mnist(capsys, real_data, monkeypatch):
    monkeypatch.setenv("PACVIZ_DATA", str(real_data))
    code, out, _ = run(
        capsys, "certify", "--model", "lenet5", "--data", "mnist", "--sparsity", "0.95", "--bits", "4", "--json"
    )
    values = json.loads(out)
    assert code == 0
    assert values["n"] == 60_000
    assert 0 < values["train_error"] <= values["risk_upper"] < 1


def test_bound_prints_every_bound(capsys):
    code, out, _ = run(capsys, "bound", "--risk", "0.02", "--kl", "1000", "--n", "60000", "--delta", "0.05", "--json")
    values = json.loads(out)
    assert code == 0
    assert values["catoni"] == pytest.approx(0.057486, abs=2e-5)
    assert values["seeger"] == pytest.approx(0.057072, abs=2e-5)
    assert values["occam"] < values["seeger"] < values["mcallester"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("certify", "--sparsity", "1.0"), "sparsity must be from 0 to 0.999, got '1.0'"),
        (("certify", "--delta", "0"), "delta must be strictly between 0 and 1"),
        (("certify", "--model", "vgg"), "model must be one of lenet5"),
        (("certify", "--bound", "occam", "--noise", "0.1"), "set noise to 0"),
        (("certify", "--checkpoint", "nowhere"), "python -m pacviz train"),
        (("bound", "--risk", "2", "--kl", "1", "--n", "100"), "risk"),
        (("bound", "--risk", "0.1", "--kl", "-1", "--n", "100"), "kl"),
        (("train", "--model", "vgg"), "lenet5"),
        (("train", "--epochs", "0"), "epochs"),
        (("data", "--download", "svhn"), "svhn"),
    ],
)
def test_a_wrong_input_is_one_sentence_and_exit_code_two(capsys, arguments, words):
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert words in err
    assert err.count("\n") == 1
    assert "Traceback" not in err


def test_nothing_is_trained_that_could_not_be_kept(capsys, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path / "file"))
    code, out, err = run(capsys, "train", "--epochs", "1000")
    assert code == 2
    assert out == ""
    assert "cannot be written" in err


def test_data_lists_the_sets_and_where_they_lie(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("PACVIZ_DATA", str(tmp_path))
    code, out, _ = run(capsys, "data", "--list", "--json")
    values = json.loads(out)
    assert code == 0
    assert values["folder"] == str(tmp_path)
    assert {row["name"]: row["available"] for row in values["datasets"]} == {
        "digits": True,
        "mnist": False,
        "fashion-mnist": False,
    }


def test_absent_data_is_named_with_its_folder_and_the_way_out(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("PACVIZ_DATA", str(tmp_path))
    code, _, err = run(capsys, "certify", "--data", "mnist", "--sparsity", "0.123")
    assert code == 2
    assert str(tmp_path) in err
    assert "--download mnist" in err


def test_the_formulas_alone_never_wait_for_torch():
    command = "main(['bound', '--risk', '0.1', '--kl', '10', '--n', '1000'])"
    script = f"import sys; from pacviz.cli import main; {command}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, check=False).returncode == 0
