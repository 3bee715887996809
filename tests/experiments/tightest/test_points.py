"""Points are what their files say; files that say anything else are left out with a sentence."""

import dataclasses
import hashlib
import json

import pytest
from tight_points import N, certificate, integers, save

from pacviz.bounds import seeger
from pacviz.certificates.archive import Archive, read
from pacviz.certificates.certificate import Certificate
from pacviz.certificates.verified import Outcome, keep, shipped, verified_here
from pacviz.certificates.verify import verify
from pacviz.experiments.tightest import results as module
from pacviz.experiments.tightest.results import FAMILIES, adjustable, along, best, pareto, points, problems, worth_bytes
from pacviz.risk import RiskEstimate


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three widths at two prices, one of them missing, and a subspace."""
    place = tmp_path_factory.mktemp("tight")
    for width, price, errors in ((4, 1.0, 2400), (6, 1.0, 1500), (6, 2.0, 2700), (8, 1.0, 1400), (8, 2.0, 1900)):
        save(place, f"tiny-{width}-{price:g}", width, price, errors, spread=1.5 / price)
    save(place, "d500", 12, errors=1300, family="subspace", settings={"dimension": 500, "projection": "dense"})
    return place


def named(folder, name):
    return next(point for point in points([folder]) if point.name == name)


def test_a_point_comes_back_from_its_file(folder):
    point = named(folder, "tiny-8-2")
    weights = integers("tiny-8", 0.75)
    expected = certificate(weights, 1900)
    assert point.certificate == expected
    assert (point.error, point.bytes, point.bound) == (
        1900 / N,
        expected.effective_bytes,
        expected.bound_with_architecture,
    )
    assert point.bound_of_fixed_architecture == expected.bound < point.bound
    assert (point.family, point.settings) == ("tiny", {"width": 8, "price": 2.0})
    assert point.command == "python -m pacviz make tiny-8-2"
    for name, matrix in weights.matrices.items():
        assert (point.network.matrices[name] == matrix).all()


def test_points_are_ordered_by_family_and_folders_that_are_not_there_are_empty(folder, tmp_path):
    listed = points([tmp_path / "nowhere", folder])
    assert [point.name for point in listed] == ["tiny-4-1", "tiny-6-1", "tiny-6-2", "tiny-8-1", "tiny-8-2", "d500"]
    assert problems([tmp_path / "nowhere", folder]) == ()


def test_of_two_files_of_one_name_the_later_folder_counts(folder, tmp_path):
    save(tmp_path, "tiny-8-1", 8, errors=600)
    assert [point.error for point in points([folder, tmp_path]) if point.name == "tiny-8-1"] == [600 / N]


def test_shipped_points_and_those_of_the_cache_are_found_by_themselves(cache, monkeypatch):
    assert module.folders()[1] == cache / "tight"
    save(cache / "tight", "mine", 4)
    try:
        assert any(point.name == "mine" for point in points())
    finally:
        (cache / "tight" / "mine.pacviz").unlink()


def rewritten(file, **changes):
    archive = Archive.from_bytes(file.read_bytes())
    file.write_bytes(dataclasses.replace(archive, **changes).to_bytes())


def header(file):
    return json.loads(json.dumps(Archive.from_bytes(file.read_bytes()).header))


def cut_short(file):
    file.write_bytes(file.read_bytes()[:-5])


def without_a_story(file):
    rewritten(file, header={name: value for name, value in header(file).items() if name != "made"})


def of_another_family(file):
    told = header(file)
    told["made"]["family"] = "giants"
    rewritten(file, header=told)


def with_a_better_bound(file):
    told = header(file)
    told["certificate"]["bound"] = 0.01
    rewritten(file, header=told)


def with_a_smaller_ledger(file):
    """Consistent in itself, but the code is longer than that."""
    told = header(file)
    told["certificate"]["ledger"][1]["bits"] -= 100
    told["certificate"] = json.loads(Certificate.from_dict(told["certificate"]).to_json())
    rewritten(file, header=told)


def without_a_ledger(file):
    told = header(file)
    del told["certificate"]["ledger"]
    rewritten(file, header=told)


def of_another_network(file):
    rewritten(file, code=b"nothing like it")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (cut_short, "cut short"),
        (without_a_story, "nothing about it"),
        (of_another_family, "'giants'"),
        (with_a_better_bound, "as bound it claims 0.01"),
        (with_a_smaller_ledger, "does not hold"),
        (without_a_ledger, "has no entry 'ledger'"),
        (of_another_network, "no valid certificate"),
    ],
)
def test_a_broken_file_is_left_out_with_a_sentence(damage, said, tmp_path):
    save(tmp_path, "good", 4)
    damage(save(tmp_path, "bad", 4))
    assert [point.name for point in points([tmp_path])] == ["good"]
    (problem,) = problems([tmp_path])
    assert said in problem
    assert str(tmp_path / "bad.pacviz") in problem
    assert problem.endswith(".")


def test_a_file_that_was_made_again_is_read_again(tmp_path):
    file = save(tmp_path, "point", 4, errors=900)
    assert points([tmp_path])[0].error == 900 / N
    save(tmp_path, "point", 4, errors=1200)
    assert points([tmp_path])[0].error == 1200 / N
    file.unlink()
    assert points([tmp_path]) == ()


def test_the_best_point_has_the_smallest_bound_and_no_other_beats_those_of_the_frontier(folder):
    listed = points([folder])
    assert best(listed).bound == min(point.bound for point in listed)
    kept = pareto(listed)
    assert best(listed) in kept
    for point in listed:
        beaten = any(
            other.error <= point.error and other.bytes <= point.bytes and other is not point for other in listed
        )
        assert (point in kept) == (not beaten)
    assert [point.error for point in kept] == sorted(point.error for point in kept)


def test_a_slider_moves_along_the_runs_that_are_most_alike(folder):
    listed = points([folder])
    point = named(folder, "tiny-8-2")
    by_width = along(listed, point, "width")
    assert {width: run.name for width, run in by_width.items()} == {4: "tiny-4-1", 6: "tiny-6-2", 8: "tiny-8-2"}
    assert list(by_width) == [4, 6, 8]
    assert [run.name for run in along(listed, point, "price").values()] == ["tiny-8-1", "tiny-8-2"]
    assert adjustable(listed, point) == ("width", "price")


def test_what_was_recorded_once_cannot_be_slid(folder):
    listed = points([folder])
    assert adjustable(listed, named(folder, "d500")) == ()
    assert adjustable(listed, named(folder, "tiny-4-1")) == ("width",)


def test_fewer_errors_are_worth_the_bytes_that_keep_the_bound(folder):
    point = named(folder, "tiny-8-1")
    worth = worth_bytes(point.certificate, 60)
    assert worth > 0
    nats = point.certificate.kl_nats
    assert seeger(point.error - 60 / N, nats + 8 * 0.6931471805599453 * worth, N, 0.05) == pytest.approx(
        point.bound_of_fixed_architecture
    )
    assert worth_bytes(certificate(integers("tiny-4"), 10), 60) is None


def test_every_family_says_how_its_points_are_made():
    assert all(family.command.startswith("python -m pacviz reproduce ") for family in FAMILIES.values())


def test_what_is_only_claimed_is_never_the_best_nor_beats_any_nor_is_a_run_of_others(tmp_path):
    file = save(tmp_path, "forged", 8, 1.0, errors=0, verified=False)
    save(tmp_path, "honest", 8, 2.0, errors=1_400)
    listed = points([tmp_path])
    assert {point.name: point.verified for point in listed} == {"forged": False, "honest": True}
    assert best(listed).name == "honest"
    assert [point.name for point in pareto(listed)] == ["honest"]
    assert adjustable(listed, best(listed)) == ()
    assert verified_here(file) is None
    assert best([point for point in listed if not point.verified]) is None


def test_a_file_that_was_verified_here_becomes_a_point_and_one_that_failed_is_left_out(tmp_path):
    file = save(tmp_path, "claim", 8, errors=0, verified=False)
    keep(file.read_bytes(), Outcome("The certificate does not hold: 986 was found."))
    assert points([tmp_path]) == ()
    assert "986 was found" in problems([tmp_path])[0]
    keep(file.read_bytes(), Outcome())
    assert points([tmp_path])[0].verified
    assert verified_here(file).ok
    save(tmp_path, "claim", 8, errors=1, verified=False)
    assert not points([tmp_path])[0].verified


def test_a_verified_point_shows_the_counts_that_prove_its_bound_and_not_those_that_its_file_claims(tmp_path):
    file = save(tmp_path, "claim", 8, errors=1_000, verified=False)
    keep(file.read_bytes(), Outcome(train=RiskEstimate("exact", 1_003, N, 0.0, None, 2)))
    (point,) = points([tmp_path])
    assert point.error == 1_005 / N
    assert point.bound == certificate(integers("tiny-8"), 1_005).bound_with_architecture


def test_a_claim_under_the_name_of_a_verified_point_takes_nothing_from_it(tmp_path):
    save(tmp_path / "shipped", "record", 8, errors=1_400)
    save(tmp_path / "cache", "record", 8, errors=0, verified=False)
    (tmp_path / "cache" / "other.pacviz").write_bytes(b"pacviz")
    save(tmp_path / "shipped", "other", 8, errors=1_500)
    places = [tmp_path / "shipped", tmp_path / "cache"]
    assert {point.name: point.verified for point in points(places)} == {
        "other": True,
        "record": True,
        "record-claimed": False,
    }
    assert best(points(places)).error == 1_400 / N
    assert len(problems(places)) == 1
    keep((tmp_path / "cache" / "record.pacviz").read_bytes(), Outcome())
    assert {point.name: point.error for point in points(places)}["record"] == 0


def test_what_may_be_wrong_more_often_than_the_record_is_not_the_best(tmp_path):
    save(tmp_path, "usual", 8, errors=1_400)
    save(tmp_path, "daring", 8, errors=1_400, delta=0.9)
    listed = points([tmp_path])
    assert named(tmp_path, "daring").bound < named(tmp_path, "usual").bound
    assert best(listed).name == "usual"
    assert [point.name for point in pareto(listed)] == ["usual"]


def test_the_list_of_what_ships_names_exactly_the_files_that_ship():
    """After a change of the files: cd assets/tight && sha256sum *.pacviz > SHA256SUMS, and the slow test below."""
    files = sorted(module.folders()[0].glob("*.pacviz"))
    assert len(files) >= 20
    assert {hashlib.sha256(file.read_bytes()).hexdigest() for file in files} == shipped()
    assert all(point.verified for point in points([module.folders()[0]]))


@pytest.mark.slow
@pytest.mark.parametrize("file", sorted(module.folders()[0].glob("*.pacviz")), ids=lambda file: file.stem)
def test_every_file_that_ships_is_verified_from_its_bytes_and_the_data(file, real_data, monkeypatch):
    monkeypatch.setenv("PACVIZ_DATA", str(real_data))
    verification = verify(read(file))
    assert verification.ok, verification.problem
