"""Puts messages into words from the files in templates/notices, whose placeholders are checked when they are read."""

from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

from jinja2 import Environment, StrictUndefined, meta

from services.notifier.domain.digest import DigestNotice, digest_notice
from services.notifier.domain.directory import (
    PRIORITY_IN_TEXTS_MAX,
    SENDER_IN_TEXTS_MAX,
    Directory,
    Words,
)
from services.notifier.domain.failure import Failure, SendFailed
from services.notifier.domain.lateness import (
    LateAnswer,
    LateAnswerText,
    LateContact,
    LateContactText,
    LateReview,
    LateReviewText,
)
from services.notifier.domain.message import TEXT_MAX, Email, Hook, Text, septets
from services.notifier.domain.notice import (
    CapacityNotice,
    CapacityText,
    ConfirmationNotice,
    Notice,
    OfferNotice,
    OfferText,
    RecallNotice,
    ReminderNotice,
    ReminderText,
    ReturnedNotice,
    ReturnedText,
    SafeNotice,
    email_notice,
    hook_for,
    text_notice,
)
from services.notifier.domain.notification import OF_THE_WORK, TO_BE_ANSWERED, Notification
from services.notifier.domain.update import Cancelled, Done, LookedAt, NotMet, Received, TakenOn, addressee
from shared.errors import Refused
from shared.links import Link, LinkSigner

FOLDER = Path(__file__).parent.parent / "templates" / "notices"
HEADER_ENDS = "\n---\n"
NAMES: dict[type[Notice | DigestNotice], tuple[str, ...]] = {
    OfferNotice: ("offer.email.txt", "offer.email.html"),
    OfferText: ("offer.text.txt",),
    SafeNotice: ("offer-safe.email.txt", "offer-safe.email.html", "offer-safe.text.txt"),
    ReminderNotice: ("reminder.email.txt", "reminder.email.html"),
    ReminderText: ("reminder.text.txt",),
    RecallNotice: ("recall.email.txt", "recall.email.html", "recall.text.txt"),
    DigestNotice: ("digest.email.txt", "digest.email.html"),
    Received: ("received.email.txt", "received.email.html", "received.text.txt"),
    LookedAt: ("looked_at.email.txt", "looked_at.email.html", "looked_at.text.txt"),
    TakenOn: ("taken_on.email.txt", "taken_on.email.html", "taken_on.text.txt"),
    Done: ("done.email.txt", "done.email.html", "done.text.txt"),
    NotMet: ("not_met.email.txt", "not_met.email.html", "not_met.text.txt"),
    Cancelled: ("cancelled.email.txt", "cancelled.email.html", "cancelled.text.txt"),
    ConfirmationNotice: ("confirmation.email.txt", "confirmation.email.html"),
    ReturnedNotice: ("returned.email.txt", "returned.email.html"),
    ReturnedText: ("returned.text.txt",),
    CapacityNotice: ("capacity.email.txt", "capacity.email.html"),
    CapacityText: ("capacity.text.txt",),
    LateContact: ("late_contact.email.txt", "late_contact.email.html"),
    LateContactText: ("late_contact.text.txt",),
    LateAnswer: ("late_answer.email.txt", "late_answer.email.html"),
    LateAnswerText: ("late_answer.text.txt",),
    LateReview: ("late_review.email.txt", "late_review.email.html"),
    LateReviewText: ("late_review.text.txt",),
}
# What the links of e-mails are for, and the pages that they lead to.
SIGNED = {
    **dict.fromkeys(TO_BE_ANSWERED, ("answer", "r")),
    **dict.fromkeys(OF_THE_WORK, ("progress", "progress")),
}
WORDS = frozenset(field.name for field in fields(Words))


class TemplateFault(Refused):
    """A template's header, placeholders or length are not as they must be; the process must not start."""

    def __init__(self, detail: str) -> None:
        super().__init__("template-invalid", detail)


class Template:
    """One file: `version` and, in an e-mail's text part, `subject` in its header; the body after a line "---"."""

    def __init__(self, name: str, source: str, allowed: frozenset[str]) -> None:
        header, found, body = source.partition(HEADER_ENDS)
        values = {key: value for key, _, value in (line.partition(": ") for line in header.splitlines())}
        if not found or not values.get("version", "").isdigit():
            raise TemplateFault(f"{name}: the header needs a version, and a line --- after it")
        words = Environment(undefined=StrictUndefined, autoescape=name.endswith(".html"), trim_blocks=True)
        parts = (values.get("subject", ""), body)
        used = set[str]().union(*(meta.find_undeclared_variables(words.parse(part)) for part in parts))
        if used - allowed:
            raise TemplateFault(f"{name}: not allowed here: {', '.join(sorted(used - allowed))}")
        self.identity = f"{name.rpartition('.')[0]}@{values['version']}"
        self._subject, self._body = (words.from_string(part) for part in parts)

    def subject(self, values: dict[str, str]) -> str:
        """The subject line."""
        return self._subject.render(values)

    def body(self, values: dict[str, str]) -> str:
        """The body, ending in one line break."""
        return self._body.render(values).strip() + "\n"


