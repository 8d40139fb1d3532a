"""Why each decision was made."""

import sqlalchemy as sa
from alembic import op

revision = "router_0005"
down_revision = "router_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("decision", sa.Column("cause", sa.String(16), server_default="submitted", nullable=False))
    op.add_column("decision", sa.Column("cause_words", sa.String(400), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("decision", "cause_words")
    op.drop_column("decision", "cause")
