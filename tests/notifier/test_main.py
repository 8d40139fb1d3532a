"""The notifier assembled: its settings, its directory, its mailbox pages and its schema."""

import re
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from fastapi import FastAPI
from sqlalchemy import Connection

from services.notifier.channels.smtp_address import Security
from services.notifier.channels.templates import TemplateFault
from services.notifier.configuration import documents_from
from services.notifier.main import build, load_directory
from services.notifier.settings import NOTIFY_TEMPLATES, NotifierSettings
from services.notifier.store.tables import metadata
from shared import problems
from shared.clock import new_id, utc_now
from shared.document_set import packed, read_folder, version_of
from shared.documents import current_version
from shared.envelope import Origin
from shared.errors import Refused
from shared.events import (
    AssignmentMoved,
    AssignmentOffered,
    AssignmentOverdue,
    AssignmentRecalled,
    AssignmentReminded,
    ReferralCancelled,
    RuleSetPublished,
    ServiceUnconfirmed,
    UpdateDue,
)
from shared.http import Edge
from shared.migrations import upgrade
from shared.pages import static_files
from shared.service import Service
from shared.settings import read_settings
from tests.links import LINK_KEYS
from tests.notifier.heard import offered
from tests.notifier.world import (
    EMAIL,
    MOBILE,
    PHONE,
)

DERBYSHIRE = Path(__file__).parents[2] / "deploy" / "derbyshire"
Build = Callable[..., Service]
# Of any setting's type.
OURS: Mapping[str, Any] = {"notifier_database_url": "sqlite+aiosqlite://", "link_keys": LINK_KEYS}


def settings(**given: Any) -> NotifierSettings:  # of any setting's type
    return NotifierSettings(_env_file=None, **{**OURS, **given})


def read_from(**given: object) -> NotifierSettings:
    return read_settings(NotifierSettings, _env_file=None, **OURS, **given)


@pytest.fixture
async def embedded(database_url: str) -> AsyncIterator[Service]:
    """The notifier with its schema and Derbyshire's directory, keeping its messages in the mailbox."""
    upgrade("notifier", database_url)
    service = build(settings(notifier_database_url=database_url, delivery="mailbox"), now=utc_now, new_id=new_id)
    await load_directory(service.database, DERBYSHIRE)
    yield service
    await service.database.close()


@pytest.fixture
async def client(embedded: Service) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    problems.install(app, "http://waymark.example")
    for router in embedded.routers:
        app.include_router(router)
    app.mount("/static", static_files())
    transport = httpx.ASGITransport(Edge(app, new_id))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def deliver(service: Service, *events: AssignmentOffered) -> None:
    handlers = {subscription.event: subscription.handle for subscription in service.subscriptions}
    for event in events:
        async with service.database.begin(Origin("test")) as tx:
            await handlers[type(event)](tx, event)
    for loop in service.loops:
        while await loop.work.run_once():
            pass


async def test_an_offer_ends_up_in_the_mailbox(embedded: Service, client: httpx.AsyncClient) -> None:
    await deliver(embedded, offered(channels=("email", "sms", "phone"), priority="P1"))
    page = (await client.get("/mailbox")).text
    for shown in (EMAIL, MOBILE, PHONE, "Immediate: referral 7K3M-2QX", "Derbyshire CRU: urgent referral 7K3M-2QX"):
        assert shown in page


async def test_an_empty_mailbox_says_so(client: httpx.AsyncClient) -> None:
    page = (await client.get("/mailbox")).text
    assert "There are no messages yet." in page
    assert "There are no calls to make." in page


async def test_a_message_is_shown_as_text_and_as_html_that_can_do_nothing(
    embedded: Service, client: httpx.AsyncClient
) -> None:
    await deliver(embedded, offered())
    listed = (await client.get("/api/v1/notifications")).json()["notifications"]
    address = f"/mailbox/{listed[0]['id']}"
    page = await client.get(address)
    assert f"{address}/html" in page.text
    assert "sandbox></iframe>" in page.text
    assert re.search(r'<a href="http://127.0.0.1:8000/r/[A-Za-z0-9._-]+"', page.text)
    html = await client.get(f"{address}/html")
    assert html.text.startswith("<!DOCTYPE html>")
    assert "sandbox" in html.headers["content-security-policy"]
    assert "default-src 'none'" in html.headers["content-security-policy"]


async def test_pages_hold_no_script_and_no_style_of_their_own(embedded: Service, client: httpx.AsyncClient) -> None:
    await deliver(embedded, offered(channels=("email", "phone"), priority="P1"))
    [email] = [
        one for one in (await client.get("/api/v1/notifications")).json()["notifications"] if one["state"] == "sent"
    ]
    for address in ("/mailbox", f"/mailbox/{email['id']}"):
        page = await client.get(address)
        assert "<script" not in page.text
        assert "style=" not in page.text
        assert "unsafe-inline" not in page.headers["content-security-policy"]
        assert 'href="/static/waymark.css"' in page.text
        assert '<html lang="en' in page.text


