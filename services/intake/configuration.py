"""A county's files as intake reads them: its rule data, and where postcodes lie. A slip is refused with its place."""

import csv
import gzip
import io
import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from services.intake.domain.lexicon import Category, Lexicon
from services.intake.domain.places import AreaPlace, PlaceTable, UnitPlace
from services.intake.domain.policy import AgePolicy, PlacePolicy, Policy, RiskPolicy
from shared.errors import Refused

POLICY_FILES = ("intake.yaml", "red_flag_lexicon.yaml", "need_taxonomy.yaml", "districts.csv", "rules.yaml")
SECTORS_FILE = "postcode_sectors.csv"
SAMPLE_UNITS_FILE = "places/sample_units.csv"
ERRORS_SHOWN = 5
GZIP_MAGIC = b"\x1f\x8b"
DISTRICT_COLUMN = re.compile(r"oslaua|laua|lad[0-9]{2}cd")
DISTRICT_CODE = re.compile(r"[A-Z][0-9]{8}")
Parsed = TypeVar("Parsed", bound=BaseModel)


def load_policy_from(directory: Path) -> Policy:
    """The policy in a county's folder. Raises Refused when a file is missing, unreadable or wrong."""
    try:
        return load_policy({name: (directory / name).read_text(encoding="utf-8-sig") for name in POLICY_FILES})
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong(str(directory), str(error)) from error


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
    areas: dict[str, dict[str, AreaPlace]] = {"sector": {}, "outcode": {}}
    parts: dict[tuple[str, str], list[_AreaRow]] = defaultdict(list)
    with _lines(file) as lines:
        rows = csv.DictReader(lines)
        for row in rows:
            try:
                part = _AreaRow.model_validate(row)
            except ValidationError as error:
                raise _wrong(file.name, f"line {rows.line_num}: {_problems(error)}") from error
            parts[part.level, part.code].append(part)
    for (level, code), shares in parts.items():
        resolved = [part.lad_code for part in shares if part.auto_resolve]
        if len(resolved) > 1:
            raise _wrong(file.name, f"{code}: auto_resolve names {len(resolved)} districts")
        ordered = sorted(((part.lad_code, part.share) for part in shares), key=lambda pair: -pair[1])
        areas[level][code] = AreaPlace(tuple(ordered), resolved[0] if resolved else None)
    if not areas["outcode"]:
        raise _wrong(file.name, "there is no outcode in it")
    return PlaceTable(units={}, sectors=areas["sector"], outcodes=areas["outcode"])


def read_units(file: Path) -> Iterator[tuple[str, UnitPlace]]:
    """Each unit code ("DE656WE") of `file` with its place, in one pass and constant memory; plain text or gzip.

    Reads every layout of the ONS Postcode Directory by its column names, and the short form `pcds,lad_code,status`.
    Rows without a district are passed over. Raises Refused, naming file and line, when a needed column or every unit
    is missing or a row is cut.
    """
    known: dict[tuple[str, bool], UnitPlace] = {}
    with _lines(file) as lines:
        rows = csv.reader(lines)
        columns = _unit_columns(file, next(rows, []))
        for row in rows:
            if row and len(row) <= max(columns.postcode, columns.district, columns.ended):
                raise _wrong(file.name, f"line {rows.line_num}: only {len(row)} columns")
            if row and DISTRICT_CODE.fullmatch(district := row[columns.district]):
                terminated = row[columns.ended] != columns.live
                place = known.setdefault((district, terminated), UnitPlace(district, terminated))
                yield row[columns.postcode].replace(" ", "").upper(), place
    if not known:
        raise _wrong(file.name, "there is no unit postcode with a district in it")


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


class _UnitColumns(NamedTuple):
    """Where to look in a row; `live` is what the column `ended` says of a postcode still in use."""

    postcode: int
    district: int
    ended: int
    live: str


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
        raise _wrong(name, _problems(error)) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise _wrong(name, str(error)) from error


def _document(name: str, documents: Mapping[str, str]) -> str:
    if name not in documents:
        raise _wrong(name, "the file is missing")
    return documents[name]


def _check(file: str, where: str, codes: Iterable[str], known: frozenset[str]) -> None:
    if unknown := sorted(set(codes) - known):
        raise _wrong(file, f"{where}: unknown code {', '.join(unknown)}")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise _wrong("intake.yaml", f"timezone: there is no zone {name}") from error


def _lexicon(document: _Lexicon) -> Lexicon:
    try:
        return Lexicon.of(Category(c.code, c.covered_by_flags, c.phrases) for c in document.categories)
    except ValueError as error:
        raise _wrong("red_flag_lexicon.yaml", str(error)) from error


def _same_authority(documents: Mapping[str, str]) -> dict[str, str]:
    """Historic district codes to present ones (columns lad_code and historic_codes, several parted by "|")."""
    rows = csv.DictReader(_document("districts.csv", documents).splitlines())
    if not {"lad_code", "historic_codes"} <= set(rows.fieldnames or ()):
        raise _wrong("districts.csv", "needs the columns lad_code and historic_codes")
    return {old: row["lad_code"] for row in rows for old in (row["historic_codes"] or "").split("|") if old}


def _unit_columns(file: Path, header: Sequence[str]) -> _UnitColumns:
    names = [name.strip().lower() for name in header]
    district = next((name for name in names if DISTRICT_COLUMN.fullmatch(name)), None)
    if district and {"pcds", "doterm"} <= set(names):
        return _UnitColumns(names.index("pcds"), names.index(district), names.index("doterm"), live="")
    if {"pcds", "lad_code", "status"} <= set(names):
        return _UnitColumns(names.index("pcds"), names.index("lad_code"), names.index("status"), live="live")
    raise _wrong(file.name, "line 1: needs the columns pcds, doterm and a district (oslaua, laua or ladNNcd)")


@contextmanager
def _lines(file: Path) -> Iterator[Iterable[str]]:
    """The text lines of a plain or gzip file without a byte-order mark; what cannot be read is Refused."""
    try:
        with file.open("rb") as raw:
            packed = raw.read(len(GZIP_MAGIC)) == GZIP_MAGIC
            raw.seek(0)
            yield io.TextIOWrapper(gzip.GzipFile(fileobj=raw) if packed else raw, encoding="utf-8-sig", newline="")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise _wrong(file.name, str(error)) from error


def _problems(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:ERRORS_SHOWN])


def _wrong(file: str, problem: str) -> Refused:
    return Refused("bad_configuration", f"{file}: {problem}")
