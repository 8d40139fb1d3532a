"""How a submission is sealed into a row of `referral` and opened again: personal fields one by one, the rest as one."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from services.intake.domain.referral import Consent, Person, Referrer, Submission, Updates
from services.intake.store.tables import SEALED
from shared.vault import Vault

OF_PERSON = ("name", "dob", "phone", "mobile", "email")
OF_REQUEST = ("address", "postcode", "notes")
REST = "submission"


def seal_submission(vault: Vault, referral_id: UUID, submission: Submission) -> dict[str, str | None]:
    """The sealed columns of the row `referral_id`; a field that was not given stays empty."""
    rest: dict[str, Any] = asdict(submission)  # JSON of `Submission`
    person = rest["person"]
    plain: dict[str, str | None] = {field: person.pop(field) for field in OF_PERSON}
    plain |= {field: rest.pop(field) for field in OF_REQUEST}
    plain[REST] = json.dumps(rest, ensure_ascii=False)
    return {
        field: None if value is None else vault.seal(value, row=referral_id, field=field)
        for field, value in plain.items()
    }


def open_submission(vault: Vault, referral_id: UUID, row: Mapping[str, Any]) -> Submission:
    """What was sent, exactly. Raises Tampered when a column is not what was stored in this row."""
    plain = {field: _opened(vault, referral_id, field, row[field]) for field in SEALED}
    rest: dict[str, Any] = json.loads(plain[REST] or "{}")  # JSON of `Submission`
    rest |= {field: plain[field] for field in OF_REQUEST}
    rest |= {field: tuple(rest[field]) for field in ("needs", "flags")}
    person = Person(**rest["person"] | {field: plain[field] for field in OF_PERSON})
    parts = {
        "person": person,
        "consent": Consent(**rest["consent"]),
        # What was stored before these could be given has neither.
        "referrer": Referrer(**rest.get("referrer", {})),
        "updates": Updates(**rest.get("updates", {})),
    }
    return Submission(**rest | parts)


def _opened(vault: Vault, referral_id: UUID, field: str, sealed: str | None) -> str | None:
    return None if sealed is None else vault.open(sealed, row=referral_id, field=field)