@pytest.mark.parametrize("address", [f"/mailbox/{UUID(int=1)}", f"/mailbox/{UUID(int=1)}/html"])
async def test_a_message_that_is_not_there_is_not_found(client: httpx.AsyncClient, address: str) -> None:
    assert (await client.get(address)).status_code == 404


async def test_a_text_has_no_html_part(embedded: Service, client: httpx.AsyncClient) -> None:
    await deliver(embedded, offered(channels=("sms",)))
    [text] = (await client.get("/api/v1/notifications")).json()["notifications"]
    assert (await client.get(f"/mailbox/{text['id']}")).status_code == 200
    assert (await client.get(f"/mailbox/{text['id']}/html")).status_code == 404


async def test_the_mailbox_is_there_only_when_messages_go_to_it() -> None:
    service = build(settings(delivery="dry-run"), now=utc_now, new_id=new_id)
    assert {route.path for router in service.routers for route in router.routes if hasattr(route, "path")} == {
        "/api/v1/notifications",
        "/api/v1/notifications/{notification_id}",
        "/api/v1/notifications/{notification_id}/called",
        "/api/v1/operations",
        "/api/v1/operations/failed/{notification_id}/dealt-with",
        "/api/v1/operations/holds",
        "/api/v1/operations/holds/{hold_id}/drop",
        "/api/v1/operations/holds/{hold_id}/resume",
        "/api/v1/receipts/notify",
        "/api/v1/contacts/suppressed",
        "/api/v1/contacts/{contact}/lift",
    }
    await service.database.close()


async def test_a_service_hears_what_it_must_tell_or_stop_telling_and_has_a_lane_for_urgent_messages() -> None:
    service = build(settings(delivery="dry-run"), now=utc_now, new_id=new_id)
    assert {one.event for one in service.subscriptions} == {
        AssignmentMoved,
        AssignmentOffered,
        AssignmentOverdue,
        AssignmentRecalled,
        AssignmentReminded,
        ReferralCancelled,
        UpdateDue,
        ServiceUnconfirmed,
        RuleSetPublished,
    }
    lanes = [loop for loop in service.loops if loop.wake is not None]
    assert [loop.name for loop in lanes] == ["notifier.deliver-urgent", "notifier.deliver-all"]
    assert len({id(loop.wake) for loop in lanes}) == 2
    await service.database.close()


async def test_loading_the_same_directory_again_changes_nothing(embedded: Service) -> None:
    assert await load_directory(embedded.database, DERBYSHIRE) == await load_directory(embedded.database, DERBYSHIRE)
    async with embedded.database.begin(Origin("test")) as tx:
        rows = await tx.connection.execute(embedded.database.metadata.tables["configuration"].select())
        assert len(rows.all()) == 1


async def test_a_version_that_the_router_published_is_in_force_from_its_time(embedded: Service) -> None:
    texts = read_folder(DERBYSHIRE)
    changed = texts | {"partners.yaml": texts["partners.yaml"].replace("07700 900001", "07700 900999")}
    handlers = {subscription.event: subscription.handle for subscription in embedded.subscriptions}
    at = utc_now() - timedelta(seconds=1)
    for minutes, documents in ((60, texts), (0, changed)):
        from_when = at + timedelta(minutes=minutes)
        event = RuleSetPublished(version=version_of(documents), effective_from=from_when, documents=packed(documents))
        async with embedded.database.begin(Origin("published")) as tx:
            await handlers[RuleSetPublished](tx, event)
    async with embedded.database.begin(Origin("published")) as tx:
        # What was loaded a moment ago is newer than what was to be in force a second before it.
        assert await current_version(tx) == version_of(documents_from(texts))
        at_once = event.model_copy(update={"effective_from": utc_now()})
        await handlers[RuleSetPublished](tx, at_once)
    async with embedded.database.begin(Origin("published")) as tx:
        assert await current_version(tx) == version_of(documents_from(changed))


async def test_a_folder_that_is_not_a_countys_is_refused(embedded: Service, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"partners\.yaml"):
        await load_directory(embedded.database, tmp_path)


async def test_the_migrations_make_exactly_the_tables_that_the_code_uses(embedded: Service) -> None:
    def differences(connection: Connection) -> list[Any]:  # as Alembic gives them
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))

    async with embedded.database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


def test_delivering_for_real_needs_a_mail_server() -> None:
    with pytest.raises(SystemExit, match="WAYMARK_SMTP_URL"):
        read_from()


def test_a_mail_server_is_never_reached_in_the_clear_by_mistake() -> None:
    with pytest.raises(SystemExit, match="WAYMARK_SMTP_URL") as ended:
        read_settings(
            NotifierSettings,
            **OURS,
            smtp_url="smtp://u:secret@mail.example",
            _env_file=None,
        )
    assert "secret" not in str(ended.value)


def test_hosts_near_by_are_named_with_commas_between() -> None:
    chosen = settings(smtp_url="smtp://mailpit:1025", smtp_plaintext_hosts="mailpit, 127.0.0.1")
    assert chosen.smtp_server().security is Security.NONE
    assert chosen.smtp_plaintext_hosts == ("mailpit", "127.0.0.1")


