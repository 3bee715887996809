"""A checkpoint comes back as it was saved, or not at all."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from pacviz import store
from pacviz.certificates.choose import own_sparsity
from pacviz.certificates.measure import key, network_of
from pacviz.codes.coder import encode
from pacviz.data import digits, load
from pacviz.errors import PacvizError
from pacviz.library import checkpoints
from pacviz.library.checkpoints import Checkpoint
from pacviz.models import architecture
from pacviz.scenario import Scenario
from pacviz.training.fit import error_rate


@pytest.fixture(autouse=True)
def user_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture
def checkpoint():
    random = np.random.default_rng(0)
    layers = architecture("mlp").layers
    matrices = {layer.name: random.normal(size=(layer.rows, layer.columns)).astype(np.float32) for layer in layers}
    return Checkpoint(
        "mine", "mlp", "digits", matrices, 0.01, 1 / 3, {"epochs": 2, "seed": 0}, "python -m pacviz train"
    )


def altered(path, tensors=None, **about):
    """The file with some tensors or metadata replaced (None: removed)."""
    with safe_open(path, "pt") as file:
        metadata = {key: value for key, value in {**file.metadata(), **about}.items() if value is not None}
    save_file({**load_file(path), **(tensors or {})}, path, metadata)
    return path


def test_a_sparse_checkpoint_comes_back_though_its_file_knows_no_negative_zero(checkpoint):
    sparse = {name: matrix * (matrix > 1) for name, matrix in checkpoint.matrices.items()}
    assert any(np.signbit(matrix[matrix == 0]).any() for matrix in sparse.values())
    path = checkpoints.save(replace(checkpoint, matrices=sparse))
    result = checkpoints.load(path)
    assert all(np.array_equal(result.matrices[name], sparse[name]) for name in sparse)
    assert result.density == pytest.approx(0.159, abs=0.005)


def test_a_checkpoint_comes_back_as_it_was_saved(checkpoint):
    path = checkpoints.save(checkpoint)
    assert path == checkpoints.user_folder() / "digits" / "mlp" / "mine.safetensors"
    for result in (checkpoints.load(path), checkpoints.find("mlp", "digits", "mine")):
        assert result.fingerprint == checkpoint.fingerprint
        assert all(np.array_equal(result.matrices[name], checkpoint.matrices[name]) for name in checkpoint.matrices)
        for field in ("name", "model", "data", "train_error", "test_error", "training", "command"):
            assert getattr(result, field) == getattr(checkpoint, field)


def test_the_fingerprint_tells_any_change_of_a_weight(checkpoint):
    fc2 = checkpoint.matrices["fc2"].copy()
    fc2[3, 4] = np.nextafter(fc2[3, 4], np.float32(9))
    changed = replace(checkpoint, matrices={**checkpoint.matrices, "fc2": fc2})
    assert changed.fingerprint != checkpoint.fingerprint
    assert replace(checkpoint, name="other").fingerprint == checkpoint.fingerprint


def test_a_file_is_read_again_only_when_it_changes(checkpoint):
    path = checkpoints.save(checkpoint)
    first = checkpoints.load(path)
    assert checkpoints.load(path) is first
    checkpoints.save(replace(checkpoint, test_error=0.5))
    assert checkpoints.load(path).test_error == 0.5


def test_a_file_that_is_cut_short_is_one_sentence(checkpoint):
    path = checkpoints.save(checkpoint)
    content = path.read_bytes()
    for damaged in (content[:-1], content[:50], b"", b"no checkpoint"):
        path.write_bytes(damaged)
        with pytest.raises(
            store.Damaged, match=r"mine.safetensors cannot be read as a checkpoint .* set aside.*; train"
        ):
            checkpoints.load(path)
        assert not path.exists()


def test_a_missing_file_is_one_sentence(user_cache):
    with pytest.raises(PacvizError, match=r"nowhere.safetensors cannot be read as a checkpoint"):
        checkpoints.load(user_cache / "nowhere.safetensors")


def test_nan_weights_are_refused(checkpoint):
    path = altered(checkpoints.save(checkpoint), {"fc1.bias": torch.full((300,), torch.nan)})
    with pytest.raises(PacvizError, match=r"fc1\.bias holds NaN"):
        checkpoints.load(path)


def test_weights_of_another_shape_are_refused(checkpoint):
    path = altered(checkpoints.save(checkpoint), {"fc1.bias": torch.zeros(301)})
    with pytest.raises(PacvizError, match=r"fc1\.bias has shape \(301,\), but mlp needs \(300,\)"):
        checkpoints.load(path)


def test_weights_that_were_changed_after_saving_are_refused(checkpoint):
    path = altered(checkpoints.save(checkpoint), {"fc1.bias": torch.zeros(300)})
    with pytest.raises(PacvizError, match="does not hold the weights that it was saved with"):
        checkpoints.load(path)


def test_an_unknown_model_is_refused_with_the_known_ones(checkpoint):
    path = altered(checkpoints.save(checkpoint), model="alexnet")
    with pytest.raises(
        PacvizError, match=r"no usable checkpoint: There is no model 'alexnet'; choose one of lenet5, mlp"
    ):
        checkpoints.load(path)


@pytest.mark.parametrize("about", [{"model": None}, {"train_error": "few"}, {"training": "{"}, {"command": None}])
def test_missing_or_senseless_metadata_are_refused(checkpoint, about):
    path = altered(checkpoints.save(checkpoint), **about)
    with pytest.raises(PacvizError, match="says too little about itself"):
        checkpoints.load(path)


def test_a_renamed_file_is_not_taken_for_what_it_is_not(checkpoint):
    path = checkpoints.save(checkpoint)
    other = checkpoints.place(checkpoints.user_folder(), "lenet5", "digits", "mine")
    other.parent.mkdir(parents=True)
    path.rename(other)
    with pytest.raises(PacvizError, match="holds 'mine' of mlp on digits; give it back its own name"):
        checkpoints.find("lenet5", "digits", "mine")
    assert other.exists()
    assert "mine" not in checkpoints.available("lenet5", "digits")


def test_the_users_checkpoints_are_listed_after_the_shipped_ones_and_a_broken_file_breaks_nothing(checkpoint):
    shipped = checkpoints.available("lenet5", "digits")
    assert "plain" in shipped
    folder = checkpoints.save(checkpoint).parents[1]
    (folder / "lenet5").mkdir()
    (folder / "lenet5" / "broken.safetensors").write_bytes(b"\x00")
    (folder / "lenet5" / "Not A Name.safetensors").touch()
    (folder / "lenet5" / "leads-nowhere.safetensors").symlink_to(folder / "nowhere")
    assert checkpoints.available("lenet5", "digits") == (*shipped, "broken")
    assert any("leads-nowhere.safetensors leads nowhere" in sentence for sentence in store.notices())
    with pytest.raises(store.Damaged, match=r"broken.safetensors cannot be read"):
        checkpoints.find("lenet5", "digits", "broken")
    assert checkpoints.available("lenet5", "digits") == shipped
    assert (folder / "lenet5" / "broken.safetensors.damaged").read_bytes() == b"\x00"
    assert checkpoints.available("mlp", "digits")[-1] == "mine"


def test_checkpoints_of_two_data_sets_never_lie_in_one_place(checkpoint):
    first = checkpoints.save(replace(checkpoint, name="jpeg-a", data="cifar10"))
    second = checkpoints.save(replace(checkpoint, name="a", data="cifar10-jpeg"))
    assert first != second
    assert checkpoints.available("mlp", "cifar10") == ("jpeg-a",)
    assert checkpoints.available("mlp", "cifar10-jpeg") == ("a",)


def test_a_file_of_before_is_found_under_the_name_that_it_tells_and_no_other(checkpoint):
    new = checkpoints.save(replace(checkpoint, name="a", data="cifar10-jpeg"))
    new.rename(checkpoints.user_folder() / "mlp-cifar10-jpeg-a.safetensors")
    assert checkpoints.available("mlp", "cifar10-jpeg") == ("a",)
    assert checkpoints.available("mlp", "cifar10") == ()
    assert checkpoints.find("mlp", "cifar10-jpeg", "a").fingerprint == checkpoint.fingerprint
    half = checkpoints.user_folder() / "mlp-cifar10-jpeg-half.safetensors"
    half.write_bytes((checkpoints.user_folder() / "mlp-cifar10-jpeg-a.safetensors").read_bytes()[:100])
    assert checkpoints.available("mlp", "cifar10-jpeg") == ("a",)
    assert half.with_name(half.name + ".damaged").exists()


@pytest.mark.parametrize("name", ["plain", "gradual", "gradual-0.15", "surgery-2", "gradual-codebook"])
def test_the_names_of_what_ships_and_of_its_families_are_reserved(name):
    with pytest.raises(PacvizError, match="comes with pacviz; choose another name"):
        checkpoints.check_name("lenet5", "digits", name)
    free = checkpoints.free_name("lenet5", "digits", name)
    checkpoints.check_name("lenet5", "digits", free)
    checkpoints.check_name("tiny", "digits", name)


def test_a_file_under_a_reserved_name_changes_nothing_that_ships(checkpoint):
    """As a training did before these names were reserved."""
    before = checkpoints.choices("mlp", "digits"), checkpoints.of(Scenario(model="mlp")).fingerprint
    for name in ("gradual", "gradual-0.15", "plain"):
        path = checkpoints.save(replace(checkpoint, name=name), checkpoints.user_folder())
        path.rename(checkpoints.user_folder() / f"mlp-digits-{name}.safetensors")
    assert (checkpoints.choices("mlp", "digits"), checkpoints.of(Scenario(model="mlp")).fingerprint) == before
    assert any("mlp-digits-gradual.safetensors is left out" in sentence for sentence in store.notices())


@pytest.mark.parametrize("damage", [lambda content: content[: len(content) // 2], lambda content: b"\xff" * 20])
def test_a_family_goes_on_without_a_member_that_is_damaged(checkpoint, damage):
    for percent in ("20", "10", "5"):
        path = checkpoints.save(replace(checkpoint, name=f"slow-{percent}"))
    path = path.with_name("slow-10.safetensors")
    path.write_bytes(damage(path.read_bytes()))
    scenario = Scenario(model="mlp", checkpoint="slow", sparsity=0.9)
    assert checkpoints.family(scenario).keys() == {1.0, 0.2, 0.1, 0.05}
    assert checkpoints.of(scenario).name == "slow-5"
    assert checkpoints.family(scenario).keys() == {1.0, 0.2, 0.05}
    assert [one.name for one in checkpoints.sound("mlp", "digits")][-2:] == ["slow-20", "slow-5"]


def test_a_free_name_joins_no_family(checkpoint):
    checkpoints.save(checkpoint)
    checkpoints.save(replace(checkpoint, name=checkpoints.free_name("mlp", "digits", "mine")))
    checkpoints.save(replace(checkpoint, name=checkpoints.free_name("mlp", "digits", "mine")))
    assert {"mine", "mine-v2", "mine-v3"} <= set(checkpoints.choices("mlp", "digits"))
    assert "mine" not in checkpoints.families("mlp", "digits")


def test_a_missing_checkpoint_is_an_error_that_lists_the_others_and_the_command(checkpoint):
    checkpoints.save(checkpoint)
    with pytest.raises(PacvizError, match=r"no checkpoint 'best' of mlp on digits \(there is .*mine\)") as caught:
        checkpoints.find("mlp", "digits", "best")
    assert "`python -m pacviz train --model mlp --data digits --name best`" in str(caught.value)


@pytest.mark.parametrize("name", ["", "Plain", "../escape", "a b", "a/b", "ä", "a\n"])
def test_a_name_that_is_no_name_is_refused(checkpoint, name, tmp_path):
    for folder in (None, tmp_path):
        with pytest.raises(PacvizError, match=r"cannot be called .* use lower-case letters"):
            checkpoints.save(replace(checkpoint, name=name), folder)


def test_the_users_checkpoint_cannot_take_the_place_of_a_shipped_one(checkpoint, monkeypatch, tmp_path):
    taken = replace(checkpoint, name="taken")
    checkpoints.save(taken, tmp_path / "shipped")
    monkeypatch.setattr(checkpoints, "SHIPPED", tmp_path / "shipped")
    with pytest.raises(PacvizError, match="'taken' of mlp on digits comes with pacviz; choose another name"):
        checkpoints.save(taken)
    assert checkpoints.shipped() == (("mlp", "digits", "taken"),)


def test_every_shipped_checkpoint_is_whole_and_says_how_it_was_made():
    shipped = checkpoints.shipped()
    assert {("lenet5", "digits", "plain"), ("lenet5", "mnist", "plain")} <= set(shipped)
    for model, data, name in shipped:
        result = checkpoints.find(model, data, name)
        assert f"--model {model} --data {data} --name {name}" in result.command
        assert result.training


def test_the_plain_digits_network_is_as_good_as_it_says_and_far_from_perfect():
    plain = checkpoints.find("lenet5", "digits", "plain")
    state = architecture("lenet5").state_dict(plain.matrices)
    error = error_rate(architecture("lenet5"), state, digits.sample(digits.TEST_SIZE, digits.TEST_SEED))
    assert error == pytest.approx(plain.test_error, abs=2e-4)
    assert 0.005 < error < 0.02


def test_the_plain_mnist_network_is_as_good_as_it_says(real_data, monkeypatch):
    monkeypatch.setenv("PACVIZ_DATA", str(real_data))
    plain = checkpoints.find("lenet5", "mnist", "plain")
    state = architecture("lenet5").state_dict(plain.matrices)
    error = error_rate(architecture("lenet5"), state, load("mnist").test)
    assert error == pytest.approx(plain.test_error, abs=2e-4)
    assert error < 0.009


@pytest.fixture
def family():
    """Copies of a shipped network under the names of a pruning method's checkpoints at several densities."""
    for name in ("slow-10", "slow-1.5", "slow-2", "alone-1"):
        checkpoints.save(replace(checkpoints.find("lenet5", "digits", "plain"), name=name))