class Templates:
    """`services.notifier.ports.Composer`. `public_url` is where links lead, `signer` signs those to answer by.

    Raises TemplateFault on a wrong template, and when a text would need more than one part with such an address.
    """

    def __init__(self, public_url: str, signer: LinkSigner, folder: Path = FOLDER) -> None:
        self._public_url = public_url.rstrip("/")
        self._signer = signer
        self._templates = {
            name: Template(name, (folder / name).read_text("utf-8"), _allowed(kind))
            for kind, names in NAMES.items()
            for name in names
        }
        over = (septets(self.longest_text()) or 0) - TEXT_MAX
        if over > 0:
            most = len(self._public_url) - over
            raise TemplateFault(f"WAYMARK_PUBLIC_URL is too long for a text message: at most {most} characters fit")

    def email(self, notification: Notification, directory: Directory, now: datetime) -> Email:
        """The e-mail for `notification` as it reads at `now`."""
        notice = email_notice(notification, directory, self._email_link(notification), now)
        email = self._email(notification.id, notification.address, notice, directory.words)
        return replace(email, alias=addressee(notification))

    def digest(self, digest_id: UUID, messages: Sequence[Notification], directory: Directory, now: datetime) -> Email:
        """The one e-mail for `messages`; each leads where its own e-mail would have."""
        notice = digest_notice(messages, directory, self._email_link, now)
        return self._email(digest_id, messages[0].address, notice, directory.words)

    def _email(self, message_id: UUID, to: str, notice: Notice | DigestNotice, words: Words) -> Email:
        values = _values(notice, words)
        plain, html = (self._templates[name] for name in NAMES[type(notice)] if ".email." in name)
        return Email(
            id=message_id,
            to=to,
            subject=plain.subject(values),
            text=plain.body(values),
            html=html.body(values),
            template=plain.identity,
            values=values,
        )

    def text(self, notification: Notification, directory: Directory, now: datetime) -> Text:
        """The text for `notification`; the district is left out where the whole would not fit one part (N-42).

        Raises SendFailed(CONFIG) when even that does not fit.
        """
        notice = text_notice(notification, directory, self._link(notification), now)
        text, template = self._text(notice, directory.words)
        if not _fits(text) and isinstance(notice, OfferText | LateContactText):
            notice = replace(notice, district="")
            text, template = self._text(notice, directory.words)
        if not _fits(text):
            raise SendFailed(Failure.CONFIG, "text-too-long")
        values = _values(notice, directory.words)
        return Text(
            id=notification.id,
            to=notification.address,
            text=text,
            template=template,
            values=values,
            alias=addressee(notification),
        )

    def hook(self, notification: Notification) -> Hook:
        """What the service's own system is told; a form for programs, so there is no template."""
        return hook_for(notification)

    def longest_text(self) -> str:
        """The text of an offer with every placeholder at its longest, the district left out."""
        words = Words(sender="", sender_in_texts="m" * SENDER_IN_TEXTS_MAX, help_phone="", hours="")
        notice = OfferText(
            reference="7K3M-2QX",
            district="",
            priority="m" * PRIORITY_IN_TEXTS_MAX,
            reply_by="by 12:30pm on 23 September",
            link=f"{self._public_url}/assignments/00000000-0000-0000-0000-000000000000",
        )
        return self._text(notice, words)[0]

    def _email_link(self, notification: Notification) -> str:
        """Where an e-mail's reader can do at once what it asks for; where contact must be safe, a person is to be rung
        instead."""
        offer = notification.offer
        if offer.safe_contact_only or notification.purpose not in SIGNED:
            return self._link(notification)
        purpose, path = SIGNED[notification.purpose]
        link = Link(purpose, offer.assignment_id, offer.service_id, notification.id, offer.reply_by)
        return f"{self._public_url}/{path}/{self._signer.sign(link)}"

    def _link(self, notification: Notification) -> str:
        return f"{self._public_url}/assignments/{notification.offer.assignment_id}"

    def _text(self, notice: Notice, words: Words) -> tuple[str, str]:
        [template] = (self._templates[name] for name in NAMES[type(notice)] if ".text." in name)
        return template.body(_values(notice, words)).strip(), template.identity


def placeholders() -> dict[str, frozenset[str]]:
    """What each template may hold, by its name without the ending: "offer.email"."""
    return {
        name.removesuffix(".txt"): _allowed(kind) for kind, names in NAMES.items() for name in names if ".txt" in name
    }


def _allowed(kind: type[Notice | DigestNotice]) -> frozenset[str]:
    return WORDS | {field.name for field in fields(kind)}


def _values(notice: Notice | DigestNotice, words: Words) -> dict[str, str]:
    return asdict(words) | asdict(notice)


def _fits(text: str) -> bool:
    length = septets(text)
    return length is not None and length <= TEXT_MAX
