"""The parts of a request that say who it is about, who asks, what they agree to and who is to be told."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Short = Annotated[str, Field(max_length=200)]
# Far beyond any true value, so that what is odd is told by the rules and only nonsense is refused here.
Number = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]


class Body(BaseModel):
    """A part of a request: a misspelt field is refused, since what it meant would be lost."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PersonBody(Body):
    """Who needs help, as typed: odd values are kept and flagged, not refused."""

    name: Short | None = None
    age: Number | None = Field(None, description="In years.")
    dob: Short | None = Field(None, description="Date of birth, in any common form; it wins over the age.")
    phone: Short | None = None
    mobile: Short | None = None
    email: Annotated[str, Field(max_length=320)] | None = None
    language: Short | None = Field(None, description="ISO 639-1 code; English when not given.")


class ConsentBody(Body):
    """Whether the person agreed to share what is said here."""

    status: Literal["given", "refused", "unknown"] = "unknown"
    by: Literal["self", "representative", "none"] = "none"


class ReferrerBody(Body):
    """Who asks for somebody else, if they are to be told how it goes."""

    name: Short | None = None
    organisation: Short | None = None
    email: Annotated[str, Field(max_length=320)] | None = None
    phone: Short | None = Field(None, description="A mobile number, for texts.")


class UpdatesBody(Body):
    """Who asks to be told how it goes: that it was received, taken on, done and so on. Messages hold the reference and
    no detail. Nobody is told unless asked for here; the resident never without consent, as a child, or where contact
    must be safe."""

    resident: bool = Field(False, description="At the person's own e-mail address or mobile number.")
    referrer: bool = Field(False, description="At the referrer's; without consent only that it came and that it ended.")
    by: Literal["email", "sms"] | None = Field(None, description="The only way, if any; else whichever works.")
