"""tidy up"""

import os

from alembic import op

revision = "7a07"
down_revision = "6f06"


def upgrade():
    op.rename_table("plugin", "extension")
    if os.environ.get("STRICT"):
        op.alter_column("user", "seen", nullable=False)


def downgrade():
    op.rename_table("extension", "plugin")
