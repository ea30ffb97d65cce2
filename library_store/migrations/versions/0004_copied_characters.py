"""copied characters know whom they were copied from"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("characters", sa.Column("copied_from_id", sa.String(length=36), nullable=True))
