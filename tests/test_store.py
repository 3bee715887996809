"""Files are written whole or not at all, and a folder that cannot be written is a sentence."""

import hashlib
import json
import os
import sqlite3
import threading
from pathlib import Path

import pytest

from pacviz import store
from pacviz.errors import PacvizError


def test_a_written_file_is_whole_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "new" / "folder" / "file"
    store.write_atomic(path, lambda temporary: temporary.write_text("all of it"))
    assert path.read_text() == "all of it"
    assert list(path.parent.iterdir()) == [path]


def test_nobody_sees_a_half_written_file(tmp_path):
    path = tmp_path / "file"
    path.write_text("before")
    seen = []

    def write(temporary: Path) -> None:
        temporary.write_text("aft")
        seen.append(path.read_text())
        temporary.write_text("after")

    store.write_atomic(path, write)
    assert seen == ["before"]
    assert path.read_text() == "after"


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_a_failed_writer_leaves_the_old_file_and_nothing_else(tmp_path, failure):
    path = tmp_path / "file"
    path.write_text("before")

    def write(temporary: Path) -> None:
        temporary.write_text("half")
        raise failure

    with pytest.raises(failure):
        store.write_atomic(path, write)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_made_is_a_sentence_that_says_what_to_do(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(PacvizError, match=r"cannot be written .* PACVIZ_CACHE"):
        store.write_atomic(tmp_path / "file" / "below", lambda temporary: temporary.touch())


def test_a_full_disk_is_a_sentence_and_leaves_nothing(tmp_path):
    def write(temporary: Path) -> None:
        temporary.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(PacvizError, match=r"No space left on device.*free some space"):
        store.write_atomic(tmp_path / "file", write)
    assert list(tmp_path.iterdir()) == []


def test_the_environment_chooses_the_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("PACVIZ_DATA", raising=False)
    assert store.cache_dir() == tmp_path / "cache"
    assert store.data_dir() == tmp_path / "cache" / "data"
    monkeypatch.setenv("PACVIZ_DATA", str(tmp_path / "data"))
    assert store.data_dir() == tmp_path / "data"
    monkeypatch.delenv("PACVIZ_CACHE")
    assert store.cache_dir().name == "pacviz"


def test_an_empty_variable_is_as_good_as_unset_and_paths_know_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PLACE", "here")
    for empty in ("", " "):
        monkeypatch.setenv("PACVIZ_CACHE", empty)
        monkeypatch.setenv("PACVIZ_DATA", empty)
        assert store.cache_dir().name == "pacviz"
        assert store.data_dir() == store.cache_dir() / "data"
    monkeypatch.setenv("PACVIZ_CACHE", "~/$PLACE/cache")
    assert store.cache_dir() == tmp_path / "here" / "cache"
    with pytest.raises(PacvizError, match="no home folder '~nobody-of-that-name'"):
        store.given_path("~nobody-of-that-name/x")


def test_names_are_never_joined(tmp_path):
    assert store.shelf(tmp_path, "cifar10", "net", "jpeg-a") != store.shelf(tmp_path, "cifar10-jpeg", "net", "a")
    for name in ("", "..", ".hidden", "a/b", "a\\b", "c:d", "a\0", "a" * 201):
        with pytest.raises(PacvizError, match="cannot be the name of a file"):
            store.shelf(tmp_path, name)


def test_a_file_keeps_its_mode_and_a_link_is_followed(tmp_path):
    path, link = tmp_path / "file", tmp_path / "link"
    path.write_text("before")
    path.chmod(0o600)
    link.symlink_to(path)
    store.write_atomic(link, lambda temporary: temporary.write_text("after"))
    assert link.is_symlink()
    assert path.read_text() == "after"
    assert path.stat().st_mode & 0o777 == 0o600
    (tmp_path / "ahead").symlink_to(tmp_path / "not yet")
    store.write_atomic(tmp_path / "ahead", lambda temporary: temporary.write_text("new"))
    assert (tmp_path / "not yet").read_text() == "new"


def test_what_is_no_file_is_written_into_and_a_folder_is_a_sentence(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    store.write_atomic(pipe, lambda temporary: temporary.write_text("through"))
    reader.join()
    assert read == ["through"]
    assert pipe.is_fifo()
    for ask in (lambda: store.write_atomic(tmp_path, Path.touch), lambda: store.require_place(tmp_path)):
        with pytest.raises(PacvizError, match="is a folder; name a file in it"):
            ask()


@pytest.mark.parametrize("name", ["a" * 256, "b" * 250 + "/" + "c" * 300])
def test_a_name_that_is_too_long_is_refused_before_the_work(tmp_path, name):
    with pytest.raises(PacvizError, match="too long"):
        store.require_place(tmp_path / name)
    store.require_place(tmp_path / ("d" * 255))
    store.write_atomic(tmp_path / ("d" * 255), lambda temporary: temporary.write_text("fits"))


DAMAGES = [b"", b"\0" * 100, bytes(range(99, 199)), b"[" * 100_000, b"{}", b'{"number": "text"}', b'{"number": null}']


@pytest.mark.parametrize("content", DAMAGES, ids=range(len(DAMAGES)))
def test_a_damaged_file_of_the_cache_is_named_and_set_aside_and_one_elsewhere_stays(tmp_path, monkeypatch, content):
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path / "cache"))

    def number(path):
        return 1 + json.loads(path.read_text())["number"]

    for folder in (tmp_path / "cache" / "numbers", tmp_path / "elsewhere"):
        folder.mkdir(parents=True)
        path = folder / "number.json"
        for _ in range(2):
            path.write_bytes(content)
            with pytest.raises(store.Damaged, match=r"number.json cannot be read as a number \(.*; make it again\.$"):
                store.read(path, number, "a number", "make it again")
        if folder.name == "numbers":
            assert not path.exists()
            assert {file.name for file in folder.iterdir()} == {"number.json.damaged", "number.json.damaged-2"}
            assert str(path) in store.notices()[-1]
        else:
            assert path.read_bytes() == content
            assert store.files(folder, "*.json") == []
            path.write_text('{"number": 1}')
            os.utime(path, (1, 1))
            assert store.files(folder, "*.json") == [path]
            assert store.read(path, number, "a number", "make it again") == 2


