"""A county's files, read with a closed schema: what is unknown is refused with a sentence naming file and place."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from services.router.configuration.checks import check_county
from services.router.configuration.codes import Codes, NeedCodes, Vocabulary
from services.router.configuration.directory_schema import CalendarDoc, DistrictDoc, PartnersDoc, TaxonomyDoc
from services.router.configuration.documents import (
    CALENDAR,
    DISTRICTS,
    NOTICES,
    PARTNERS,
    RULES,
    TAXONOMY,
    parse_documents,
    read_documents,
    refused,
    version_of,
)
from services.router.configuration.notice_schema import WordsDoc
from services.router.configuration.partners import compile_partners
from services.router.configuration.places import (
    Places,
    compile_deadlines,
    compile_districts,
    compile_needs,
    compile_words,
)
from services.router.configuration.rules import RulesCompiler
from services.router.configuration.rules_schema import RulesDoc
from services.router.domain.county import County, PriorityTerms
from services.router.domain.directory import Service, directory_of
from services.router.domain.vocabulary import Rule

Doc = TypeVar("Doc")


def load_county(directory: Path) -> County:
    """The county whose files lie in this directory. Raises Refused with a sentence naming file and place."""
    return load_county_documents(read_documents(directory))


def load_county_documents(documents: Mapping[str, str]) -> County:
    """The county made of these texts by file name, exactly those of `documents.NAMES`. Raises Refused."""
    content = parse_documents(documents)
    taxonomy = _checked(TAXONOMY, TaxonomyDoc, content)
    rules = _checked(RULES, RulesDoc, content)
    needs = NeedCodes(compile_needs(taxonomy))
    tracks = Codes("a track", frozenset(track.code for track in taxonomy.tracks))
    flags = Codes("a flag that may be ticked", frozenset(rules.flags))
    places = compile_districts(_checked(DISTRICTS, list[DistrictDoc], content))
    partners = _checked(PARTNERS, PartnersDoc, content)
    organisations, services = compile_partners(partners, needs, tracks, flags, places)
    known = _vocabulary(rules, needs, tracks, flags, services, places)
    deadlines = compile_deadlines(_checked(CALENDAR, CalendarDoc, content))
    county = County(
        version=version_of(content),
        needs=needs.needs,
        groups={group.code: group.label for group in taxonomy.groups},
        tracks={track.code: track.label for track in taxonomy.tracks},
        priorities={row.code: PriorityTerms(row.name, row.sla, row.description) for row in taxonomy.priorities},
        districts=places.districts,
        renamed=places.renamed,
        deadlines=deadlines,
        directory=directory_of(organisations, services, places.inside),
        rules=RulesCompiler(rules, known).compile(),
        words=compile_words(_checked(NOTICES, WordsDoc, content), needs.needs, deadlines),
    )
    never = rules.selection.never
    check_county(county, never, needs.matching(never.needs, f"{RULES}: selection.never.needs"), places)
    return county


def _vocabulary(
    rules: RulesDoc, needs: NeedCodes, tracks: Codes, flags: Codes, services: Iterable[Service], places: Places
) -> Vocabulary:
    concerns = needs.matching(rules.risk.concerns.values(), f"{RULES}: risk.concerns")
    short_codes = (district.short_code for district in places.districts.values() if district.short_code)
    rule_ids = Codes("a rule with a text", frozenset(rules.rules))
    rule_ids.all((*(rule.value for rule in Rule), *rules.selection.never.rules), f"{RULES}: rules")
    return Vocabulary(
        needs=needs,
        tracks=tracks,
        services={service.id: service for service in services},
        flags=flags,
        concerns=Codes("a concern", frozenset(concerns)),
        rules=rule_ids,
        short_codes=Codes("the short code of a district", frozenset(short_codes)),
    )


def _checked(name: str, schema: type[Doc], content: Mapping[str, Any]) -> Doc:  # Any: checked here
    """The content of one file, if it fits its schema; the first thing that does not is named."""
    try:
        return TypeAdapter(schema).validate_python(content[name])
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
        raise refused(f"{name}: {place}" if place else name, first["msg"]) from error
