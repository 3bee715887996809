"""A shared server measured in Streamlit's own protocol: a lecture hall, and one visitor who does his worst."""

from __future__ import annotations

import asyncio
import http.client
import itertools
import json
import os
import random
import secrets
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from pacviz.app.owner import COOKIE
from pacviz.benchmarks.app import START, memory, quantile, serve
from pacviz.errors import PacvizError, quoted
from pacviz.training import processes, records

Act = Callable[[str, str, asyncio.Event], Coroutine[Any, Any, None]]
"""What a visitor does until he is cancelled, given the server's address and his cookie; sets the event when it has begun."""
Tell = Callable[[str, Mapping[str, Any]], None]
SECONDS, PAUSE, PATIENCE = 30.0, 1.5, 15.0
"""Seconds for which the second visitor is watched beside each act, between two of his moves, and until he gives one up."""
LINGER = 5
"""The visitor looks at every fifth move until it is exact."""

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
    id: str = ""
    """What the server calls it, once it has answered."""

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
        if answer.WhichOneof("type") == "new_session":
            self.id = answer.new_session.initialize.session_id
        if answer.WhichOneof("type") == "delta" and answer.delta.new_element.WhichOneof("type") == "button":
            button = answer.delta.new_element.button
            (self.buttons.discard if button.disabled else self.buttons.add)(button.id)
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


def worst(address: str, process: int, acts: Sequence[str], tell: Tell) -> dict[str, Any]:
    """What a second visitor waits (s) who moves a slider of Compress, by what the first one does.

    Every move of the second visitor is to a point without noise that nobody has seen.  acts: some of WORST.  tell: what
    is told as soon as it is measured.  Raises PacvizError where the first one cannot do what he is meant to.
    """
    points = unseen()
    asyncio.run(_first(address, next(points)))
    by_work: dict[str, Any] = {}
    for name in ("nothing", *acts):
        waits = asyncio.run(_beside(address, WORST.get(name), points))
        by_work[name] = {**waits.to_dict(), "memory_mb": memory(process, "VmRSS")}
        tell(name, by_work[name])
    return {"while_another_does": by_work, "memory_mb": {"peak": memory(process, "VmHWM")}}


def unseen() -> Iterator[dict[str, Any]]:
    """Points of Compress without noise, each once, for a server whose cache is new."""
    for thousandths, bits in itertools.product(range(998, 800, -1), range(5, 9)):  # others are recorded here and there
        yield {"checkpoint": "plain", "sparsity": thousandths / 1000, "bits": bits}


async def _first(address: str, point: Mapping[str, Any]) -> None:
    """The first visit of all, for which the server imports torch and reads the data."""
    async with tab(address) as session:
        await _move(session, point, START, Waits())


async def _beside(address: str, act: Act | None, points: Iterator[dict[str, Any]]) -> Waits:
    """What the second visitor waits while the first does that."""
    waits, begun = Waits(), asyncio.Event()
    other = asyncio.create_task(act(address, secrets.token_urlsafe(24), begun)) if act else None
    try:
        if other is not None:
            ready = asyncio.create_task(begun.wait())
            await asyncio.wait((other, ready), timeout=2 * START, return_when=asyncio.FIRST_COMPLETED)
            ready.cancel()
        async with tab(address) as session:
            end = time.monotonic() + SECONDS
            for move in itertools.count(1):
                if time.monotonic() > end or (other is not None and other.done()):
                    break
                next_move = time.monotonic() + PAUSE
                await _move(session, next(points), PATIENCE if move % LINGER == 0 else PAUSE, waits)
                await session.listen(next_move - time.monotonic())
    finally:
        if other is not None:
            other.cancel()
            await asyncio.wait((other,), timeout=START)
    if other is not None and not other.cancelled():
        other.result()
    return waits


def _noisy(seed: int) -> dict[str, Any]:
    return {"data": "digits", "model": "lenet5", "checkpoint": "gradual", "noise": 0.05, "seed": seed}


async def _noise(address: str, browser: str, begun: asyncio.Event, first: int = 1, seconds: float = 20.0) -> None:
    """Points of LeNet-5 under noise, each measured to its end, or as long as he waits for one."""
    async with tab(address, browser) as session:
        for seed in itertools.count(first):
            begun.set()
            await _move(session, _noisy(seed), seconds, Waits())


async def _restless_noise(address: str, browser: str, begun: asyncio.Event) -> None:
    await _noise(address, browser, begun, 10_000, 0.7)


async def _tabs(address: str, browser: str, begun: asyncio.Event) -> None:
    await asyncio.gather(*(_noise(address, browser, begun, 1000 * number) for number in range(20, 30)))


async def _browsers(address: str, browser: str, begun: asyncio.Event) -> None:
    """As one who throws his cookie away."""
    await asyncio.gather(*(_noise(address, f"{browser}{number}", begun, 1000 * number) for number in range(30, 40)))


async def _sweeps(address: str, browser: str, begun: asyncio.Event) -> None:
    """Curves of which nothing is recorded, measured point by point."""
    async with tab(address, browser) as session:
        for bits in itertools.cycle(range(1, 9)):
            begun.set()
            await session.open(data="digits", model="lenet5", checkpoint="plain", quantizer="uniform", bits=bits)
            await session.listen(20.0)


