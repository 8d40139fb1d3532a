"""What counts as nothing in a field that people type into."""

import unicodedata


def is_blank(text: str | None) -> bool:
    """Whether `text` has nothing to see: None, empty, or only spaces and invisible format characters (R01)."""
    return text is None or all(c.isspace() or unicodedata.category(c) in ("Cc", "Cf") for c in text)
