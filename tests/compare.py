"""How a result differs from what a scenario expects: what must be equal, what must be there, what must not."""

from datetime import datetime
from typing import Any

Json = dict[str, Any]  # as json.loads gives it

# Codes of one authority before and after a boundary order are the same district.
PRESENT_CODES = {"E08000039": "E08000019", "E08000038": "E08000016"}
# Flags that change how people act: one too many is as wrong as one too few.
SAFETY_FLAGS = {
    "human_check",
    "safe_contact_only",
    "hold_safe_contact",
    "no_doorstep_volunteers",
    "unaccompanied_minor",
}


def differences(expected: Json, result: Json) -> list[str]:
    """A sentence for each difference that fails a scenario; empty when it passes.

    Not compared: the order of anything, `district_method`, `because`, `org`, `track`, and additional flags that are
    not about safety.
    """
    found = [
        f"{key}: expected {_plain(key, expected)}, got {_plain(key, result)}"
        for key in ("outcome", "priority", "duplicate_of", "district", "missing", "held_needs")
        if _plain(key, expected) != _plain(key, result)
    ]
    wanted, given = set(expected["flags"]), set(result["flags"])
    if wanted - given:
        found.append(f"flags missing: {sorted(wanted - given)}")
    if given & SAFETY_FLAGS - wanted:
        found.append(f"safety flags too many: {sorted(given & SAFETY_FLAGS - wanted)}")
    return found + _assignment_differences(expected["assignments"], result["assignments"])


def _plain(key: str, result: Json) -> object:
    value = result.get(key)
    if key == "district":
        return PRESENT_CODES.get(value, value) if value else None
    return sorted(set(value or ())) if key in ("missing", "held_needs") else value


def _assignment_differences(expected: list[Json], given: list[Json]) -> list[str]:
    found = [] if len({each["service"] for each in given}) == len(given) else ["a service is told twice"]
    wanted, got = ({each["service"]: _assignment(each) for each in group} for group in (expected, given))
    for service in sorted(wanted.keys() | got.keys()):
        if wanted.get(service) != got.get(service):
            found.append(f"{service}: expected {wanted.get(service)}, got {got.get(service)}")
    return found


def _assignment(assignment: Json) -> Json:
    return {
        "needs": sorted(set(assignment["needs"])),
        "priority": assignment["priority"],
        "sla": assignment["sla"],
        "due_at": datetime.fromisoformat(assignment["due_at"]).timestamp(),
        "notify": sorted(set(assignment["notify"])),
    }
