"""`python -m benchmarks`: how soon the page is there, and how long four judged variants take."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError

from app import load_maker
from pipeline.packs import Pack, load_pack
from pipeline.values import Reference, VariantRequest
from pipeline.variants import VariantMaker
from settings import Settings

ROOT = Path(__file__).parent.parent
RUNS = 3


def main() -> None:
    print(f"python app.py to first page: {_seconds_to_first_page():.1f} s (bar: 6 s)")
    settings = Settings()
    pack = load_pack(settings.pack, settings.pack_folders)
    started = time.perf_counter()
    maker = load_maker(pack)
    print(f"models of {pack.name}, imports included: {time.perf_counter() - started:.1f} s")
    _print_variants(maker, pack)


def _print_variants(maker: VariantMaker, pack: Pack) -> None:
    """Four at once, as the page does it, against four requests of one."""
    portrait = maker.generate(_request(pack, "smiling woman with red hair, cafe", 7, 1, None), _ignore).ranked[0]
    face = maker.find_face(portrait.picture)
    reference = Reference(portrait.picture, face.identities)

    def together() -> None:
        maker.generate(_request(pack, "wearing a spacesuit, outer space", 11, 4, reference), _ignore)

    def apart() -> None:
        for i in range(4):
            maker.generate(_request(pack, "wearing a spacesuit, outer space", 11 + i, 1, reference), _ignore)

    together()  # warm
    batch, single = _best(together), _best(apart)
    print(
        f"four judged variants, warm: {batch:.2f} s (bar: 10 s); one by one: {single:.2f} s, ratio {single / batch:.2f}"
    )


def _request(pack: Pack, prompt: str, seed: int, count: int, reference: Reference | None) -> VariantRequest:
    defaults = pack.defaults
    return VariantRequest(
        prompt, seed, count, reference, defaults.identity_scale, defaults.steps, defaults.guidance_scale
    )


def _best(work: Callable[[], None]) -> float:
    times: list[float] = []
    for _ in range(RUNS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def _seconds_to_first_page() -> float:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {
            "CASTBOOK_HOME": home,
            "GRADIO_SERVER_NAME": "127.0.0.1",
            "GRADIO_SERVER_PORT": str(port),
            "GRADIO_ANALYTICS_ENABLED": "False",
            "GRADIO_TEMP_DIR": str(Path(home, "gradio")),
        }
        started = time.perf_counter()
        server = subprocess.Popen(
            [sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}/", server)
            return time.perf_counter() - started
        finally:
            server.terminate()
            server.wait()


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    while server.poll() is None:
        with suppress(URLError, ConnectionError), urllib.request.urlopen(url, timeout=5) as page:
            if page.status == 200 and b"gradio" in page.read():
                return
        time.sleep(0.05)
    raise SystemExit("app.py ended before it served a page; run it to see why")


def _ignore(_: object) -> None:
    """No one watches a benchmark's steps."""


if __name__ == "__main__":
    main()
