"""Castbook, built once: the store, one pack's models, and all that outlives a visit. Who visits gets a `Studio`."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

from errors import LibraryUnavailable
from library_store.records import Visitor
from library_store.store import LibraryStore
from pipeline.packs import Pack
from studio.drawing import Asked, Drawing, Made
from studio.entrance import Access, Entrance
from studio.episodes import Episodes, KeptEpisodes
from studio.exports import Exports, ExportsFolder
from studio.faces import Faces, RecentUploads
from studio.identities import Backfill, Identities
from studio.likeness import Deciders, KeptDeciders
from studio.line import Line, Turn
from studio.metrics import Metrics
from studio.models import Models
from studio.requests import Requests
from studio.retention import Retention
from studio.runs import Runs
from studio.studio import Studio
from studio.temporary import TemporaryFolder
from studio.trust import Trust

MINUTES = 5  # between two looks for old files
MOST_LOOKS = 8  # at pictures, of one caller, that wait


class Castbook:
    """Safe from any thread."""

    def __init__(
        self,
        store: LibraryStore,
        pack: Pack,
        models: Models,
        report_folders: Sequence[Path] = (),
        access: Access = "single",
        retention: Retention = Retention(),  # noqa: B008 (a frozen value)
        forgets_at_restart: bool = False,
    ) -> None:
        """`report_folders` are where `python -m evaluation` leaves what it measured, beside the pack's own folder."""
        self.store = store
        self.entrance = Entrance(store.keys, access)
        self.retention = retention
        self.forgets_at_restart = forgets_at_restart
        self.pack = pack
        self.models = models
        self._report_folders = (pack.folder, *report_folders)
        self._backfill = Backfill()
        self._deciders = KeptDeciders()
        store.faces.also_forget(self._deciders.forget)
        self._uploads = RecentUploads()
        self._looking = Line("castbook-look", MOST_LOOKS)
        self.runs = Runs[Asked, Made]()
        self.metrics = Metrics(self.runs)
        self.temporary = TemporaryFolder()
        self.exports = ExportsFolder(self.temporary, retention.export_minutes)
        self.episodes = KeptEpisodes(self.temporary)

    def remove_old_from_now_on(self) -> None:
        """What was exported, uploaded or cut out of pages goes when its time is up, whether or not somebody asks for
        more; and visitors who come no more, and what has been in the trash for too long."""

        def every_few_minutes() -> None:
            while True:
                time.sleep(MINUTES * 60)
                self.exports.remove_old()
                self.episodes.remove_old()
                self._uploads.remove_old()
                with suppress(LibraryUnavailable):  # there is a next time
                    self.remove_idle()
                    if self.retention.trash_days is not None:
                        self.store.purge_trash(self.retention.trash_days)
                    self.store.remove_hidden()

        threading.Thread(target=every_few_minutes, name="castbook-old-files", daemon=True).start()

    def seen_by(self, visitor: Visitor, caller: str = "") -> Studio:
        """Costs nothing: made anew for each who asks. `caller`: who takes turns with others where something has to be
        waited for; the visitor where nothing is said."""
        caller = caller or visitor.name
        self.runs.seen(visitor.name)
        library, pack, models = self.store.seen_by(visitor), self.pack, self.models
        identities = Identities(library, pack, models, self._backfill)
        deciders = Deciders(library, pack, self._deciders)
        turn = Turn(self._looking, caller)
        faces = Faces(library, pack, models, identities, deciders, self._uploads, visitor.name, turn)
        return Studio(
            library=library,
            pack=pack,
            models=models,
            drawing=Drawing(library, pack, models, identities, deciders, self.runs, visitor.name, caller),
            faces=faces,
            episodes=Episodes(library, pack, faces, deciders, self.episodes, visitor.name),
            trust=Trust(library, pack, identities, deciders, self._report_folders),
            exports=Exports(library, self.exports, visitor.name),
            requests=Requests(library, pack),
            runs=self.runs,
            visitor=visitor,
        )

    def delete_everything(self, visitor: Visitor) -> None:
        """Of a visitor, for good; what opens their place opens nothing any more."""
        for run in self.runs.list(visitor.name):
            run.stop()
        self.store.seen_by(visitor).delete_everything()
        for kept in (self.exports, self.episodes, self._uploads):
            kept.forget(visitor.name)
        self.store.keys.forget(visitor.name)

    def remove_idle(self) -> int:
        """Anonymous visitors of whom nobody has come for so long. Gives how many they were."""
        owners = self.store.keys.idle(datetime.now(timezone.utc) - timedelta(days=self.retention.idle_days))
        for owner in owners:
            self.delete_everything(Visitor(owner))
        return len(owners)
