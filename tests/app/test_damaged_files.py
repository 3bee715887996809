"""Damaged files of the cache: each page says which it was, sets it aside and goes on without it."""

import dataclasses
import json
import sqlite3
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pacviz import store
from pacviz.experiments.random_labels import files
from pacviz.library import checkpoints
from pacviz.training import records

APP = str(Path(__file__).parents[2] / "app.py")


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path))
    return tmp_path


def opened(page, **query):
    app = AppTest.from_file(APP, default_timeout=300)
    app.switch_page(f"pages/{page}.py")
    for name, value in query.items():
        app.query_params[name] = str(value)
    app.run()
    assert not app.exception
    assert not app.error
    return app


RECORDINGS = {
    "cut": lambda text: text[: len(text) // 2],
    "empty": lambda text: "",
    "a list": lambda text: "[]",
    "nested": lambda text: "[" * 100_000,
    "text for numbers": lambda text: text.replace('"errors":0', '"errors":"none"'),
    "null": lambda text: text.replace('"errors":0', '"errors":null'),
    "a later setting": lambda text: text.replace('"experiment":{', '"experiment":{"later":1,'),
}


@pytest.mark.parametrize("damage", RECORDINGS)
def test_a_damaged_recording_is_set_aside_and_the_others_are_read(own_cache, damage):
    path = own_cache / "randomization" / "odd.json"
    path.parent.mkdir()
    text = sorted(files.SHIPPED.glob("*.json"))[0].read_text(encoding="utf-8")
    path.write_text(RECORDINGS[damage](text))
    assert path.read_text() != text
    assert "odd" not in files.sound()
    assert len(files.sound()) >= 2
    assert path.with_name("odd.json.damaged").exists()
    assert str(path) in store.notices()[-1]


def test_the_page_of_random_labels_goes_on_without_a_damaged_recording(own_cache):
    path = own_cache / "randomization" / "odd.json"
    path.parent.mkdir()
    path.write_text("[" * 100_000)
    assert opened("labels", labels_name="odd").get("plotly_chart")


@pytest.fixture
def done():
    """A run that is done, with its measurements."""
    run, rows = next(iter(records.recorded().values()))
    with records.transaction() as database:
        records.enqueue(database, run)
    records.mark(run.id, "done")
    records.add(run.id, rows[:50])
    return run.id


ROWS = {
    "metrics NULL": "UPDATE metrics SET loss = NULL WHERE step % 2 = 0",
    "metrics text": "UPDATE metrics SET accuracy = 'high'",
    "a column missing": "ALTER TABLE metrics DROP COLUMN density",
    "a column of runs missing": "ALTER TABLE runs DROP COLUMN message",
    "a column too many": "ALTER TABLE runs ADD COLUMN later TEXT",
    "a state of a later version": "UPDATE runs SET state = 'paused'",
    "a setting of a later version": """UPDATE runs SET training = '{"later": 1}'""",
    "no JSON": "UPDATE runs SET training = '{'",
    "nested": f"UPDATE runs SET training = '{'[' * 100_000}'",
    "queued text": "UPDATE runs SET queued = 'yesterday'",
    "training NULL": "DROP TABLE runs; CREATE TABLE runs (id TEXT, training TEXT); INSERT INTO runs VALUES ('a/b/c', NULL)",
}


@pytest.mark.parametrize("damage", ROWS)
def test_damaged_rows_are_left_out_and_runs_are_listed_and_kept_as_before(own_cache, done, damage):
    with sqlite3.connect(own_cache / store.RESULTS) as database:
        database.executescript(ROWS[damage])
    listed = records.listing()
    assert [run.id for run in listed] in ([done], [])
    for run in listed:
        assert all(isinstance(row.loss, float) for row in records.metrics(run.id))
    run, rows = next(iter(records.recorded().values()))
    with records.transaction() as database:
        records.enqueue(database, run)
    records.add(done, rows[:3])
    assert [one.id for one in records.listing()] == [done]
    assert len(records.metrics(done)) >= 3


@pytest.mark.parametrize("damage", ["metrics NULL", "a state of a later version"])
def test_the_page_of_trainings_goes_on_without_damaged_rows(own_cache, done, damage):
    with sqlite3.connect(own_cache / store.RESULTS) as database:
        database.executescript(ROWS[damage])
    assert len(opened("train").get("plotly_chart")) == 4


def test_runs_of_before_keep_their_rows_folder_and_checkpoint_under_their_name_of_now(own_cache):
    run, _ = next(iter(records.recorded().values()))
    old = f"{run.training.model}-{run.training.data}-{run.training.name}"
    with store.transaction() as database:
        database.execute(
            "CREATE TABLE runs (id TEXT PRIMARY KEY, training TEXT NOT NULL, folder TEXT, state TEXT NOT NULL,"
            " message TEXT NOT NULL, stop INTEGER NOT NULL, pid INTEGER, queued REAL NOT NULL)"
        )
        database.execute(f"CREATE TABLE metrics (run TEXT, {records._COLUMNS}, PRIMARY KEY (run, step))")
        training = json.dumps(run.training.to_dict())
        database.execute("INSERT INTO runs VALUES (?, ?, NULL, 'stopped', '', 0, NULL, 1.0)", (old, training))
    (own_cache / "runs" / old).mkdir(parents=True)
    (own_cache / "runs" / old / "resume.pt").write_text("half done")
    assert [one.id for one in records.listing()] == [run.id]
    assert records.find(old).id == run.id
    assert records.find(run.id).resume_file.read_text() == "half done"


def test_a_half_copied_member_of_a_family_takes_no_page_down(own_cache):
    plain = checkpoints.find("lenet5", "digits", "plain")
    for percent in ("20", "10"):
        path = checkpoints.save(dataclasses.replace(plain, name=f"slow-{percent}"))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    scenario = {"data": "digits", "model": "lenet5", "checkpoint": "gradual"}
    assert opened("compress", **scenario)
    assert opened("frontier", frontier_data="digits", frontier_model="lenet5")


def test_a_link_that_leads_nowhere_is_set_aside_on_the_page_of_points(own_cache):
    (own_cache / "tight").mkdir()
    (own_cache / "tight" / "gone.pacviz").symlink_to(own_cache / "nowhere")
    assert opened("tightest").get("plotly_chart")
    assert (own_cache / "tight" / "gone.pacviz.damaged").is_symlink()
