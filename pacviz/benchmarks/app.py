"""The app measured from outside, by a browser on the same machine."""

from __future__ import annotations

import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pacviz.app.launch import SCRIPT
from pacviz.errors import PacvizError

START = 120.0
"""Seconds that a server may take before it answers."""
FRAMES = """
window.frames = [];
const next = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (draw) => next((time) => {
  const start = performance.now(), channel = new MessageChannel();
  draw(time);
  channel.port1.onmessage = () => window.frames.push(performance.now() - start);
  channel.port2.postMessage(0);
});
"""
"""Notes for every frame how long drawing, layout and painting took: until the browser comes to its next task."""


@contextmanager
def serve(environment: Mapping[str, str] | None = None, log: Path | None = None) -> Iterator[tuple[str, int]]:
    """The address and the process of a new server of the app.  Raises PacvizError where it does not answer.

    log: the file that gets what it prints.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--server.headless=true", f"--server.port={port}", "--server.address=127.0.0.1"]
    printed = subprocess.DEVNULL if log is None else os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", str(SCRIPT), *options],
        env={**os.environ, **(environment or {})},
        stdout=printed,
        stderr=subprocess.STDOUT,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + START
        while not answers(address):
            if server.poll() is not None or time.monotonic() > deadline:
                raise PacvizError(f"The app does not answer at {address} (exit code {server.poll()}); run it by hand.")
        yield address, server.pid
    finally:
        server.terminate()
        server.wait(timeout=20)
        if log is not None:
            os.close(printed)


def answers(address: str) -> bool:
    """Whether a server is there."""
    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
            return True
    except OSError:
        return False


def watch(address: str, chromium: str | None = None) -> dict[str, Any]:
    """First paint (s), frames of a drag on both pages (ms) and release to exact (ms) as a browser sees them.

    chromium: the browser's program, Playwright's own where None.  Raises PacvizError without Playwright.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise PacvizError("Measuring the app takes Playwright; install it by `pip install -e .[dev]`.") from None
    arguments = ["--no-sandbox", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.set_default_timeout(120_000)
        page.add_init_script(FRAMES)
        # The second visit: a server that nobody has visited yet still has to import torch.
        for _ in range(2):
            start = time.perf_counter()
            page.goto(address)
            page.wait_for_selector(".explorer svg.chart .line path", state="attached")
            first = time.perf_counter() - start
        exact = page.locator(".explorer .badge[data-how=exact]")
        exact.wait_for()
        frames = _dragged(page, ("sparsity", "bits", "delta", "n"))
        slider, released = page.get_by_role("slider", name="Codebook bits"), []
        # The first walk measures; in the second only the server knows, for the page is new.
        for walk in range(2):
            page.goto(address)
            exact.wait_for()
            for key in ("ArrowLeft", *["ArrowRight"] * 5):
                start = time.perf_counter()
                slider.press(key)
                exact.wait_for()
                if walk == 1:
                    released.append(1000 * (time.perf_counter() - start))
        page.goto(f"{address}/bounds")
        page.wait_for_selector(".what-if svg.chart .line path", state="attached")
        bounds = _dragged(page, ("n", "risk", "kl", "delta"))
        browser.close()
    return {
        "first_paint_s": round(first, 2),
        "drag_frame_ms": _frames(frames),
        "bounds_drag_frame_ms": _frames(bounds),
        "release_to_exact_of_a_seen_point_ms": {"p50": quantile(released, 0.5), "p95": quantile(released, 0.95)},
    }


def _dragged(page: Any, names: Sequence[str]) -> list[float]:
    """Milliseconds of every frame while these sliders are dragged to and fro."""
    frames: list[float] = []
    for name in names:
        box = page.locator(f"#pacviz-{name}").bounding_box()
        y = box["y"] + box["height"] / 2
        page.mouse.move(box["x"] + box["width"] / 2, y)
        page.mouse.down()
        page.evaluate("frames.length = 0")
        for step in range(60):
            page.mouse.move(box["x"] + box["width"] * (0.5 + 0.3 * ((step % 20) / 20 - 0.5)), y)
        page.mouse.move(box["x"] + box["width"] / 2, y)
        frames += page.evaluate("frames")
        page.mouse.up()
    return frames


def _frames(times: Sequence[float]) -> dict[str, Any]:
    return {"median": quantile(times, 0.5), "p95": quantile(times, 0.95), "frames": len(times)}


def memory(process: int, name: str) -> float:
    """MB of a process by Linux's own account."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError as error:
        raise PacvizError(f"The server's memory cannot be read ({error}); measure sessions on Linux.") from error
    return round(next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1000, 1)


def quantile(values: Sequence[float], share: float) -> float | None:
    """A quantile, rounded; None of no values."""
    if len(values) < 2:
        return round(values[0], 2) if values else None
    return round(statistics.quantiles(values, n=100, method="inclusive")[round(100 * share) - 1], 2)


def app_benchmark() -> dict[str, Any]:
    """Starts a server of the app and measures it by a browser."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with serve() as (address, _):
        return {"cores": os.cpu_count(), **watch(address, chromium)}
