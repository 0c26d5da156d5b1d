# shellcheck shell=bash
# For the scripts that make repositories: a revision that creates a table, by its id and the parent as Python writes it.

revision() {
    cat >"migrations/versions/$1.py" <<END
import sqlalchemy as sa
from alembic import op

revision = "$1"
down_revision = $2


def upgrade():
    op.create_table("t_$1", sa.Column("id", sa.Integer()))


def downgrade():
    op.drop_table("t_$1")
END
}
