"""a column that is there already"""

import sqlalchemy as sa
from alembic import op

revision = "5e05"
down_revision = "3c04"


def upgrade():
    op.add_column("user", sa.Column("seen", sa.Date()))


def downgrade():
    op.drop_column("user", "seen")
