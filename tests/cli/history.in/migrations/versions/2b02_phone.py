"""phone numbers"""

import sqlalchemy as sa
from alembic import op

revision = "2b02"
down_revision = "1a01"


def upgrade():
    op.add_column("user", sa.Column("phone", sa.String(20), nullable=False, server_default=""))
    op.alter_column("user", "Name", type_=sa.String(80), nullable=False)
    op.create_index("ix_phone", "user", ["phone"])
    op.drop_constraint("uq_email", "user")


def downgrade():
    op.drop_column("user", "phone")
    op.alter_column("user", "Name", type_=sa.String(100), nullable=True)
