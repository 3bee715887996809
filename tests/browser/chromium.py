"""The browser of the browser tests: found and tried; where none works, installed by whatever means this machine allows.

`python tests/browser/chromium.py` says what it does.  It ends well whatever comes of it, for without a browser every other
test can still be run (`make test` then ends with an error, unless BROWSER=none asked for that).
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import NamedTuple

from playwright.sync_api import Browser, Error, Playwright, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PACKAGES = {
    "apt-get": (("update", "-qq"), ("install", "-y", "-qq", "chromium", "fonts-dejavu-core")),
    "dnf": (("install", "-y", "-q", "chromium", "dejavu-sans-fonts"),),
    "pacman": (("-Sy", "--noconfirm", "chromium", "ttf-dejavu"),),
    "zypper": (("--non-interactive", "install", "chromium", "dejavu-fonts"),),
}
"""By package manager: the commands that install Chromium and a font that has every symbol of the formulas."""
LONGEST = 600
"""Seconds that a way to install a browser may take."""


class Way(NamedTuple):
    """A way to a browser: what is said of it, and its commands."""

    words: str
    commands: list[list[str]]


def unwanted() -> bool:
    """Whether the browser tests are left out on purpose."""
    return os.environ.get("BROWSER") == "none"


def launch(playwright: Playwright) -> Browser:
    """The system's Chromium where it starts, else Playwright's own.  Raises Error where neither does."""
    for program in filter(None, map(shutil.which, PROGRAMS)):
        try:
            return playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        except Error as error:
            print(f"{program} does not start: {_first_line(error)}")
    return playwright.chromium.launch(args=ARGUMENTS)


def problem() -> str | None:
    """Why no browser shows a page here; None where one does."""
    with sync_playwright() as playwright:
        try:
            browser = launch(playwright)
            page = browser.new_page()
            page.set_content("<h1>here</h1>")
            browser.close()
        except Error as error:
            return _first_line(error)
    return None


def ways() -> Iterator[Way]:
    """The ways to a browser, the quickest first: the system's package manager where it may be used, then Playwright's."""
    superuser = _superuser()
    manager = next(filter(shutil.which, PACKAGES), None)
    if manager and superuser is not None:
        commands = [[*superuser, manager, *arguments] for arguments in PACKAGES[manager]]
        yield Way(f"installing the system's Chromium by {manager}: one to three minutes", commands)
    playwright = [sys.executable, "-m", "playwright", "install"]
    if superuser is not None:
        words = "downloading Playwright's Chromium with the system libraries that it needs: one to five minutes"
        yield Way(words, [[*playwright, "--with-deps", "chromium"]])
    yield Way("downloading Playwright's Chromium: one to three minutes", [[*playwright, "chromium"]])


def main() -> None:
    if unwanted():
        print("BROWSER=none: the browser tests are left out.")
        return
    reason = problem()
    if reason is None:
        return
    print(f"No browser starts here yet ({reason}).")
    for way in ways():
        print(f"Now {way.words} …", flush=True)
        if all(map(_succeeds, way.commands)) and (reason := problem()) is None:
            print("A browser is there.")
            return
    print(
        f"No browser could be installed ({reason}). Everything else is tested now, and the run then ends with an error; "
        "install Chromium by hand, or say BROWSER=none to leave the browser tests out."
    )


def _succeeds(command: list[str]) -> bool:
    """Runs a command; says how it failed where it did."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LONGEST
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"  did not work: {error}")
        return False
    if done.returncode:
        said = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        print(f"  did not work: {' '.join(command)}: {' / '.join(said[-2:])[:300]}")
    return not done.returncode


def _superuser() -> list[str] | None:
    """What to write before a command that changes the system; None where that takes a password or is not possible."""
    if not hasattr(os, "geteuid"):
        return None
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and not subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode:
        return ["sudo", "-n"]
    return None


def _first_line(error: Error) -> str:
    lines = [line.strip(" ║╔╗╚╝═") for line in error.message.splitlines()]
    return next((line for line in lines if line), "it gave no reason")


if __name__ == "__main__":
    main()
