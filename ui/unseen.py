"""Components that nobody sees: they hold what handlers hand to each other through the browser. `visible="hidden"`
would do, but a container that is shown once more shows what lies hidden in it, too (Gradio 6.31)."""

from __future__ import annotations

UNSEEN = "unseen"  # for `elem_classes`