def test_what_is_missing_or_of_another_version_is_not_set_aside(tmp_path, monkeypatch):
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path))
    with pytest.raises(PacvizError, match=r"No such file or directory\); make it again\.$"):
        store.read(tmp_path / "absent", Path.read_text, "a text", "make it again")
    (tmp_path / "newer").write_text("2")

    def parse(path):
        raise PacvizError("It is of version 2.")

    with pytest.raises(PacvizError, match="It is of version 2"):
        store.read(tmp_path / "newer", parse, "a text", "make it again")
    assert (tmp_path / "newer").exists()


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path))
    store.remember("key 0", "1" * 500)
    with sqlite3.connect(tmp_path / store.RESULTS) as database:  # at once: every `remember` waits for the disk
        keys = [(f"key {index}", "1" * 500) for index in range(300)]
        values = [(key, value, hashlib.sha256(f"{key}\n{value}".encode()).hexdigest()) for key, value in keys]
        database.executemany("INSERT OR REPLACE INTO results VALUES (?, ?, ?)", values)
    return tmp_path / store.RESULTS


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: bytes(range(256)) * 16,
        lambda content: content[: len(content) // 2],
        lambda content: content[:100] + bytes(len(content) - 100),
    ],
    ids=["random", "cut", "zeros"],
)
def test_a_damaged_database_is_set_aside_and_a_new_one_begins(results, damage):
    results.write_bytes(damage(results.read_bytes()))
    for index in range(300):
        store.recall(f"key {index}")
    store.remember("new", "2")
    assert store.recall("new") == "2"
    assert results.with_name(results.name + store.DAMAGED).exists()
    assert "results.sqlite is damaged and is set aside" in store.notices()[-1]
    assert store.problem() is None


def test_a_result_that_was_changed_on_disk_counts_as_none(results):
    with sqlite3.connect(results) as database:
        database.execute("UPDATE results SET value = '2' WHERE key = 'key 1'")
        database.execute("UPDATE results SET value = x'00' WHERE key = 'key 2'")
    assert store.recall("key 1") is store.recall("key 2") is None
    assert store.recall("key 3") == "1" * 500


def test_results_of_before_are_read_and_kept_beside_new_ones(tmp_path, monkeypatch):
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path))
    with sqlite3.connect(tmp_path / store.RESULTS) as database:
        database.execute("CREATE TABLE results (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
        database.execute("INSERT INTO results VALUES ('old', '1')")
    assert store.recall("old") == "1"
    store.remember("new", "2")
    assert (store.recall("old"), store.recall("new")) == ("1", "2")


def test_a_text_that_cannot_be_read_counts_as_none(results):
    store.remember("deep", "[" * 100_000)
    store.remember("null", "null")
    for key in ("deep", "null", "absent"):
        assert store.revive(key, lambda text: json.loads(text)["number"]) is None


def test_a_cache_that_cannot_be_written_keeps_results_in_memory_and_says_so(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path / "file"))
    store.remember("held", "1")
    assert store.recall("held") == "1"
    assert "Results are not kept after this run" in store.problem()
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path))
    assert store.recall("held") is None
    store.remember("other", "1")
    assert store.problem() is None


def test_above_a_size_that_can_be_set_the_oldest_results_make_room(tmp_path, monkeypatch):
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path))
    monkeypatch.setenv("PACVIZ_RESULTS_MB", "0.5")
    text = json.dumps("x" * 10_000)
    for number in range(100):
        store.remember(f"key {number}", text)
        assert store.recall(f"key {number}") == text
        assert (tmp_path / store.RESULTS).stat().st_size <= 0.5e6 + 20_000
    kept = [number for number in range(100) if store.recall(f"key {number}") is not None]
    assert 30 <= len(kept) < 50
    assert kept == list(range(100 - len(kept), 100))
    assert store.problem() is None


def test_evicting_results_leaves_what_else_the_data_base_holds(tmp_path, monkeypatch):
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path))
    with store.transaction() as database:
        database.execute("CREATE TABLE others (value TEXT)")
        database.execute("INSERT INTO others VALUES (?)", ("y" * 50_000,))
    monkeypatch.setenv("PACVIZ_RESULTS_MB", "0.01")
    for number in range(3):
        store.remember(f"key {number}", json.dumps(number))
    assert [store.recall(f"key {number}") for number in range(3)] == [None, None, "2"]
    with store.transaction() as database:
        assert database.execute("SELECT length(value) FROM others").fetchall() == [(50_000,)]


@pytest.mark.parametrize("size", ["much", "0", "-1", "nan"])
def test_a_size_that_is_none_is_a_sentence_and_results_are_held_in_memory(tmp_path, monkeypatch, size):
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path))
    monkeypatch.setenv("PACVIZ_RESULTS_MB", size)
    store.remember("key", "1")
    assert store.recall("key") == "1"
    assert f"PACVIZ_RESULTS_MB is '{size}'; give the megabytes" in store.problem()
