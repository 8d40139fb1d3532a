"""Receipts for messages, the clock by which the next way is taken, and contacts that nothing may be sent to."""

import sqlalchemy as sa
from alembic import op

from deploy.migrations.common import BIG, INSTANT

revision = "notifier_0004"
down_revision = "notifier_0003"
branch_labels = None
depends_on = None

CLOCK = "confirm_by IS NOT NULL AND NOT moved_on"
ASKED = "ask_at IS NOT NULL"
WAITING = "state = 'waiting'"
IN_FORCE = "lifted_at IS NULL"


def upgrade() -> None:
    for column in (
        sa.Column("receipt", sa.String(16)),
        sa.Column("receipt_at", INSTANT),
        sa.Column("confirms", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("confirm_by", INSTANT),
        sa.Column("moved_on", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("resent", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("ask_at", INSTANT),
    ):
        op.add_column("notification", column)
    _index("ix_notification_clock", "notification", "confirm_by", CLOCK)
    _index("ix_notification_ask_at", "notification", "ask_at", ASKED)
    op.create_index("ix_notification_digest_id", "notification", ["digest_id"])
    _receipt()
    _ladder_end()
    _suppression()


def downgrade() -> None:
    for table in ("suppression", "ladder_end", "receipt"):
        op.drop_table(table)
    for index in ("ix_notification_digest_id", "ix_notification_ask_at", "ix_notification_clock"):
        op.drop_index(index, "notification")
    for column in ("ask_at", "resent", "moved_on", "confirm_by", "confirms", "receipt_at", "receipt"):
        op.drop_column("notification", column)


def _index(name: str, table: str, column: str, where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, table, [column], unique=unique, postgresql_where=condition, sqlite_where=condition)


def _receipt() -> None:
    op.create_table(
        "receipt",
        sa.Column("seq", BIG, autoincrement=True, nullable=False),
        sa.Column("provider", sa.String(16), nullable=False),
        sa.Column("message_id", sa.Uuid()),
        sa.Column("provider_id", sa.String(96), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("arrival", sa.String(16)),
        sa.Column("is_complaint", sa.Boolean(), nullable=False),
        sa.Column("code", sa.String(32)),
        sa.Column("at", INSTANT),
        sa.Column("body", sa.Text()),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("kept_at", INSTANT, nullable=False),
        sa.Column("look_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_receipt"),
        sa.UniqueConstraint("message_id", "provider_id", "status", name="uq_receipt_message_id"),
    )
    _index("ix_receipt_look_at", "receipt", "look_at", WAITING)


def _ladder_end() -> None:
    op.create_table(
        "ladder_end",
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("ended_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("assignment_id", name="pk_ladder_end"),
    )


def _suppression() -> None:
    op.create_table(
        "suppression",
        sa.Column("seq", BIG, autoincrement=True, nullable=False),
        sa.Column("contact", sa.String(96), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("notification_id", sa.Uuid(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("lifted_at", INSTANT),
        sa.Column("lifted_by", sa.String(32)),
        sa.Column("lifted_because", sa.String(32)),
        sa.PrimaryKeyConstraint("seq", name="pk_suppression"),
    )
    _index("uq_suppression_contact", "suppression", "contact", IN_FORCE, unique=True)