async def _mistakes(address: str, browser: str, begun: asyncio.Event) -> None:
    from pacviz.experiments.tightest.results import points

    async with tab(address, browser) as session:
        for point in itertools.cycle(points()):
            begun.set()
            await session.open("tightest", tight_point=point.name, tight_show="Mistakes", tight_sample="train")
            await session.listen(3.0)


async def _labels(address: str, browser: str, begun: asyncio.Event) -> None:
    """Random labels, live, in batches as small as the server grants."""
    settings: dict[str, Any] = {"labels_live_model": "lenet5", "labels_live_n": 20_000, "labels_live_batch_size": 64}
    await _press(address, browser, "labels", "labels_live_run", begun, labels_show="live", **settings)


async def _trials(address: str, browser: str, begun: asyncio.Event) -> None:
    await _press(address, browser, "holds", "holds_run", begun, holds_learner="pipeline")


async def _trainings(address: str, browser: str, begun: asyncio.Event) -> None:
    """A training, and as many more as the server takes."""
    try:
        await _press(address, browser, "train", "train_start", begun, 22, train_gradual_epochs=100)
    finally:
        await asyncio.to_thread(_stop_trainings)


def _stop_trainings() -> None:
    """Stops those in this cache, and waits until they have ended."""
    end = time.monotonic() + START / 2
    while alive := [run for run in records.listing() if run.alive]:
        for run in alive:
            with suppress(PacvizError):  # it has ended meanwhile
                processes.stop(run.id)
        if time.monotonic() > end:
            raise PacvizError(f"The training {alive[0].id} of this benchmark goes on; end its process.")
        time.sleep(0.5)


async def _uploads(address: str, browser: str, begun: asyncio.Event) -> None:
    """Files of 199 MB that no page asks for, one after another."""
    async with tab(address, browser) as session:
        await session.open("bounds")
        await session.listen(3.0)
        for number in itertools.count():
            await asyncio.to_thread(_upload, address, f"{session.id}/f{number}")
            begun.set()


def _upload(address: str, place: str) -> None:
    """Sends a file until the server refuses, or has all of it."""
    with urllib.request.urlopen(f"{address}/_stcore/health") as answer:
        cookie = answer.headers["Set-Cookie"].split(";")[0]
    start, end = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n', b"\r\n--x--\r\n"
    parts = [start, *[bytes(1_000_000)] * 199, end]
    headers = {
        "Content-Type": "multipart/form-data; boundary=x",
        "Content-Length": str(sum(map(len, parts))),
        "Cookie": cookie,
        "X-Xsrftoken": cookie.split("=", 1)[1],
    }
    server = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    with closing(server), suppress(OSError):
        server.request("PUT", f"/_stcore/upload_file/{place}", iter(parts), headers)
        server.getresponse().read()


async def _press(
    address: str, browser: str, page: str, key: str, begun: asyncio.Event, times: int = 1, **query: Any
) -> None:
    """Opens a page in a tab of its own, presses a button so many times, and stays."""
    async with tab(address, browser) as session:
        for _ in range(times):
            await _push(session, page, key, **query)
            begun.set()
            await session.listen(1.0)
        while True:
            await session.listen(60.0)


async def _push(session: Tab, page: str, key: str, **query: Any) -> None:
    """Opens a page and presses a button; raises PacvizError where it is not offered soon."""
    await session.open(page, **query)
    end = time.monotonic() + START / 2
    while not any(name.endswith(f"-{key}") for name in session.buttons):
        if time.monotonic() > end:
            raise PacvizError(f"The page {page} offers no button {key!r} with {query}; mend this benchmark.")
        await session.hear(1.0)
    await session.listen(1.0)  # the page is drawn to its end
    await session.open(page, press=key, **query)


WORST: dict[str, Act] = {
    "noisy points one after another": _noise,
    "noisy points, never to the end": _restless_noise,
    "noisy points in ten tabs": _tabs,
    "noisy points in ten browsers": _browsers,
    "sweeps": _sweeps,
    "mistakes": _mistakes,
    "random labels": _labels,
    "trials": _trials,
    "trainings": _trainings,
    "uploads": _uploads,
}
"""What one visitor can do to the others."""


def visitors_benchmark(sessions: int | None, acts: Sequence[str] | None = None) -> dict[str, Any]:
    """Starts a server of its own cache and measures it: by that many sessions, or by two visitors where None.

    acts: what the first of the two does, by words of it; all of WORST where None.
    """
    wanted = [name for name in WORST if acts is None or any(act in name for act in acts)]
    if not wanted:
        raise PacvizError(f"One visitor can do {', '.join(WORST)}; got {', '.join(map(quoted, acts or ()))}.")

    def tell(name: str, figures: Mapping[str, Any]) -> None:
        print(f"{name}: {json.dumps(figures)}", file=sys.stderr, flush=True)

    with _own_cache(), serve() as (address, process):
        figures = worst(address, process, wanted, tell) if sessions is None else lecture(address, process, sessions)
    return {"cores": os.cpu_count(), **figures}


@contextmanager
def _own_cache() -> Iterator[None]:
    """A new cache, of this process and of those that it starts."""
    before = os.environ.get("PACVIZ_CACHE")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as cache:
        os.environ["PACVIZ_CACHE"] = cache
        try:
            yield
        finally:
            if before is None:
                del os.environ["PACVIZ_CACHE"]
            else:
                os.environ["PACVIZ_CACHE"] = before
