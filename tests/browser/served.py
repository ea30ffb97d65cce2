"""The app as the browser tests see it: served by this process, its studio at hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from fakes import PatientGenerator
from listening import listening
from playwright.sync_api import Locator, Page

from library_store.records import CastMember, Character, VisualProfile
from studio import Castbook, Studio
from studio.drawing import Made
from ui import build_page, launch_options
from ui.sign_in import WaysToSignIn


@dataclass
class App:
    url: str
    studio: Studio
    generator: PatientGenerator | None = None  # None: the real one
    troubles: list[str] = field(default_factory=list)  # console errors and requests to foreign hosts

    @property
    def story_id(self) -> str:
        return self.studio.library.ensure_a_story().id

    @property
    def cast(self) -> list[CastMember]:
        return self.studio.library.list_cast(self.story_id)

    @property
    def library(self) -> list[Character]:
        return self.studio.library.list_library(self.studio.library.list_projects()[0].id)


def drawn(studio: Studio, story_id: str, name: str) -> Character:
    """A saved character with one picture of their own request."""
    *_, made = studio.drawing.generate_character(
        story_id, name, "a girl", VisualProfile(hair="red hair"), count=1, seed=0
    )
    assert isinstance(made, Made)
    return studio.library.save_character(made.member.id, made.image_ids[0])


# Gradio gives what a tab or an accordion shows for the first time its value once more, a frame after it is there.
FRAMES = """() => new Promise((done) => {
  const wait = (frames) => (frames ? requestAnimationFrame(() => wait(frames - 1)) : done());
  wait(3);
})"""


def settle(page: Page) -> None:
    """Before typing into a field that may only just have been shown: Gradio would write over it."""
    page.evaluate(FRAMES)


def fill(box: Locator, text: str) -> None:
    """As slowly as a person: Gradio hears of it a moment later; a click before that sends the old text."""
    box.fill(text)
    settle(box.page)


@contextmanager
def served(castbook: Castbook, ways: WaysToSignIn | None = None) -> Iterator[str]:
    demo = build_page(castbook)
    _, url, _ = demo.launch(**listening(), prevent_thread_lock=True, **launch_options(castbook, ways=ways))
    castbook.models.start()
    yield url
    demo.close()
