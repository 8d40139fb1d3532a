"""A county's files as intake reads them: its rule data, and where postcodes lie. A slip is refused with its place."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from services.intake.configuration.files import lines, wrong
from services.intake.configuration.postcodes import DISTRICT_CODE, read_units
from services.intake.domain.lexicon import Category, Lexicon
from services.intake.domain.places import AreaPlace, PlaceTable
from services.intake.domain.policy import AgePolicy, PlacePolicy, Policy, RiskPolicy

__all__ = [
    "POLICY_FILES",
    "SECTORS_FILE",
    "areas_in",
    "load_areas",
    "load_places",
    "load_policy",
    "load_policy_from",
    "read_units",
]

POLICY_FILES = ("intake.yaml", "red_flag_lexicon.yaml", "need_taxonomy.yaml", "districts.csv", "rules.yaml")
SECTORS_FILE = "postcode_sectors.csv"
SAMPLE_UNITS_FILE = "places/sample_units.csv"
ERRORS_SHOWN = 5
Parsed = TypeVar("Parsed", bound=BaseModel)


def load_policy_from(directory: Path) -> Policy:
    """The policy in a county's folder. Raises Refused when a file is missing, unreadable or wrong."""
    try:
        return load_policy({name: (directory / name).read_text(encoding="utf-8-sig") for name in POLICY_FILES})
    except (OSError, UnicodeDecodeError) as error:
        raise wrong(str(directory), str(error)) from error


def load_policy(documents: Mapping[str, str]) -> Policy:
    """The policy in `documents`, text by file name (all of POLICY_FILES; others are ignored).

    Raises Refused with file and place: keys that are unknown or repeated, wrong values, codes that another file lacks.
    """
    intake = _parse("intake.yaml", documents, _Intake)
    lexicon = _parse("red_flag_lexicon.yaml", documents, _Lexicon)
    taxonomy = _parse("need_taxonomy.yaml", documents, _Taxonomy)
    needs = frozenset(need.code for group in taxonomy.groups for need in group.needs if not need.system)
    _check("intake.yaml", "risk.needs", intake.risk.needs, needs)
    _check("intake.yaml", "unclassified_need", [intake.unclassified_need], needs)
    _check("intake.yaml", "risk.flags", intake.risk.flags, intake.flags)
    for category in lexicon.categories:
        _check("red_flag_lexicon.yaml", f"{category.code}.covered_by_flags", category.covered_by_flags, intake.flags)
    return Policy(
        needs=needs,
        flags=intake.flags,
        unclassified_need=intake.unclassified_need,
        risk=RiskPolicy(**intake.risk.model_dump()),
        age=AgePolicy(**intake.age.model_dump()),
        place=PlacePolicy(**intake.place.model_dump(), same_authority=_same_authority(documents)),
        concern_kind=intake.concern_kind,
        long_notes_over=intake.long_notes_over,
        duplicate_within=timedelta(hours=intake.duplicate_within_hours),
        duplicate_status=intake.duplicate_status,
        default_language=intake.default_language,
        unknown_language=intake.unknown_language,
        zone=_zone(intake.timezone),
        lexicon=_lexicon(lexicon),
        questions=_parse("rules.yaml", documents, _Rules).questions,
    )


def load_places(directory: Path, units: Path | None = None) -> PlaceTable:
    """The areas of a county's folder with the unit postcodes of `units`, by default the folder's made-up sample.

    Raises Refused, naming file and line, for a file that cannot be used.
    """
    return replace(load_areas(directory / SECTORS_FILE), units=dict(read_units(units or directory / SAMPLE_UNITS_FILE)))


def load_areas(file: Path) -> PlaceTable:
    """Sectors and outcodes with the districts' shares, without any unit. Raises Refused, naming file and line."""
    with lines(file) as text:
        return areas_in(file.name, text)


