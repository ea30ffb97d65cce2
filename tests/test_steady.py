"""What keeps a click from being lost while the cards are being drawn."""

from __future__ import annotations

import copy
from types import SimpleNamespace

from ui.steady import SteadyDict, make_steady


def test_it_may_grow_while_it_is_walked_through():
    steady = SteadyDict({1: "one"})
    for walk in (steady.values, steady.items, steady.keys, steady.__iter__):
        for _ in walk():
            steady[len(steady) + 1] = "more"
    assert len(steady) == 1 + 1 + 2 + 4 + 8


def test_what_gradio_copies_for_every_session_stays_steady():
    config = SimpleNamespace(blocks={1: "a button"}, fns={2: "its click"})
    make_steady(SimpleNamespace(default_config=config))
    for of_a_session, known in ((copy.copy(config.blocks), {1: "a button"}), (copy.copy(config.fns), {2: "its click"})):
        assert isinstance(of_a_session, SteadyDict)
        assert of_a_session == known