def test_a_sender_must_be_an_address() -> None:
    with pytest.raises(SystemExit, match="WAYMARK_MAIL_FROM"):
        read_settings(
            NotifierSettings,
            **OURS,
            delivery="dry-run",
            mail_from="Waymark",
            _env_file=None,
        )


def test_a_public_address_too_long_for_texts_stops_the_start() -> None:
    with pytest.raises(TemplateFault, match="WAYMARK_PUBLIC_URL"):
        build(settings(delivery="dry-run", public_url="https://" + "w" * 60), now=utc_now, new_id=new_id)


NOTIFY_KEY = "tests-21bd2060-8bb8-5a36-b84f-dd8697f2914e-0d21a1f7-51f7-5bef-b934-c303d97f71a5"
TEMPLATES = {
    name: str(UUID(int=number))
    for number, name in enumerate(names for kind in NOTIFY_TEMPLATES.values() for names in kind)
}
BY_NOTIFY = {"emails_by": "notify", "texts_by": "notify", "notify_key": NOTIFY_KEY, "notify_templates": TEMPLATES}
BY_GATEWAY = {
    "texts_by": "gateway",
    "text_gateway_url": "https://texts.example/v1",
    "text_gateway_token": "secret-token",
}
SMTP = {"smtp_url": "smtps://mail.example"}


@pytest.mark.parametrize("given", [BY_NOTIFY, BY_GATEWAY | SMTP, SMTP | {"texts_file": "texts.jsonl"}, SMTP])
async def test_each_way_out_can_be_chosen(given: dict[str, object]) -> None:
    service = build(read_from(**given), now=utc_now, new_id=new_id)
    assert ("notifier.templates" in {loop.name for loop in service.loops}) == (given is BY_NOTIFY)
    closes = [loop.close for loop in service.loops if loop.close is not None]
    assert len(closes) == 3 + (given is BY_NOTIFY)
    for close in closes:
        await close()
    await service.database.close()


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({key: value for key, value in BY_NOTIFY.items() if key != "notify_key"}, "WAYMARK_NOTIFY_KEY"),
        (BY_NOTIFY | {"notify_key": "secret-half"}, "WAYMARK_NOTIFY_KEY"),
        (BY_NOTIFY | {"notify_templates": {"offer.email": TEMPLATES["offer.email"]}}, "lacks offer-safe.email"),
        (BY_NOTIFY | {"notify_templates": TEMPLATES | {"ofer.email": str(UUID(int=9))}}, "WAYMARK_NOTIFY_TEMPLATES"),
        (BY_NOTIFY | {"notify_url": "http://notify.example"}, "WAYMARK_NOTIFY_URL"),
        (BY_NOTIFY | {"notify_url": "http://127.0.0.1:9"}, "WAYMARK_NOTIFY_URL"),
        (SMTP | BY_GATEWAY | {"text_gateway_url": None}, "WAYMARK_TEXT_GATEWAY_URL"),
        (SMTP | BY_GATEWAY | {"text_gateway_url": "https://u:secret@texts.example"}, "WAYMARK_TEXT_GATEWAY_URL"),
        (SMTP | BY_GATEWAY | {"text_gateway_token": None}, "WAYMARK_TEXT_GATEWAY_TOKEN"),
        (SMTP | {"webhook_secrets_file": "/nowhere"}, "WAYMARK_WEBHOOK_SECRETS_FILE"),
        ({"texts_by": "notify"} | BY_GATEWAY, "WAYMARK_SMTP_URL"),
        (SMTP | {"intake_url": "https://intake.example"}, "WAYMARK_CONTACTS_TOKEN"),
        (SMTP | {"intake_url": "http://intake.example", "contacts_token": "secret-token"}, "WAYMARK_INTAKE_URL"),
    ],
)
def test_a_way_out_that_is_not_set_up_stops_the_start_and_no_secret_is_repeated(
    given: dict[str, object], named: str
) -> None:
    with pytest.raises(SystemExit, match=named) as ended:
        read_from(**given)
    assert "secret-" not in str(ended.value)
    assert "secret@" not in str(ended.value)


def test_a_rehearsal_on_this_machine_may_be_unencrypted_when_it_is_named() -> None:
    here = {"notify_url": "http://127.0.0.1:9/", "http_plaintext_hosts": "127.0.0.1"}
    assert read_from(**(BY_NOTIFY | here)).notify_account().base_url == "http://127.0.0.1:9"


def test_intake_may_be_asked_unencrypted_where_it_is_named_as_near_by() -> None:
    near = {"intake_url": "http://intake:8000/", "intake_plaintext_hosts": "intake", "contacts_token": "s"}
    assert read_from(**(SMTP | near)).intake_access() == ("http://intake:8000", "s")
    assert read_from(**SMTP).intake_access() is None


def test_what_is_not_live_needs_no_provider() -> None:
    assert read_from(delivery="mailbox", emails_by="notify", texts_by="gateway").webhook_keys() == {}
