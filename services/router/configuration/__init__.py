"""A county's files, read with a closed schema: what is unknown is refused with a sentence naming file and place."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    CountyRefused,
    parse_documents,
    pointed_out,
    read_documents,
)
from services.router.configuration.fitting import fitted
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
from services.router.configuration.tables import Layout, spelt_out
from services.router.domain.county import County, PriorityTerms
from services.router.domain.directory import Service
from services.router.domain.index import directory_of
from services.router.domain.vocabulary import Rule
from shared.document_set import version_of


def load_county(directory: Path) -> County:
    """The county whose files lie in this directory. Raises Refused with a sentence naming file and place."""
    return load_county_documents(read_documents(directory))


def load_county_documents(documents: Mapping[str, str], before: County | None = None) -> County:
    """The county made of these texts by file name, all those of `documents.NAMES`; others only change its name. What is
    the same in the directory of the one `before` is kept. Raises Refused."""
    return compile_county(documents, before).county


@dataclass(frozen=True, slots=True)
class Compiled:
    """A county, and what its rules were compiled from, with tables as rows, for those who point at their lines."""

    county: County
    rules: RulesDoc
    known: Vocabulary
    layout: Layout


def compile_county(documents: Mapping[str, str], before: County | None = None) -> Compiled:
    """The county of these texts. Raises Refused with file, line and column, the line itself, and a suggestion."""
    layout = Layout()
    try:
        content = parse_documents(documents)
        rows, layout = spelt_out(content)
        return _compile(content, rows, version_of(documents), layout, before)
    except CountyRefused as error:
        raise pointed_out(layout.placed(error), documents) from error


def _compile(
    content: Mapping[str, Any],  # Any: checked here
    rows: Any,  # Any: checked here
    version: str,
    layout: Layout,
    before: County | None,
) -> Compiled:
    taxonomy = fitted(TAXONOMY, TaxonomyDoc, content)
    rules = fitted(RULES, RulesDoc, {RULES: rows})
    needs = NeedCodes(compile_needs(taxonomy))
    tracks = Codes("a track", frozenset(track.code for track in taxonomy.tracks))
    flags = Codes("a flag that may be ticked", frozenset(rules.flags))
    places = compile_districts(fitted(DISTRICTS, list[DistrictDoc], content))
    partners = fitted(PARTNERS, PartnersDoc, content)
    organisations, services = compile_partners(partners, needs, tracks, flags, places)
    known = _vocabulary(rules, needs, tracks, flags, services, places)
    deadlines = compile_deadlines(fitted(CALENDAR, CalendarDoc, content))
    county = County(
        version=version,
        needs=needs.needs,
        groups={group.code: group.label for group in taxonomy.groups},
        tracks={track.code: track.label for track in taxonomy.tracks},
        priorities={row.code: PriorityTerms(row.name, row.sla, row.description) for row in taxonomy.priorities},
        districts=places.districts,
        renamed=places.renamed,
        deadlines=deadlines,
        directory=directory_of(organisations, services, places.inside, before.directory if before else None),
        rules=RulesCompiler(rules, known).compile(),
        words=compile_words(fitted(NOTICES, WordsDoc, content), needs.needs, deadlines),
    )
    never = rules.selection.never
    check_county(county, never, needs.matching(never.needs, f"{RULES}: selection.never.needs"), places)
    return Compiled(county, rules, known, layout)


def _vocabulary(
    rules: RulesDoc, needs: NeedCodes, tracks: Codes, flags: Codes, services: Iterable[Service], places: Places
) -> Vocabulary:
    concerns = needs.matching(rules.risk.concerns.values(), f"{RULES}: risk.concerns")
    short_codes = (district.short_code for district in places.districts.values() if district.short_code)
    by_id = {service.id: service for service in services}
    languages = (language for service in by_id.values() for language in service.languages)
    rule_ids = Codes("a rule with a text", frozenset(rules.rules))
    rule_ids.all((*(rule.value for rule in Rule), *rules.selection.never.rules), f"{RULES}: rules")
    return Vocabulary(
        needs=needs,
        tracks=tracks,
        services=by_id,
        flags=flags,
        concerns=Codes("a concern", frozenset(concerns)),
        rules=rule_ids,
        short_codes=Codes("the short code of a district", frozenset(short_codes)),
        languages=Codes("a language that a service speaks", frozenset(languages)),
    )
