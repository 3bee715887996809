"""A server that strangers share, in Streamlit's own protocol: what it refuses, and what one visitor may take."""

import pytest

from pacviz.benchmarks import visitors
from pacviz.benchmarks.app import memory, serve
from tests.app.visitors import Visitor


@pytest.fixture(scope="module")
def server(cache):
    with serve({"PACVIZ_DATA": str(cache / "no-data")}) as (address, process):
        yield address, process


def test_files_that_no_page_asks_for_are_refused_and_leave_nomemory_behind(server):
    address, process = server
    visitor = Visitor(address)
    visitor.open("bounds")
    before = memory(process, "VmRSS")
    assert [visitor.upload(f"f{index}", 60_000_000) for index in range(6)] == [413] * 6
    assert visitor.upload("small", 1000) == 413
    assert memory(process, "VmRSS") < before + 100
    visitor.close()


@pytest.mark.slow
def test_the_benchmark_of_two_visitors_finds_every_button_that_it_presses_and_ends(monkeypatch, capsys):
    monkeypatch.setattr(visitors, "SECONDS", 0.1)
    pressing = ["random labels", "trials", "trainings", "uploads"]
    by_work = visitors.visitors_benchmark(None, pressing)["while_another_does"]
    assert list(by_work) == ["nothing", *pressing]
    assert all(one["first_answer_s"]["median"] > 0 for one in by_work.values())
    assert [line.split(":")[0] for line in capsys.readouterr().err.splitlines()] == list(by_work)
