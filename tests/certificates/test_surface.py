"""A surface holds what `certify` would measure at its points, survives interruption, and belongs to one set of weights."""

import gzip
import json

import pytest

from pacviz import PacvizError, Scenario, certify, data
from pacviz.certificates import budget, surface
from pacviz.certificates.surface import Grid
from pacviz.risk import counting

SCENARIO = Scenario(sparsity=0.985, bits=2)
GRID = Grid((0.985, 0.995), (2,), (0.0, 0.05))


@pytest.fixture(scope="module")
def recorded():
    return surface.sweep(SCENARIO, GRID)


@pytest.mark.parametrize("noise", [0, 1])
def test_a_recorded_point_is_what_certify_measures(recorded, noise):
    point = SCENARIO.but(noise=GRID.noise[noise])
    certificate = certify(point, preview=noise > 0)
    result, expected = recorded.at(0, 0, noise), surface.cell(certificate.measurement, certificate.layers)
    assert result.train == expected.train
    assert result.share == (0 if noise == 0 else budget.RISK)
    assert result.code_bytes == certificate.measurement.code_bytes
    assert result.nonzeros == certificate.measurement.nonzeros
    assert result.bits == pytest.approx(certificate.ledger.bits, abs=16)


def test_a_family_is_recorded_where_its_networks_are_and_a_single_network_everywhere():
    asked = Grid((0.9, 0.93, 0.95, 0.96, 0.97, 0.975, 0.98, 0.985), (2,), (0.0,))
    assert surface.distinct(SCENARIO, asked).sparsity == (0.9, 0.95, 0.97, 0.985)
    assert surface.distinct(SCENARIO.but(checkpoint="plain"), asked) == asked


def test_the_parts_of_a_point_sum_to_what_the_bound_pays(recorded):
    for cell in recorded.cells:
        assert sum(map(sum, cell.parts)) == pytest.approx(cell.bits, abs=2)


def test_a_surface_comes_back_from_its_file(recorded, tmp_path):
    file = surface.save(recorded, tmp_path)
    again = surface.load(file)
    assert again.grid == recorded.grid
    assert [cell.train for cell in again.cells] == [cell.train for cell in recorded.cells]
    assert again.at(1, 0, 1).bits == pytest.approx(recorded.at(1, 0, 1).bits, abs=0.1)


def test_an_interrupted_recording_goes_on_where_it_stopped(monkeypatch):
    unknown, grid, counted = SCENARIO.but(checkpoint="plain"), Grid((0.9911, 0.9971), (5,), (0.0,)), []
    real = counting.exact_risk

    def interrupted(network, split, progress=None):
        counted.append(network.nonzeros)
        if len(counted) == 3:
            raise KeyboardInterrupt
        return real(network, split, progress)

    monkeypatch.setattr(counting, "exact_risk", interrupted)
    with pytest.raises(KeyboardInterrupt):
        surface.sweep(unknown, grid)
    counted.clear()
    counted.extend([0] * 3)
    surface.sweep(unknown, grid)
    assert len(counted) == 3 + 2


def test_only_the_surface_of_these_very_weights_is_found(recorded, tmp_path, monkeypatch):
    monkeypatch.setattr(surface, "SHIPPED", tmp_path)
    file = surface.save(recorded, tmp_path)
    match = surface.find(SCENARIO)
    assert match is not None
    assert match[0].weights == surface.fingerprint(SCENARIO, GRID)
    assert match[0].weights != surface.fingerprint(SCENARIO.but(checkpoint="plain"), GRID)
    assert surface.find(SCENARIO.but(pruning="layer")) is None
    assert surface.find(SCENARIO.but(input_high=2)) is None
    values = json.loads(gzip.decompress(file.read_bytes())) | {"weights": "others"}
    file.write_bytes(gzip.compress(json.dumps(values).encode()))
    assert surface.find(SCENARIO) is None


@pytest.mark.parametrize(
    "content",
    [b"", b"no gzip", gzip.compress(b"{}"), gzip.compress(b'{"format": 0}')],
    ids=["empty", "no gzip", "no surface", "another format"],
)
def test_a_broken_file_is_refused_in_a_sentence_and_never_shown(content, tmp_path, monkeypatch):
    monkeypatch.setattr(surface, "SHIPPED", tmp_path)
    file = surface.path(SCENARIO, tmp_path)
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    with pytest.raises(PacvizError, match="make it again"):
        surface.load(file)
    assert surface.find(SCENARIO) is None


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"sparsity": (0.9, 0.5)}, "sparsity must be a few values in ascending order"),
        ({"bits": ()}, "bits must be a few values"),
        ({"noise": (0.0, 0.9)}, "noise must be from 0 to 0.2, got 0.9"),
        ({"draws": 0}, "draws must be a whole number from 1"),
    ],
)
def test_a_grid_that_cannot_be_is_refused(values, words):
    with pytest.raises(PacvizError, match=words):
        Grid(**values)


def test_what_is_known_along_an_axis_is_a_surface_too():
    certificates = [certify(SCENARIO.but(bits=bits)) for bits in (3, 2)]
    line = surface.along(certificates, "bits")
    assert line.grid.shape == (1, 2, 1)
    assert line.grid.bits == (2, 3)
    assert line.at(0, 1, 0).bits == pytest.approx(certificates[0].ledger.bits, abs=0.01)
    assert surface.along([], "bits") is None


@pytest.mark.slow
@pytest.mark.parametrize("on", ["local", "dask"])
def test_whoever_does_the_work_it_ends_with_the_same_surface(on):
    if on == "dask":
        pytest.importorskip("distributed")
    grid = Grid((0.985, 0.995), (2,), (0.0,))
    here = surface.sweep(SCENARIO, grid)
    for unit in surface.plan(SCENARIO, grid).units:
        unit.place.unlink()
    assert surface.sweep(SCENARIO, grid, on=on) == here


def test_a_surface_of_other_data_than_those_that_are_there_counts_as_none(monkeypatch):
    mnist = Scenario(data="mnist")
    official = data.source("mnist").official
    monkeypatch.setattr(data, "fingerprints", lambda name: official)
    match = surface.find(mnist)
    assert match is not None
    assert match[0].sample == official[0]
    monkeypatch.setattr(data, "fingerprints", lambda name: ("another", "another"))
    assert surface.find(mnist) is None


def test_a_surface_of_the_former_format_comes_back_with_what_its_intervals_were_given(recorded):
    values = recorded.to_dict()
    former = {name: value for name, value in values.items() if name not in ("sample", "cells")} | {"format": 2}
    cells = {name: column for name, column in values["cells"].items() if name != "share"}
    cells["exact"] = [int(share == 0) for share in values["cells"]["share"]]
    again = surface.Surface.from_dict({**former, "cells": cells})
    assert again.to_dict() == values
