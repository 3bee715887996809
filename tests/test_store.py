"""Files are written whole or not at all, and a folder that cannot be written is a sentence."""

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
