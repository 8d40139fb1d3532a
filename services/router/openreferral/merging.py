"""Merging what a source publishes into a county's file on partners, by stable ids; the router's own fields stay.

The file is changed as a tree of plain values, as YAML has it, so that what the merge does not name stays as it was.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.router.configuration.directory_schema import OrganisationDoc, ServiceDoc
from services.router.openreferral.applying import apply_field, apply_organisation_field, shown, unrouted_row
from services.router.openreferral.changes import Added, Changed, Changes, Gone, Kept
from services.router.openreferral.publishing import Publisher
from services.router.openreferral.reading import Incoming, IncomingOrganisation, Refusal, ServiceReader
from services.router.openreferral.source import Source
from services.router.openreferral.untrusted import Unusable
from shared.errors import Refused

Tree = dict[str, Any]  # YAML as it is read

FIELDS = (
    "name", "description", "status", "url", "email", "fees", "accreditations", "alert", "minimum_age", "maximum_age",
    "schedules", "service_areas", "taxonomy_terms", "languages", "phones", "service_at_locations",
    "assured_date", "assurer_email", "last_modified",
)  # fmt: skip
LISTED = frozenset({"url", "email", "fees", "accreditations", "alert", "phones", "service_at_locations"})
# What a source takes back by no longer giving it, from the services that are its own.
CLEARED = frozenset({"email", "fees", "accreditations", "alert", "minimum_age", "maximum_age", "phones",
                     "service_at_locations"})  # fmt: skip
# That these stay follows from what else stays.
UNMENTIONED = frozenset({"last_modified", "assured_date", "assurer_email"})
TEMPORARILY_CLOSED = "temporarily closed"
FEW = 4


def need_terms(source: Source) -> dict[str, tuple[str, ...]]:
    """The needs by the id of their term, and all those of a group by the group's."""
    needs = [need for need in source.county.needs.values() if not need.system]
    terms: dict[str, tuple[str, ...]] = {source.ids.need(need.code): (need.code,) for need in needs}
    for group in dict.fromkeys(need.group for need in needs):
        terms[source.ids.need(group)] = tuple(need.code for need in needs if need.group == group)
    return terms


def read_services(rows: Iterable[object], reader: ServiceReader) -> tuple[list[Incoming], list[Refusal]]:
    """Every service that can be read, each id once, and why the others cannot."""
    found: dict[str, Incoming] = {}
    refusals: list[Refusal] = []
    for number, row in enumerate(rows, start=1):
        try:
            incoming = reader.read(row)
        except Unusable as error:
            refusals.append(Refusal(f"service {number}", None, str(error)))
            continue
        if incoming.id in found:
            refusals.append(Refusal(incoming.name, None, "its id is given twice"))
        else:
            found[incoming.id] = incoming
    return list(found.values()), refusals


