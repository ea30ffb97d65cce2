"""trash, favourites, tags, steering images, merged characters"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Columns are added in place: SQLite would make the tables anew otherwise, under the eyes of their foreign keys."""
    op.add_column("projects", sa.Column("trashed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("projects", sa.Column("faces_revision", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("stories", sa.Column("trashed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("characters", sa.Column("is_favourite", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column(
        "characters",
        sa.Column(
            "merged_into_id",
            sa.String(length=36),
            sa.ForeignKey("characters.id", name="fk_characters_merged_into_id"),
            nullable=True,
        ),
        inline_references=True,
    )
    op.create_table(
        "character_tags",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("character_id", sa.String(length=36), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["character_id"], ["characters.id"], name="fk_character_tags_character_id"),
        sa.PrimaryKeyConstraint("id", name="pk_character_tags"),
        sa.UniqueConstraint("character_id", "folded", name="uq_character_tags_character_id_folded"),
    )
    op.create_table(
        "steering_images",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("character_id", sa.String(length=36), nullable=False),
        sa.Column("image_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["character_id"], ["characters.id"], name="fk_steering_images_character_id"),
        sa.ForeignKeyConstraint(["image_id"], ["character_reference_images.id"], name="fk_steering_images_image_id"),
        sa.PrimaryKeyConstraint("id", name="pk_steering_images"),
        sa.UniqueConstraint("character_id", "image_id", name="uq_steering_images_character_id_image_id"),
    )
    op.drop_index("ix_characters_project_id", "characters")
    op.create_index(
        "ix_characters_library",
        "characters",
        ["project_id", "is_saved_to_library", "trashed_at", "saved_at", "id"],
    )
    op.create_index("ix_characters_merged_into_id", "characters", ["merged_into_id"])
    op.create_index("ix_character_tags_folded_character_id", "character_tags", ["folded", "character_id"])
    op.create_index("ix_steering_images_image_id", "steering_images", ["image_id"])
    op.create_index("ix_cast_members_uses", "cast_members", ["character_id", "story_id", "id"])
    op.create_index("ix_cast_members_active_image_id", "cast_members", ["active_image_id"])
    op.create_index("ix_cast_options_on_offer", "cast_options", ["cast_member_id", "removed_at"])
    op.create_index("ix_cast_options_image_id", "cast_options", ["image_id"])
    op.create_index("ix_character_reference_images_content_hash", "character_reference_images", ["content_hash"])
    op.create_index("ix_character_reference_images_parent_id", "character_reference_images", ["parent_id"])


def downgrade() -> None:
    """Deliberately none: going back would drop columns, and with them what people kept in them."""
    raise RuntimeError("A Castbook database cannot be taken back to an older version. Restore the backup from before.")
