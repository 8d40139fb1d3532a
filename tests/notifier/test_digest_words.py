"""A digest in words: what waits for an answer, nearest deadline first, each with its own link."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid5

from services.notifier.domain.message import Email
from services.notifier.domain.notification import Notification
from tests.notifier.composing import OFFER, REMINDER, SAFE, answer_link, outline, templates
from tests.notifier.world import DIRECTORY, IDS, NOON, PUBLIC_URL, a_notification, an_offer


def digest(*messages: Notification) -> Email:
    return templates().digest(uuid5(IDS, "digest"), messages, DIRECTORY, NOON)


def test_a_digest_counts_and_lists_the_nearest_deadline_first_and_names_no_sensitive_need() -> None:
    later = an_offer(assignment_id=uuid5(IDS, "later"), needs=("money.debt",), reply_by=NOON + timedelta(days=3))
    email = digest(a_notification(offer=later), OFFER, REMINDER, SAFE)
    assert email.subject == "2 referrals for Volunteer doorstep help"
    assert email.to == OFFER.address
    listed = [line for line in email.text.splitlines() if line.startswith("7K3M-2QX")]
    assert listed == ["7K3M-2QX", "7K3M-2QX: Debt advice, Chesterfield. Reply by midday on Saturday 18 April"]
    elements = outline(email.html).elements
    assert elements[0] == ("html", {"lang": "en-GB"})
    words = " ".join("".join(outline(email.html).words).split())
    assert [line for line in listed if line not in words] == []


def test_below_each_offer_in_a_digest_is_the_link_that_its_own_e_mail_would_have_had() -> None:
    later = a_notification(offer=an_offer(assignment_id=uuid5(IDS, "later"), reply_by=NOON + timedelta(days=3)))
    safe = a_notification(offer=an_offer(assignment_id=uuid5(IDS, "safe"), safe_contact_only=True))
    email = digest(later, safe)
    lines = email.text.splitlines()
    below = [lines[number + 1] for number, line in enumerate(lines) if line.startswith("7K3M-2QX")]
    assert below == [f"{PUBLIC_URL}/assignments/{safe.offer.assignment_id}", answer_link(later)]
    elements = outline(email.html).elements
    assert [attributes["href"] for name, attributes in elements if name == "a"] == below
    assert "sign in" not in email.text.lower()
    assert email.values["items"] in email.text


def test_of_an_offer_and_its_reminder_a_digest_lists_the_later_message() -> None:
    reminder = replace(REMINDER, planned_at=NOON + timedelta(hours=1))
    for messages in ((OFFER, reminder), (reminder, OFFER)):
        email = digest(*messages)
        assert answer_link(reminder) in email.text
        assert answer_link(OFFER) not in email.text


def test_a_digest_of_one_says_one() -> None:
    assert digest(OFFER).subject == "1 referral for Volunteer doorstep help"
