"""The explanation of a referral's decisions, as a triage lead reads it on a screen of 80 columns."""

from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.text import Text

from services.router.domain.explaining.shapes import Check, Explanation, Looked, NearMiss, Row, WhyNot
from services.router.use_cases.explaining import Explained, Story
from shared.wording import moment_words

SIGNS = {True: ("✓", "green"), False: ("✗", "red"), None: ("?", "yellow")}
INSIDE = 2


def print_story(story: Story, console: Console) -> None:
    """Every decision of a referral, newest first, and what was passed on since."""
    for each in story.decisions:
        _decision(each, console)
    _sentences("Passed on since", [each.sentence for each in story.passed_on], console)


def print_why_not(answers: Iterable[WhyNot], console: Console) -> None:
    """Why a service does not have each need, the rules behind it, and what would have given it the need."""
    for answer in answers:
        _heading(f"{answer.label}: why not {answer.service}?", console)
        _say(answer.sentence, console)
        for row in answer.rows:
            _row(row, console)
        _sentences("It would have got it if", answer.would_have, console)


def _decision(told: Explained, console: Console) -> None:
    stored, explanation = told.stored, told.explanation
    _heading(f"{stored.reference}, decided {moment_words(stored.decided_at)}, rules {stored.rule_set[:12]}", console)
    if explanation is None:
        _say("The rules and the directory of that time are not kept, so it cannot be explained.", console)
    else:
        print_explanation(explanation, console)


def print_explanation(told: Explanation, console: Console) -> None:
    """One decision, live or simulated."""
    for sentence in filter(None, (told.before, told.sentence)):
        _say(sentence, console)
    for need in told.needs:
        _say(need.sentence, console)
        for search in need.searches:
            _search(search, console)
    _rows("Rules that decided", told.fired, console)
    _rows("Rules of which nobody can tell", told.cannot_tell, console)
    _sentences("Still to ask the caller", told.questions, console)
    _sentences("Nearly", map(_missed, told.nearest), console)


def _search(search: Looked, console: Console) -> None:
    for track in search.tracks:
        lost = "".join(f" | {step.reason} -{step.count}" for step in track.steps)
        line = f"{search.place}, {track.label}: {track.listed} of {search.offered}{lost} | eligible {track.eligible}"
        _say(line, console, INSIDE, style="cyan")
        for service in track.services:
            _say(f"{service.service}: {service.reason}", console, 2 * INSIDE)


def _rows(title: str, rows: Iterable[Row], console: Console) -> None:
    rows = tuple(rows)
    if rows:
        _heading(title, console)
    for row in rows:
        _row(row, console)


def _row(row: Row, console: Console) -> None:
    _say(f"{', '.join(row.rules)} {row.title}: {row.does}".strip(" :"), console, INSIDE)
    for check in row.checks:
        console.print(Padding(_check(check), (0, 0, 0, 2 * INSIDE), expand=False))


def _check(check: Check) -> Text:
    sign, style = SIGNS[check.holds]
    return Text.assemble((sign, style), f" {check.asks} (given: {check.given})")


def _missed(miss: NearMiss) -> str:
    return f"{miss.what}: {miss.but}"


def _sentences(title: str, sentences: Iterable[str], console: Console) -> None:
    sentences = tuple(sentences)
    if sentences:
        _heading(title, console)
    for sentence in sentences:
        _say(f"- {sentence}", console, INSIDE)


def _heading(title: str, console: Console) -> None:
    console.print(f"\n[bold]{escape(title)}[/]", highlight=False)


def _say(sentence: str, console: Console, left: int = 0, style: str = "") -> None:
    console.print(Padding(Text(sentence, style=style), (0, 0, 0, left), expand=False))
