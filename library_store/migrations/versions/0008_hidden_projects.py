"""since when a project is being brought in or taken away, and nobody sees it; an index for pictures that go"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("projects", sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_characters_canonical_image_id"), "characters", ["canonical_image_id"])
