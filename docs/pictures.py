"""Takes the pictures of README.md from the running app: `PYTHONPATH=.:tests/browser python docs/pictures.py [PAGE …]`."""

import io
import sys
from pathlib import Path

import chromium
from PIL import Image
from playwright.sync_api import expect

from pacviz.benchmarks.app import serve
from pacviz.experiments.experiment import EXPERIMENTS

FOLDER = Path(__file__).parent / "pictures"
SIZE = {"width": 1280, "height": 860}
WIDTH = 800
"""Pixels of a picture, which is shown at half of it."""
LARGEST = 60_000
"""Most bytes of a picture."""
CHART = ":is(.js-plotly-plot, .explorer svg.chart, .pacviz-sheet img):visible"


def main(pages: list[str]) -> None:
    with serve() as (address, _), chromium.driven() as browser:
        for experiment in EXPERIMENTS:
            if pages and experiment.page not in pages:
                continue
            page = browser.new_page(viewport=SIZE, color_scheme="light")
            page.goto(f"{address}/{'' if experiment is EXPERIMENTS[0] else experiment.page}")
            expect(page.locator(CHART).first).to_be_visible(timeout=120_000)
            expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=120_000)
            expect(page.locator("[data-stale=true]")).to_have_count(0, timeout=120_000)
            page.wait_for_timeout(1_500)  # plotly draws and fades
            content = packed(page.screenshot())
            (FOLDER / f"{experiment.name}.webp").write_bytes(content)
            print(f"{experiment.name}: {len(content):,} bytes", flush=True)
            page.close()


def packed(screenshot: bytes) -> bytes:
    """A screenshot as WebP, as good as LARGEST allows."""
    picture = Image.open(io.BytesIO(screenshot)).convert("RGB")
    picture = picture.resize((WIDTH, round(WIDTH * picture.height / picture.width)), Image.Resampling.LANCZOS)
    for quality in range(90, 20, -5):
        written = io.BytesIO()
        picture.save(written, "webp", quality=quality, method=6)
        if written.tell() <= LARGEST:
            break
    return written.getvalue()


if __name__ == "__main__":
    main(sys.argv[1:])
