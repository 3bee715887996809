"""The explorer in a notebook: the app's own script under anywidget, and a kernel that measures what is let go."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from pacviz.certificates import surface
from pacviz.certificates.certificate import Certificate, certify, known
from pacviz.certificates.measure import Source
from pacviz.certificates.sweep import scenarios
from pacviz.errors import PacvizError
from pacviz.explorer import payload, source
from pacviz.explorer.font import source_sans
from pacviz.explorer.jobs import Job, unfinished
from pacviz.explorer.view import View, released
from pacviz.scenario import Scenario

_one_at_a_time = threading.Lock()
"""Measurements of all explorers of a kernel."""


class _Outdated(Exception):
    """Raised by the progress of a measurement that nobody waits for any more."""


class Explorer(anywidget.AnyWidget):
    """The first screen of the app as a widget: everything moves while a slider is dragged; let go, and it is measured.

    scenario, view: where it starts, and from then on where it stands; both may be set and observed.
    weights: a network of one's own (`from_module`, `from_file`); then the curves are measured point by point, and the
    scenario is that of `scenario_of`.  Where a value is refused or data are missing a sentence says so, and what was known stays.
    Raises PacvizError for a start that is no Scenario or no View.

        explorer = Explorer(Scenario(sparsity=0.99), View(hide=("sizes",)))
        explorer              # a cell that shows it; slide
        explorer.certificate  # the next cell: the certificate of what it shows
    """

    _esm = source(host=Path(__file__).parent / "anywidget.js")
    data = traitlets.Dict().tag(sync=True)
    moved = traitlets.Dict().tag(sync=True)
    scenario = traitlets.Instance(Scenario)
    view = traitlets.Instance(View)

    def __init__(
        self, scenario: Scenario | None = None, view: View | None = None, weights: Source | None = None
    ) -> None:
        self._weights = weights
        scenario, view = Scenario() if scenario is None else scenario, View() if view is None else view
        for name, value, kind in (("scenario", scenario, Scenario), ("view", view, View)):
            if not isinstance(value, kind):
                raise PacvizError(f"{name} must be a {kind.__name__}, got {value!r}; write {kind.__name__}(…).")
        # What the browser says and what has been measured arrive in two threads.
        self._lock, self._asked = threading.RLock(), (scenario, view, 0, "")
        super().__init__(scenario=scenario, view=view, data=_known(*self._asked, weights)[0])
        self.observe(self._hear, "moved")
        self.on_msg(self._give_font)
        self.observe(self._go_on, ["scenario", "view"])
        self._measure_on(self._draw())

    @property
    def certificate(self) -> Certificate:
        """Of the present setting, never a preview: measured now unless it has been.

        Raises PacvizError where checkpoint or data are missing or broken.
        """
        with _one_at_a_time:
            return certify(self.scenario, weights=self._weights)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """What the browser says, and never in the middle of a drawing."""
        with self._lock:
            super().set_state(sync_data)

    def _give_font(self, widget: Any, message: Any, buffers: Any) -> None:
        """Answers who is about to save a picture."""
        if message == "font":
            self.send({"font": source_sans()})

    def _hear(self, change: Any) -> None:
        problem = ""
        try:
            scenario, view = released(self.moved, self.view)
        except PacvizError as error:
            scenario, view, problem = self.scenario, self.view, str(error)
        with self.hold_trait_notifications():
            self.scenario, self.view = scenario, view
        self._go_on(problem=problem)

    def _go_on(self, change: Any = None, problem: str = "") -> None:
        """Shows what is known of what is asked for now, and has the rest measured; what was asked before is outdated."""
        with self._lock:
            asked = (self.scenario, self.view, self.moved.get("seq", 0), problem)
            if asked != self._asked:
                self._asked = asked
                self._measure_on(self._draw())

    def _draw(self) -> list[Job]:
        """Shows what is known; what is missing."""
        self.data, jobs = _known(*self._asked, self._weights)
        return jobs

    def _measure_on(self, jobs: list[Job]) -> None:
        threading.Thread(target=self._measure, args=(self._asked, jobs), daemon=True).start()

    def _measure(self, asked: tuple[Scenario, View, int, str], jobs: list[Job]) -> None:
        def still_wanted(fraction: float = 0.0, what: str = "") -> None:
            if asked != self._asked:
                raise _Outdated

        try:
            while jobs:
                with _one_at_a_time:
                    still_wanted()
                    certify(*jobs[0], still_wanted, self._weights)
                with self._lock:
                    still_wanted()
                    jobs = self._draw()
            with _one_at_a_time:
                still_wanted()
                certify(asked[0], False, still_wanted, self._weights)  # is known by now, unless its data are missing
        except _Outdated:
            pass
        except PacvizError as error:
            with self._lock:
                if asked == self._asked:
                    self._asked = (*asked[:3], str(error))
                    self._draw()


def _known(
    scenario: Scenario, view: View, echo: int, problem: str, weights: Source | None
) -> tuple[dict[str, Any], list[Job]]:
    """What can be shown at once, and what is missing.  echo, problem: as for `payload`."""
    recorded = surface.find(scenario) if weights is None else None
    curve = [] if recorded else scenarios(scenario, view.along)
    measured = [one for one in (known(point, weights) for point in (scenario, *curve)) if one]
    pins = [known(pin.scenario, weights) for pin in view.pins]
    jobs = unfinished(scenario, curve, view.pins, weights)
    bare = scenario == Scenario() and view.n == 0
    return payload(scenario, view, measured, recorded, pins, bool(jobs), echo, bare, problem), jobs
