"""a table of which not all is known"""

import os

import sqlalchemy as sa
from alembic import op

revision = "6f06"
down_revision = "5e05"
branch_labels = ("plugin",)


def upgrade():
    op.create_table("plugin", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("size", os.environ["TYPE"]))
    if os.environ.get("BIG"):
        op.create_index("ix_size", "plugin", ["size"])


def downgrade():
    op.drop_table("plugin")
