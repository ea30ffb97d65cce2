"""The studio's verbs as named endpoints for programs (`gradio_client`, curl, MCP), with JSON in and out."""

from studio import Castbook
from ui.endpoints.cast import build_cast_endpoints
from ui.endpoints.characters import build_character_endpoints
from ui.endpoints.episodes import build_episode_endpoints
from ui.endpoints.exports import build_export_endpoints
from ui.endpoints.generating import build_generating_endpoints
from ui.endpoints.library import build_library_endpoints
from ui.endpoints.runs import build_run_endpoints
from ui.endpoints.stories import build_story_endpoints


def build_endpoints(castbook: Castbook) -> None:
    """Must be called inside a gr.Blocks."""
    build_story_endpoints(castbook)
    build_generating_endpoints(castbook)
    build_run_endpoints(castbook)
    build_cast_endpoints(castbook)
    build_library_endpoints(castbook)
    build_character_endpoints(castbook)
    build_episode_endpoints(castbook)
    build_export_endpoints(castbook)
