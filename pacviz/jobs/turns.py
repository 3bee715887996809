"""Work that visitors wait for, in turns: one piece at a time, by slices, and whoever was served least goes first.

A page's measurement takes from a tenth of a second to a minute.  It tells how far it is after every batch, and there it
lets others go before it: so a short one never waits for the end of a long one, and nobody gains by asking for more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

SLICE = 0.1
"""Seconds of work after which others may go first."""
PATIENCE = 0.2
"""Seconds after which whoever waits is told so, and may have moved on."""
FORGET = 20.0
"""Seconds in which what a visitor has had counts half."""


@dataclass(eq=False)
class _Ticket:
    owner: Hashable
    what: Hashable
    begun: bool = False


class Turns:
    """The turns of one server."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._tickets: list[_Ticket] = []
        self._working: _Ticket | None = None
        self._since = 0.0
        self._served: dict[Hashable, tuple[float, float]] = {}
        """Seconds that an owner has had, and when that was so."""

    @contextmanager
    def turn(self, owner: Hashable, what: Hashable, waiting: Callable[[], object]) -> Iterator[Callable[[], None]]:
        """Begins at its turn; gives a function to call between two steps, which waits there while others go first.

        owner: whose it is; of one owner one piece is under way, the others wait.  what: two that want the same do not
        work at the same time: the second finds it done.  waiting: called again and again meanwhile; an exception that it
        raises gives the turn up.
        """
        ticket = _Ticket(owner, what)
        with self._changed:
            self._tickets.append(ticket)
        try:
            self._wait(ticket, waiting)
            yield lambda: self._pass_on(ticket, waiting)
        finally:
            with self._changed:
                if self._working is ticket:
                    self._stop(ticket)
                self._tickets.remove(ticket)
                self._changed.notify_all()

    def _pass_on(self, ticket: _Ticket, waiting: Callable[[], object]) -> None:
        with self._changed:
            if len(self._tickets) == 1 or self._clock() - self._since < SLICE:
                return
            self._stop(ticket)
            self._changed.notify_all()
        self._wait(ticket, waiting)

    def _wait(self, ticket: _Ticket, waiting: Callable[[], object]) -> None:
        while True:
            with self._changed:
                if self._changed.wait_for(lambda: self._next() is ticket, PATIENCE):
                    self._working, ticket.begun, self._since = ticket, True, self._clock()
                    return
            waiting()

    def _stop(self, ticket: _Ticket) -> None:
        """Writes down what it has had."""
        self._working, now = None, self._clock()
        self._served[ticket.owner] = (self._had(ticket.owner) + now - self._since, now)
        here = {other.owner for other in self._tickets}
        for owner in [owner for owner in self._served if owner not in here and self._had(owner) < SLICE]:
            del self._served[owner]

    def _had(self, owner: Hashable) -> float:
        seconds, at = self._served.get(owner, (0.0, 0.0))
        return seconds * 0.5 ** ((self._clock() - at) / FORGET)

    def _next(self) -> _Ticket | None:
        """Who works next, where nobody works now."""
        if self._working is not None:
            return None
        owners = {ticket.owner for ticket in self._tickets if ticket.begun}
        begun = {ticket.what for ticket in self._tickets if ticket.begun}
        ready = [
            ticket
            for ticket in self._tickets
            if ticket.begun or (ticket.what not in begun and ticket.owner not in owners)
        ]
        return min(ready, key=lambda ticket: self._had(ticket.owner), default=None)
