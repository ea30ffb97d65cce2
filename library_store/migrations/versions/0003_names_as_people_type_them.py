"""names as people type them: found in any spelling, sorted with their numbers"""

import json

import sqlalchemy as sa
from alembic import op

from library_store.text import search_text

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("characters", sa.Column("sort_key", sa.Text(), server_default=sa.text("''"), nullable=False))
    characters = sa.table(
        "characters",
        *map(sa.column, ("id", "name", "description", "prompt", "visual_profile", "search_text")),
    )
    connection = op.get_bind()
    texts = (characters.c.name, characters.c.description, characters.c.prompt, characters.c.visual_profile)
    for id, name, description, prompt, profile in connection.execute(sa.select(characters.c.id, *texts)).all():
        parts = json.loads(profile) if isinstance(profile, str) else profile
        found_by = search_text(name, description, prompt, *parts.values())
        meant = sa.update(characters).where(characters.c.id == id)
        connection.execute(meant.values(search_text=found_by))
