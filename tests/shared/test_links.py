"""Signed links: what they hold, that nothing of them can be changed, and that their keys can."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.settings import NotifierSettings
from services.router.settings import RouterSettings
from shared.errors import NotFound
from shared.links import Link, LinkSigner, create_key_file, keys_in
from shared.settings import read_settings
from tests.links import SIGNER

OLD, NEW = "0" * 31 + "1", "f" * 64
SERVICES = st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True)
# Whole seconds, as the deadlines of notices are.
INSTANTS = st.integers(0, 9_999_999_999).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
LINKS = st.builds(Link, st.sampled_from(["answer", "progress"]), st.uuids(), SERVICES, st.uuids(), INSTANTS)
A_LINK = Link("answer", UUID(int=1), "svc-one", UUID(int=2), datetime(2020, 5, 8, 16, tzinfo=UTC))


def is_refused(token: str, purpose: str = "answer") -> bool:
    try:
        SIGNER.read(token, purpose)
    except NotFound:
        return True
    return False


@given(LINKS)
def test_what_was_signed_is_read_again(link: Link) -> None:
    assert SIGNER.read(SIGNER.sign(link), link.purpose) == link


@given(LINKS)
def test_a_token_needs_no_escaping_in_an_address(link: Link) -> None:
    token = SIGNER.sign(link)
    assert set(token) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    assert len(token) < 220


@given(LINKS, st.data())
def test_a_token_of_which_one_character_is_another_is_refused(link: Link, data: st.DataObject) -> None:
    token = SIGNER.sign(link)
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda character: character != token[at]))
    assert is_refused(token[:at] + other + token[at + 1 :], link.purpose)


@given(LINKS, st.data())
def test_a_token_that_was_cut_or_added_to_is_refused(link: Link, data: st.DataObject) -> None:
    token = SIGNER.sign(link)
    at = data.draw(st.integers(0, len(token)))
    added = data.draw(st.text(st.characters(codec="utf-8"), min_size=1, max_size=4))
    assert is_refused(token[:at] + added + token[at:], link.purpose)
    assert at == len(token) or is_refused(token[:at], link.purpose)


def test_every_way_of_writing_the_last_character_but_ours_is_refused() -> None:
    token = SIGNER.sign(A_LINK)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert [last for last in alphabet if not is_refused(token[:-1] + last)] == [token[-1]]


@given(st.text())
def test_whatever_else_is_typed_is_refused(typed: str) -> None:
    assert is_refused(typed)


@given(LINKS, LINKS)
def test_the_signature_of_one_link_does_not_serve_another(one: Link, other: Link) -> None:
    content, signature = SIGNER.sign(one).rpartition(".")[0], SIGNER.sign(other).rpartition(".")[2]
    assert one == other or is_refused(f"{content}.{signature}", one.purpose)


def test_a_link_serves_one_purpose_alone() -> None:
    assert is_refused(SIGNER.sign(A_LINK), "progress")


def test_while_keys_are_changed_the_new_one_signs_and_both_are_accepted() -> None:
    before, during, after = LinkSigner(OLD), LinkSigner(f"{NEW}, {OLD}"), LinkSigner(NEW)
    assert during.read(before.sign(A_LINK), "answer") == A_LINK
    assert during.sign(A_LINK) == after.sign(A_LINK) != before.sign(A_LINK)
    for signer, foreign in ((after, before.sign(A_LINK)), (before, during.sign(A_LINK))):
        with pytest.raises(NotFound):
            signer.read(foreign, "answer")


@pytest.mark.parametrize("keys", ["", "secret", "0" * 31, f"{OLD},", f"{OLD};{NEW}", "x" * 64, f"{NEW},short"])
@pytest.mark.parametrize("kind", [RouterSettings, NotifierSettings])
def test_keys_that_are_missing_or_weak_stop_the_start_without_being_shown(
    kind: type[RouterSettings | NotifierSettings], keys: str
) -> None:
    ours: dict[str, Any] = {f"{kind.__name__[:-8].lower()}_database_url": "sqlite+aiosqlite://"}
    with pytest.raises(SystemExit, match="WAYMARK_LINK_KEYS") as ended:
        read_settings(kind, link_keys=keys, delivery="dry-run", _env_file=None, **ours)
    assert not keys or keys not in str(ended.value)


def test_a_service_that_deals_with_links_does_not_start_without_keys() -> None:
    with pytest.raises(SystemExit, match="WAYMARK_LINK_KEYS: Field required"):
        read_settings(RouterSettings, router_database_url="sqlite+aiosqlite://", _env_file=None)


def test_a_key_file_is_for_its_owner_alone_and_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "data" / "link-keys"
    create_key_file(file)
    written = file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert keys_in(written) == (written,)
    with pytest.raises(FileExistsError):
        create_key_file(file)
    assert file.read_text() == written


def test_an_expiry_counts_whole_seconds() -> None:
    exact = Link("answer", UUID(int=1), "svc-one", UUID(int=2), A_LINK.expires_at + timedelta(microseconds=999_999))
    assert SIGNER.read(SIGNER.sign(exact), "answer") == A_LINK
