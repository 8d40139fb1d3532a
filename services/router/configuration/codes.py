"""The codes that a county's files may use, and the sentence that refuses any other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from services.router.configuration.documents import refused
from services.router.domain.county import Need
from services.router.domain.directory import Service


@dataclass(frozen=True, slots=True)
class Codes:
    """One closed list of codes; `kind` is what a sentence calls one of them, such as "a track"."""

    kind: str
    known: frozenset[str]

    def one(self, code: str, place: str, *, written: str | None = None) -> str:
        """The code, if it is known. Raises Refused with the place and, where one is close, a suggestion; `written` is
        what the file has, where that is not the code alone."""
        if code in self.known:
            return code
        close = get_close_matches(code, sorted(self.known), n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise refused(place, f"{code!r} is not {self.kind}{hint}", written)

    def all(self, codes: Iterable[str], place: str) -> tuple[str, ...]:
        """The codes in the order given, if all are known."""
        return tuple(self.one(code, place) for code in codes)


@dataclass(frozen=True, slots=True)
class NeedCodes:
    """The needs of a county, with "food.*" for a group and "*" for all."""

    needs: Mapping[str, Need]

    def one(self, code: str, place: str) -> str:
        """A single need."""
        return Codes("a need", frozenset(self.needs)).one(code, place)

    def matching(self, patterns: Iterable[str], place: str) -> tuple[str, ...]:
        """Every need that a list of codes and patterns names, each once, in the order of the taxonomy."""
        found: set[str] = set()
        groups = {need.group for need in self.needs.values()}
        for pattern in patterns:
            if pattern == "*":
                found.update(self.needs)
            elif pattern.endswith(".*"):
                known = Codes("a group of needs", frozenset(groups))
                group = known.one(pattern.removesuffix(".*"), place, written=pattern)
                found.update(need.code for need in self.needs.values() if need.group == group)
            else:
                found.add(self.one(pattern, place))
        return tuple(code for code in self.needs if code in found)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Everything that the tables of the rules may name."""

    needs: NeedCodes
    tracks: Codes
    services: Mapping[str, Service]
    flags: Codes
    concerns: Codes
    rules: Codes
    short_codes: Codes
    languages: Codes

    def service(self, service_id: str, place: str) -> str:
        """A service that is active: a rule that names one relies on it."""
        Codes("a service", frozenset(self.services)).one(service_id, place)
        if not self.services[service_id].active:
            raise refused(place, f"{service_id!r} is named by a rule, but is not active")
        return service_id
