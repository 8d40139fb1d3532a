"""A referral is stopped: whoever may have heard of it is told once, whatever was going on at that moment."""

import pytest

from tests.eventually import eventually
from tests.system.journeys.story import DOORSTEP, NETWORK, Seen, Story
from tests.system.people import a_referral

# The first of them starts the servers.
pytestmark = pytest.mark.timeout(240)


@pytest.mark.parametrize(("number", "reason"), [(121, "met_another_way"), (122, "consent_withdrawn")])
async def test_when_it_is_stopped_who_has_it_is_told_once_by_each_way_and_who_has_not_hears_nothing(
    told: Story, number: int, reason: str
) -> None:
    reference = await told.refer(a_referral(number))
    await told.answer(await told.offer(reference, DOORSTEP), "decline", reason="other")
    accepted = await told.answer(await told.offer(reference, NETWORK), "accept")
    await told.status(reference, "in_progress")
    await told.caller.cancel(reference, reason)
    await told.offer(reference, NETWORK, "recalled")
    assert (await told.try_to(accepted, "contact", outcome="reached")).status_code == 409
    await told.becomes(
        reference,
        Seen(
            status="cancelled",
            needs={"food.shopping": "cancelled"},
            timeline=[
                "submitted",
                "decided",
                f"offered {DOORSTEP}",
                f"declined {DOORSTEP} (other)",
                "decided",
                f"offered {NETWORK}",
                f"accepted {NETWORK}",
                f"cancelled ({reason})",
                f"recalled {NETWORK} ({reason})",
            ],
            moves={
                DOORSTEP: ["router: offered", "partner: declined (other)"],
                NETWORK: ["router: offered", "partner: accepted", f"intake: recalled ({reason})"],
            },
            clocks={
                DOORSTEP: "respond stopped, first_contact stopped",
                NETWORK: "respond stopped, first_contact stopped",
            },
            messages=[
                f"{DOORSTEP}: offer email sent",
                f"{DOORSTEP}: offer sms sent",
                f"{DOORSTEP}: offer webhook sent",
                f"{NETWORK}: confirmation email sent",
                f"{NETWORK}: offer email sent",
                f"{NETWORK}: offer webhook sent",
                f"{NETWORK}: recall email sent",
                f"{NETWORK}: recall webhook sent",
            ],
            hooks=[
                f"{DOORSTEP}: assignment.offered",
                f"{NETWORK}: assignment.offered",
                f"{NETWORK}: assignment.recalled",
            ],
        ),
    )
    assert reason not in "".join(letter.raw for letter in told.world.post.letters())


async def test_stopped_while_a_letter_is_on_its_way_the_letter_is_followed_by_its_withdrawal(told: Story) -> None:
    mail = told.world.mail

    async def on_its_way() -> int:
        return mail.held

    with mail.holding():
        reference = await told.refer(a_referral(123))
        await eventually(on_its_way)
        await told.caller.cancel(reference, "consent_withdrawn")

        async def purposes() -> set[str]:
            return {each["purpose"] for each in await told.messages(reference)}

        await eventually(purposes, lambda found: "recall" in found)
    await told.becomes(
        reference,
        Seen(
            status="cancelled",
            needs={"food.shopping": "cancelled"},
            timeline=[
                "submitted",
                "decided",
                f"offered {DOORSTEP}",
                "cancelled (consent_withdrawn)",
                f"recalled {DOORSTEP} (consent_withdrawn)",
            ],
            moves={DOORSTEP: ["router: offered", "intake: recalled (consent_withdrawn)"]},
            clocks={DOORSTEP: "respond stopped, first_contact stopped"},
            messages=[
                f"{DOORSTEP}: offer email sent",
                f"{DOORSTEP}: offer sms sent",
                f"{DOORSTEP}: offer webhook sent",
                f"{DOORSTEP}: recall email sent",
                f"{DOORSTEP}: recall sms sent",
                f"{DOORSTEP}: recall webhook sent",
            ],
            hooks=[f"{DOORSTEP}: assignment.offered", f"{DOORSTEP}: assignment.recalled"],
        ),
    )
    subjects = [letter.subject for letter in told.world.post.letters() if reference in letter.subject]
    assert [subject.endswith("is withdrawn") for subject in subjects] == [False, True]
