"""Personal data at rest cannot be read, moved or changed, and its keys can be changed."""

import json
import stat
from pathlib import Path

import pytest

from shared.clock import new_id
from shared.errors import Conflict, Refused
from shared.vault import Tampered, Vault, rotate_file

ROW = new_id()


def test_what_was_sealed_is_opened_again(vault: Vault) -> None:
    for value in ("Zo\u00eb \u0141ukasz \U0001f415", "", "n" * 20_000):
        assert vault.open(vault.seal(value, row=ROW, field="name"), row=ROW, field="name") == value


def test_sealing_twice_gives_two_different_values_that_show_their_key_and_nothing_else(vault: Vault) -> None:
    first, second = (vault.seal("Maureen", row=ROW, field="name") for _ in range(2))
    assert first != second
    assert first.startswith("k1.")
    assert "Maureen" not in first


def test_a_value_moved_to_another_row_or_field_does_not_open(vault: Vault) -> None:
    sealed = vault.seal("Maureen", row=ROW, field="name")
    for row, field in ((new_id(), "name"), (ROW, "notes")):
        with pytest.raises(Tampered):
            vault.open(sealed, row=row, field=field)


def test_a_value_changed_anywhere_does_not_open(vault: Vault) -> None:
    sealed = vault.seal("Maureen", row=ROW, field="name")
    for place in range(3, len(sealed)):
        other = "A" if sealed[place] != "A" else "B"
        with pytest.raises(Tampered):
            vault.open(sealed[:place] + other + sealed[place + 1 :], row=ROW, field="name")
    for cut in ("", "k1.", "k9" + sealed[2:], sealed[:-4], "k1.!!"):
        with pytest.raises(Tampered):
            vault.open(cut, row=ROW, field="name")


def test_another_key_file_does_not_open_it(vault: Vault, tmp_path: Path) -> None:
    stranger = Vault.create_file(tmp_path / "other.json")
    with pytest.raises(Tampered):
        stranger.open(vault.seal("Maureen", row=ROW, field="name"), row=ROW, field="name")
    assert stranger.blind("Maureen") != vault.blind("Maureen")


def test_after_a_rotation_old_values_open_and_new_ones_get_the_new_key(keys_file: Path) -> None:
    before = Vault.from_file(keys_file)
    sealed, blind = before.seal("Maureen", row=ROW, field="name"), before.blind("maureen")
    rotate_file(keys_file)
    after = Vault.from_file(keys_file)
    assert after.open(sealed, row=ROW, field="name") == "Maureen"
    resealed = after.reseal(sealed, row=ROW, field="name")
    assert (before.active, after.active, resealed.partition(".")[0]) == ("k1", "k2", "k2")
    assert after.open(resealed, row=ROW, field="name") == "Maureen"
    assert after.blind("maureen") != blind
    assert set(after.blinds("maureen")) == {blind, after.blind("maureen")}


def test_equal_values_have_equal_blind_indexes_which_need_a_key_of_their_own(vault: Vault, keys_file: Path) -> None:
    assert vault.blind("maureen") == vault.blind("maureen")
    assert vault.blind("maureen") != vault.blind("maureeN")
    keys = json.loads(keys_file.read_text())
    assert set(keys["fields"]["keys"].values()).isdisjoint(keys["index"]["keys"].values())


def test_only_its_owner_may_read_a_new_key_file_and_none_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "keys.json"
    Vault.create_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    rotate_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    kept = path.read_bytes()
    with pytest.raises(Conflict):
        Vault.create_file(path)
    assert path.read_bytes() == kept


def test_without_a_key_file_one_sentence_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"There is no key file at .*keys\.json\. .* set WAYMARK_KEYS_FILE\."):
        Vault.from_file(tmp_path / "keys.json")


@pytest.mark.parametrize(
    "change",
    [
        {"active": "k2"},
        {"keys": {"k1": "c2hvcnQ="}},
        {"keys": {"k1": "not base64 of a secret"}},
        {"keys": {}},
        {"surprise": 1},
    ],
)
def test_a_key_file_that_cannot_be_used_is_refused_without_showing_a_key(
    keys_file: Path, change: dict[str, object]
) -> None:
    keys = json.loads(keys_file.read_text())
    secret = keys["fields"]["keys"]["k1"]
    keys["fields"] |= change
    keys_file.write_text(json.dumps(keys))
    with pytest.raises(Refused) as refusal:
        Vault.from_file(keys_file)
    assert refusal.value.code == "keys-unusable"
    assert secret not in str(refusal.value)
    assert "secret" not in str(refusal.value)


def test_a_key_file_that_is_no_json_is_refused(keys_file: Path) -> None:
    keys_file.write_bytes(b"\xff\xfe{")
    with pytest.raises(Refused):
        Vault.from_file(keys_file)
