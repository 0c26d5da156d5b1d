"""fill in phone numbers"""

from alembic import op

revision = "3c03"
down_revision = "2b02"


def upgrade():
    op.execute("UPDATE \"user\" SET phone = '0'")


def downgrade():
    pass
