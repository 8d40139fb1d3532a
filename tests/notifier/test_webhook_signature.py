"""Signatures as receivers check them, and the secrets they are made with."""

import json
import re
from base64 import b64encode
from datetime import timedelta, timezone
from pathlib import Path

import pytest

from services.notifier.channels.webhook_signature import key_of, read_keys, signed_headers
from tests.notifier.partner import (
    KEY,
    OTHER_KEY,
    PAGE,
    SECRET,
    VECTOR_AT,
    VECTOR_BODY,
    VECTOR_ID,
    VECTOR_SIGNATURE,
    is_genuine,
)


def test_a_signature_is_that_of_the_published_example() -> None:
    assert signed_headers(VECTOR_ID, VECTOR_AT, VECTOR_BODY, (KEY,)) == {
        "webhook-id": VECTOR_ID,
        "webhook-timestamp": "1767225600",
        "webhook-signature": VECTOR_SIGNATURE,
    }
    assert len(VECTOR_BODY) == 129


def test_the_same_instant_in_another_time_zone_is_signed_alike() -> None:
    summer = VECTOR_AT.astimezone(timezone(timedelta(hours=1)))
    assert signed_headers(VECTOR_ID, summer, VECTOR_BODY, (KEY,))["webhook-signature"] == VECTOR_SIGNATURE


def test_while_a_secret_is_replaced_both_signatures_are_sent() -> None:
    headers = signed_headers(VECTOR_ID, VECTOR_AT, VECTOR_BODY, (OTHER_KEY, KEY))
    first, second = headers["webhook-signature"].split(" ")
    assert second == VECTOR_SIGNATURE != first
    other = "whsec_" + b64encode(OTHER_KEY).decode()
    for secret in (SECRET, other):
        assert is_genuine()(secret, headers, VECTOR_BODY, 1767225600)


def test_the_example_on_the_page_is_the_published_one_and_passes_its_own_check() -> None:
    told = dict(re.findall(r"^\| ([a-z-]+)[^|]* \| `(.*)` \|$", PAGE.partition("To try it")[2], re.M))
    assert told["body"].encode() == VECTOR_BODY
    assert (told["secret"], told["webhook-signature"]) == (SECRET, VECTOR_SIGNATURE)
    assert is_genuine()(told["secret"], told, told["body"].encode(), 1767225600 + 300)


@pytest.mark.parametrize(
    ("changed", "body", "now"),
    [
        ({"webhook-id": "msg_2"}, VECTOR_BODY, 1767225600),
        ({"webhook-timestamp": "1767225601"}, VECTOR_BODY, 1767225600),
        ({"webhook-timestamp": "yesterday"}, VECTOR_BODY, 1767225600),
        ({"webhook-signature": "v1"}, VECTOR_BODY, 1767225600),
        ({"webhook-signature": " ,v1,,= é"}, VECTOR_BODY, 1767225600),
        ({"webhook-signature": VECTOR_SIGNATURE.replace("v1,", "v1a,")}, VECTOR_BODY, 1767225600),
        ({}, VECTOR_BODY + b" ", 1767225600),
        ({}, b"\xff\xfe", 1767225600),
        ({}, VECTOR_BODY, 1767225600 + 301),
        ({}, VECTOR_BODY, 1767225600 - 301),
    ],
)
def test_the_check_on_the_page_refuses_what_was_changed_and_what_is_stale(
    changed: dict[str, str], body: bytes, now: float
) -> None:
    headers = signed_headers(VECTOR_ID, VECTOR_AT, VECTOR_BODY, (KEY,)) | changed
    assert not is_genuine()(SECRET, headers, body, now)


@pytest.mark.parametrize(
    "secret",
    ["", "whsec_", SECRET.removeprefix("whsec_"), "whsec_AA==", "whsec_" + b64encode(bytes(65)).decode(), "whsec_é"],
)
def test_a_secret_that_is_too_short_too_long_or_malformed_is_refused_without_being_repeated(secret: str) -> None:
    with pytest.raises(ValueError, match="must be whsec_") as fault:
        key_of(secret)
    assert not secret.strip("whsec_") or secret not in str(fault.value)


def test_secrets_are_read_from_their_file(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    file.write_text(json.dumps({"a": SECRET, "b": [SECRET, SECRET]}))
    assert read_keys(file) == {"a": (KEY,), "b": (KEY, KEY)}


@pytest.mark.parametrize("text", ["", "[]", '"whsec_x"', '{"svc-a": 5}', '{"svc-a": []}', '{"svc-a": ["whsec_AA=="]}'])
def test_a_file_of_secrets_that_is_wrong_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "secrets.json").write_text(text)
    with pytest.raises(ValueError, match=r"JSON|svc-a"):
        read_keys(tmp_path / "secrets.json")
    with pytest.raises(ValueError, match="cannot be read"):
        read_keys(tmp_path / "nowhere.json")
