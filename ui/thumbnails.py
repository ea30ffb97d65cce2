"""Rows and grids of small pictures, alike everywhere on the page: chosen by a click, never opened or changed.

Hidden until there is something in them: with the first gallery in sight, Gradio fetches a player of films, 180 KB.
"""

from __future__ import annotations

from typing import Any

# For gr.Gallery; page.css gives `strip`, `people` and `steering` their sizes.
THUMBNAILS: dict[str, Any] = {
    "visible": False,
    "show_label": False,
    "allow_preview": False,
    "interactive": False,
    "buttons": [],
    "object_fit": "cover",
    "fit_columns": False,
}