@pytest.mark.parametrize(
    ("sparsity", "member"),
    [
        (0.0, "plain"),
        (0.799, "plain"),
        (0.8, "slow-10"),
        (0.9, "slow-10"),
        (0.959, "slow-10"),
        (0.96, "slow-2"),
        (0.98, "slow-2"),
        (0.981, "slow-1.5"),
        (0.985, "slow-1.5"),
        (0.999, "slow-1.5"),
    ],
)
def test_a_scenario_takes_of_a_family_the_next_sparser_member_within_reach_else_the_next_denser(
    family, sparsity, member
):
    assert checkpoints.of(Scenario(checkpoint="slow", sparsity=sparsity)).name == member
    assert checkpoints.of(Scenario(checkpoint="slow-10", sparsity=sparsity)).name == "slow-10"


@pytest.mark.parametrize("sparsity", [0.991, 0.994, 0.995])
def test_a_member_that_is_sparser_than_asked_is_left_as_it_was_trained(sparsity):
    scenario = Scenario(checkpoint="gradual", sparsity=sparsity)
    member = checkpoints.of(scenario)
    assert member.density <= 1 - sparsity + 1e-5
    as_trained = scenario.but(sparsity=own_sparsity(member))
    assert encode(network_of(scenario)).data == encode(network_of(as_trained)).data
    assert key(scenario, preview=False) == key(as_trained, preview=False)
    assert key(scenario, preview=False) != key(scenario.but(pruning="layer"), preview=False)


def test_a_family_is_offered_as_one_choice(family):
    offered = checkpoints.choices("lenet5", "digits")
    assert {"plain", "slow", "alone-1"} <= {*offered}
    assert not {"slow-10", "slow-2", "alone"} & {*offered}
    with pytest.raises(PacvizError, match="There is no checkpoint 'slow' of mlp"):
        checkpoints.of(Scenario(model="mlp", checkpoint="slow"))


def test_the_same_checkpoint_is_the_same_file_whoever_writes_it(checkpoint, tmp_path):
    """Processes of a cluster write what this one writes; the library alone puts the metadata into another order each time."""
    files = {checkpoints.save(checkpoint, tmp_path / str(place)).read_bytes() for place in range(5)}
    (content,) = files
    length = int.from_bytes(content[:8], "little")
    assert length % 8 == 0
    names = list(json.loads(content[8 : 8 + length])["__metadata__"])
    assert names == sorted(names)
    assert len(names) == 8
