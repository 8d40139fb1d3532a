"""Unit postcodes by release, with their wards and LSOAs, so that a new one can be loaded beside the one in force."""

import sqlalchemy as sa
from alembic import op

from deploy.migrations.common import BIG, INSTANT

revision = "intake_0009"
down_revision = "intake_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unit_release",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("units", sa.Integer()),
        sa.Column("loaded_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_release")),
    )
    op.execute(
        "INSERT INTO unit_release (name, units, loaded_at) "
        "SELECT 'county folder', count(*), CURRENT_TIMESTAMP FROM unit HAVING count(*) > 0"
    )
    op.execute("CREATE TABLE unit_before AS SELECT * FROM unit")
    op.drop_table("unit")
    op.create_table(
        "unit",
        sa.Column("release_id", BIG, autoincrement=False, nullable=False),
        sa.Column("code", sa.String(7), nullable=False),
        sa.Column("district", sa.String(9), nullable=False),
        sa.Column("terminated", sa.Boolean(), nullable=False),
        sa.Column("ward", sa.String(9)),
        sa.Column("lsoa", sa.String(9)),
        sa.PrimaryKeyConstraint("release_id", "code", name=op.f("pk_unit")),
    )
    op.execute(
        "INSERT INTO unit (release_id, code, district, terminated) "
        "SELECT r.id, u.code, u.district, u.terminated FROM unit_before u CROSS JOIN unit_release r"
    )
    op.drop_table("unit_before")


def downgrade() -> None:
    op.execute("CREATE TABLE unit_after AS SELECT * FROM unit")
    op.drop_table("unit")
    op.create_table(
        "unit",
        sa.Column("code", sa.String(7), nullable=False),
        sa.Column("district", sa.String(9), nullable=False),
        sa.Column("terminated", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_unit")),
    )
    op.execute(
        "INSERT INTO unit (code, district, terminated) SELECT code, district, terminated FROM unit_after "
        "WHERE release_id = (SELECT max(id) FROM unit_release WHERE loaded_at IS NOT NULL)"
    )
    op.drop_table("unit_after")
    op.drop_table("unit_release")
