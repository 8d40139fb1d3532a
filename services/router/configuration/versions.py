"""A version of the rules as a whole: the documents of every service, what the router reads of them, and their check."""

from collections.abc import Callable, Collection, Iterator, Sequence

from services.router.configuration import load_county_documents
from services.router.configuration.checking import SECTORS, check_documents
from services.router.configuration.checking.cases import TESTS
from services.router.configuration.checking.findings import Finding, Severity, errors
from services.router.configuration.documents import NAMES, CountyRefused
from services.router.configuration.surges import names_of, overlaid
from services.router.domain.county import County
from services.router.domain.publishing import Noted
from shared.document_set import Documents
from shared.errors import Refused

# What another service makes of the same documents. Raises Refused.
Reader = Callable[[Documents], object]


def noted(documents: Documents, readers: Sequence[Reader] = ()) -> tuple[Noted, ...]:
    """What there is to say of a version, errors first; `readers` are those of the other services."""
    found = check_documents(_some(documents, NAMES), _some(documents, (TESTS, SECTORS)))
    if not errors(found):
        found += surge_findings(documents, {finding.sentence for finding in found})
    faults = (fault for reader in readers for fault in _refusals(reader, documents))
    return (*faults, *map(_noted, found))


def usable(documents: Documents, readers: Sequence[Reader]) -> None:
    """Raises Refused where this release cannot work by these documents."""
    for reader in (load_county_documents, *readers):
        reader(documents)


def surge_findings(documents: Documents, known: Collection[str]) -> Iterator[Finding]:
    """Errors and warnings of each surge while it is on alone, but for the sentences that are `known` without it."""
    for name in names_of(documents):
        try:
            on = overlaid(documents, (name,))
        except CountyRefused as error:
            yield Finding(Severity.ERROR, error.position, error.sentence)
            continue
        for finding in check_documents(_some(on, NAMES), _some(on, (TESTS, SECTORS))):
            if finding.severity is not Severity.INFO and finding.sentence not in known:
                yield Finding(finding.severity, None, f"while the surge {name!r} is on: {finding.sentence}")


def usable_overlay(documents: Documents, names: Sequence[str]) -> Documents:
    """The documents of a version while surges are on. Raises Refused where they do not fit together."""
    on = overlaid(documents, names)
    if names:
        load_county_documents(on)
    return on


def county_with(documents: Documents, names: Sequence[str]) -> County:
    """The county of a version while surges are on. Raises Refused."""
    return load_county_documents(overlaid(documents, names))


def _refusals(reader: Reader, documents: Documents) -> Sequence[Noted]:
    try:
        reader(documents)
    except Refused as refused:
        return (Noted(Severity.ERROR.value, refused.detail),)
    return ()


def _some(documents: Documents, names: Sequence[str]) -> dict[str, str]:
    return {name: documents[name] for name in names if name in documents}


def _noted(finding: Finding) -> Noted:
    at = finding.position
    if at is None:
        return Noted(finding.severity.value, finding.sentence)
    return Noted(finding.severity.value, finding.sentence, at.file, at.line, at.column)
