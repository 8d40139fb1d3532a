"""Phrases in free text that a person must look at within minutes (R19)."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

WORD = re.compile(r"\w+")
# An underscore is a letter here, as \w has it; everything else but ' and - parts words like a space.
GAP = re.compile(r"[^\w'-]+")
SPELLINGS = str.maketrans({**dict.fromkeys("‘’‛ʼʻ′´`＇", "'"), "\N{SOFT HYPHEN}": None})


@dataclass(frozen=True, slots=True)
class Category:
    """One kind of danger: its phrases, and the ticked flags that make a search for them needless."""

    code: str
    covered_by_flags: frozenset[str]
    phrases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All categories, indexed by the first word of each phrase so that the cost grows with the note alone."""

    categories: tuple[Category, ...]
    by_first_word: Mapping[str, tuple[tuple[str, str], ...]]

    @classmethod
    def of(cls, categories: Iterable[Category]) -> "Lexicon":
        """Build the index. Raises ValueError for a phrase without a word."""
        categories = tuple(categories)
        index: dict[str, tuple[tuple[str, str], ...]] = {}
        for category in categories:
            for phrase in category.phrases:
                plain = plain_text(phrase).strip()
                first = WORD.match(plain)
                if first is None:
                    raise ValueError(f"{category.code}: the phrase {phrase!r} does not begin with a word")
                index[first.group()] = (*index.get(first.group(), ()), (plain, category.code))
        return cls(categories, index)

    def found(self, notes: str | None) -> frozenset[str]:
        """The codes of all categories with a phrase in `notes`."""
        text = plain_text(notes or "")
        return frozenset(
            category
            for word in WORD.finditer(text)
            for phrase, category in self.by_first_word.get(word.group(), ())
            if text.startswith(phrase, word.start()) and not WORD.match(text, word.start() + len(phrase))
        )

    def uncovered(self, notes: str | None, flags: Collection[str]) -> tuple[str, ...]:
        """The categories found in `notes` that no ticked flag covers, in the lexicon's order (R19)."""
        found = self.found(notes)
        return tuple(c.code for c in self.categories if c.code in found and c.covered_by_flags.isdisjoint(flags))


def plain_text(text: str) -> str:
    """Lower case, straight apostrophes, one space wherever anything parts two words."""
    return GAP.sub(" ", unicodedata.normalize("NFKC", text.translate(SPELLINGS)).casefold())
