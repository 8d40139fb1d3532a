"""Sealing what is stored anew after a change of keys, so that the old key can be thrown away."""

from sqlalchemy import select

from services.intake.store.tables import SEALED, referral
from shared.db import Transaction
from shared.vault import Vault


async def reseal_some(tx: Transaction, vault: Vault, limit: int) -> int:
    """Put up to `limit` referrals under the active key, all their fields at once; how many were not. Raises Tampered.

    Match keys need none of this: they are searched under every index key, and no longer once they are a week old (R11).
    """
    query = (
        select(referral.c.id, *(referral.c[field] for field in SEALED))
        # Every row has this column, and its fields are only ever sealed together.
        .where(referral.c.submission.not_like(f"{vault.active}.%"))
        .order_by(referral.c.id)
        .limit(limit)
        .with_for_update()
    )
    rows = (await tx.connection.execute(query)).mappings().all()
    for row in rows:
        fresh = {
            field: vault.reseal(row[field], row=row["id"], field=field) for field in SEALED if row[field] is not None
        }
        await tx.connection.execute(referral.update().where(referral.c.id == row["id"]).values(fresh))
    return len(rows)
