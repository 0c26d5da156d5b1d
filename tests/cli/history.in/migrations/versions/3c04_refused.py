"""nobody calls any more"""

from alembic import op

revision = "3c04"
down_revision = "3c03"


def upgrade():
    op.drop_column("user", "phone")


def downgrade():
    raise NotImplementedError("the numbers are gone")
