"""Decisions, assignments with their needs and moves, and the places they take."""

import sqlalchemy as sa
from alembic import op

from deploy.migrations.common import BIG, DOCUMENT, INSTANT, configuration, inbox, outbox

revision = "router_0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "outbox",
    "inbox",
    "configuration",
    "referral",
    "decision",
    "assignment",
    "assignment_need",
    "assignment_move",
    "capacity",
)


def upgrade() -> None:
    outbox()
    inbox()
    configuration()
    _referral()
    _decision()
    _assignment()
    _assignment_need()
    _assignment_move()
    _capacity()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _referral() -> None:
    op.create_table(
        "referral",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(16), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("submitted_at", INSTANT, nullable=False),
        sa.Column("cancelled_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_referral"),
        sa.UniqueConstraint("reference", name="uq_referral_reference"),
    )


def _decision() -> None:
    op.create_table(
        "decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(16), nullable=False),
        sa.Column("rule_set", sa.String(64), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("facts", DOCUMENT, nullable=False),
        sa.Column("document", DOCUMENT, nullable=False),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_decision"),
    )
    op.create_index("ix_decision_referral_id", "decision", ["referral_id"])
    op.create_index("ix_decision_reference", "decision", ["reference"])


def _assignment() -> None:
    op.create_table(
        "assignment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(16), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.String(64), nullable=False),
        sa.Column("service_name", sa.String(200), nullable=False),
        sa.Column("organization_id", sa.String(64), nullable=False),
        sa.Column("organization_name", sa.String(200), nullable=False),
        sa.Column("track", sa.String(32), nullable=False),
        sa.Column("needs", DOCUMENT, nullable=False),
        sa.Column("priority", sa.String(2), nullable=False),
        sa.Column("sla", sa.String(32), nullable=False),
        sa.Column("district", sa.String(16)),
        sa.Column("channels", DOCUMENT, nullable=False),
        sa.Column("safe_contact_only", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("offered_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("notified_at", INSTANT),
        sa.Column("capacity_day", sa.Date()),
        sa.PrimaryKeyConstraint("id", name="pk_assignment"),
    )
    op.create_index("ix_assignment_referral_id", "assignment", ["referral_id"])
    op.create_index("ix_assignment_reference", "assignment", ["reference"])
    op.create_index("ix_assignment_service_state", "assignment", ["service_id", "state", "due_at"])


def _assignment_need() -> None:
    op.create_table(
        "assignment_need",
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("need", sa.String(64), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("assignment_id", "need", name="pk_assignment_need"),
    )
    op.create_index(
        "ix_assignment_need_live",
        "assignment_need",
        ["referral_id", "need"],
        unique=True,
        postgresql_where=sa.text("live"),
        sqlite_where=sa.text("live"),
    )


def _assignment_move() -> None:
    op.create_table(
        "assignment_move",
        sa.Column("seq", BIG, autoincrement=True, nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("from_state", sa.String(16)),
        sa.Column("to_state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(64)),
        sa.PrimaryKeyConstraint("seq", name="pk_assignment_move"),
    )
    op.create_index("ix_assignment_move_assignment_id", "assignment_move", ["assignment_id"])


def _capacity() -> None:
    op.create_table(
        "capacity",
        sa.Column("service_id", sa.String(64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("service_id", "day", name="pk_capacity"),
    )
