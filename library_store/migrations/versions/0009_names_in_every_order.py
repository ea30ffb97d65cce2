"""names are put in order when they are asked for, in the language of whoever asks"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("characters", "sort_key")
