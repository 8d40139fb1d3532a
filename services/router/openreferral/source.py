"""The directory as the standard's tables are made of it: the county's own file on partners, and what its codes mean."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from services.router.configuration import compile_county
from services.router.configuration.directory_schema import DistrictDoc, OrganisationDoc, PartnersDoc, ServiceDoc
from services.router.configuration.documents import DISTRICTS, PARTNERS, parse_documents
from services.router.configuration.fitting import fitted
from services.router.configuration.places import compile_districts
from services.router.domain.assurance import Patience
from services.router.domain.county import County, Need
from services.router.domain.reaching import tracks_reached
from services.router.openreferral.ids import Ids


@dataclass(frozen=True, slots=True)
class Source:
    """A county's file on partners beside the county that it was compiled into. `county_code` is its GSS code; `reached`
    are the tracks to which rules can send each need."""

    partners: PartnersDoc
    county: County
    county_code: str
    county_name: str
    reached: Mapping[str, frozenset[str]]

    @property
    def ids(self) -> Ids:
        """The ids of this county."""
        return Ids(self.county_code)

    @property
    def patience(self) -> Patience:
        """For how long checks of details are believed here."""
        return Patience(self.partners.assurance.due_after_days, self.partners.assurance.lapses_after_days)

    def services(self) -> Iterator[tuple[OrganisationDoc, ServiceDoc]]:
        """Every service that the router may offer something to, with its organisation."""
        for organisation in self.partners.organizations:
            for service in organisation.services:
                yield organisation, service

    def listed(self) -> Iterator[tuple[OrganisationDoc, ServiceDoc]]:
        """Those services of which the public is told."""
        return ((organisation, service) for organisation, service in self.services() if service.listing is not None)

    def needs_of(self, doc: ServiceDoc) -> tuple[Need, ...]:
        """What a service is there for, in the order of the taxonomy: of the needs that its file names those that people
        may choose and that a rule can send to its track. A desk that takes "*" is not there for what never reaches
        it."""
        service = self.county.services[doc.id]
        return tuple(
            need
            for code, need in self.county.needs.items()
            if code in service.needs and not need.system and service.track in self.reached[code]
        )


def read_source(documents: Mapping[str, str]) -> Source:
    """The directory in these documents. Raises Refused when they are not a county's files."""
    content = parse_documents(documents)
    county = compile_county(documents).county
    districts = fitted(DISTRICTS, list[DistrictDoc], content)
    code = compile_districts(districts).county_code
    name = next(row.county_name for row in districts if row.county_code == code)
    return Source(fitted(PARTNERS, PartnersDoc, content), county, code, name, tracks_reached(county))
