"""Whether a phone number or an e-mail address could work (R08)."""

import re
import unicodedata

# "+44 (0)" keeps its 0 once the punctuation is gone, so an optional 0 after the country code is the same one.
COUNTRY_CODE = re.compile(r"(?:\+|00)440?")
NATIONAL_NUMBER = re.compile(r"0[12378][0-9]{8,9}")


def phone_number(text: str | None) -> str | None:
    """The number in national form, such as "07700900524", or None when it is not a UK number as R08 defines one."""
    signs = "".join(c for c in unicodedata.normalize("NFKC", text or "") if c.isalnum() or c == "+")
    country = COUNTRY_CODE.match(signs)
    national = "0" + signs[country.end() :] if country else signs
    return national if NATIONAL_NUMBER.fullmatch(national) else None


def email_address(text: str | None) -> str | None:
    """The address without outer spaces, or None unless it has one @, no spaces and a dot inside its domain (R08)."""
    address = (text or "").strip()
    mailbox, _, domain = address.partition("@")
    sound = mailbox and "@" not in domain and "." in domain[1:-1] and not any(c.isspace() for c in address)
    return address if sound else None
