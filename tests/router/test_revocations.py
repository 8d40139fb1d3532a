"""What any store of the router must do so that a link that was revoked stays revoked."""

from datetime import timedelta

from services.router.domain.assignment import Actor
from services.router.domain.links import Revocation, Revoked
from shared.clock import new_id
from tests.router.builders import NOON
from tests.router.conftest import Begin

DESK = Actor("staff", "desk-2")


async def test_a_link_is_revoked_by_its_message_and_by_its_assignment_since_the_first_time(begin: Begin) -> None:
    assignment, other, message, another = (new_id() for _ in range(4))
    later = NOON + timedelta(minutes=5)
    async with begin() as tx:
        assert await tx.links.revoked_at(assignment, message) is None
        await tx.links.revoke(Revoked(assignment, message, Revocation.CONTACT_LEFT, DESK, NOON))
    async with begin() as tx:
        assert await tx.links.revoked_at(assignment, message) == NOON
        assert await tx.links.revoked_at(assignment, another) is None
        await tx.links.revoke(Revoked(assignment, None, Revocation.OTHER, DESK, later))
    async with begin() as tx:
        assert await tx.links.revoked_at(assignment, message) == NOON
        assert await tx.links.revoked_at(assignment, another) == later
        assert await tx.links.revoked_at(other, message) is None
