"""Work for units of the tests: each call is written down, and some take their process with them."""

import json
import os
import signal
import time
from pathlib import Path


def square(arguments, progress):
    folder, number = Path(arguments["folder"]), arguments["number"]
    with (folder / "calls").open("a", encoding="utf-8") as calls:
        calls.write(f"{number}\n")
    return json.dumps(number**2)


def total(arguments, progress, *squares):
    with (Path(arguments["folder"]) / "totals").open("a", encoding="utf-8") as calls:
        calls.write("total\n")
    return json.dumps(sum(map(json.loads, squares)))


def die_once(arguments, progress):
    """Unit 1 dies once, as soon as another is done; it writes down which ones are."""
    mark = Path(arguments["folder"]) / f"died-{arguments['number']}"
    if arguments["number"] == 1 and not mark.exists():
        results, limit = Path(os.environ["PACVIZ_CACHE"]) / "units" / "squares", time.monotonic() + 60
        while not (kept := [path.stem for path in results.rglob("*.json")]) and time.monotonic() < limit:
            time.sleep(0.02)
        mark.write_text("\n".join(kept))
        os.kill(os.getpid(), signal.SIGKILL)
    return square(arguments, progress)


def wait_for_go(arguments, progress):
    """Says that it began, and ends when somebody lets it; it gives up after a minute."""
    folder, number = Path(arguments["folder"]), arguments["number"]
    (folder / f"began-{number}").write_text(str(os.getpid()))
    limit = time.monotonic() + 60
    while number > 0 and not (folder / "go").exists() and time.monotonic() < limit:
        time.sleep(0.05)
    return square(arguments, progress)


def refuse(arguments, progress):
    raise ValueError(f"there is no square of {arguments['number']}")
