"""Pictures that came without face identities, as imports do: they are looked at before anybody is looked for."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence

from errors import LibraryUnavailable, NoFaceFound, NotFound

logger = logging.getLogger("castbook")
AT_ONCE = 16  # pictures that somebody waits for: about a second and a half on two cores


class Unseen:
    """Looks at each picture once while the program runs: where it shows no face, or cannot be read, that is so."""

    def __init__(self, look: Callable[[str], object]) -> None:
        """`look` keeps the identities of the face in a picture, and raises NoFaceFound where there is none."""
        self._look = look
        self._looked_at: set[str] = set()
        self._lock = threading.Lock()

    def look_at(self, image_ids: Iterable[str]) -> None:
        """At the first AT_ONCE of those that were not looked at yet, and then behind the page at the others."""
        new = self._claim(image_ids)
        self._look_at_each(new[:AT_ONCE])
        if rest := new[AT_ONCE:]:
            threading.Thread(target=self._look_at_each, args=(rest,), name="castbook-unseen", daemon=True).start()

    def _claim(self, image_ids: Iterable[str]) -> list[str]:
        with self._lock:
            new = [image_id for image_id in image_ids if image_id not in self._looked_at]
            self._looked_at.update(new)
            return new

    def _look_at_each(self, image_ids: Sequence[str]) -> None:
        for image_id in image_ids:
            try:
                self._look(image_id)
            except (NoFaceFound, NotFound):  # purged meanwhile
                continue
            except LibraryUnavailable as error:
                logger.warning("The face in a picture could not be looked at: %s", error)
