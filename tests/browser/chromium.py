"""The browser of the browser tests: found and tried; where none works, installed by whatever means this machine allows.

`python tests/browser/chromium.py` says what it does.  It ends well whatever comes of it, for without a browser every other
test can still be run (`make test` then ends with an error, unless BROWSER=none asked for that).
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from playwright.sync_api import Browser, Error, Playwright, sync_playwright

PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""In this order: the headless shell is the same engine without the browser's own windows, at half the time."""
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
APT = ("install", "-y", "-qq", "fonts-dejavu-core", "libatomic1")
PACKAGES = {
    "apt-get": ((("update", "-qq"), (*APT, "chromium-headless-shell")), ((*APT, "chromium"),)),
    "dnf": ((("install", "-y", "-q", "chromium", "dejavu-sans-fonts", "libatomic"),),),
    "pacman": ((("-Sy", "--noconfirm", "chromium", "ttf-dejavu"),),),
    "zypper": ((("--non-interactive", "install", "chromium", "dejavu-fonts"),),),
}
"""By package manager: its ways, the quickest first, each the commands that install Chromium, a font that has every symbol of
the formulas, and a library that Playwright's own program needs."""
TRY = "--try"
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


class NoBrowser(Exception):
    """Why none can be driven here, in one line."""


@contextmanager
def driven() -> Iterator[Browser]:
    """A browser under Playwright's command.  Raises NoBrowser where none starts, or Playwright itself does not."""
    with ExitStack() as stack:
        try:
            browser = launch(stack.enter_context(sync_playwright()))
        except Exception as error:  # Playwright's driver, a program of its own, may lack a library: that has no type
            raise NoBrowser(_first_line(error)) from error
        stack.callback(browser.close)
        yield browser


def problem() -> str | None:
    """Why no browser shows a page here; None where one does.  Tried in a process of its own, which may be spoilt by it."""
    done = subprocess.run([sys.executable, __file__, TRY], capture_output=True, text=True, timeout=LONGEST)
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    return None if done.returncode == 0 else (lines or [f"exit code {done.returncode}"])[-1]


def attempt() -> None:
    """Shows a page; says why not and ends with an error where that cannot be done."""
    try:
        with driven() as browser:
            browser.new_page().set_content("<h1>here</h1>")
    except (NoBrowser, Error) as error:
        print(_first_line(error))
        sys.exit(1)


def ways() -> Iterator[Way]:
    """The ways to a browser, the quickest first: the system's package manager where it may be used, then Playwright's."""
    superuser = _superuser()
    manager = next(filter(shutil.which, PACKAGES), None)
    if manager and superuser is not None:
        for way in PACKAGES[manager]:
            commands = [[*superuser, manager, *arguments] for arguments in way]
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


def _first_line(error: Exception) -> str:
    lines = [line.strip(" ║╔╗╚╝═") for line in str(error).splitlines()]
    return next((line for line in lines if line), "it gave no reason")


if __name__ == "__main__":
    attempt() if sys.argv[1:] == [TRY] else main()