@dataclass(slots=True)
class Merge:
    """One import into `tree`, the file on partners of `source`. `name` is the source's, by which its services are known
    to be its own; `today` decides which checks have lapsed."""

    source: Source
    tree: Tree
    name: str | None
    today: date
    changes: Changes = field(default_factory=Changes)

    def __call__(self, rows: Iterable[object], *, many_gone: bool = False) -> Changes:
        """Change `tree`, and tell how. Raises Refused when most of what the source had is missing, unless that is said
        to be right: then it is the source that is broken."""
        reader = ServiceReader(need_terms(self.source))
        incoming, refused = read_services(rows, reader)
        self.changes.refused += refused
        publisher = Publisher(self.source, "")
        routed = {publisher.service_id(service): (own, service) for own, service in self.source.services()}
        unrouted = {str(row["hsds_id"]): row for row in self.tree.get("unrouted", [])}
        trees = {service["id"]: service for own in self.tree["organizations"] for service in own["services"]}
        organisations = set[str]()
        for each in incoming:
            self._note(each)
            if each.id in routed:
                own, service = routed[each.id]
                local = reader.read(publisher.row(own, service, self.today))
                if self._service(each, local, service, trees[service.id]) and own.id not in organisations:
                    organisations.add(own.id)
                    self._organisation(each.organisation, local.organisation, own)
            elif each.id in unrouted:
                self._unrouted(each, unrouted[each.id])
            else:
                self._add(each)
        self._gone({each.id for each in incoming}, routed, trees, unrouted, many_gone)
        return self.changes

    def _note(self, incoming: Incoming) -> None:
        self.changes.refused += incoming.refusals
        for term in incoming.unknown_terms:
            self.changes.unknown_terms[term] = self.changes.unknown_terms.get(term, 0) + 1

    def _service(self, incoming: Incoming, local: Incoming, doc: ServiceDoc, tree: Tree) -> bool:
        """Take over what differs; whether the source may say anything of this service."""
        is_own = self.name is not None and doc.source == self.name
        differing = [
            name
            for name in FIELDS
            if incoming.fields.get(name) != local.fields.get(name)
            and (name in incoming.fields or (is_own and name in CLEARED))
        ]
        refusals = {refusal.field for refusal in incoming.refusals}
        differing = [name for name in differing if name not in refusals]
        reason = _older(doc, incoming)
        for name in differing:
            kept = reason or _stays(name, doc, incoming)
            before, after = local.fields.get(name), incoming.fields.get(name)
            if kept and name in UNMENTIONED:
                continue
            if kept:
                self.changes.kept.append(Kept(incoming.id, local.name, name, kept))
            else:
                apply_field(tree, name, before, after)
                self._changed(incoming.id, local.name, name, before, after)
        return reason is None

    def _organisation(self, incoming: IncomingOrganisation, local: IncomingOrganisation, doc: OrganisationDoc) -> None:
        tree = next(each for each in self.tree["organizations"] if each["id"] == doc.id)
        for name in ("name", "description", "website", "email"):
            before, after = getattr(local, name), getattr(incoming, name)
            if incoming.id == local.id and after and after != before:
                apply_organisation_field(tree, name, after)
                self._changed(local.id, local.name, name, before, after)

    def _unrouted(self, incoming: Incoming, row: Tree) -> None:
        fresh = unrouted_row(incoming, row.get("source"))
        if (row.get("last_modified") or "") > (incoming.last_modified or ""):
            self.changes.kept.append(Kept(incoming.id, row["name"], "all of it", "the source has an older version"))
            return
        for name in dict.fromkeys((*fresh, *row)):
            if row.get(name) != fresh.get(name):
                self._changed(incoming.id, row["name"], name, row.get(name), fresh.get(name))
        row.clear()
        row.update(fresh)

    def _add(self, incoming: Incoming) -> None:
        self.tree.setdefault("unrouted", []).append(unrouted_row(incoming, self.name))
        self.changes.added.append(Added(incoming.id, incoming.name, incoming.organisation.name))

    def _gone(self, present: set[str], routed: Mapping[str, tuple[OrganisationDoc, ServiceDoc]],
              trees: Mapping[str, Tree], unrouted: Mapping[str, Tree], many_gone: bool) -> None:  # fmt: skip
        if self.name is None:
            return
        theirs = {own: trees[doc.id] for own, (_, doc) in routed.items() if doc.source == self.name}
        theirs |= {own: row for own, row in unrouted.items() if row.get("source") == self.name}
        missing = {own: row for own, row in theirs.items() if own not in present}
        if len(missing) > max(FEW, len(theirs) // 2) and not many_gone:
            detail = f"{len(missing)} of the {len(theirs)} services of {self.name} are missing. Is the source whole?"
            raise Refused("source-incomplete", f"{detail} If it is, say --many-gone.")
        for own, row in missing.items():
            if row["status"] == "active":
                row["status"] = TEMPORARILY_CLOSED
                self.changes.gone.append(Gone(own, row["name"]))

    def _changed(self, own: str, name: str, what: str, before: object, after: object) -> None:
        self.changes.changed.append(Changed(own, name, what, shown(before), shown(after)))


def _older(doc: ServiceDoc, incoming: Incoming) -> str | None:
    """Why a source may say nothing of a service: its word is older than ours. None if it is not."""
    theirs = incoming.last_modified or ""
    if doc.assured_date is not None and theirs[:10] <= doc.assured_date:
        return f"checked here on {doc.assured_date}, and not changed by the source since"
    if doc.last_modified is not None and theirs < doc.last_modified:
        return "the source has an older version"
    return None


def _stays(name: str, doc: ServiceDoc, incoming: Incoming) -> str | None:
    """Why one field stays as it is. None if it does not."""
    if name in LISTED and doc.listing is None:
        return "the service is not listed here"
    is_ours = doc.status not in ("active", TEMPORARILY_CLOSED)
    if name == "status" and incoming.fields["status"] == "active" and is_ours:
        return f"somebody here made it {doc.status}"
    return None
