"""Drawings that go on, and those that have ended lately."""

from collections.abc import Iterator

from studio import Studio
from ui.endpoints import answers
from ui.endpoints.endpoint import endpoint
from ui.endpoints.results import run_json, steps_then_result


@endpoint("reads")
def list_runs(studio: Studio) -> list[answers.Run]:
    """The drawings that wait, go on or have ended within an hour, the newest first.

    Their state is waiting, drawing, stopping, done, stopped or failed.
    """
    return [run_json(run) for run in studio.runs.list(studio.visitor.name)]


@endpoint("reads", shows="new_image_ids")
def attach_run(studio: Studio, run_id: str) -> Iterator[answers.Step | answers.Drawn]:
    """Watches a drawing. Streams {run_id, step, steps, ahead} as it goes on, then the cast member with its options.

    Leaving, or cancelling this call, does not stop it.

    Args:
        run_id: which drawing, as list_runs or the drawing call itself names it
    """
    yield from steps_then_result(studio.runs.get(run_id, studio.visitor.name), studio)


@endpoint("sets")
def stop_run(studio: Studio, run_id: str) -> answers.Run:
    """Stops a drawing at its next step; pictures that were finished are kept. One that has ended stays as it is.

    Args:
        run_id: which drawing
    """
    return run_json(studio.runs.stop(run_id, studio.visitor.name))
