"""A county's files: what the notifier takes from them, and what it refuses."""

from collections.abc import Callable
from datetime import date, time
from pathlib import Path
from shutil import copy

import pytest
import yaml

from services.notifier.configuration import directory_of, documents_in
from services.notifier.domain.directory import Directory
from services.notifier.domain.message import septets
from services.notifier.domain.notification import Channel
from services.notifier.domain.quiet import Arrangements, QuietHours
from shared.document_set import version_of
from shared.errors import Refused

DERBYSHIRE = Path(__file__).parents[2] / "deploy" / "derbyshire"
SMS, HOOK = "      sms: 07700 900001", "https://hooks.dva.example/waymark?for=doorstep"
FILES = ("partners.yaml", "need_taxonomy.yaml", "districts.csv", "calendar.yaml", "notices.yaml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the county's files, to be spoilt."""
    for name in FILES:
        copy(DERBYSHIRE / name, tmp_path)
    return tmp_path


def spoil(folder: Path, name: str, change: Callable[[str], str]) -> None:
    before = (folder / name).read_text()
    after = change(before)
    assert after != before
    (folder / name).write_text(after)


def derbyshire() -> Directory:
    return directory_of(documents_in(DERBYSHIRE))


def test_every_channel_of_every_service_has_a_contact() -> None:
    directory = derbyshire()
    partners = yaml.load((DERBYSHIRE / "partners.yaml").read_text(), yaml.CSafeLoader)
    missing = [
        (service["id"], channel)
        for organization in partners["organizations"]
        for service in organization["services"]
        for channel in service["notify_channels"]
        if channel != "portal" and directory.contact(service["id"], Channel(channel)) is None
    ]
    assert missing == []
    assert len(directory.addresses) == 120


def test_the_county_has_quiet_hours_and_bank_holidays() -> None:
    arrangements = derbyshire().arrangements
    assert arrangements.default == QuietHours(time(20), time(8), days_off=True)
    assert date(2026, 12, 28) in arrangements.bank_holidays
    assert (arrangements.quiet, arrangements.digests) == ({}, {})


def test_a_contact_may_have_quiet_hours_of_its_own_or_none_and_a_digest(folder: Path) -> None:
    own = f"{SMS}\n      digest: '09:30'\n      quiet_hours:\n        begins: '22:00'\n        ends: '06:00'"
    spoil(folder, "partners.yaml", lambda text: text.replace(SMS, own, 1))
    arrangements = directory_of(documents_in(folder)).arrangements
    assert list(arrangements.quiet.values()) == [QuietHours(time(22), time(6), days_off=True)]
    assert list(arrangements.digests.values()) == [time(9, 30)]
    spoil(folder, "partners.yaml", lambda text: text.replace(own, f"{SMS}\n      quiet_hours: none", 1))
    assert list(directory_of(documents_in(folder)).arrangements.quiet.values()) == [None]


def test_a_directory_that_was_loaded_before_there_were_quiet_hours_has_none() -> None:
    documents = {name: text for name, text in documents_in(DERBYSHIRE).items() if name != "arrangements"}
    assert directory_of(documents).arrangements == Arrangements()


@pytest.mark.parametrize("own", ["digest: 9am", "quiet_hours: always", "quiet_hours: {begins: '22:00'}"])
def test_quiet_hours_that_cannot_be_read_are_refused(folder: Path, own: str) -> None:
    spoil(folder, "partners.yaml", lambda text: text.replace(SMS, f"{SMS}\n      {own}", 1))
    with pytest.raises(Refused, match=r"partners.yaml: organizations"):
        documents_in(folder)


def test_sensitive_needs_are_never_named() -> None:
    needs = derbyshire().needs
    named = {
        label for code, label in needs.items() if code.partition(".")[0] in {"safe", "mind", "health", "care", "risk"}
    }
    assert named == {"Safeguarding", "Scam or doorstep crime", "Wellbeing", "Health", "Social care", "Urgent contact"}
    assert needs["food.shopping"] == "Food shopping (can pay)"


def test_old_and_new_codes_of_a_district_have_the_same_name() -> None:
    directory = derbyshire()
    assert directory.district("E08000039") == directory.district("E08000019") == "Sheffield"
    assert directory.district("E07000034") == "Chesterfield"


def test_the_opening_hours_are_said_in_words() -> None:
    assert derbyshire().words.hours == "8am to 8pm Monday to Friday, and 9am to 4pm at weekends and on bank holidays"


def test_words_for_texts_need_no_other_alphabet() -> None:
    directory = derbyshire()
    words = [directory.words.sender_in_texts, *directory.priorities_in_texts.values(), *directory.districts.values()]
    assert [word for word in words if septets(word) is None] == []


def test_what_does_not_concern_the_notifier_does_not_change_its_version(folder: Path) -> None:
    before = version_of(documents_in(folder))
    spoil(folder, "partners.yaml", lambda text: text.replace("capacity_per_day: 60", "capacity_per_day: 61"))
    assert version_of(documents_in(folder)) == before
    spoil(folder, "partners.yaml", lambda text: text.replace("07700 900001", "07700 900999"))
    assert version_of(documents_in(folder)) != before


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("partners.yaml", "      sms: 07700 900001", "      smss: 07700 900001", "smss"),
        ("partners.yaml", "07700 900001", "ring the office", "contact.sms"),
        ("partners.yaml", "email: referrals+dva-doorstep@dva.example", "email: nobody", "contact.email"),
        ("partners.yaml", "      sms: 07700 900001", "      webhook: http://a.example/", "contact.webhook"),
        ("partners.yaml", "      sms: 07700 900001", "      webhook: https://u:p@a.example/", "contact.webhook"),
        ("partners.yaml", "      sms: 07700 900001", "      webhook: https://a.example:70000/", "contact.webhook"),
        ("partners.yaml", "      sms: 07700 900001", "      webhook: https://a.example:65536/", "contact.webhook"),
        ("partners.yaml", "- id: svc-dva-network", "- id: svc-dva-doorstep", "twice"),
        (
            "notices.yaml",
            "sender_in_texts: Derbyshire CRU",
            "sender_in_texts: Derbyshire County Council",
            "sender_in_texts",
        ),
        ("notices.yaml", "P4: routine", "P4: büro-ß-Ÿ", "plain letters"),
        ("notices.yaml", "  P4: routine\n", "", "P4"),
        ("notices.yaml", "  risk: Urgent contact", "  rissk: Urgent contact", "rissk"),
        ("notices.yaml", "help_phone: 0808 157 0199", "help_phone: '{{ name }}'", "help_phone"),
        ("notices.yaml", "version: '1.0'", "version: [", "not well formed"),
        ("calendar.yaml", "['08:00', '20:00']", "['08:00', '25:00']", "cru_hours"),
    ],
)
def test_a_slip_of_the_pen_is_refused_with_the_file_and_the_place(
    folder: Path, name: str, old: str, new: str, said: str
) -> None:
    spoil(folder, name, lambda text: text.replace(old, new, 1))
    with pytest.raises(Refused) as refused:
        documents_in(folder)
    assert refused.value.detail.partition(":")[0].startswith((name, "need_taxonomy.yaml or notices.yaml"))
    assert said in refused.value.detail


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(Refused, match=name):
        documents_in(folder)


def test_the_value_of_a_wrong_contact_is_not_repeated(folder: Path) -> None:
    spoil(folder, "partners.yaml", lambda text: text.replace("07700 900001", "Canary Name", 1))
    with pytest.raises(Refused) as refused:
        documents_in(folder)
    assert "Canary" not in refused.value.detail


@pytest.mark.parametrize("hook", [HOOK, "https://hooks.dva.example:443", "https://hooks.dva.example:65535/waymark"])
def test_a_service_may_have_a_webhook(folder: Path, hook: str) -> None:
    spoil(folder, "partners.yaml", lambda text: text.replace(SMS, f"{SMS}\n      webhook: {hook}", 1))
    contact = directory_of(documents_in(folder)).contact("svc-dva-doorstep", Channel.WEBHOOK)
    assert contact is not None
    assert contact.address == hook
