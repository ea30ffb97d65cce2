"""the first tables"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "projects",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_projects"),
    )
    op.create_table(
        "characters",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("visual_profile", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("canonical_image_id", sa.String(length=36), nullable=True),
        sa.Column("is_saved_to_library", sa.Boolean(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trashed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["canonical_image_id"],
            ["character_reference_images.id"],
            name="fk_characters_canonical_image_id",
            use_alter=True,
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_characters_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_characters"),
    )
    op.create_index("ix_characters_project_id", "characters", ["project_id"])
    op.create_table(
        "stories",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("context", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_stories_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_stories"),
    )
    op.create_index("ix_stories_project_id", "stories", ["project_id"])
    op.create_table(
        "character_reference_images",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("character_id", sa.String(length=36), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("parent_id", sa.String(length=36), nullable=True),
        sa.Column("request", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("pack", sa.Text(), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("likeness", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["character_id"], ["characters.id"], name="fk_character_reference_images_character_id"),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["character_reference_images.id"], name="fk_character_reference_images_parent_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_character_reference_images"),
    )
    op.create_index("ix_character_reference_images_character_id", "character_reference_images", ["character_id"])
    op.create_table(
        "cast_members",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("story_id", sa.String(length=36), nullable=False),
        sa.Column("character_id", sa.String(length=36), nullable=False),
        sa.Column("active_image_id", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(
            ["active_image_id"], ["character_reference_images.id"], name="fk_cast_members_active_image_id"
        ),
        sa.ForeignKeyConstraint(["character_id"], ["characters.id"], name="fk_cast_members_character_id"),
        sa.ForeignKeyConstraint(["story_id"], ["stories.id"], name="fk_cast_members_story_id"),
        sa.PrimaryKeyConstraint("id", name="pk_cast_members"),
        sa.UniqueConstraint("story_id", "character_id", name="uq_cast_members_story_id_character_id"),
    )
    op.create_table(
        "face_identities",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("image_id", sa.String(length=36), nullable=False),
        sa.Column("encoder", sa.Text(), nullable=False),
        sa.Column("embedding", sa.LargeBinary(), nullable=False),
        sa.Column("box", sa.JSON(), nullable=False),
        sa.Column("landmarks", sa.JSON(), nullable=False),
        sa.Column("detection_score", sa.Double(), nullable=False),  # pyright: ignore[reportUnknownArgumentType]
        sa.ForeignKeyConstraint(["image_id"], ["character_reference_images.id"], name="fk_face_identities_image_id"),
        sa.PrimaryKeyConstraint("id", name="pk_face_identities"),
        sa.UniqueConstraint("image_id", "encoder", name="uq_face_identities_image_id_encoder"),
    )
    op.create_table(
        "cast_options",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("cast_member_id", sa.String(length=36), nullable=False),
        sa.Column("image_id", sa.String(length=36), nullable=False),
        sa.Column("how", sa.String(length=16), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["cast_member_id"], ["cast_members.id"], name="fk_cast_options_cast_member_id"),
        sa.ForeignKeyConstraint(["image_id"], ["character_reference_images.id"], name="fk_cast_options_image_id"),
        sa.PrimaryKeyConstraint("id", name="pk_cast_options"),
        sa.UniqueConstraint("cast_member_id", "image_id", name="uq_cast_options_cast_member_id_image_id"),
    )
    if op.get_bind().dialect.supports_alter:  # characters and images name each other; SQLite has it from the start
        op.create_foreign_key(
            "fk_characters_canonical_image_id",
            "characters",
            "character_reference_images",
            ["canonical_image_id"],
            ["id"],
        )


def downgrade() -> None:
    """Deliberately none: going back would drop columns, and with them what people kept in them."""
    raise RuntimeError("A Castbook database cannot be taken back to an older version. Restore the backup from before.")
