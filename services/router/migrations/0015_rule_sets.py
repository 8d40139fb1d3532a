"""Versions of the rules, who approved them, and from when each is in force."""

import sqlalchemy as sa
from alembic import op

from deploy.migrations.common import BIG, DOCUMENT, INSTANT

revision = "router_0015"
down_revision = "router_0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("configuration", sa.Column("effective_from", INSTANT))
    op.execute("UPDATE configuration SET effective_from = loaded_at")
    with op.batch_alter_table("configuration") as table:
        table.alter_column("effective_from", nullable=False)
    op.create_index("ix_configuration_effective_from", "configuration", ["effective_from", "seq"])
    op.create_table(
        "rule_set",
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("documents", DOCUMENT, nullable=False),
        sa.Column("reason", sa.String(400), nullable=False),
        sa.Column("drafted_by", sa.String(64), nullable=False),
        sa.Column("drafted_at", INSTANT, nullable=False),
        sa.Column("findings", DOCUMENT, nullable=False),
        sa.Column("checked_at", INSTANT),
        sa.Column("approved_by", sa.String(64)),
        sa.Column("approved_at", INSTANT),
        sa.PrimaryKeyConstraint("version", name="pk_rule_set"),
        sa.CheckConstraint("approved_by <> drafted_by", name="ck_rule_set_second_person"),
        sa.CheckConstraint("approved_by IS NULL OR checked_at IS NOT NULL", name="ck_rule_set_checked_first"),
    )
    op.create_table(
        "publication",
        sa.Column("seq", BIG, autoincrement=True, nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("entry", sa.String(16), nullable=False),
        sa.Column("effective_from", INSTANT, nullable=False),
        sa.Column("published_by", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(400), nullable=False),
        sa.Column("published_at", INSTANT, nullable=False),
        sa.Column("withdrawn_by", sa.String(64)),
        sa.Column("withdrawn_reason", sa.String(400)),
        sa.Column("withdrawn_at", INSTANT),
        sa.PrimaryKeyConstraint("seq", name="pk_publication"),
        sa.ForeignKeyConstraint(["version"], ["rule_set.version"], name="fk_publication_version_rule_set"),
    )
    op.create_index(
        "ix_publication_effective_from",
        "publication",
        ["effective_from"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
        sqlite_where=sa.text("withdrawn_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("publication")
    op.drop_table("rule_set")
    op.drop_index("ix_configuration_effective_from", "configuration")
    op.drop_column("configuration", "effective_from")
