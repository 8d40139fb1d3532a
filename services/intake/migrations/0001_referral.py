"""Referrals with the sealed data of the person, what became of them, and the places of the county."""

import sqlalchemy as sa
from alembic import op

from deploy.migrations.common import BIG, DOCUMENT, INSTANT, configuration, inbox, outbox

revision = "intake_0001"
down_revision = None
branch_labels = None
depends_on = None

SEALED = ("name", "dob", "phone", "mobile", "email", "address", "postcode", "notes", "submission")
TABLES = (
    "outbox",
    "inbox",
    "configuration",
    "idempotency",
    "unit",
    "referral",
    "match_key",
    "assignment",
    "notice",
    "timeline",
)


def upgrade() -> None:
    outbox()
    inbox()
    configuration()
    _idempotency()
    _unit()
    _referral()
    _match_key()
    _assignment()
    _notice()
    _timeline()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _idempotency() -> None:
    op.create_table(
        "idempotency",
        sa.Column("scope", sa.String(96), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_idempotency")),
    )
    op.create_index("ix_idempotency_expires_at", "idempotency", ["expires_at"])


def _unit() -> None:
    op.create_table(
        "unit",
        sa.Column("code", sa.String(7), nullable=False),
        sa.Column("district", sa.String(9), nullable=False),
        sa.Column("terminated", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_unit")),
    )


def _referral() -> None:
    op.create_table(
        "referral",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(8), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("facts", DOCUMENT, nullable=False),
        sa.Column("needs", DOCUMENT, nullable=False),
        sa.Column("decision_id", sa.Uuid()),
        sa.Column("rule_set", sa.String(64)),
        sa.Column("outcome", sa.String(32)),
        sa.Column("district", sa.String(16)),
        sa.Column("priority", sa.String(2)),
        sa.Column("flags", DOCUMENT),
        sa.Column("duplicate_of", sa.String(8)),
        sa.Column("decided_at", INSTANT),
        sa.Column("decision_sequence", sa.Integer()),
        sa.Column("cancel_reason", sa.String(32)),
        sa.Column("cancelled_at", INSTANT),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("sweeps", sa.Integer(), nullable=False),
        sa.Column("sweep_at", INSTANT),
        *(sa.Column(field, sa.Text()) for field in SEALED),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral")),
        sa.UniqueConstraint("reference", name=op.f("uq_referral_reference")),
    )
    op.create_index(
        "ix_referral_sweep_at",
        "referral",
        ["sweep_at"],
        postgresql_where=sa.text("sweep_at IS NOT NULL"),
        sqlite_where=sa.text("sweep_at IS NOT NULL"),
    )


def _match_key() -> None:
    op.create_table(
        "match_key",
        sa.Column("key", sa.String(96), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_match_key_referral_id_referral"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", "referral_id", name=op.f("pk_match_key")),
    )
    op.create_index("ix_match_key_referral_id", "match_key", ["referral_id"])


def _assignment() -> None:
    op.create_table(
        "assignment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.String(64), nullable=False),
        sa.Column("service_name", sa.String(200), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.String(64)),
        sa.Column("organization_name", sa.String(200)),
        sa.Column("track", sa.String(32)),
        sa.Column("needs", DOCUMENT, nullable=False),
        sa.Column("priority", sa.String(2)),
        sa.Column("sla", sa.String(32)),
        sa.Column("offered_at", INSTANT),
        sa.Column("due_at", INSTANT),
        sa.Column("channels", DOCUMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_assignment_referral_id_referral"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
    )
    op.create_index("ix_assignment_referral_id", "assignment", ["referral_id"])


def _notice() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("failure", sa.String(64)),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_notice_referral_id_referral"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_index("ix_notice_referral_id", "notice", ["referral_id"])


def _timeline() -> None:
    op.create_table(
        "timeline",
        sa.Column("seq", BIG, autoincrement=True, nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("before", sa.String(16)),
        sa.Column("after", sa.String(16)),
        sa.Column("details", DOCUMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_timeline_referral_id_referral"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_timeline")),
    )
    op.create_index("ix_timeline_referral_id", "timeline", ["referral_id"])
