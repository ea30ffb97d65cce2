"""How the page looks: warm paper, ink, and one coral accent."""

from __future__ import annotations

import re
from pathlib import Path

from gradio.themes import Base
from gradio.themes.utils import sizes
from gradio.themes.utils.colors import Color

HERE = Path(__file__).parent

CORAL = Color(
    "#fff3ef", "#ffe4dc", "#ffc9ba", "#ffa68e", "#ff8263", "#e8593a", "#c8401f", "#a63419", "#862c18", "#6e2818",
    "#3c1209", name="coral",
)  # fmt: skip
PAPER = Color(
    "#fdfaf6", "#f6f0e8", "#eae1d6", "#d6c9ba", "#a89989", "#7c6f62", "#5d5248", "#463d35", "#2e2822", "#211c18",
    "#171310", name="paper",
)  # fmt: skip


def theme() -> Base:
    """White on the accent has a contrast of 4.9, in dark mode ink on the light accent 7.9 (WCAG asks 4.5)."""
    return Base(
        primary_hue=CORAL,
        secondary_hue=CORAL,
        neutral_hue=PAPER,
        radius_size=sizes.radius_lg,
        font=("IBM Plex Sans", "system-ui", "sans-serif"),  # see page.css, for headings too
        font_mono=("ui-monospace", "Consolas", "monospace"),
    ).set(  # pyright: ignore[reportUnknownMemberType]
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        body_text_color="*neutral_800",
        body_text_color_dark="*neutral_100",
        body_text_color_subdued="*neutral_500",
        body_text_color_subdued_dark="*neutral_400",
        background_fill_primary="#ffffff",
        background_fill_primary_dark="*neutral_900",
        background_fill_secondary="*neutral_50",
        background_fill_secondary_dark="*neutral_950",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_border_width="0px",
        block_border_width_dark="0px",
        block_shadow="none",
        block_padding="0px",
        block_label_background_fill="transparent",
        block_label_background_fill_dark="transparent",
        block_title_text_weight="400",
        block_title_text_size="*text_sm",
        block_title_text_color="*neutral_600",
        block_title_text_color_dark="*neutral_300",
        block_info_text_color="*neutral_500",
        block_info_text_color_dark="*neutral_400",
        input_background_fill="#ffffff",
        input_background_fill_dark="*neutral_950",
        input_border_color="*neutral_200",
        input_border_color_dark="*neutral_700",
        input_border_color_focus="*primary_500",
        input_border_color_focus_dark="*primary_400",
        input_placeholder_color="*neutral_500",
        input_placeholder_color_dark="*neutral_400",
        input_border_width="1px",
        input_radius="*radius_md",
        border_color_primary="*neutral_200",
        border_color_primary_dark="*neutral_700",
        panel_border_width="0px",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_400",
        button_primary_background_fill_hover_dark="*primary_300",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="*neutral_950",
        button_primary_border_color="transparent",
        button_secondary_background_fill="#ffffff",
        button_secondary_background_fill_hover="*neutral_100",
        button_secondary_background_fill_dark="*neutral_800",
        button_secondary_background_fill_hover_dark="*neutral_700",
        button_secondary_text_color="*neutral_800",
        button_secondary_text_color_dark="*neutral_100",
        button_secondary_border_color="*neutral_200",
        button_secondary_border_color_dark="*neutral_700",
        button_cancel_background_fill="#ffffff",
        button_cancel_background_fill_hover="*primary_50",
        button_cancel_background_fill_dark="*neutral_800",
        button_cancel_background_fill_hover_dark="*neutral_700",
        button_cancel_text_color="*primary_700",
        button_cancel_text_color_dark="*primary_300",
        button_cancel_border_color="*primary_600",
        button_cancel_border_color_dark="*primary_400",
        button_border_width="1px",
        button_large_text_weight="700",
        button_medium_text_weight="400",
        button_small_text_weight="400",
        button_medium_radius="*radius_md",
        button_small_radius="*radius_md",
        button_large_radius="*radius_md",
        slider_color="*primary_600",
        slider_color_dark="*primary_400",
        link_text_color="*primary_700",
        link_text_color_dark="*primary_300",
        color_accent="*primary_600",
        color_accent_soft_dark="*neutral_700",
        shadow_drop="0 1px 2px rgb(60 40 20 / 0.06)",
        shadow_drop_lg="0 12px 40px rgb(40 25 10 / 0.18)",
    )


STYLES = (
    "page.css", "sharing.css", "story/story.css", "story/words.css", "undo.css", "lightbox/lightbox.css",
    "likeness/likeness.css",
)  # fmt: skip
SCRIPTS = (
    "page.js", "dialog.js", "fields.js", "story/tiles.js", "story/words.js", "find.js", "story/composer.js", "undo.js",
    "lightbox/lightbox.js", "drafts.js", "signed_out.js", "focus.js",
)  # fmt: skip


def css() -> str:
    return re.sub(r"/\*.*?\*/", "", _files(*STYLES), flags=re.DOTALL)


def head() -> str:
    """What Gradio lacks: each script says what it is for."""
    return f"<script>{_REMARK.sub('', _files(*SCRIPTS))}</script>"


# A line of its own; and what a line begins with. The page is sent without: it is four KB less.
_REMARK = re.compile(r"^\s*(//.*|/\*\*.*\*/)?\n?", re.MULTILINE)


def _files(*names: str) -> str:
    return "\n".join((HERE / name).read_text(encoding="utf-8") for name in names)
