"""Decision tables: a table and the same rows one by one are the same rules, and no cell is guessed at."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from services.router.configuration import compile_county
from services.router.configuration.cells import Cell
from services.router.configuration.documents import RULES, parse_documents, read_documents
from services.router.configuration.fitting import fitted
from services.router.configuration.rules import RulesCompiler
from services.router.configuration.rules_schema import CODES, RulesDoc
from services.router.configuration.tables import PLACES, Place, spelt_out
from services.router.domain.rule_set import RuleSet
from services.router.domain.vocabulary import PRIORITIES
from shared.errors import Refused
from tests.router.rules.builders import COUNTY_DIRECTORY

DOCUMENTS = read_documents(COUNTY_DIRECTORY)
CONTENT = parse_documents(DOCUMENTS)
DERBYSHIRE = compile_county(DOCUMENTS)
SHORT_CODES = DERBYSHIRE.known.short_codes.known
ROWS = spelt_out(CONTENT)[0]
"""Derbyshire's rules with every table written as rows."""

Row = dict[str, Any]  # Any: what a row of the file holds
Cells = tuple[str, Any]
"""The text of a cell, and what a row has instead."""


def some(codes: list[str], most: int = 3) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(codes), min_size=1, max_size=most, unique=True)


def sets(codes: list[str]) -> st.SearchStrategy[Cells]:
    words = {"any": ("any of {}", "{}"), "all": ("all of {}",), "none": ("none of {}", "not({})")}

    def cell(asked: dict[str, list[str]], pick: int) -> Cells:
        parts = [words[key][pick % len(words[key])].format(", ".join(each)) for key, each in asked.items()]
        return " and ".join(parts), asked

    asked = st.dictionaries(st.sampled_from(sorted(words)), some(codes), min_size=1)
    return st.one_of(st.builds(cell, asked, st.integers(0, 1)),
                     st.sampled_from(codes).map(lambda code: (f"has {code}", {"any": [code]})))  # fmt: skip


def numbers() -> st.SearchStrategy[Cells]:
    some_number = st.integers(0, 90)
    return st.one_of(
        some_number.map(lambda n: (f"< {n + 1}", {"below": n + 1})),
        some_number.map(lambda n: (f"<= {n}", {"below": n + 1})),
        some_number.map(lambda n: (f">= {n}", {"from": n})),
        some_number.map(lambda n: (f"> {n}", {"from": n + 1})),
        some_number.map(lambda n: (f"not(< {n + 1})", {"from": n + 1})),
        some_number.map(lambda n: (str(n), {"from": n, "below": n + 1})),
        some_number.map(lambda n: (f"{n}, {n + 1}", {"from": n, "below": n + 2})),
        some_number.map(lambda n: (f"[{n}..{n + 3}]", {"from": n, "below": n + 4})),
        some_number.map(lambda n: (f"({n}..{n + 3})", {"from": n + 1, "below": n + 3})),
    )


def one_of(codes: list[str]) -> st.SearchStrategy[Cells]:
    rest = some(codes, len(codes) - 1).map(lambda not_: (f"not({', '.join(not_)})", sorted(set(codes) - set(not_))))
    return st.one_of(some(codes).map(lambda each: (", ".join(each), each)), rest)


def lists(codes: list[str]) -> st.SearchStrategy[Cells]:
    return some(codes).map(lambda each: (", ".join(each), each))


def single(codes: list[str]) -> st.SearchStrategy[Cells]:
    return st.sampled_from(codes).map(lambda code: (code, code))


def columns(place: Place) -> dict[str, st.SearchStrategy[Cells]]:
    """For each heading of a place what its cells may have; most are left out of any one table."""
    concerns = sorted(set(ROWS["risk"]["concerns"].values()))
    tracks = ["health", "specialist", "children_services"]
    services = ["svc-cru-duty", "svc-da-helpline"]
    every: dict[str, st.SearchStrategy[Cells]] = {
        "rules": lists(["R28", "R29", "R33"]),
        "needs": lists(["food.shopping", "food.*", "medicine.prescription", "*"]),
        "tracks": lists(tracks),
        "essential": st.sampled_from([("yes", True), ("no", False)]),
        "flags": sets(["shielded", "lives_alone", "no_income", "dementia"]),
        "concerns": sets(concerns),
        "then flag": single(["human_check", "safe_contact_only"]),
        "then need": single(concerns),
        "then service": single(services),
        "then priority": single(list(PRIORITIES)),
        "then at_least": single(list(PRIORITIES)),
        "then answers": lists(concerns),
        "then tracks": lists(tracks),
        "then first": lists(services),
        "district": one_of(sorted(SHORT_CODES)),
        "outcode": lists(["SK13", "DE4"]),
        "ward": lists(["E05003286", "E05003287"]),
        "lsoa": lists(["E01019411"]),
    }
    every |= dict.fromkeys(("age", "markers", "food_days_left", "meds_days_left"), numbers())
    every |= dict.fromkeys(("own_consent", "red_flag_words", "most_vulnerable"), every["essential"])
    every |= {field: one_of(sorted(filter(None, codes))) for field, codes in CODES.items()}
    return {heading: every[heading] for heading in place.columns()}