def areas_in(file: str, text: Iterable[str]) -> PlaceTable:
    """The same of the lines of a file of this name."""
    areas: dict[str, dict[str, AreaPlace]] = {"sector": {}, "outcode": {}}
    parts: dict[tuple[str, str], list[_AreaRow]] = defaultdict(list)
    rows = csv.DictReader(text)
    try:
        for row in rows:
            part = _AreaRow.model_validate(row)
            parts[part.level, part.code].append(part)
    except ValidationError as error:
        raise wrong(file, f"line {rows.line_num}: {_problems(error)}") from error
    except csv.Error as error:
        raise wrong(file, str(error)) from error
    for (level, code), shares in parts.items():
        resolved = [part.lad_code for part in shares if part.auto_resolve]
        if len(resolved) > 1:
            raise wrong(file, f"{code}: auto_resolve names {len(resolved)} districts")
        ordered = sorted(((part.lad_code, part.share) for part in shares), key=lambda pair: -pair[1])
        areas[level][code] = AreaPlace(tuple(ordered), resolved[0] if resolved else None)
    if not areas["outcode"]:
        raise wrong(file, "there is no outcode in it")
    return PlaceTable(units={}, sectors=areas["sector"], outcodes=areas["outcode"])


Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.]*$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Age(_Closed):
    lowest: int
    highest: int
    senior_flag: Code
    senior_age: int
    alone_flag: Code
    alone_household_size: int


class _Risk(_Closed):
    flags: frozenset[Code]
    needs: frozenset[Code]
    alone_under_age: int
    alone_referrer_kind: Code
    alone_request_kind: Code


class _Place(_Closed):
    candidate_share: float = Field(gt=0, le=1)
    tells: frozenset[Literal["ward", "lsoa"]] = frozenset()
    never_corrected: frozenset[Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,2}$")]]


class _Intake(_Closed):
    version: str
    timezone: str
    long_notes_over: int = Field(gt=0)
    default_language: Language
    unknown_language: Language
    age: _Age
    risk: _Risk
    concern_kind: Code
    unclassified_need: Code
    duplicate_within_hours: int = Field(gt=0, le=24 * 366)
    duplicate_status: Code
    place: _Place
    flags: frozenset[Code]


class _Category(_Closed):
    code: Code
    covered_by_flags: frozenset[Code]
    phrases: tuple[str, ...] = Field(min_length=1)


class _Lexicon(_Closed):
    version: str
    categories: tuple[_Category, ...]


# The router's files, which checks the rest; intake reads which codes may be chosen, and what callers are asked.
class _Need(BaseModel):
    code: Code
    system: bool


class _Group(BaseModel):
    needs: tuple[_Need, ...]


class _Taxonomy(BaseModel):
    groups: tuple[_Group, ...]


class _Rules(BaseModel):
    questions: dict[str, str] = Field(default_factory=dict)


class _AreaRow(BaseModel):
    level: Literal["outcode", "sector"]
    code: str = Field(pattern=r"^[A-Z]{1,2}[0-9][A-Z0-9]?( [0-9])?$")
    lad_code: str = Field(pattern=DISTRICT_CODE)
    share: float = Field(ge=0, le=1)
    auto_resolve: bool


class _Loader(yaml.BaseLoader):
    """YAML in which every scalar stays text (no surprise dates and booleans) and a repeated key is an error."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # the base class is untyped here
        mapping = super().construct_mapping(node, deep=deep)
        if len(mapping) < len(node.value):
            raise yaml.constructor.ConstructorError(None, None, "a key is repeated", node.start_mark)
        return mapping


def _parse(name: str, documents: Mapping[str, str], model: type[Parsed]) -> Parsed:
    try:
        return model.model_validate(yaml.load(_document(name, documents), _Loader))  # noqa: S506 - makes only text
    except ValidationError as error:
        raise wrong(name, _problems(error)) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise wrong(name, str(error)) from error


def _document(name: str, documents: Mapping[str, str]) -> str:
    if name not in documents:
        raise wrong(name, "the file is missing")
    return documents[name]


def _check(file: str, where: str, codes: Iterable[str], known: frozenset[str]) -> None:
    if unknown := sorted(set(codes) - known):
        raise wrong(file, f"{where}: unknown code {', '.join(unknown)}")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise wrong("intake.yaml", f"timezone: there is no zone {name}") from error


def _lexicon(document: _Lexicon) -> Lexicon:
    try:
        return Lexicon.of(Category(c.code, c.covered_by_flags, c.phrases) for c in document.categories)
    except ValueError as error:
        raise wrong("red_flag_lexicon.yaml", str(error)) from error


def _same_authority(documents: Mapping[str, str]) -> dict[str, str]:
    """Historic district codes to present ones (columns lad_code and historic_codes, several parted by "|")."""
    rows = csv.DictReader(_document("districts.csv", documents).splitlines())
    if not {"lad_code", "historic_codes"} <= set(rows.fieldnames or ()):
        raise wrong("districts.csv", "needs the columns lad_code and historic_codes")
    return {old: row["lad_code"] for row in rows for old in (row["historic_codes"] or "").split("|") if old}


def _problems(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:ERRORS_SHOWN])
