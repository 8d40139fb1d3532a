"""The services in a JSON document of the standard, whichever shape it has: a page, a package, a list, one service."""

import json
from collections.abc import Iterator, Mapping

from shared.errors import Refused

SERVICES_MAX = 20_000
BYTES_MAX = 100_000_000


def services_in(body: bytes, place: str) -> list[object]:
    """The services of a document from `place`. Raises Refused when it is none, or too large."""
    if len(body) > BYTES_MAX:
        raise Refused("import-too-large", f"{place} has more than {BYTES_MAX // 1_000_000} MB.")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused("import-not-json", f"{place} is not JSON.") from None
    services = list(_services(document))
    if not services:
        raise Refused(
            "import-empty", f"{place} has no services: no list, no `contents`, `services` or `organizations`."
        )
    if len(services) > SERVICES_MAX:
        raise Refused("import-too-large", f"{place} has more than {SERVICES_MAX} services.")
    return services


def _services(document: object) -> Iterator[object]:
    if isinstance(document, list):
        for each in document:
            yield from _services(each) if _is_organisation(each) else (each,)
    elif isinstance(document, Mapping):
        if _is_organisation(document):
            yield from _of_organisation(document)
        elif "id" in document:
            yield document
        else:
            for key in ("contents", "services", "organizations"):
                if isinstance(document.get(key), list):
                    yield from _services(document[key])


def _is_organisation(row: object) -> bool:
    return isinstance(row, Mapping) and "id" in row and "status" not in row and isinstance(row.get("services"), list)


def _of_organisation(row: Mapping[str, object]) -> Iterator[object]:
    """The services of an organisation that has them nested, each with the organisation in it instead."""
    services = row["services"]
    own = {key: value for key, value in row.items() if key != "services"}
    for service in services if isinstance(services, list) else ():
        yield {"organization": own, **service} if isinstance(service, Mapping) else service
