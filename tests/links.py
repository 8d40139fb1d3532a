"""The keys that links are signed with in tests, and a signer that has them."""

from pydantic import SecretStr

from shared.links import LinkSigner

LINK_KEYS = SecretStr("0123456789abcdef" * 4)
SIGNER = LinkSigner(LINK_KEYS.get_secret_value())
