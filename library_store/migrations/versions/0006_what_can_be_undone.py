"""what was active when it was removed, and how two characters were before they were merged"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cast_options", sa.Column("was_active", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("characters", sa.Column("before_merge", sa.JSON(), nullable=True))
