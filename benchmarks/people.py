"""`python -m benchmarks people`: many people at one server for minutes, with models that answer by eye and draw a run
in a fifth of a second: errors, how long library verbs take, how memory grows. `turns`: one who asks for forty drawings
beside one who asks for a single one."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import random
import secrets
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from gradio_client import Client

from library_store.store import LibraryStore
from pipeline.values import Step
from pipeline.variants import VariantMaker
from studio import Castbook, Models
from tests.fakes import FakeFaces, FakeGenerator, fake_pack
from tests.listening import listening

STEP = 0.05  # seconds, of four
THINKING = (0.5, 1.5)  # seconds between two calls of one person
CALLS_OF_A_TAB = 25  # then the person opens another
CHARACTERS = 6  # of one person; then the oldest goes
WARM = 1 / 3  # of the time, or ten minutes, before memory is said to be flat or not

Verbs = dict[str, Any]  # as Gradio describes them


class SlowGenerator(FakeGenerator):
    def generate(self, request: Any, reference: Any, on_step: Any) -> Any:
        def slowly(step: Step) -> None:
            time.sleep(STEP)
            on_step(step)

        return super().generate(request, reference, slowly)


def serve(home: Path, address: dict[str, Any]) -> None:
    from ui import build_page, launch_options

    pack = fake_pack()
    store = LibraryStore.open(f"sqlite:///{home / 'castbook.db'}", home / "pictures")
    castbook = Castbook(store, pack, Models(lambda: VariantMaker(SlowGenerator(), FakeFaces(), pack)))
    demo = build_page(castbook)
    demo.launch(**address, prevent_thread_lock=True, **launch_options(castbook))
    castbook.models.start()
    demo.block_thread()


@dataclass
class Measured:
    seconds: list[float] = field(default_factory=list[float])  # of library verbs
    drawn: list[float] = field(default_factory=list[float])
    errors: Counter[str] = field(default_factory=Counter[str])
    memory: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])  # seconds, MB
    computed: float = 0  # seconds, by the server


class Failed(Exception):
    """The server answered with an error."""


class Person:
    """One who calls, as a tab of theirs does."""

    def __init__(self, client: httpx.AsyncClient, verbs: Verbs, chance: random.Random, measured: Measured) -> None:
        self._client, self._verbs, self._chance, self._measured = client, verbs, chance, measured
        self._session, self._calls = secrets.token_hex(6), 0

    async def call(self, verb: str, *values: Any) -> Any:
        self._calls += 1
        if self._calls % CALLS_OF_A_TAB == 0:
            self._session = secrets.token_hex(6)
        answer = None
        async for each in self.stream(verb, *values):
            answer = each
        return answer

    async def stream(self, verb: str, *values: Any) -> AsyncGenerator[Any]:
        url = f"/gradio_api/call/{verb}"
        rest = [each["parameter_default"] for each in self._verbs[f"/{verb}"]["parameters"][len(values) :]]
        asked = await self._client.post(url, json={"data": [*values, *rest], "session_hash": self._session})
        if asked.status_code != 200:
            raise Failed(f"{verb}: {asked.status_code} {asked.text[:200]}")
        async with self._client.stream("GET", f"{url}/{asked.json()['event_id']}") as answer:
            kind = ""
            async for line in answer.aiter_lines():
                if line.startswith("event:"):
                    kind = line.removeprefix("event:").strip()
                elif line.startswith("data:") and kind == "error":
                    raise Failed(f"{verb}: {line[:200]}")
                elif line.startswith("data:") and kind in ("generating", "complete") and line != "data: null":
                    yield json.loads(line.removeprefix("data:"))[0]

    async def live(self, until: float) -> None:
        project = (await self.call("create_project", f"Project {secrets.token_hex(3)}"))["project_id"]
        story = (await self.call("create_story", project, "Chapter 1"))["story_id"]
        people = list[dict[str, Any]]()
        while time.monotonic() < until:
            await asyncio.sleep(self._chance.uniform(*THINKING))
            began = time.perf_counter()
            try:
                took = await self._do_something(project, story, people)
            except (Failed, httpx.HTTPError) as error:
                self._measured.errors[str(error) or type(error).__name__] += 1
            else:
                took.append(time.perf_counter() - began)

    async def _do_something(self, project: str, story: str, people: list[dict[str, Any]]) -> list[float]:
        one = self._chance.choice(people) if people else None
        kinds = ["draw"] if one is None else ["draw", *"list list list cast cast edit tags save uses export".split()]
        match kind := self._chance.choice(kinds):
            case "draw":
                made = await self.call("generate_character", story, "Mina", "a girl", {}, "", 1, None)
                people.append(made)
                await self.call("save_character", made["cast_member_id"], made["options"][0]["image_id"])
                if len(people) > CHARACTERS:
                    gone = people.pop(0)["character_id"]
                    await self.call("trash_character", gone)
                    await self.call("purge_character", gone)
                return self._measured.drawn
            case "list":
                await self.call("list_library", project)
            case "cast":
                await self.call("list_cast", story)
            case "edit":
                await self.call("edit_character", one["character_id"], None, str(self._chance.random()))
            case "tags":
                await self.call("set_tags", one["character_id"], ["lead", str(self._chance.randrange(9))])
            case "save":
                await self.call("save_character", one["cast_member_id"], one["options"][0]["image_id"])
            case "uses":
                await self.call("list_uses", one["character_id"])
            case _:
                assert kind == "export"
                await self.call("export_library", project)
        return self._measured.seconds


@asynccontextmanager
async def served() -> AsyncGenerator[tuple[httpx.AsyncClient, Verbs, int]]:
    """A client of a server of its own, what can be asked of it, and its process id."""
    with tempfile.TemporaryDirectory() as home:
        address = listening()
        server = multiprocessing.get_context("spawn").Process(target=serve, args=(Path(home), address), daemon=True)
        server.start()
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=2)
        url = f"http://127.0.0.1:{address['server_port']}"
        async with httpx.AsyncClient(base_url=url, timeout=120, limits=limits, trust_env=False) as client:
            while True:
                try:
                    said = (await client.get("/gradio_api/info")).raise_for_status().json()
                    break
                except httpx.HTTPError:
                    await asyncio.sleep(0.2)
            yield client, said["named_endpoints"], server.pid or 0
        server.kill()
        server.join()


def main(people: int, minutes: float) -> None:
    measured = Measured()
    asyncio.run(_people(people, minutes * 60, measured))
    library, drawn = np.array(measured.seconds) * 1000, np.array(measured.drawn)
    print(f"{people} people for {minutes:g} minutes, fake models")
    print(f"errors: {measured.errors.total()} (bar: 0) of {len(library) + len(drawn) + measured.errors.total()} calls")
    for error, count in measured.errors.most_common(5):
        print(f"  {count} x {error}")
    median, high = np.percentile(library, (50, 95))
    print(f"library verbs: median {median:.0f} ms, p95 {high:.0f} ms (bar: 500 ms)")
    each = 1000 * measured.computed / (len(library) + len(drawn))
    print(f"the server computed {each:.0f} ms for each; load {os.getloadavg()[0]:.1f} at the end")
    print(f"a drawing, its waiting included: median {np.median(drawn):.1f} s")
    seconds, memory = np.array(measured.memory).T
    warm = seconds > min(600, WARM * seconds[-1])
    slope = np.polyfit(seconds[warm] / 60, memory[warm], 1)[0]
    print(f"server's memory: {memory[0]:.0f} to {memory[-1]:.0f} MB; slope once warm {slope:+.2f} MB/min (bar: 0.5)")


async def _people(people: int, seconds: float, measured: Measured) -> None:
    async with served() as (client, verbs, pid):
        began, before = time.monotonic(), _computed(pid)

        async def watch() -> None:
            while time.monotonic() < began + seconds:
                measured.memory.append((time.monotonic() - began, _resident(pid)))
                await asyncio.sleep(2)

        lives = [Person(client, verbs, random.Random(i), measured).live(began + seconds) for i in range(people)]
        await asyncio.gather(watch(), *lives)
        measured.computed = _computed(pid) - before


def turns() -> None:
    asyncio.run(_turns())


async def _turns() -> None:
    async with served() as (http, _, _):
        greedy, single = [await asyncio.to_thread(Client, str(http.base_url), verbose=False) for _ in range(2)]

        def call(client: Client, verb: str, *values: Any) -> float:
            began = time.perf_counter()
            client.predict(*values, api_name=f"/{verb}")
            return time.perf_counter() - began

        def work() -> None:
            project = greedy.predict("Turns", api_name="/create_project")["project_id"]
            story = greedy.predict(project, "Chapter 1", api_name="/create_story")["story_id"]
            asked = (story, "Mina", "a girl", {}, "", 4, None)
            alone = call(greedy, "generate_character", *asked)
            forty = [greedy.submit(*asked, api_name="/generate_character") for _ in range(40)]
            time.sleep(alone)
            browsed = call(single, "list_library", project)
            beside = call(single, "generate_character", *asked)
            ended = Counter(str(job.exception() or "drawn") for job in forty)
            print(f"a drawing alone: {alone:.2f} s; beside one who asked for forty: {beside:.2f} s")
            print(f"so it waited for {max(0, beside - alone) / alone:.1f} drawings (bar: 2)")
            print(f"list_library meanwhile: {browsed * 1000:.0f} ms; the forty: {dict(ended)}")

        await asyncio.to_thread(work)


def _computed(pid: int) -> float:
    """Seconds of a core, of a process (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def _resident(pid: int) -> float:
    """MB, of a process (Linux)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024
