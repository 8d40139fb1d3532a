"""The cells of decision tables: what a cell asks or says, in the words of DMN's unary tests, as rows spell it out."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, NoReturn

from services.router.configuration.codes import Codes
from services.router.configuration.documents import refused

ANYTHING: Final = "-"
"""The cell that asks nothing, or says nothing."""
LONGEST: Final = 2_000
_ENDLESS: Final = 10**9
_ANY_LEAST: Final = -1
_SET_WORDS: Final = {"has": "any", "any of": "any", "all of": "all", "none of": "none"}
_TRUTHS: Final = {"yes": True, "no": False}
_NOT = re.compile(r"not\s*\((.*)\)")
_SET_PART = re.compile(r"(has|any of|all of|none of)\s+(.*)")
_SPAN = re.compile(r"([\[(])\s*(\d{1,6})\s*\.\.\s*(\d{1,6})\s*([\])])")
_COMPARED = re.compile(r"(<=|>=|<|>)?\s*(\d{1,6})")

Span = tuple[int, int]
"""The least number, and the first that is too much."""


@dataclass(frozen=True, slots=True)
class Cell:
    """The text of one cell, and the place that a refusal names. Every method raises Refused for what it cannot read."""

    text: str
    place: str

    @property
    def is_anything(self) -> bool:
        """Whether it is a dash."""
        return self.text == ANYTHING

    def codes(self) -> list[str]:
        """Such as "a, b"."""
        return self._split(self.text)

    def one(self) -> str:
        """A single code."""
        codes = self.codes()
        if len(codes) > 1:
            self._refuse("one code belongs here, not several", codes[1])
        return codes[0]

    def truth(self) -> bool:
        """yes or no."""
        if self.text not in _TRUTHS:
            close = {"true": "yes", "false": "no"}.get(self.text.lower()) or self._closest(self.text, _TRUTHS)
            self._refuse(f"{self.text!r} is not yes or no" + (f"; did you mean {close!r}?" if close else ""), self.text)
        return _TRUTHS[self.text]

    def one_of(self, known: Collection[str] | None) -> list[str]:
        """Codes of which one must be there: "a, b", or "not(a, b)" for all other `known` ones; None if nobody knows
        them all. What is unknown is none of them either way."""
        inner = _NOT.fullmatch(self.text)
        if inner is None:
            return self.codes()
        if known is None:
            self._refuse("not(…) needs a closed list of codes; name those that are meant", "not")
        unwanted = Codes("a code that may stand here", frozenset(known)).all(self._split(inner[1]), self.place)
        rest = sorted(set(known).difference(unwanted))
        return rest or self._refuse("nothing is left", "not")

    def set_of(self) -> dict[str, list[str]]:
        """What a set must have, in parts joined by "and": "has a", "any of a, b" (or just "a, b"), "all of a, b" and
        "none of a, b" (or "not(a, b)"), each at most once."""
        asked: dict[str, list[str]] = {}
        for part in re.split(r"\s+and\s+", self.text):
            word, codes = self._set_part(part)
            if _SET_WORDS[word] in asked:
                better = "; write all of a, b" if word == "has" else "; write another row"
                self._refuse(f"{word!r} is asked twice{better}", part)
            asked[_SET_WORDS[word]] = codes
        return asked

    def _set_part(self, part: str) -> tuple[str, list[str]]:
        inner, worded = _NOT.fullmatch(part), _SET_PART.fullmatch(part)
        word = "none of" if inner else worded[1] if worded else "any of"
        codes = self._split(inner[1] if inner else worded[2] if worded else part)
        if word == "has" and len(codes) > 1:
            self._refuse("'has' takes one code; write any of or all of", codes[1])
        return word, codes

    def number(self) -> dict[str, int]:
        """Numbers without a gap, as `from` and `below`: "< 2", ">= 18", "[2..3]", "(2..5)", "4", "2, 3", "not(< 2)"."""
        inner = _NOT.fullmatch(self.text)
        spans = _joined([self._span(part) for part in self._parts(inner[1] if inner else self.text)])
        if inner:
            spans = _others(spans)
        if len(spans) != 1:
            self._refuse("there is a gap in these numbers: write a row for each part" if spans else "no number is left")
        least, below = spans[0]
        return {key: end for key, end, none in (("from", least, _ANY_LEAST), ("below", below, _ENDLESS)) if end != none}

    def _span(self, part: str) -> Span:
        span, compared = _SPAN.fullmatch(part), _COMPARED.fullmatch(part)
        if span:
            least, below = int(span[2]) + (span[1] == "("), int(span[3]) + (span[4] == "]")
            if least >= below:
                self._refuse(f"no number is in {part}", part)
            return least, below
        if compared is None:
            self._refuse(f"{part!r} is not a number, nor such as < 2, >= 18 or [2..3]", part)
        number = int(compared[2])
        ends = {"<": (_ANY_LEAST, number), "<=": (_ANY_LEAST, number + 1), ">": (number + 1, _ENDLESS),
                ">=": (number, _ENDLESS), None: (number, number + 1)}  # fmt: skip
        return ends[compared[1]]

    def _split(self, text: str) -> list[str]:
        codes = self._parts(text)
        for code in codes:
            if not re.fullmatch(r"[^\s()\[\]<>=]+", code):
                close = self._closest(" ".join(code.split()[:2]), _SET_WORDS) if " " in code else None
                hint = f"; did you mean {close!r}?" if close else "; is a comma missing?" if " " in code else ""
                self._refuse(f"{code!r} is not a code{hint}", code)
        return codes

    def _parts(self, text: str) -> list[str]:
        parts = [part.strip() for part in text.split(",")]
        if "" in parts:
            self._refuse("something is missing before or after a comma" if len(parts) > 1 else
                         f"the cell is empty: write {ANYTHING} if anything will do")  # fmt: skip
        return parts

    def _closest(self, word: str, known: Mapping[str, object]) -> str | None:
        return next(iter(get_close_matches(word, sorted(known), n=1)), None)

    def _refuse(self, sentence: str, code: str | None = None) -> NoReturn:
        raise refused(self.place, sentence, code)


def _joined(spans: Sequence[Span]) -> list[Span]:
    """The same numbers in as few spans as there can be, in order."""
    joined: list[Span] = []
    for least, below in sorted(spans):
        if joined and least <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], below)
        else:
            joined.append((least, below))
    return joined


def _others(spans: Sequence[Span]) -> list[Span]:
    """All numbers from 0 that are in none of these spans, which are in order."""
    ends = [_ANY_LEAST, *(end for span in spans for end in span), _ENDLESS]
    between = list(zip(ends[::2], ends[1::2], strict=True))
    return [(least, below) for least, below in between if below > max(least, 0)]
