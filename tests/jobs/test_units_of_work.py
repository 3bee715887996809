"""Units of work: done once, by whomever; a process that dies takes nothing with it; other settings are other units."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from pacviz import PacvizError, store
from pacviz.jobs.executors import DASK, HERE, LOCAL, run
from pacviz.jobs.units import Plan, Unit, table

COUNT = 4
SQUARES = [json.dumps(number**2) for number in range(COUNT)]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path / "cache"))
    # Workers import the work by its name.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parent), str(store.ASSETS.parent)]))
    return tmp_path


def plan(folder, work="square", name="squares", count=COUNT, **more):
    units = (
        Unit("squares", json.dumps([work, number, more]), f"square of {number}", f"chores:{work}",
             {"folder": str(folder), "number": number}, 1.0)
        for number in range(count)
    )  # fmt: skip
    return Plan.of(name, units)


def with_total(wanted, folder):
    """The plan, and a unit that needs all of its units."""
    last = Unit("totals", "sum", "sum of squares", "chores:total", {"folder": str(folder)}, 1.0, wanted.units)
    return Plan.of("sum", [*wanted.units, last])


TOTAL = json.dumps(sum(number**2 for number in range(COUNT)))


def calls(folder):
    path = folder / "calls"
    return Counter(map(int, path.read_text().split())) if path.exists() else Counter()


@pytest.mark.parametrize("on", [HERE, LOCAL])
def test_every_unit_is_done_once_and_read_afterwards_and_after_those_that_it_needs(cache, on):
    assert run(with_total(plan(cache), cache), on) == [*SQUARES, TOTAL]
    assert run(with_total(plan(cache), cache), on) == [*SQUARES, TOTAL]
    assert calls(cache) == Counter(range(COUNT))
    assert (cache / "totals").read_text() == "total\n"


def test_a_unit_that_is_asked_for_alone_does_what_it_needs_and_depends_on_it(cache):
    last = with_total(plan(cache), cache).units[-1]
    assert last.do() == TOTAL
    assert calls(cache) == Counter(range(COUNT))
    assert with_total(plan(cache, price=2), cache).units[-1].id != last.id


def test_a_worker_that_dies_takes_nothing_with_it(cache):
    wanted = plan(cache, "die_once")
    assert run(wanted, LOCAL) == SQUARES
    kept = (cache / "died-1").read_text().split()
    finished = [number for number, unit in enumerate(wanted.units) if unit.place.stem in kept]
    # What others were doing when it died is done anew; what they had finished is not.
    assert finished
    assert [calls(cache)[number] for number in finished] == [1] * len(finished)


def test_a_unit_that_fails_says_so_and_the_others_are_kept(cache):
    good, bad = plan(cache), plan(cache, "refuse")
    with pytest.raises(ValueError, match="there is no square of 0"):
        run(Plan.of("mixed", [*good.units, bad.units[0]]), HERE)
    assert all(unit.result() for unit in good.units)
    assert bad.units[0].result() is None


@pytest.mark.parametrize("on", ["nowhere", "127.0.0.1:1"])
def test_an_executor_that_is_not_there_is_a_sentence(cache, on, monkeypatch):
    monkeypatch.setattr("pacviz.jobs.cluster.SECONDS_TO_CONNECT", 1)
    with pytest.raises(PacvizError, match=r"must be here, local, dask|No Dask scheduler answers at"):
        run(plan(cache), on)


def test_the_plan_tells_what_is_done_and_what_the_rest_costs(cache):
    first = plan(cache)
    assert (len(first.missing), first.seconds) == (COUNT, COUNT)
    first.units[2].do()
    again = plan(cache)
    assert (len(again.missing), again.seconds) == (COUNT - 1, COUNT - 1)
    assert [row["done"] for row in again.to_dict()["units"]] == [False, False, True, False]
    assert table(again.units).splitlines()[2].startswith("done")
    assert "1 of 4 units are done, 3 are missing" in again.sentence


def test_other_settings_are_other_units_and_the_plan_says_so(cache):
    run(plan(cache), HERE)
    assert plan(cache).changed == 0
    other = plan(cache, price=2)
    assert len(other.missing) == other.changed == COUNT
    assert "do not belong to these settings" in other.sentence
    run(other, HERE)
    assert calls(cache) == Counter(dict.fromkeys(range(COUNT), 2))


def began(folder, number):
    limit = time.monotonic() + 60
    path = folder / f"began-{number}"
    while not (path.exists() and path.read_text()):
        assert time.monotonic() < limit, f"unit {number} did not begin"
        time.sleep(0.05)
    return int(path.read_text())


DRIVER = """
import sys; sys.path.insert(0, {here!r})
from test_units_of_work import plan
from pathlib import Path
from pacviz.jobs.executors import run
if __name__ == "__main__":
    run(plan(Path(sys.argv[1]), "wait_for_go"), sys.argv[2])
"""


@pytest.mark.parametrize("on", [LOCAL, DASK])
def test_a_killed_driver_leaves_its_finished_units_and_no_worker(cache, on):
    script = cache / "driver.py"
    script.write_text(DRIVER.format(here=str(Path(__file__).parent)))
    driver = subprocess.Popen([sys.executable, str(script), str(cache), on], cwd=store.ASSETS.parent)
    worker = began(cache, 1)
    limit = time.monotonic() + 30
    while plan(cache, "wait_for_go").units[0].result() is None and time.monotonic() < limit:
        time.sleep(0.05)
    driver.kill()
    driver.wait()
    while Path(f"/proc/{worker}").exists() and time.monotonic() < limit:
        time.sleep(0.05)
    assert not alive(worker)
    (cache / "go").touch()
    left = plan(cache, "wait_for_go")
    assert len(left.done) == 1
    assert run(left, LOCAL) == SQUARES
    assert calls(cache) == Counter(range(COUNT))


def alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_two_processes_never_do_the_same_unit(cache):
    (cache / "go").touch()
    script = cache / "driver.py"
    script.write_text(DRIVER.format(here=str(Path(__file__).parent)))
    drivers = [
        subprocess.Popen([sys.executable, str(script), str(cache), HERE], cwd=store.ASSETS.parent) for _ in range(2)
    ]
    assert [driver.wait(timeout=120) for driver in drivers] == [0, 0]
    assert calls(cache) == Counter(range(COUNT))


def test_a_cluster_of_two_workers_of_which_one_is_killed_on_the_way(cache):
    pytest.importorskip("distributed")
    wanted = with_total(plan(cache, "wait_for_go"), cache)
    import threading

    def kill():
        os.kill(began(cache, 1), signal.SIGKILL)
        (cache / "go").touch()

    killer = threading.Thread(target=kill)
    killer.start()
    assert run(wanted, DASK) == [*SQUARES, TOTAL]
    killer.join()
    assert set(calls(cache)) == set(range(COUNT))


def test_a_damaged_result_is_set_aside_and_worked_out_again(cache):
    wanted = plan(cache)
    run(wanted, HERE)
    wanted.units[1].place.write_text("[1, 2")
    assert wanted.units[1].result() is None
    assert run(plan(cache), HERE) == SQUARES
    assert calls(cache)[1] == 2