@st.composite
def a_table(draw: st.DrawFn) -> tuple[Place, Row, list[Row]]:
    """A table for some place, and the same as rows."""
    place = draw(st.sampled_from(PLACES))
    possible, needed = columns(place), set(place.required())
    free = [heading for heading in possible if heading not in needed]
    headings = draw(st.permutations([*needed, *draw(st.lists(st.sampled_from(free), max_size=4, unique=True))]))
    lines, rows = [], []
    for _ in range(draw(st.integers(1, 4))):
        row: Row = {"when": {}}
        cells = []
        for heading in headings:
            text, value = ("-", None) if heading in free and draw(st.booleans()) else draw(possible[heading])
            cells.append(text)
            name = place.columns()[heading]
            if value is not None:
                (row["when"] if name.startswith("when.") else row)[name.removeprefix("when.")] = value
        lines.append(" | ".join(cells))
        rows.append(row)
    policies = {heading[5:]: place.then[heading[5:]][0] for heading in headings if heading.startswith("then ")}
    return place, {"table": "drawn", "hit_policy": policies, "columns": " | ".join(headings), "rows": lines}, rows


def with_rows(place: Place, rows: list[Row]) -> RuleSet:
    """Derbyshire's rules with these rows, or this table, put before the others of a place."""
    *above, last = place.path.split(".")
    outer = {**ROWS}
    inner = outer
    for key in above:
        inner[key] = {**inner[key]}
        inner = inner[key]
    inner[last] = [*rows, *inner[last]]
    spelt, _ = spelt_out({**CONTENT, RULES: outer})
    return RulesCompiler(fitted(RULES, RulesDoc, {RULES: spelt}), DERBYSHIRE.known).compile()


@settings(deadline=None, max_examples=150)
@given(drawn=a_table())
def test_a_table_and_the_same_rows_one_by_one_are_the_same_rules(drawn: tuple[Place, Row, list[Row]]) -> None:
    place, table, rows = drawn
    assert with_rows(place, [table]) == with_rows(place, rows)


def test_the_shipped_tables_are_the_rows_that_they_spell_out() -> None:
    rows = compile_county({**DOCUMENTS, RULES: yaml.safe_dump(ROWS, sort_keys=False)})
    assert len(DERBYSHIRE.layout.tables) >= 6
    assert (rows.county.rules, rows.rules) == (DERBYSHIRE.county.rules, DERBYSHIRE.rules)


@pytest.mark.parametrize(
    ("read", "text", "sentence"),
    [
        ("codes", "", "the cell is empty: write - if anything will do"),
        ("codes", "a,, b", "something is missing before or after a comma"),
        ("codes", "a b", "'a b' is not a code; is a comma missing?"),
        ("one", "a, b", "one code belongs here, not several"),
        ("truth", "True", "'True' is not yes or no; did you mean 'yes'?"),
        ("truth", "yess", "did you mean 'yes'?"),
        ("number", "two", "'two' is not a number"),
        ("number", "=> 2", "'=> 2' is not a number, nor such as < 2, >= 18 or [2..3]"),
        ("number", "[3..2]", "no number is in [3..2]"),
        ("number", "(2..3)", "no number is in (2..3)"),
        ("number", "1, 3", "there is a gap in these numbers: write a row for each part"),
        ("number", "not([1..3])", "there is a gap in these numbers"),
        ("number", "not(>= 0)", "no number is left"),
        ("number", "2.5", "'2.5' is not a number"),
        ("number", "-2", "'-2' is not a number"),
        ("number", "01/02/2020", "is not a number"),
        ("set_of", "an of a, b", "did you mean 'any of'?"),
        ("set_of", "has a, b", "'has' takes one code"),
        ("set_of", "has a and has b", "'has' is asked twice; write all of a, b"),
        ("set_of", "none of a and not(b)", "'none of' is asked twice"),
        ("set_of", "not(a) b", "'not(a) b' is not a code"),
        ("set_of", "not(not(a))", "'not(a)' is not a code"),
    ],
)  # fmt: skip
def test_a_cell_that_cannot_be_read_is_refused(read: str, text: str, sentence: str) -> None:
    with pytest.raises(Refused) as refusal:
        getattr(Cell(text, "rules.yaml: tracks[0].rows[0][1]"), read)()
    assert refusal.value.detail.startswith("rules.yaml: tracks[0].rows[0][1]: ")
    assert sentence in refusal.value.detail


