"""A shared server measured in Streamlit's own protocol: a lecture hall, and one visitor who does his worst."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from pacviz.app.owner import COOKIE
from pacviz.benchmarks.app import START, memory, quantile, serve

MOVES: dict[str, tuple[float, ...]] = {
    "sparsity": (0.9, 0.95, 0.97, 0.985, 0.99, 0.993, 0.995, 0.997, 0.998),
    "bits": (1, 2, 3, 4, 5),
    "noise": (0.0, 0.02, 0.05),
}
"""Where the visitors of a lecture hall move their sliders: noise takes seconds to measure."""


@dataclass
class Tab:
    """A session: `server` is its socket, `kept` what the server may name again, `buttons` the ids that it has drawn."""

    server: Any
    kept: dict[str, Any] = field(default_factory=dict)
    buttons: set[str] = field(default_factory=set)

    async def open(self, page: str = "", press: str | None = None, **query: Any) -> None:
        """Asks for a page.  press: the key of a button that is drawn already, which is pressed instead."""
        from streamlit.proto.BackMsg_pb2 import BackMsg

        message = BackMsg()
        message.rerun_script.query_string = urlencode({**query, "v": 1})
        message.rerun_script.page_name = page
        message.rerun_script.is_history_navigation = press is None  # as "back" does: the address counts
        if press is not None:
            state = message.rerun_script.widget_states.widgets.add()
            state.id = next(name for name in self.buttons if name.endswith(f"-{press}"))
            state.trigger_value = True
        await self.server.send(message.SerializeToString())

    async def hear(self, seconds: float) -> Any:
        """The next message; None where there is none for so long."""
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

        try:
            async with asyncio.timeout(seconds):
                data = await self.server.recv()
        except TimeoutError:
            return None
        assert isinstance(data, bytes)
        answer = ForwardMsg.FromString(data)
        if answer.WhichOneof("type") == "ref_hash":
            answer = self.kept.get(answer.ref_hash, answer)
        elif answer.metadata.cacheable:
            self.kept[answer.hash] = answer
        if answer.WhichOneof("type") == "delta" and answer.delta.new_element.WhichOneof("type") == "button":
            self.buttons.add(answer.delta.new_element.button.id)
        return answer

    async def listen(self, seconds: float) -> None:
        """Takes in what is said for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            await self.hear(left)


@asynccontextmanager
async def tab(address: str, browser: str = "") -> AsyncIterator[Tab]:
    """A new session.  browser: its cookie, none where empty."""
    from websockets.asyncio.client import connect

    url = address.replace("http", "ws", 1) + "/_stcore/stream"
    headers = {"Cookie": f"{COOKIE}={browser}"} if browser else {}
    async with connect(
        url,
        subprotocols=["streamlit"],  # type: ignore[list-item]
        max_size=None,
        origin=address,  # type: ignore[arg-type]
        additional_headers=headers,
    ) as server:
        yield Tab(server)


@dataclass
class Waits:
    """Seconds that visitors waited for a first answer, and for an exact one."""

    shown: list[float] = field(default_factory=list)
    exact: list[float] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        return {
            "answers": len(self.shown),
            "first_answer_s": {"median": quantile(self.shown, 0.5), "p95": quantile(self.shown, 0.95)},
            "exact_answers": len(self.exact),
            "exact_s": {"median": quantile(self.exact, 0.5), "p95": quantile(self.exact, 0.95)},
        }


def lecture(address: str, process: int, sessions: int, seconds: float = 120.0, pause: float = 3.0) -> dict[str, Any]:
    """What sessions that each move a slider every `pause` seconds wait (s), and what the server's memory does (MB)."""
    asyncio.run(_sit(address, 0, time.monotonic() + 4 * pause, pause, Waits()))
    before, waits = memory(process, "VmRSS"), Waits()

    async def hall() -> None:
        end = time.monotonic() + seconds
        await asyncio.gather(*(_sit(address, seat, end, pause, waits) for seat in range(1, sessions + 1)))

    asyncio.run(hall())
    peak = memory(process, "VmHWM")
    time.sleep(10)
    after = memory(process, "VmRSS")
    return {"sessions": sessions, **waits.to_dict(), "memory_mb": {"before": before, "peak": peak, "after": after}}


async def _sit(address: str, seat: int, end: float, pause: float, waits: Waits) -> None:
    """One visitor of a lecture hall."""
    dice = random.Random(seat)
    at: dict[str, float] = {}
    await asyncio.sleep(pause * dice.random())
    async with tab(address) as session:
        while time.monotonic() < end or not at:
            slider = dice.choice(tuple(MOVES))
            at[slider] = dice.choice(MOVES[slider])
            next_move = time.monotonic() + pause
            await _move(session, at, pause, waits)
            await session.listen(next_move - time.monotonic())


async def _move(session: Tab, at: Mapping[str, Any], pause: float, waits: Waits) -> None:
    """Lets a slider go, and looks at the page until it is exact, but not longer than `pause`."""
    await session.open(**at)
    start, seen = time.monotonic(), False
    while (left := start + pause - time.monotonic()) > 0 or not seen:
        if (answer := await session.hear(max(left, 0.01) if seen else START)) is None:
            break
        how = _measured(answer, at)
        if how is not None and not seen:
            seen = True
            waits.shown.append(time.monotonic() - start)
        if how == "exact":
            waits.exact.append(time.monotonic() - start)
            break


