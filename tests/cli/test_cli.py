"""Every command prints what its documentation says, and a wrong input is one sentence and exit code 2."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from pacviz import data
from pacviz.certificates import choose
from pacviz.certificates.archive import Archive
from pacviz.cli import UNFORESEEN, main
from pacviz.data import digits
from pacviz.device import device
from pacviz.errors import PacvizError
from pacviz.words import at_most

SMALL = data.Dataset("digits", "Procedural digits", digits.sample(2000, 1), digits.sample(200, 2), 10)


@pytest.fixture
def few_digits(monkeypatch):
    monkeypatch.setattr(data, "load", lambda *_, **__: SMALL)
    monkeypatch.setattr(data, "fingerprints", lambda name: (SMALL.train.fingerprint, SMALL.test.fingerprint))


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
        (("certify", "--as-is"), "--weights"),
        (("certify", "--model", "lenet5", "--weights", "nowhere.safetensors"), "nowhere.safetensors"),
        (("certify", "--checkpoint", "as-is"), "--weights FILE"),
        (("train", "--name", "as-is"), "as-is"),
        (("verify", "nowhere.pacviz"), "nowhere.pacviz"),
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


@pytest.fixture
def saved(capsys, tmp_path, few_digits):
    path = tmp_path / "lenet5.pacviz"
    code, out, _ = run(capsys, "certify", "--sparsity", "0.97", "--out", str(path), "--json")
    assert code == 0
    return path, json.loads(out)


def test_a_saved_certificate_is_verified_by_a_stranger(capsys, saved, monkeypatch, tmp_path):
    path, certificate = saved
    monkeypatch.setattr("pacviz.library.checkpoints.SHIPPED", tmp_path / "no checkpoints")
    code, out, err = run(capsys, "verify", str(path), "--json")
    values = json.loads(out)
    assert (code, err) == (0, "")
    assert values["ok"] is True
    assert values["bound"] == pytest.approx(certificate["bound"], abs=1e-12)
    assert (values["n"], values["delta"]) == (len(SMALL.train), 0.05)
    assert all(set(line) == {"name", "claimed", "found", "agrees"} for line in values["comparisons"])
    code, out, _ = run(capsys, "verify", str(path), "--data", "digits")
    assert code == 0
    assert "agrees   training errors" in out
    assert values["bound_with_architecture"] == pytest.approx(certificate["bound_with_architecture"], abs=1e-12)
    assert f"the true error is below {at_most(certificate['bound_with_architecture'])}" in out
    assert f"{at_most(certificate['bound'])} with the architecture taken as fixed before the data" in out


@pytest.mark.parametrize("change", ["flipped", "short", "format"])
def test_a_damaged_certificate_is_one_sentence_and_exit_code_one(capsys, saved, change):
    path, _ = saved
    content = bytearray(path.read_bytes())
    if change == "flipped":
        content[len(content) // 2] ^= 1
    elif change == "short":
        del content[-100:]
    else:
        content[7] = 9
    path.write_bytes(content)
    code, out, err = run(capsys, "verify", str(path), "--json")
    assert code == 1
    assert json.loads(out)["ok"] is False
    assert err.count("\n") == 1
    assert json.loads(out)["problem"] in err


def test_a_certificate_about_other_data_is_one_sentence_and_exit_code_one(capsys, saved, monkeypatch):
    other = data.Dataset("mnist", "Others", digits.sample(300, 3), digits.sample(300, 4), 10)
    monkeypatch.setattr(data, "load", lambda *_, **__: other)
    code, _, err = run(capsys, "verify", str(saved[0]), "--data", "mnist")
    assert code == 1
    assert "fingerprint of the data" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("failure", [PacvizError("No data."), RuntimeError("nobody foresaw this"), MemoryError()])
def test_verify_prints_json_whatever_happens(capsys, tmp_path, monkeypatch, failure):
    def fail(*_):
        raise failure

    path = tmp_path / "it.pacviz"
    path.write_bytes(Archive({}, b"", b"").to_bytes())
    monkeypatch.setattr("pacviz.certificates.verified.verify", fail)
    for arguments in ((str(path),), (str(tmp_path / "nowhere.pacviz"),), (str(path), "--data", "nothing")):
        code, out, err = run(capsys, "verify", *arguments, "--json")
        values = json.loads(out)
        assert code not in (0, 1)
        assert values["ok"] is False
        assert values["problem"]
        assert err.count("\n") == 1


def test_a_damaged_certificate_is_refused_without_waiting_for_torch(tmp_path):
    path = tmp_path / "it.pacviz"
    path.write_bytes(b"pacviz\0\1" + b"\xff" * 100)
    command = f"code = main(['verify', {str(path)!r}])"
    script = f"import sys; from pacviz.cli import main; {command}; sys.exit(code + 10 * ('torch' in sys.modules))"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, check=False).returncode == 1


@pytest.fixture
def pruned_elsewhere(tmp_path, few_digits):
    """A safetensors file of a LeNet-5 that is pruned and quantized already."""
    from safetensors.torch import save_file

    from pacviz import Scenario
    from pacviz.certificates.measure import network_of
    from pacviz.models import architecture

    path = tmp_path / "lenet5.safetensors"
    save_file(architecture("lenet5").state_dict(network_of(Scenario(sparsity=0.97)).matrices), path)
    return path


def test_a_network_pruned_elsewhere_is_certified_as_it_stands(capsys, pruned_elsewhere):
    arguments = ("certify", "--model", "lenet5", "--weights", str(pruned_elsewhere), "--as-is", "--json")
    usual, ranged = (
        json.loads(run(capsys, *arguments, *more)[1])
        for more in ((), ("--input-range", "-1", "1", "--model", "lenet5"))
    )
    ours = json.loads(run(capsys, "certify", "--sparsity", "0.97", "--json")[1])
    assert usual["scenario"]["checkpoint"] == "as-is"
    assert usual["scenario"]["bits"] == 2
    assert usual["scenario"]["sparsity"] == pytest.approx(1 - ours["nonzeros"] / ours["parameters"])
    assert (usual["risk"], usual["code_bytes"]) == (ours["risk"], ours["code_bytes"])
    assert (ranged["scenario"]["input_low"], ranged["scenario"]["input_high"]) == (-1.0, 1.0)
    assert ranged["kl_nats"] == usual["kl_nats"]
    assert ranged["risk"] != usual["risk"]


def test_weights_from_a_file_are_compressed_where_they_are_not_certified_as_they_stand(capsys, pruned_elsewhere):
    code, out, _ = run(
        capsys, "certify", "--model", "lenet5", "--weights", str(pruned_elsewhere), "--bits", "1", "--json"
    )
    values = json.loads(out)
    assert code == 0
    assert values["scenario"]["checkpoint"] == "from-file"
    assert values["nonzeros"] <= 0.0025 * values["parameters"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--as-is", "--sparsity", "0.9"), "sparsity cannot be set"),
        (("--as-is", "--pruning", "layer"), "pruning cannot be set"),
        (("--checkpoint", "plain"), "checkpoint cannot be set"),
        (("--as-is", "--model", "mlp"), "mlp"),
        (("--input-range", "1", "-1"), "input_low must be below input_high"),
        (("--input-range", "dark", "bright"), "input_low must be from -1000 to 1000, got 'dark'"),
    ],
)
def test_settings_that_a_file_of_weights_contradicts_are_one_sentence(capsys, pruned_elsewhere, arguments, words):
    code, out, err = run(capsys, "certify", "--model", "lenet5", "--weights", str(pruned_elsewhere), *arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


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
        "cifar10": False,
        "cifar10-jpeg": False,
    }
    code, out, _ = run(capsys, "data")
    assert "absent: python -m pacviz data --download cifar10\n" in out
    assert "absent: put cifar10-jpeg.tar.xz there" in out


def test_randomize_records_what_the_page_offers_and_goes_on_where_it_was(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path))
    monkeypatch.setattr(data, "load", lambda *_, **__: SMALL)
    arguments = ["randomize", "--model", "tiny", "--n", "100", "--tests", "100", "--epochs", "2", "--recovery", "1"]
    arguments += ["--levels", "0", "1", "--sparsity", "0", "0.5", "--seeds", "1", "--name", "shell", "--on", "here"]
    code, out, err = run(capsys, *arguments, "--json")
    values = json.loads(out)
    assert code == 0
    assert values["path"] == str(tmp_path / "randomization" / "shell.json")
    assert [(row["level"], row["method"], row["sparsity"]) for row in values["points"]] == [
        (level, method, sparsity) for level in (0, 1) for method in ("one-shot", "surgery") for sparsity in (0, 0.5)
    ]
    assert err.count("random labels, seed 0") == 2
    code, out, err = run(capsys, *arguments)
    assert (code, err) == (0, "")
    assert out.count("surgery") == 4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--levels", "2"], "levels must be from 0 to 1"),
        (["--name", "My Run"], "name must be made of"),
        (["--model", "resnet8"], "ResNet-8 takes images of shape (3, 32, 32)"),
    ],
)
def test_randomize_refuses_what_cannot_be_run(capsys, tmp_path, monkeypatch, arguments, words):
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path))
    monkeypatch.setattr(data, "load", lambda *_, **__: SMALL)
    code, out, err = run(capsys, "randomize", *arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


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


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("arguments", ["bound --risk 0.1 --kl 1 --n 99", "--help", "certify --help"])
def test_output_that_cannot_be_written_is_one_sentence_and_no_word_about_a_certificate(arguments):
    command = [sys.executable, "-m", "pacviz", *arguments.split()]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == UNFORESEEN
    assert "No space left on device" in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("error", [RuntimeError("out of luck\nand more"), MemoryError(), UnicodeError(), KeyError("x")])
def test_what_nobody_foresaw_has_an_exit_code_of_its_own_and_says_how_to_report_it(capsys, monkeypatch, error):
    def broken(*_, **__):
        raise error

    monkeypatch.setattr("pacviz.experiments.bounds.command.BOUNDS", {"broken": SimpleNamespace(function=broken)})
    code, out, err = run(capsys, "bound", "--risk", "0.1", "--kl", "1", "--n", "99")
    assert (code, out) == (UNFORESEEN, "")
    assert type(error).__name__ in err
    assert "PACVIZ_DEBUG=1 and report" in err
    assert err.count("\n") == 1
    monkeypatch.setenv("PACVIZ_DEBUG", "1")
    assert "Traceback" in run(capsys, "bound", "--risk", "0.1", "--kl", "1", "--n", "99")[2]


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("command", ["certify", "choose", "randomize", "train"])
def test_help_is_written_to_a_console_that_lacks_characters(monkeypatch, command, encoding):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    assert main([command, "--help"]) == 0
    sys.stdout.flush()
    assert "usage" in written.getvalue().decode(encoding)


def test_a_process_of_its_own_writes_help_to_such_a_console():
    ended = subprocess.run(
        [sys.executable, "-m", "pacviz", "certify", "--help"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert "usage" in ended.stdout.decode("ascii")


@pytest.mark.parametrize("value", ["cpu:x", "cpu:1", "gpu", "cuda:99"])
def test_a_device_that_is_not_there_is_a_wrong_input(monkeypatch, value):
    monkeypatch.setenv("PACVIZ_DEVICE", value)
    with pytest.raises(PacvizError, match="which this machine does not have; choose one of"):
        device()
    monkeypatch.setenv("PACVIZ_DEVICE", "")
    assert device().type in ("cpu", "cuda", "mps")


def test_paths_are_taken_as_a_shell_takes_them(capsys, tmp_path, monkeypatch, few_digits):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    code, *_ = run(capsys, "certify", "--sparsity", "0.97", "--out=~/new/$USER_OF_TEST.pacviz", "--json")
    assert code == 0
    monkeypatch.setenv("USER_OF_TEST", "me")
    code, *_ = run(capsys, "certify", "--sparsity", "0.97", "--out=~/new/${USER_OF_TEST}.pacviz", "--json")
    assert code == 0
    assert run(capsys, "verify", "~/new/me.pacviz")[0] == 0
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["certify", "--sparsity", "0.123", "--out", "."], "is a folder; name a file in it"),
        (["certify", "--sparsity", "0.123", "--out", "a" * 300], "too long"),
        (["train", "--name", "a" * 101], "name must be a name"),
        (["train", "--folder", "a/" * 3000], "too long"),
        (["sweep", "--folder", "b" * 300], "too long"),
        (["train", "--model", "resnet8"], "choose one of the models lenet5"),
        (["certify", "--weights", "x.safetensors"], "--weights needs --model"),
    ],
)
def test_what_could_not_be_kept_or_made_is_refused_before_the_work(capsys, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(data, "load", lambda *_, **__: pytest.fail("the work has begun"))
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


def test_a_broken_checkpoint_is_named_and_the_others_are_compared(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path))
    path = tmp_path / "checkpoints" / "digits" / "lenet5" / "broken.safetensors"
    path.parent.mkdir(parents=True)
    path.write_text("x")
    compared = []

    def chosen(points, progress):
        compared.extend(checkpoint.name for checkpoint, _ in points)
        raise PacvizError("That is enough.")

    monkeypatch.setattr(choose, "choose", chosen)
    code, _, err = run(capsys, "choose", "--checkpoints", "plain", "broken", "--sparsity", "0.99", "--bits", "2")
    assert code == 2
    assert set(compared) == {"plain"}
    assert f"{path} cannot be read as a checkpoint" in err
    assert path.with_name("broken.safetensors.damaged").exists()


def test_a_damaged_database_is_named_and_runs_are_listed_anew(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path))
    (tmp_path / "results.sqlite").write_bytes(b"no database" * 400)
    code, out, err = run(capsys, "runs")
    assert (code, out) == (0, "No runs yet.\n")
    assert "results.sqlite is damaged and is set aside as results.sqlite.damaged" in err
