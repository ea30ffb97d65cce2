"""What keeps a click from being lost while the cards are being drawn."""

from __future__ import annotations

import gradio as gr
from gradio.state_holder import SessionState

from ui.steady import SteadyDict, make_steady


def test_it_may_grow_while_it_is_walked_through():
    steady = SteadyDict({1: "one"})
    for walk in (steady.values, steady.items, steady.keys, steady.__iter__):
        for _ in walk():
            steady[len(steady) + 1] = "more"
    assert len(steady) == 1 + 1 + 2 + 4 + 8


def test_what_gradio_copies_for_every_session_stays_steady_and_is_not_described_anew():
    with gr.Blocks() as demo:
        button = gr.Button("Go")
        button.click(lambda: "gone", None, button)
    make_steady(demo)
    demo._queue.events_recorded = 2
    assert demo._queue.compute_analytics_summary([{"function": "go"}]) == {"functions": {}}  # nobody asks for it
    session = SessionState(demo)
    for of_a_session, known in ((session.blocks_config.blocks, demo.blocks), (session.blocks_config.fns, demo.fns)):
        assert isinstance(of_a_session, SteadyDict) and of_a_session is not known
        assert of_a_session == known
    assert session[button._id] is button
    assert list(session.components) == []
    assert demo.get_config_file()["components"][0]["props"]["value"] == "Go"
