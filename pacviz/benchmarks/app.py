"""The app measured from outside: by a browser on the same machine, and by a lecture hall of sessions."""

from __future__ import annotations

import asyncio
import json
import os
import random
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
from urllib.parse import urlencode

from pacviz.app.launch import SCRIPT
from pacviz.errors import PacvizError

START = 120.0
"""Seconds that a server may take before it answers."""
MOVES: dict[str, tuple[float, ...]] = {
    "sparsity": (0.9, 0.95, 0.97, 0.985, 0.99, 0.993, 0.995, 0.997, 0.998),
    "bits": (1, 2, 3, 4, 5),
    "noise": (0.0, 0.02, 0.05),
}
"""Where the visitors of a lecture hall move their sliders: noise takes seconds to measure."""
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
        "release_to_exact_of_a_seen_point_ms": {"p50": _at(released, 0.5), "p95": _at(released, 0.95)},
    }


def _dragged(page: Any, names: Sequence[str]) -> list[float]:
    """Milliseconds of every frame while these sliders are dragged to and fro."""
    found: list[float] = []
    for name in names:
        box = page.locator(f"#pacviz-{name}").bounding_box()
        y = box["y"] + box["height"] / 2
        page.mouse.move(box["x"] + box["width"] / 2, y)
        page.mouse.down()
        page.evaluate("frames.length = 0")
        for step in range(60):
            page.mouse.move(box["x"] + box["width"] * (0.5 + 0.3 * ((step % 20) / 20 - 0.5)), y)
        page.mouse.move(box["x"] + box["width"] / 2, y)
        found += page.evaluate("frames")
        page.mouse.up()
    return found


def _frames(times: Sequence[float]) -> dict[str, Any]:
    return {"median": _at(times, 0.5), "p95": _at(times, 0.95), "frames": len(times)}


def lecture(address: str, process: int, sessions: int, seconds: float = 120.0, pause: float = 3.0) -> dict[str, Any]:
    """What sessions that each move a slider every `pause` seconds wait (s), and what the server's memory does (MB)."""
    asyncio.run(_sit(address, 0, time.monotonic() + 4 * pause, pause, [], []))
    before = _memory(process, "VmRSS")
    shown: list[float] = []
    exact: list[float] = []

    async def hall() -> None:
        end = time.monotonic() + seconds
        await asyncio.gather(*(_sit(address, seat, end, pause, shown, exact) for seat in range(1, sessions + 1)))

    asyncio.run(hall())
    peak = _memory(process, "VmHWM")
    time.sleep(10)
    return {
        "sessions": sessions,
        "answers": len(shown),
        "first_answer_s": {"median": _at(shown, 0.5), "p95": _at(shown, 0.95)},
        "exact_answers": len(exact),
        "exact_s": {"median": _at(exact, 0.5), "p95": _at(exact, 0.95)},
        "memory_mb": {"before": before, "peak": peak, "after": _memory(process, "VmRSS")},
    }


async def _sit(address: str, seat: int, end: float, pause: float, shown: list[float], exact: list[float]) -> None:
    """One visitor's session in Streamlit's own protocol; waiting times go to `shown` and `exact`."""
    from streamlit.proto.BackMsg_pb2 import BackMsg
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
    from websockets.asyncio.client import connect

    dice = random.Random(seat)
    at: dict[str, float] = {}
    await asyncio.sleep(pause * dice.random())
    kept: dict[str, Any] = {}
    url = address.replace("http", "ws", 1) + "/_stcore/stream"
    async with connect(url, subprotocols=["streamlit"], max_size=None, origin=address) as server:  # type: ignore[arg-type, list-item]
        while True:
            slider = dice.choice(tuple(MOVES))
            at[slider] = dice.choice(MOVES[slider])
            message = BackMsg()
            message.rerun_script.query_string = urlencode({**at, "v": 1})
            await server.send(message.SerializeToString())
            start, until, seen = time.monotonic(), time.monotonic() + pause, False
            while (left := until - time.monotonic()) > 0 or not seen:
                try:
                    async with asyncio.timeout(max(left, 0.01) if seen else START):
                        data = await server.recv()
                except TimeoutError:
                    break
                assert isinstance(data, bytes)
                answer = ForwardMsg.FromString(data)
                if answer.WhichOneof("type") == "ref_hash":
                    answer = kept.get(answer.ref_hash, answer)
                elif answer.metadata.cacheable:
                    kept[answer.hash] = answer
                how = _measured(answer, at)
                if how is not None and not seen:
                    seen = True
                    shown.append(time.monotonic() - start)
                if how == "exact":
                    exact.append(time.monotonic() - start)
                    await asyncio.sleep(max(0.0, until - time.monotonic()))
                    break
            if time.monotonic() >= end:
                return


def _measured(message: Any, at: Mapping[str, float]) -> str | None:
    """How the explorer that a message carries knows a setting: "exact", "preview", "surface", or None where not at all."""
    if message.WhichOneof("type") != "delta" or message.delta.new_element.WhichOneof("type") != "bidi_component":
        return None
    data = json.loads(message.delta.new_element.bidi_component.json)
    if any(data["state"][name] != value for name, value in at.items()):
        return None
    if not data["measured"]:
        return "surface" if data["surface"] else None
    return "preview" if data["measured"][0]["preview"] else "exact"


def _memory(process: int, name: str) -> float:
    """MB of a process by Linux's own account."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError as error:
        raise PacvizError(f"The server's memory cannot be read ({error}); measure sessions on Linux.") from error
    return round(next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1000, 1)


def _at(values: Sequence[float], share: float) -> float | None:
    """A quantile, rounded; None of no values."""
    if len(values) < 2:
        return round(values[0], 2) if values else None
    return round(statistics.quantiles(values, n=100, method="inclusive")[round(100 * share) - 1], 2)


def app_benchmark(sessions: int | None) -> dict[str, Any]:
    """Starts a server of the app and measures it: by a browser, or by that many sessions."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with serve() as (address, process):
        found = watch(address, chromium) if sessions is None else lecture(address, process, sessions)
    return {"cores": os.cpu_count(), **found}
