"""Work of a page in a process of its own, which goes on while somebody watches and ends soon after the last one leaves.

A server must not work in the threads that draw its pages: one visitor's settings would hold up all others.  So every
piece of work has a process, `limits.jobs` of them work at the same time, and the others wait for their turn.

The page's side is a subclass of Live; the process's side is a module whose `main` calls `serve`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from contextlib import suppress
from typing import Any, ClassVar, Generic, TypeVar

from pacviz import store
from pacviz.errors import PacvizError
from pacviz.jobs import limits
from pacviz.progress import Progress

UNWATCHED = 40.0
"""Seconds after which work that nobody looks at is ended; what is finished is kept."""
PULSE = 1.0
"""Seconds between two looks at who watches what."""
MOST_OF_ONE = 2
"""Pieces of work of one visitor: one that is done and one that waits."""
_NICENESS = 10


class Live(ABC):
    """A piece of work under way; a subclass says what it is and keeps what its process tells."""

    module: ClassVar[str]
    """What runs in the process: `python -m module`."""
    noun: ClassVar[str] = "experiment"
    remedy: ClassVar[str] = "choose smaller settings"
    """What to do where the process ends early."""

    def __init__(self) -> None:
        self.owners: set[str] = set()
        self.problem: str | None = None
        self.paused = False
        self.heard = threading.Event()
        """Set whenever the process tells something, or ends."""
        self._state = (0.0, "starting")
        self._process: subprocess.Popen[str] | None = None
        self._watched = time.monotonic()

    @property
    @abstractmethod
    def done(self) -> bool:
        """Whether nothing is left to do."""

    @abstractmethod
    def arguments(self) -> Mapping[str, Any]:
        """What the process is told to do, as plain values."""

    @abstractmethod
    def require_small(self) -> None:
        """Raises PacvizError for work that is more than a page may start."""

    @abstractmethod
    def take(self, told: Mapping[str, Any]) -> None:
        """Keeps what the process tells."""

    def forget(self) -> None:  # noqa: B027 (most have nothing to drop)
        """Drops what is unfinished, before a process begins and after one has ended."""

    @property
    def working(self) -> bool:
        """Whether it has a process."""
        return self._process is not None

    def watch(self, owner: str, progress: Progress) -> None:
        """Says that somebody looks at it, and tells how far it is; it works as soon as it is its turn.

        Raises PacvizError where it is too large, the visitor has others that work and wait, or it came to a bad end.
        """
        self._watched = time.monotonic()
        if self.done:
            return
        if self.paused:
            self._rest(False)
        if self.problem:
            raise PacvizError(self.problem)
        ahead = hall.enter(self, owner)
        if ahead:
            progress(0.0, f"waiting for {ahead} other {self.noun}{'s' if ahead > 1 else ''}")
        else:
            progress(*self._state)

    def pause(self, owner: str) -> None:
        """Lets it rest, where nobody else watches it, until it is watched again.

        Whoever rests for long is ended like whoever is not watched; it begins what was unfinished anew then.
        """
        if self.owners <= {owner}:
            self._rest(True)

    def _rest(self, paused: bool) -> None:
        self.paused = paused
        self._say("pause" if paused else "go")

    def leave(self, owner: str) -> None:
        """Says that a visitor wants it no longer; where nobody else does, it is ended."""
        self.owners.discard(owner)
        if not self.owners:
            self.end()

    def end(self) -> None:
        """Ends its process at once."""
        process, self._process, self.paused = self._process, None, False
        self.forget()
        self._state = (0.0, "starting")
        if process is not None:
            process.kill()
            process.wait()
        hall.exit(self)
        self.heard.set()

    def _start(self) -> None:
        self.forget()
        here = {"PACVIZ_CACHE": store.cache_dir(), "PACVIZ_DATA": store.data_dir()}
        self._process = subprocess.Popen(
            [sys.executable, "-m", self.module],
            cwd=store.ASSETS.parent,
            env={**os.environ, "OMP_NUM_THREADS": "1", **{name: str(path.resolve()) for name, path in here.items()}},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        self._say(json.dumps(self.arguments()))
        threading.Thread(target=self._listen, args=(self._process,), name="listens to live work", daemon=True).start()

    def _say(self, line: str) -> None:
        if (process := self._process) is not None and process.stdin is not None:
            with suppress(OSError, ValueError):  # it has ended
                process.stdin.write(line + "\n")
                process.stdin.flush()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        """Takes in what a process tells, until it ends or nothing is left to do."""
        assert process.stdout is not None
        for line in process.stdout:
            told = json.loads(line)
            if process is not self._process:
                break
            if "problem" in told:
                self.problem = str(told["problem"])
            else:
                self._state = float(told["fraction"]), str(told["what"])
                self.take(told)
            self.heard.set()
            if self.done:
                break
        if process is self._process:
            if not self.done:
                process.wait()
                self.problem = self.problem or (
                    f"The process of this {self.noun} ended early; {self.remedy}, and run it again."
                )
            self.end()


class _Hall:
    """The work that is done or waits for its turn, first come, first served."""

    def __init__(self) -> None:
        self.queue: list[Live] = []
        self.lock = threading.RLock()
        self.looking = False

    def enter(self, live: Live, owner: str) -> int:
        """Takes a piece of work in; how many come before it and leave it no place."""
        with self.lock:
            if live not in self.queue:
                limits.require_changes("running experiments live")
                live.require_small()
                if sum(owner in other.owners for other in self.queue) >= MOST_OF_ONE:
                    raise PacvizError(
                        "One experiment of yours works and one waits already; cancel one of them, or wait until it is done."
                    )
                self.queue.append(live)
            live.owners.add(owner)
            if not self.looking:
                self.looking = True
                threading.Thread(target=self._look, daemon=True).start()
            self._fill()
            return 0 if live.working else self.queue.index(live)

    def exit(self, live: Live) -> None:
        with self.lock:
            if live in self.queue:
                self.queue.remove(live)
            live.owners.clear()

    def _fill(self) -> None:
        free = limits.jobs() - sum(live.working for live in self.queue)
        for live in [live for live in self.queue if not live.working][: max(0, free)]:
            live._start()

    def _look(self) -> None:
        """Ends what nobody watches, and lets the next ones work, until there is nothing."""
        while True:
            time.sleep(PULSE)
            with self.lock:
                for live in [live for live in self.queue if time.monotonic() - live._watched > UNWATCHED]:
                    live.end()
                self._fill()
                if not self.queue:
                    self.looking = False
                    return


hall = _Hall()

Key = TypeVar("Key", bound=Hashable)
Work = TypeVar("Work", bound=Live)


class Registry(Generic[Key, Work]):
    """The pieces of work by what was asked for, so that all who ask for the same watch the same; the last few are kept."""

    def __init__(self, make: Callable[[Key], Work], kept: int) -> None:
        self._make, self._kept = make, kept
        self.works: OrderedDict[Key, Work] = OrderedDict()

    def __call__(self, asked: Key) -> Work:
        """The one that everybody watches who asks for this."""
        with hall.lock:
            work = self.works.setdefault(asked, self._make(asked))
            self.works.move_to_end(asked)
            resting = [old for old, other in self.works.items() if not other.working and other is not work]
            for old in resting[: -self._kept]:
                del self.works[old]
            return work

    def forget(self, asked: Key) -> None:
        """The next one who asks for it begins anew, where it does not work; what is kept on disk stays."""
        with hall.lock:
            if asked in self.works and not self.works[asked].working:
                del self.works[asked]


def serve(work: Callable[[dict[str, Any], Callable[[], object]], None]) -> None:
    """The process: arguments come in as a line of JSON, then "pause" and "go"; what `work` tells goes out a line each.

    work: called with the arguments and a function that waits while it is to rest.
    """
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    going = threading.Event()
    going.set()
    arguments = json.loads(sys.stdin.readline())

    def listen() -> None:
        for line in sys.stdin:
            (going.clear if line.strip() == "pause" else going.set)()
        os._exit(0)  # whoever started it has ended

    threading.Thread(target=listen, daemon=True).start()
    try:
        work(arguments, going.wait)
    except PacvizError as error:
        tell({"problem": str(error)})
    except MemoryError:
        tell({"problem": "The memory of this machine did not suffice; choose smaller settings."})


def tell(values: Mapping[str, Any]) -> None:
    """Tells the server: at least `fraction` (done, in [0, 1]) and `what` is being done, or a `problem`."""
    print(json.dumps(values), flush=True)
