"""The studio's verbs as named endpoints for programs (`gradio_client`, curl, MCP), with JSON in and out."""

from studio import Studio
from ui.endpoints.cast import build_cast_endpoints
from ui.endpoints.characters import build_character_endpoints
from ui.endpoints.exports import build_export_endpoints
from ui.endpoints.generating import build_generating_endpoints
from ui.endpoints.library import build_library_endpoints
from ui.endpoints.runs import build_run_endpoints
from ui.endpoints.stories import build_story_endpoints


def build_endpoints(studio: Studio) -> None:
    """Must be called inside a gr.Blocks."""
    build_story_endpoints(studio)
    build_generating_endpoints(studio)
    build_run_endpoints(studio)
    build_cast_endpoints(studio)
    build_library_endpoints(studio)
    build_character_endpoints(studio)
    build_export_endpoints(studio)
