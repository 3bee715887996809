"""docs/extending.md is true: each of its modules is written to a folder, registered, checked, and used end to end."""

import importlib
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import pacviz.experiments
from pacviz import checks, data, settings
from pacviz.bounds import BOUNDS
from pacviz.cli import main
from pacviz.codes.prune import PRUNINGS
from pacviz.codes.quantizer import QUANTIZERS
from pacviz.experiments.experiment import experiments
from pacviz.library import checkpoints
from pacviz.models.operations import OPERATIONS
from pacviz.training.methods.method import METHODS
from pacviz.training.recipe import Training
from pacviz.training.train import train

TEXT = (Path(__file__).parents[1] / "docs" / "extending.md").read_text(encoding="utf-8")
MODULES = {match[2]: match[1] for match in re.finditer(r"```python\n(\"\"\"([\w/]+\.py):.*?)```", TEXT, re.DOTALL)}
"""By the file that the first line of each names."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The modules of the documentation in a folder on Python's path, imported."""
    there = tmp_path_factory.mktemp("extensions")
    for name, text in MODULES.items():
        (there / name).parent.mkdir(parents=True, exist_ok=True)
        (there / name).write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(there)
        patch.setattr(pacviz.experiments, "__path__", [*pacviz.experiments.__path__, str(there / "pacviz/experiments")])
        patch.setenv("PACVIZ_MODULES", ",".join(name[:-3] for name in MODULES if "/" not in name))
        for cached in (settings.import_extensions, experiments):
            cached.cache_clear()
        settings.import_extensions()
        yield there
    for cached in (settings.import_extensions, experiments):
        cached.cache_clear()
    for name in [name for name in sys.modules if name.startswith(("my_", "pacviz.experiments.hello"))]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def trained(folder, cache):
    """A checkpoint of the two new models on the new data, the first by the new method."""
    dataset = data.load("stripes")
    result = {}
    for model, method in (("striped", "one-shot"), ("halved", "dense")):
        recipe = Training.of(
            method,
            model=model,
            data="stripes",
            name="mine",
            epochs=20,
            batch_size=50,
            learning_rate=0.02,
            weight_decay=0.0,
        )
        result[model] = train(recipe, dataset)
        checkpoints.save(result[model], checkpoints.user_folder())
    return result


def certified(capsys, tmp_path, *options):
    """What `certify` prints for these options, after its file was verified by `verify`."""
    file = tmp_path / "certificate.pacviz"
    assert main(["certify", "--data", "stripes", "--checkpoint", "mine", *options, "--out", str(file), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert main(["verify", str(file), "--json"]) == 0
    confirmed = json.loads(capsys.readouterr().out)
    assert confirmed["ok"]
    assert confirmed["bound"] == result["bound"]
    return result


def test_the_documentation_has_a_module_of_each_kind():
    assert {name for name in MODULES if "/" not in name} == {
        f"my_{kind}.py" for kind in ("bound", "pruning", "quantizer", "method", "operation", "model", "data", "code")
    }
    assert sum("/" in name for name in MODULES) == 4


def test_each_keeps_the_contract_of_its_kind(folder):
    checks.check_bound(BOUNDS["hoeffding"])
    checks.check_pruning(PRUNINGS["random"])
    checks.check_quantizer(QUANTIZERS["signs"])
    checks.check_method(METHODS["one-shot"])
    checks.check_operation(OPERATIONS["LeakyReLU"](4), (3, 6, 6))
    checks.check_code("halves")


@pytest.mark.parametrize("noise", ["0", "0.02"])
def test_a_model_of_a_new_operation_on_new_data_by_a_new_method_is_certified_and_verified(
    trained, capsys, tmp_path, noise
):
    density = trained["striped"].density
    assert density <= 0.51
    assert trained["striped"].test_error < 0.5
    printed = certified(capsys, tmp_path, "--model", "striped", "--sparsity", "0", "--bits", "4", "--noise", noise)
    assert printed["n"] == 600
    assert printed["classes"] == 4
    assert printed["nonzeros"] <= round(density * printed["parameters"])
    assert printed["architecture_bits"] > 8 * len("LeakyReLU")


def test_a_new_bound_and_a_new_pruning_are_what_a_certificate_says(trained, capsys, tmp_path):
    options = ["--model", "striped", "--pruning", "random", "--sparsity", "0.5", "--bits", "2"]
    printed = certified(capsys, tmp_path, *options, "--bound", "hoeffding")
    values = printed["risk_upper"], printed["kl_nats"], printed["n"], printed["delta"]
    assert printed["bound"] == printed["bounds"]["hoeffding"] == BOUNDS["hoeffding"].function(*values)
    assert printed["bounds"]["hoeffding"] >= printed["bounds"]["occam"]
    matrices = trained["striped"].matrices
    kept = PRUNINGS["random"].masks(matrices, 0.5)
    assert printed["nonzeros"] <= sum(int(np.count_nonzero(matrix * kept[name])) for name, matrix in matrices.items())


def test_a_new_quantizer_is_chosen_by_its_name(trained, capsys, tmp_path):
    options = ("--model", "striped", "--sparsity", "0.5", "--bits", "2")
    printed = certified(capsys, tmp_path, *options, "--quantizer", "signs")
    assert printed["scenario"]["quantizer"] == "signs"
    assert printed["code_bytes"] < certified(capsys, tmp_path, *options)["code_bytes"]


def test_a_new_code_is_what_its_network_is_charged_by(trained, capsys, tmp_path):
    printed = certified(capsys, tmp_path, "--model", "halved", "--sparsity", "0", "--bits", "8")
    (weights,) = (line for line in printed["ledger"] if line["kind"] == "weights")
    assert weights["bits"] == pytest.approx(16 * printed["parameters"], abs=0.01)
    assert weights["layer"] == "fc"
    assert main(["certify", "--data", "stripes", "--checkpoint", "mine", "--model", "halved", "--noise", "0.1"]) == 2
    assert "noise must be 0" in capsys.readouterr().err


def test_a_new_experiment_is_in_the_list_with_its_command_and_its_page(folder, capsys):
    assert main(["experiments", "--json"]) == 0
    row = json.loads(capsys.readouterr().out)[-1]
    assert row["name"] == "hello"
    assert row["commands"] == ["hello"]
    assert row["page"] == "pages/hello.py"
    checks.check_experiment(experiments()[-1])
    page = AppTest.from_file(str(folder / "pages" / "hello.py"))
    page.session_state["started"] = True
    page.run()
    assert not page.exception
    before = page.markdown[-1].value
    page.slider[0].set_value(5000).run()
    assert page.markdown[-1].value != before


def test_a_module_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv("PACVIZ_MODULES", "pacviz_no_such_module")
    settings.import_extensions.cache_clear()
    try:
        with pytest.raises(pacviz.PacvizError, match="PACVIZ_MODULES names 'pacviz_no_such_module'"):
            settings.import_extensions()
    finally:
        settings.import_extensions.cache_clear()


@pytest.mark.parametrize(
    ("module", "words"), [("my_bound", "bound"), ("my_data", "data set"), ("my_code", "code"), ("my_model", "model")]
)
def test_a_name_is_taken_once(folder, module, words):
    with pytest.raises(pacviz.PacvizError, match=words):
        importlib.reload(sys.modules[module])
