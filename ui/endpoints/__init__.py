"""The studio's verbs as named endpoints for programs (`gradio_client`, curl, MCP), with JSON in and out.

A verb is a function in one of the rooms beside this file. There is no other list of them.
"""

from studio import Castbook
from ui.endpoints import cast, characters, episodes, exports, generating, library, runs, stories
from ui.endpoints.endpoint import Endpoint, serve

ROOMS = (stories, generating, runs, cast, library, characters, episodes, exports)
ENDPOINTS: tuple[Endpoint, ...] = tuple(
    found for room in ROOMS for found in vars(room).values() if isinstance(found, Endpoint)
)


def build_endpoints(castbook: Castbook) -> None:
    """Must be called inside a gr.Blocks."""
    for endpoint in ENDPOINTS:
        serve(castbook, endpoint)
