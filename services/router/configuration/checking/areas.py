"""Wards and LSOAs that rules ask for, of which intake tells only where its own file says so."""

from collections.abc import Iterable, Iterator
from typing import Literal

from pydantic import BaseModel

from services.router.configuration.checking.findings import Found, Severity
from services.router.configuration.checking.rows import Row
from services.router.configuration.documents import RULES, tree_of
from services.router.configuration.fitting import fitted

INTAKE = "intake.yaml"


# The file is intake's, which checks the rest of it; the rules need only know what leaves it.
class _Place(BaseModel):
    tells: list[Literal["ward", "lsoa"]] = []


class _Intake(BaseModel):
    place: _Place = _Place()


def told(text: str) -> frozenset[str]:
    """The smaller areas that intake tells of, by the text of its file. Raises Refused."""
    return frozenset(fitted(INTAKE, _Intake, {INTAKE: tree_of(INTAKE, text)}).place.tells)


def untold(rows: Iterable[Row], told_areas: frozenset[str]) -> Iterator[Found]:
    """Rows that could never hold, for want of what they ask for."""
    for row in rows:
        for field in sorted({test.field for test in row.when.tests} & {"ward", "lsoa"} - told_areas):
            yield Found(
                Severity.ERROR,
                RULES,
                f"{row.path}.when.{field}",
                f"{row} asks for the {field}, which intake does not tell: add it to place.tells in {INTAKE}",
            )
