"""Twenty minutes of one user at random, by mouse and keyboard: no dead page, no error anywhere, and a server that does
not grow.

PACVIZ_WALK_MINUTES sets another length; the seed is fixed, the pace is the machine's.
"""

import os
import random
import time
from pathlib import Path

import pytest
from playwright.sync_api import Error

from pacviz.benchmarks.app import memory, serve

MINUTES = float(os.environ.get("PACVIZ_WALK_MINUTES") or 20)
SEED = 26
WARM = 0.3
"""The share of the walk after which the server has seen every page, and must not grow any more."""
GROWTH = 1.2
THINGS = """
() => {
  const things = [], kinds = {
    slider: "[role=slider], input[type=range]", box: "[role=combobox]", number: "input[type=number], input[inputmode=decimal]",
    toggle: "[role=radio], [role=switch], input[type=checkbox], [role=tab], summary", link: "a[href]", button: "button",
  };
  const look = (root) => {
    for (const [kind, selector] of Object.entries(kinds))
      for (const node of root.querySelectorAll(selector)) {
        const box = node.getBoundingClientRect();
        const x = box.x + box.width / 2, y = box.y + box.height / 2;
        if (box.width < 4 || box.height < 4 || x < 0 || y < 0 || x > innerWidth || y > innerHeight) continue;
        if (node.disabled || node.getAttribute("aria-disabled") === "true") continue;
        if (kind === "link" && new URL(node.href, location.href).origin !== location.origin) continue;
        things.push({kind, x, y, text: (node.textContent || node.getAttribute("aria-label") || "").trim().slice(0, 60)});
      }
    for (const node of root.querySelectorAll("*")) if (node.shadowRoot) look(node.shadowRoot);
  };
  look(document);
  return things;
}
"""
LEFT_ALONE = (
    *("keyboard_double_arrow", "Download", "Deploy", "Print", "Record a screencast"),
    *("Weights", "CSV", "PNG", "SVG", "HTML"),
)
"""What hides everything else, opens a window of the system, saves a file, or asks other machines for data."""
PAGES = ("", "frontier", "tightest", "train", "labels", "holds", "bounds", "data")


class Walker:
    """A user who looks at what is there, and does something with it."""

    def __init__(self, page, address: str) -> None:
        self.page, self.address, self.dice, self.done = page, address, random.Random(SEED), []

    def step(self) -> None:
        dice = self.dice
        chance = dice.random()
        if chance < 0.05:
            self.act(
                "go", f"/{dice.choice(PAGES)}", lambda: self.page.goto(f"{self.address}/{self.done[-1][1].lstrip('/')}")
            )
        elif chance < 0.08:
            self.act("back", "", lambda: self.page.go_back())
        elif chance < 0.10:
            self.act("reload", "", self.page.reload)
        else:
            things = [
                thing for thing in self.page.evaluate(THINGS) if not any(word in thing["text"] for word in LEFT_ALONE)
            ]
            kinds = sorted({thing["kind"] for thing in things})
            if kinds:
                kind = dice.choice(kinds)
                thing = dice.choice([thing for thing in things if thing["kind"] == kind])
                self.act(kind, thing["text"], lambda: self.use(thing))
        self.page.wait_for_timeout(dice.choice((100, 300, 1000)))

    def heard(self, message) -> None:
        """Prints what the browser complains of, and what was done before it."""
        if "Failed to load resource" not in message.text:
            print(message.text, message.location, self.page.url, self.done[-4:], flush=True)

    def act(self, kind: str, text: str, action) -> None:
        self.done.append((kind, text))
        action()

    def use(self, thing) -> None:
        mouse, keys, dice = self.page.mouse, self.page.keyboard, self.dice
        if thing["kind"] == "slider" and dice.random() < 0.5:
            mouse.move(thing["x"], thing["y"])
            mouse.down()
            for _ in range(5):
                mouse.move(thing["x"] + dice.uniform(-80, 80), thing["y"])
            mouse.up()
            return
        mouse.click(thing["x"], thing["y"])
        match thing["kind"]:
            case "slider":
                for _ in range(dice.randint(1, 8)):
                    keys.press(dice.choice(("ArrowLeft", "ArrowRight", "PageUp", "Home")))
            case "box":
                for _ in range(dice.randint(1, 4)):
                    keys.press("ArrowDown")
                keys.press(dice.choice(("Enter", "Escape")))
            case "number":
                keys.press("Control+A")
                keys.type(dice.choice(("1", "7", "100", "0.5", "999999", "-3", "")))
                keys.press("Enter")


def is_alive(page) -> bool:
    """Whether the page shows something of the app, and talks to its server."""
    return page.get_by_test_id("stMain").count() == 1 and page.get_by_text("Connection error").count() == 0


@pytest.mark.long
def test_a_user_at_random_meets_no_dead_page_and_no_error_and_the_server_does_not_grow(page, cache, tmp_path):
    log = tmp_path / "server.log"
    own = {"PACVIZ_CACHE": str(cache), "PACVIZ_JOB_HOURS": "0.05", "PACVIZ_WALK_MINUTES": ""}
    with serve({**own, "PACVIZ_DATA": str(cache / "no-data")}, log) as (address, process):
        for name in PAGES:  # a server grows until it has drawn every page once
            page.goto(f"{address}/{name}")
            page.get_by_test_id("stMain").wait_for(timeout=180_000)
            page.wait_for_timeout(5000)
        walker, sizes, start = Walker(page, address), [], time.monotonic()
        page.on("console", lambda message: message.type == "error" and walker.heard(message))
        while (spent := (time.monotonic() - start) / 60) < MINUTES:
            try:
                walker.step()
            except Error as error:  # what was looked at a moment ago is gone
                walker.done.append(("missed", str(error)[:80]))
            sizes.append((spent, memory(process, "VmRSS")))
            assert is_alive(page), walker.done[-5:]
            broken = page.get_by_test_id("stException")
            assert broken.count() == 0, (walker.done[-5:], broken.first.inner_text())
        page.goto("about:blank")  # before its server goes
    told = Path(log).read_text(encoding="utf-8")
    warm = [size for spent, size in sizes if spent >= WARM * MINUTES]
    grown = f"{sizes[0][1]:.0f} MB at first, {warm[0]:.0f} warm, {max(warm):.0f} at most, {warm[-1]:.0f} at last"
    print(f"{len(walker.done)} acts; {grown}")
    assert "Traceback" not in told, told[told.index("Traceback") - 500 :][:3000]
    assert len(walker.done) > MINUTES
    assert max(warm) <= GROWTH * max(size for spent, size in sizes if spent <= WARM * MINUTES)
