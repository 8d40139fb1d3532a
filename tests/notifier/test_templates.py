"""The words of notices: what they may hold, how long they are, and that they can be read by anyone."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from shutil import copytree

import pytest

from services.notifier.channels.templates import FOLDER, NAMES, TemplateFault, Templates
from services.notifier.domain.directory import PRIORITY_IN_TEXTS_MAX, SENDER_IN_TEXTS_MAX
from services.notifier.domain.failure import Failure, SendFailed
from services.notifier.domain.message import TEXT_MAX, Email, septets
from services.notifier.domain.notification import TO_THE_DESK, Channel, Notification, Purpose
from services.notifier.domain.update import NOTICES, Update, update_notification
from shared.links import Link
from tests.links import SIGNER
from tests.notifier.composing import OFFER, REMINDER, SAFE, answer_link, outline, templates
from tests.notifier.world import DIRECTORY, IDS, NOON, PUBLIC_URL, a_notification, an_offer

LONGEST = replace(
    DIRECTORY,
    priorities_in_texts=dict.fromkeys(("P1", "P2", "P3", "P4"), "m" * PRIORITY_IN_TEXTS_MAX),
    words=replace(DIRECTORY.words, sender_in_texts="m" * SENDER_IN_TEXTS_MAX),
)
LONGEST_URL = "https://" + "w" * 25
RECALL = a_notification(purpose=Purpose.RECALL)
CONFIRMATION = a_notification(purpose=Purpose.CONFIRMATION)
LATE = [a_notification(purpose=purpose) for purpose in sorted(TO_THE_DESK)]
UPDATES = [update_notification(Update(IDS, IDS, "7K3M-2QX", "resident", step, "email"), None, NOON) for step in NOTICES]
PAGE = f"{PUBLIC_URL}/assignments/{OFFER.offer.assignment_id}"


def progress_link(notification: Notification) -> str:
    offer = notification.offer
    link = Link("progress", offer.assignment_id, offer.service_id, notification.id, offer.reply_by)
    return f"{PUBLIC_URL}/progress/{SIGNER.sign(link)}"


def email_for(notification: Notification) -> Email:
    return templates().email(notification, DIRECTORY, NOON)


def test_an_offer_says_what_and_where_and_how_soon_and_nothing_else() -> None:
    email = email_for(OFFER)
    assert email.subject == "Next working day: referral 7K3M-2QX, reply by 5pm tomorrow, Thursday 16 April"
    for line in (
        "Reference: 7K3M-2QX",
        "For: Volunteer doorstep help",
        "District: Chesterfield",
        "Needs: Food shopping (can pay)",
        "How soon: Next working day",
        "Reply by 5pm tomorrow, Thursday 16 April",
        answer_link(OFFER),
    ):
        assert line in email.text.splitlines()


@pytest.mark.parametrize("notification", [OFFER, SAFE, RECALL, REMINDER, CONFIRMATION, *LATE, *UPDATES])
def test_the_html_part_says_what_the_text_part_says(notification: Notification) -> None:
    email = email_for(notification)
    html = " ".join("".join(outline(email.html).words).split())
    facts = re.findall(r"\b7K3M-2QX\b|\d+[ap]m|Chesterfield|shopping|0808 157 0199", email.text)
    assert "7K3M-2QX" in facts
    assert [fact for fact in facts if fact not in html] == []


def test_where_contact_must_be_safe_only_reference_and_link_are_told() -> None:
    email, text = email_for(SAFE), templates().text(SAFE, DIRECTORY, NOON)
    assert email.text.split() == ["Referral", "7K3M-2QX", "How", "to", "answer", "it:", PAGE]
    assert text.text == f"Derbyshire CRU: referral 7K3M-2QX. {PAGE}"
    assert email.subject == "Referral 7K3M-2QX"


@pytest.mark.parametrize("purpose", [Purpose.OFFER, Purpose.REMINDER])
def test_the_link_of_an_email_is_for_this_message_and_lasts_until_the_reply_is_due(purpose: Purpose) -> None:
    told = a_notification(purpose=purpose)
    [token] = re.findall(rf"{PUBLIC_URL}/r/(\S+)", email_for(told).text)
    offer = told.offer
    assert SIGNER.read(token, "answer") == Link(
        "answer", offer.assignment_id, offer.service_id, told.id, offer.reply_by
    )
    assert email_for(told) == email_for(told)


@pytest.mark.parametrize("safe", [True, False])
def test_no_text_and_no_message_of_safe_contact_has_a_link_that_answers(safe: bool) -> None:
    told = a_notification(offer=an_offer(safe_contact_only=safe))
    assert "/r/" not in templates().text(told, DIRECTORY, NOON).text
    assert safe is ("/r/" not in email_for(told).html + email_for(told).text)


def test_a_recall_tells_the_reference_and_has_no_link() -> None:
    email, text = email_for(RECALL), templates().text(RECALL, DIRECTORY, NOON)
    assert "7K3M-2QX" in email.subject
    for words in (email.text, email.html, text.text):
        assert "7K3M-2QX" in words
        assert "http" not in words
        assert "Chesterfield" not in words


@pytest.mark.parametrize("notification", [OFFER, SAFE, RECALL, REMINDER, CONFIRMATION, *LATE, *UPDATES])
def test_html_is_plain_has_a_language_and_at_most_one_action(notification: Notification) -> None:
    elements = outline(email_for(notification).html).elements
    names = [name for name, _ in elements]
    assert elements[0] == ("html", {"lang": "en-GB"})
    assert names.count("h1") == 1
    assert names.count("title") == 1
    assert names.count("a") <= 1
    assert set(names) <= {"html", "head", "meta", "title", "body", "h1", "p", "strong", "ul", "li", "a"}
    assert [attributes for _, attributes in elements if attributes.keys() - {"lang", "charset", "href"}] == []


@pytest.mark.parametrize("notification", [OFFER, SAFE, RECALL, REMINDER, CONFIRMATION, *UPDATES])
def test_links_lead_to_our_own_host_and_say_where(notification: Notification) -> None:
    html = email_for(notification).html
    links = {attributes["href"] for name, attributes in outline(html).elements if name == "a"}
    assert links <= {PAGE, answer_link(notification), progress_link(notification)}
    assert "click here" not in html.lower()


def test_names_from_the_directory_cannot_become_markup() -> None:
    offer = replace(an_offer(), service_name="<script>alert(1)</script>")
    html = email_for(a_notification(offer=offer)).html
    assert "script" not in [name for name, _ in outline(html).elements]


def test_a_text_names_its_sender_first_and_fits_one_part() -> None:
    text = templates().text(a_notification(offer=an_offer(priority="P1")), DIRECTORY, NOON)
    assert text.text == f"Derbyshire CRU: urgent referral 7K3M-2QX, Chesterfield. Reply by 5pm tomorrow. {PAGE}"
    assert septets(text.text) == len(text.text) <= TEXT_MAX


@pytest.mark.parametrize("purpose", [each for each in Purpose if each not in (Purpose.CAPACITY, Purpose.CONFIRMATION)])
@pytest.mark.parametrize("safe", [True, False])
def test_with_every_placeholder_at_its_longest_a_text_fits_one_part(purpose: Purpose, safe: bool) -> None:
    september = NOON.replace(month=9, day=20, hour=11, minute=30)
    offer = an_offer(district="E07000134", reply_by=september + timedelta(days=3), safe_contact_only=safe)
    text = Templates(LONGEST_URL, SIGNER).text(a_notification(offer=offer, purpose=purpose), LONGEST, september).text
    assert (septets(text) or 999) <= TEXT_MAX
    assert "7K3M-2QX" in text


def test_a_service_is_asked_for_its_capacity_by_name_with_a_number_to_ring() -> None:
    asked = a_notification(purpose=Purpose.CAPACITY)
    email = email_for(asked)
    assert email.subject == "Volunteer doorstep help: confirm your capacity by 5pm tomorrow, Thursday 16 April"
    assert DIRECTORY.words.help_phone in email.text
    september = NOON.replace(month=9, day=20, hour=11, minute=30)
    longest = a_notification(offer=an_offer(reply_by=september + timedelta(days=3)), purpose=Purpose.CAPACITY)
    text = Templates(LONGEST_URL, SIGNER).text(longest, LONGEST, september).text
    assert (septets(text) or 999) <= TEXT_MAX


def test_the_district_is_left_out_where_it_would_not_fit() -> None:
    september = NOON.replace(month=9, day=20, hour=11, minute=30)
    offer = an_offer(district="E07000134", reply_by=september + timedelta(days=3))
    text = templates().text(a_notification(offer=offer), DIRECTORY, september).text
    assert "Leicestershire" not in text
    assert "Reply by 12:30pm on 23 September" in text


def test_the_need_is_never_in_a_text() -> None:
    assert "shopping" not in templates().text(OFFER, DIRECTORY, NOON).text


def test_an_address_that_leaves_no_room_stops_the_start_and_says_how_long_it_may_be() -> None:
    with pytest.raises(TemplateFault, match="at most 33 characters"):
        Templates(LONGEST_URL + "w", SIGNER)
    assert septets(Templates(LONGEST_URL, SIGNER).longest_text()) == TEXT_MAX


def test_a_text_in_another_alphabet_is_not_sent() -> None:
    welsh = replace(DIRECTORY, words=replace(DIRECTORY.words, sender_in_texts="Cyngor Ŵ"))
    with pytest.raises(SendFailed) as failed:
        templates().text(OFFER, welsh, NOON)
    assert failed.value.failure is Failure.CONFIG


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("offer.email.txt", "version: 2\nsubject: {{ name }}\n---\n{{ reference }}"),
        ("offer-safe.email.txt", "version: 2\nsubject: x\n---\n{{ district }}"),
        ("offer.text.txt", "version: 2\n---\n{{ needs }}"),
        ("recall.text.txt", "version: 2\n---\n{{ link }}"),
        ("offer.text.txt", "no header at all"),
        ("offer.text.txt", "version: two\n---\n{{ reference }}"),
    ],
)
def test_a_template_that_asks_for_more_than_its_notice_holds_stops_the_start(
    tmp_path: Path, name: str, wrong: str
) -> None:
    copytree(FOLDER, tmp_path / "notices")
    (tmp_path / "notices" / name).write_text(wrong)
    with pytest.raises(TemplateFault, match=re.escape(name)):
        Templates(PUBLIC_URL, SIGNER, tmp_path / "notices")


def test_every_file_is_used_and_every_used_file_is_there() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {name for names in NAMES.values() for name in names}


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_the_words_are_plain(path: Path) -> None:
    words = path.read_text().lower()
    for avoided in ("please", "invalid", "oops", "triage", "sla", "asap", "click here", "unsubscribe"):
        assert not re.search(rf"\b{avoided}\b", words), avoided


def test_what_was_sent_is_known_by_name_and_version() -> None:
    assert email_for(OFFER).template == "offer.email@2"
    assert templates().text(RECALL, DIRECTORY, NOON).template == "recall.text@1"


def test_a_deadline_that_has_passed_is_said_to_have_passed() -> None:
    late = a_notification(offer=an_offer(reply_by=NOON - timedelta(minutes=10)), channel=Channel.SMS)
    assert "Reply now." in templates().text(late, DIRECTORY, NOON).text
    assert "Reply now: it was due by 11:50am today" in templates().email(late, DIRECTORY, NOON).text


def test_a_reminder_says_that_an_answer_is_still_awaited_and_by_when() -> None:
    email = email_for(REMINDER)
    assert email.subject == "Reminder, Next working day: referral 7K3M-2QX, reply by 5pm tomorrow, Thursday 16 April"
    assert "still waits for your answer" in email.text
    text = templates().text(REMINDER, DIRECTORY, NOON)
    assert text.text.startswith("Derbyshire CRU: next day reminder 7K3M-2QX, Chesterfield.")


def test_a_reminders_text_is_no_longer_than_the_offers() -> None:
    words = templates()
    assert len(words.text(REMINDER, LONGEST, NOON).text) <= len(words.text(OFFER, LONGEST, NOON).text)


@pytest.mark.parametrize("update", UPDATES, ids=lambda update: str(update.purpose))
def test_an_update_tells_the_step_the_number_to_phone_and_nothing_of_the_request(update: Notification) -> None:
    email, text = email_for(update), templates().text(update, DIRECTORY, NOON)
    assert email.subject == "Your request 7K3M-2QX"
    for words in (email.text, email.html, text.text):
        assert "7K3M-2QX" in words
        assert "0808 157 0199" in words
        assert "http" not in words
    assert "8am to 8pm Monday to Friday" in email.text
    assert "Derbyshire Community Response Unit" in email.text
    everything = f"{email.text} {text.text}".lower()
    for telling in ("shopping", "doorstep", "chesterfield", "help", "abuse", "health", "food", "volunteer", "safe"):
        assert telling not in everything


@pytest.mark.parametrize("update", UPDATES, ids=lambda update: str(update.purpose))
def test_an_update_is_said_in_short_sentences(update: Notification) -> None:
    email = email_for(update)
    body = email.text.partition("The line is open")[0]
    for sentence in re.split(r"[.:?]\s", " ".join(body.split())):
        assert len(sentence.split()) <= 16, sentence


def test_no_two_updates_say_the_same() -> None:
    assert len({email_for(update).text for update in UPDATES}) == len(UPDATES)
