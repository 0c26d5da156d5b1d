"""customer and what belongs to it"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "1a01"
down_revision = None


def upgrade():
    op.create_table(
        "user",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(255), nullable=False),
        sa.Column("Name", sa.Text(), comment="as it's written"),
        sa.Column("state", sa.Enum("new", "it's old", name="State"), server_default="new"),
        sa.Column("latest_order", sa.BigInteger()),
        sa.Column("seen", sa.DateTime(timezone=True), server_default=sa.func.now()),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("email", name="uq_email"),
    )
    op.create_table(
        "order",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("user", sa.Integer(), sa.ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
        sa.Column("total", sa.Numeric(10, 2), nullable=False),
        sa.Column("double", sa.Numeric(10, 2), sa.Computed("total * 2")),
        sa.CheckConstraint("total >= 0", name="positive"),
        comment="what was bought",
    )
    op.create_foreign_key("fk_latest", "user", "order", ["latest_order"], ["id"], initially="DEFERRED", deferrable=True)
    op.create_index(
        "ix_order",
        "order",
        ["user", sa.text("lower(total::text)")],
        unique=True,
        postgresql_where=sa.text("total > 0"),
        postgresql_include=["id"],
    )
    op.create_table(
        "event",
        sa.Column("data", postgresql.JSONB(), nullable=False),
        sa.Column("pk", postgresql.UUID(), server_default=sa.text("gen_random_uuid()"), primary_key=True),
        schema="audit",
    )


def downgrade():
    op.drop_table("event", schema="audit")
    op.drop_constraint("fk_latest", "user", type_="foreignkey")
    op.drop_table("order")
    op.drop_table("user")
    sa.Enum(name="State").drop(op.get_bind())
