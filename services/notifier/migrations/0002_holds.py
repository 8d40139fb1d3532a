"""What does not go out at present; the name of each message's template; answers to requests sent twice."""

import sqlalchemy as sa
from alembic import op

from deploy.migrations.common import INSTANT

revision = "notifier_0002"
down_revision = "notifier_0001"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('queued', 'sending')")
FAILED = sa.text("outcome IN ('transient', 'ambiguous', 'auth')")
STANDING = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.add_column("notification", sa.Column("wording", sa.String(64), server_default="", nullable=False))
    op.execute(
        "UPDATE notification SET wording = "
        "CASE WHEN safe_contact_only AND purpose <> 'recall' THEN 'offer-safe' ELSE purpose END || '.' || "
        "CASE WHEN channel = 'sms' THEN 'text' ELSE channel END"
    )
    # Of equals, the message with the nearest deadline goes first.
    op.drop_index("ix_notification_open", "notification")
    _index("ix_notification_open", "notification", ["priority", "reply_by"], OPEN)
    _index("ix_attempt_failed", "attempt", ["ended_at"], FAILED)
    _hold()
    op.create_table(
        "idempotency",
        sa.Column("scope", sa.String(96), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("scope", name="pk_idempotency"),
    )
    op.create_index("ix_idempotency_expires_at", "idempotency", ["expires_at"])


def downgrade() -> None:
    op.drop_table("idempotency")
    op.drop_table("hold")
    op.drop_index("ix_attempt_failed", "attempt")
    op.drop_index("ix_notification_open", "notification")
    op.drop_column("notification", "wording")
    _index("ix_notification_open", "notification", ["priority", "planned_at"], OPEN)


def _hold() -> None:
    op.create_table(
        "hold",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(96), nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("code", sa.String(32)),
        sa.Column("stopped_by", sa.String(32)),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("probe_at", INSTANT),
        sa.Column("probes", sa.Integer(), nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("ended_by", sa.String(32)),
        sa.Column("ended_reason", sa.String(32)),
        sa.PrimaryKeyConstraint("id", name="pk_hold"),
    )
    _index("ix_hold_standing", "hold", ["scope", "subject", "address", "kind"], STANDING, unique=True)


def _index(name: str, table: str, columns: list[str], where: sa.TextClause, *, unique: bool = False) -> None:
    op.create_index(name, table, columns, unique=unique, postgresql_where=where, sqlite_where=where)