@given(
    read=st.sampled_from((Cell.codes, Cell.one, Cell.truth, Cell.number, Cell.set_of)),
    text=st.lists(st.sampled_from([*"ab12,.()[]<>=- ", "not", "any of ", "has ", " and "]), max_size=12).map("".join),
)
def test_any_text_is_read_or_refused(read: Callable[[Cell], object], text: str) -> None:
    try:
        assert read(Cell(text, "here")) is not None
    except Refused as refusal:
        assert refusal.code == "county_refused"  # noqa: PT017 - either outcome is right, and nothing else


def test_what_is_excepted_is_any_other_code_of_a_closed_list() -> None:
    assert Cell("not(a, c)", "here").one_of({"a", "b", "c"}) == ["b"]
    for text, known, sentence in (
        ("not(a)", None, "needs a closed list"),
        ("not(aa)", {"aa1", "b"}, "did you mean 'aa1'?"),
        ("not(a)", {"a"}, "nothing is left"),
    ):
        with pytest.raises(Refused) as refusal:
            Cell(text, "here").one_of(known)
        assert sentence in refusal.value.detail


def refusal_of(old: str, new: str) -> str:
    """The refusal of Derbyshire's rules with one piece of text replaced."""
    assert old in DOCUMENTS[RULES]
    with pytest.raises(Refused) as refusal:
        compile_county({**DOCUMENTS, RULES: DOCUMENTS[RULES].replace(old, new, 1)})
    return refusal.value.detail


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("- R34   | ", "- R34, R33 ", "the row has 3 cells, and the table 4 columns"),
        ("| outcode | then first", "| outcode | outcode", "the column is given twice"),
        ("| then priority | then flag", "| markers | then flag", "the column 'then priority' is missing"),
        ("| outcode |", "| outcodes |", "'outcodes' is not a column of this table; did you mean 'outcode'?"),
        ("marks:\n  hit_policy: COLLECT", "marks:\n  hit_policy: FIRST", "'FIRST' is not a hit policy of 'flag'"),
        ("service: ANY, priority: PRIORITY}", "service: ANY}", "the hit policy of 'priority' is missing"),
        ("service: ANY, priority", "srvice: ANY, priority", "not set by this table; did you mean 'service'?"),
        ("- table: health\n", "- table: other needs\n", "'other needs' is the name of two tables"),
        ("- table: health\n  hit_policy", "- hit_policy", "a table among others needs a name"),
        ("- table: health\n", "- table: 'health/care'\n", "tracks[1].table"),
        ("marks:\n  hit_policy", "marks:\n  hit_polcy", "did you mean 'hit_policy'?"),
        ("  - R29   | -                 | -  ", "  - [R29, x] #", "marks.rows[4]"),
        ("| SK13 ", f"| {', '.join(['SK13'] * 400)} ", "a cell has at most 2000 characters"),
    ],
)  # fmt: skip
def test_a_table_that_does_not_fit_is_refused_where_it_stands(old: str, new: str, sentence: str) -> None:
    refused = refusal_of(old, new)
    assert sentence in refused
    line = DOCUMENTS[RULES].partition(old)[0].count("\n") + 1
    assert refused.partition(":")[2].partition(":")[0] in {str(line + more) for more in range(8)}


def test_what_would_overflow_or_never_end_is_refused() -> None:
    deep = "'[" + "[" * 49 + "x" + "]" * 50
    assert "this lies more than 50 deep" in refusal_of("version: '1.0'", f"version: {deep[1:]}")
    assert "this lies more than 50 deep" in refusal_of("version: '1.0'", f"version: {'[' * 50_000}")
    assert "a reference to another part is not allowed" in refusal_of("version: '1.0'", "version: &v '1'\nflags: *v")
