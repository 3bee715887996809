"""The real app in a real browser: a server of its own, Chromium without a window, and no network beyond this machine."""

from contextlib import ExitStack
from pathlib import Path

import chromium
import pytest
from playwright.sync_api import expect

from pacviz.benchmarks.app import serve

expect.set_options(timeout=60_000)
HERE = ("http://127.0.0.1:", "ws://127.0.0.1:", "file:")


def pytest_collection_modifyitems(items) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def app(cache, browser):
    """The address of a running app."""
    with serve({"PACVIZ_DATA": str(cache / "no-data")}) as (address, _):
        yield address


@pytest.fixture
def new_app(cache, browser):
    """The address of an app that nobody has visited yet."""
    with serve({"PACVIZ_DATA": str(cache / "no-data")}) as (address, _):
        yield address


@pytest.fixture(scope="session")
def browser():
    """Chromium: the system's, else Playwright's own.  Where none starts, tests/conftest.py has the last word."""
    if chromium.unwanted():
        pytest.skip("no browser: BROWSER=none")
    with ExitStack() as stack:
        try:
            started = stack.enter_context(chromium.driven())
        except chromium.NoBrowser as error:
            pytest.skip(f"no browser: none starts ({error})")
        yield started


def is_missing(response) -> bool:
    """A failed response, save those with which Streamlit finds out at which path a page's server lies."""
    return response.status >= 400 and not response.url.endswith(("/_stcore/health", "/_stcore/host-config"))


@pytest.fixture
def page(browser):
    """A page at 1280 x 720 that may talk to this machine only; asking another one, console and page errors fail the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    complaints: list[str] = []

    def stay_here(route) -> None:
        if route.request.url.startswith(HERE):
            route.continue_()
        else:
            complaints.append(route.request.url)
            route.abort()

    context.route("**/*", stay_here)
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("response", lambda response: complaints.append(response.url) if is_missing(response) else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert not [text for text in complaints if "Failed to load resource" not in text], complaints
