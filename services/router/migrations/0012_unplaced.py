"""What a decision leaves to nobody, and whether somebody was asked about it: so that a lost question is found."""

import sqlalchemy as sa
from alembic import op

from deploy.migrations.common import DOCUMENT, INSTANT

revision = "router_0012"
down_revision = "router_0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("referral", sa.Column("reviewed_at", INSTANT))
    op.add_column("decision", sa.Column("unplaced", sa.String(16)))
    decision = sa.table("decision", sa.column("document", DOCUMENT), sa.column("unplaced"))
    # Of duplicates that are there already nobody knows whether somebody was asked: those stay as they are.
    held = decision.c.document["held_needs"].as_string() != "[]"
    op.execute(decision.update().where(held).values(unplaced="held"))
    op.create_index(
        "ix_decision_unplaced",
        "decision",
        ["referral_id"],
        postgresql_where=sa.text("unplaced IS NOT NULL"),
        sqlite_where=sa.text("unplaced IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_decision_unplaced", "decision")
    op.drop_column("decision", "unplaced")
    op.drop_column("referral", "reviewed_at")
