"""The models behind the studio: loaded in the background, waited for by whoever needs them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future

from errors import CastbookError, PackUnavailable
from logs import WORDLESS
from pipeline.variants import VariantMaker

logger = logging.getLogger("castbook")


class Models:
    """`load` runs once, in a thread of its own."""

    def __init__(self, load: Callable[[], VariantMaker]) -> None:
        self._load = load
        self._loaded: Future[VariantMaker] = Future()
        self._starting = threading.Lock()

    def start(self) -> None:
        """Begins to load; once, however often it is asked."""
        with self._starting:
            if self._loaded.running() or self._loaded.done():
                return
            self._loaded.set_running_or_notify_cancel()
        threading.Thread(target=self._run, name="castbook-models", daemon=True).start()

    @property
    def ready(self) -> bool:
        return self._loaded.done() and self._loaded.exception() is None

    @property
    def failure(self) -> BaseException | None:
        return self._loaded.exception() if self._loaded.done() else None

    def get(self) -> VariantMaker:
        """Waits until they are loaded. Raises PackUnavailable where they can't be."""
        self.start()
        return self._loaded.result()

    def _run(self) -> None:
        try:
            self._loaded.set_result(self._load())
        except CastbookError as error:
            self._loaded.set_exception(error)
        except Exception as error:
            logger.exception("The models could not be loaded", extra=WORDLESS)
            unavailable = PackUnavailable("The models could not be loaded.", "The server's log says why.")
            unavailable.__cause__ = error
            self._loaded.set_exception(unavailable)
