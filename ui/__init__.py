"""The page: one Gradio Blocks, one file a part. Talks to the studio, and through it to the library."""

from ui.health import add_health
from ui.page import build_page, launch_options

__all__ = ["add_health", "build_page", "launch_options"]