def _measured(message: Any, at: Mapping[str, Any]) -> str | None:
    """How the explorer that a message carries knows a setting: "exact", "preview", "surface", or None where not at all."""
    if message.WhichOneof("type") != "delta" or message.delta.new_element.WhichOneof("type") != "bidi_component":
        return None
    data = json.loads(message.delta.new_element.bidi_component.json)
    if any(data.get("state", {}).get(name) != value for name, value in at.items() if name in MOVES):
        return None
    if not data.get("measured"):
        return "surface" if data.get("surface") else None
    return "preview" if data["measured"][0]["preview"] else "exact"


def worst(address: str, process: int, seconds: float = 40.0, pause: float = 1.5) -> dict[str, Any]:
    """What a second visitor waits (s) who moves a slider of Compress every `pause` seconds, by what the first one does.

    Every move of the second visitor is to a point without noise that nobody has seen.
    """
    points = unseen()
    by_work: dict[str, Any] = {}
    for name, act in {"nothing": None, **WORST}.items():
        waits = Waits()
        asyncio.run(_beside(address, act, points, seconds, pause, waits))
        by_work[name] = waits.to_dict()
    return {"while_another_does": by_work, "memory_mb": {"peak": memory(process, "VmHWM")}}


def unseen() -> Iterator[dict[str, Any]]:
    """Points of Compress without noise, each once, for a server whose cache is new."""
    for thousandths, bits in itertools.product(range(998, 800, -1), range(1, 9)):
        yield {"checkpoint": "plain", "sparsity": thousandths / 1000, "bits": bits}


async def _beside(
    address: str,
    act: Callable[[str, str], Coroutine[Any, Any, None]] | None,
    points: Iterator[dict[str, Any]],
    seconds: float,
    pause: float,
    waits: Waits,
) -> None:
    other = asyncio.create_task(act(address, secrets.token_urlsafe(24))) if act else None
    async with tab(address) as session:
        await _move(session, next(points), START, Waits())  # the data are read
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            next_move = time.monotonic() + pause
            await _move(session, next(points), pause, waits)
            await session.listen(next_move - time.monotonic())
    if other is not None:
        if other.done():
            other.result()
        other.cancel()
        with suppress(asyncio.CancelledError):
            await other


def _noisy(seed: int) -> dict[str, Any]:
    return {"data": "mnist", "model": "lenet5", "checkpoint": "gradual", "noise": 0.05, "seed": seed}


async def _patient_noise(address: str, browser: str, seconds: float = 20.0) -> None:
    """Noisy points of LeNet-5, each measured to its end."""
    async with tab(address, browser) as session:
        for seed in itertools.count(1):
            await _move(session, _noisy(seed), seconds, Waits())


async def _restless_noise(address: str, browser: str) -> None:
    await _patient_noise(address, browser, 0.7)


async def _many_tabs(address: str, browser: str) -> None:
    async def one(first: int) -> None:
        async with tab(address, browser) as session:
            for seed in itertools.count(first):
                await _move(session, _noisy(seed), 20.0, Waits())

    await asyncio.gather(*(one(1000 * number) for number in range(1, 11)))


async def _mistakes(address: str, browser: str) -> None:
    from pacviz.experiments.tightest.results import points

    async with tab(address, browser) as session:
        for point in itertools.cycle(points()):
            await session.open("tightest", tight_point=point.name, tight_show="Mistakes", tight_sample="train")
            await session.listen(3.0)


async def _live(address: str, browser: str) -> None:
    """Random labels, trials and a training, each started by its button."""
    labels = {"labels_show": "live", "labels_live_model": "lenet5", "labels_live_n": 60_000}
    try:
        await asyncio.gather(
            _press(address, browser, "labels", "labels_live_run", 1e6, **labels, labels_live_batch_size=10),
            _press(address, browser, "holds", "holds_run", 1e6, holds_learner="pipeline"),
            _press(address, browser, "train", "train_start", 1e6, train_gradual_epochs=100),
        )
    finally:
        await _press(address, browser, "train", "stop", 5.0)


async def _press(address: str, browser: str, page: str, key: str, stay: float, **query: Any) -> None:
    """Opens a page in a tab of its own, presses a button, and stays for so many seconds."""
    async with tab(address, browser) as session:
        await session.open(page, **query)
        while not any(name.endswith(f"-{key}") for name in session.buttons):
            await session.hear(START)
        await session.listen(1.0)
        await session.open(page, press=key, **query)
        await session.listen(stay)


WORST: dict[str, Callable[[str, str], Coroutine[Any, Any, None]]] = {
    "noisy points one after another": _patient_noise,
    "noisy points, never to the end": _restless_noise,
    "noisy points in ten tabs": _many_tabs,
    "mistakes": _mistakes,
    "live work": _live,
}
"""What one visitor can do to the others."""


def visitors_benchmark(sessions: int | None) -> dict[str, Any]:
    """Starts a server of its own cache and measures it: by that many sessions, or by two visitors where None."""
    with tempfile.TemporaryDirectory() as cache, serve({"PACVIZ_CACHE": cache}) as (address, process):
        figures = worst(address, process) if sessions is None else lecture(address, process, sessions)
    return {"cores": os.cpu_count(), **figures}
