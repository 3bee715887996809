"""A server that strangers share, in Streamlit's own protocol: what it refuses, and what one visitor may take."""

import urllib.request
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
import streamlit as st

from pacviz.app import owner
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


def given(address, cookies=""):
    """The cookies that a page gets before its session begins."""
    request = urllib.request.Request(f"{address}{owner.ASKED}", headers={"Cookie": cookies} if cookies else {})
    with urllib.request.urlopen(request) as answer:
        return [cookie for cookie in answer.headers.get_all("Set-Cookie", []) if cookie.startswith(owner.COOKIE)]


def test_a_browser_without_a_key_gets_one_and_keeps_it(server):
    address, _ = server
    [cookie] = given(address)
    assert "HttpOnly" in cookie
    key = cookie.split(";")[0]
    assert given(address, f"other=1; {key}") == []
    assert len(given(address, f"{owner.COOKIE}=short")) == 1


@pytest.mark.parametrize("key", ["a" * 32, "short", None])
def test_all_sessions_without_a_key_have_one_share_of_the_server_between_them(monkeypatch, key):
    monkeypatch.setattr(owner.st, "context", SimpleNamespace(cookies={owner.COOKIE: key} if key else {}))
    names, shares = [], []
    for _ in range(2):
        monkeypatch.setattr(st, "session_state", {})
        names.append(owner.visitor())
        shares.append(owner.in_turn())
    assert shares[0] == shares[1]
    assert (names[0] == names[1]) == (names == shares) == (key == "a" * 32)


@pytest.mark.slow
def test_the_benchmark_of_two_visitors_finds_every_button_that_it_presses_and_ends(monkeypatch, capsys):
    monkeypatch.setattr(visitors, "SECONDS", 0.1)
    pressing = ["random labels", "trials", "trainings", "uploads"]
    # In a thread: Playwright leaves an event loop in the one of other tests.
    with ThreadPoolExecutor(1) as pool:
        told = pool.submit(visitors.visitors_benchmark, None, pressing).result()
    by_work = told["while_another_does"]
    assert list(by_work) == ["nothing", *pressing]
    assert all(one["first_answer_s"]["median"] > 0 for one in by_work.values())
    assert [line.split(":")[0] for line in capsys.readouterr().err.splitlines()] == list(by_work)
