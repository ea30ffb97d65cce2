"""The page: one Gradio Blocks, one file a part. Talks to the studio, and through it to the library."""

from ui.page import build_page, launch_options

__all__ = ["build_page", "launch_options"]
