"""The reference of a referral: short enough to say on the telephone, and a slip in it is always noticed.

Seven of Crockford's base 32 (no I, L, O, U), written like `K7Q2-8MX`: six at random, then one check character. It is a
sum over GF(32) in which each place has its own weight, so any one wrong character and any two swapped ones are found,
always. ISO 7064 MOD 37,36 would promise nearly the same, but needs letters that sound or look alike.
"""

from shared.errors import NotFound

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
DRAWN = 6
SPACE = len(ALPHABET) ** DRAWN
"""How many references there are; one is drawn by drawing a number below this."""
LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})
SEPARATORS = str.maketrans("", "", "- \u2010\u2011\u2013")
POLYNOMIAL = 0b100101


def reference_of(number: int) -> str:
    """The reference of a number from 0 to `SPACE` - 1, such as "3NQK-8N1"."""
    drawn = [number >> 5 * place & 31 for place in reversed(range(DRAWN))]
    text = "".join(ALPHABET[value] for value in (*drawn, _check(drawn)))
    return f"{text[:4]}-{text[4:]}"


def read_reference(typed: str) -> str | None:
    """The reference that was typed, in any case, with or without hyphen, O for 0 and I or L for 1; None if mistyped."""
    text = typed.translate(SEPARATORS).upper().translate(LOOKALIKES)
    if len(text) != DRAWN + 1 or any(character not in ALPHABET for character in text):
        return None
    *drawn, check = (ALPHABET.index(character) for character in text)
    return f"{text[:4]}-{text[4:]}" if _check(drawn) == check else None


def wanted_reference(typed: str) -> str:
    """The reference that a caller asks for. Raises NotFound when no referral can have it."""
    reference = read_reference(typed)
    if reference is None:
        raise NotFound("not-found", "No referral has this reference. It has 7 letters and digits, such as 3NQK-8N1.")
    return reference


def _check(values: list[int]) -> int:
    # Horner's rule: the weight of a place is a power of the generator x, and no two of the first 31 powers are equal.
    total = 0
    for value in values:
        total = _times_x(total ^ value)
    return total


def _times_x(value: int) -> int:
    doubled = value << 1
    return doubled ^ POLYNOMIAL if doubled & 32 else doubled
