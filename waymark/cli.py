"""The console script `waymark`: every command, and nothing but the way from its words to the code that does it."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from aiokafka.errors import KafkaError
from rich.console import Console
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from services.router.use_cases.publishing import Word
from shared.errors import WaymarkError
from shared.vault import Vault, rotate_file
from waymark import admin, checking, directory_cli, embedded, explaining, rules_cli, scenarios, serving
from waymark.names import ServiceName
from waymark.simulate.month import Plan
from waymark.simulate.run import draw_seed, run

app = typer.Typer(
    help="Takes a call for help, gets it to the right local partner, and makes sure someone answers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
dead_letters = typer.Typer(help="Events that could not be handled: what failed, why, and again.", no_args_is_help=True)
app.add_typer(dead_letters, name="dead-letters")
app.add_typer(rules_cli.app, name="rules")
keys = typer.Typer(help="The key file that personal data is sealed with.", no_args_is_help=True)
app.add_typer(keys, name="keys")
app.add_typer(directory_cli.app, name="directory")
app.command("feed")(directory_cli.feed)

# In the month that follows lie a change of the clocks and Easter.
FIRST_DAY = datetime(2026, 3, 15, tzinfo=UTC)
COUNTY = Path(__file__).parents[1] / "deploy" / "derbyshire"
# EX_TEMPFAIL of sysexits.h, and more than any mail that is read.
COME_AGAIN, MAIL_MAX = 75, 1_000_001
Data = Annotated[Path | None, typer.Option(help="The data folder of an embedded system.", exists=True)]
Directory = Annotated[Path, typer.Option(help="The county's folder: directory, needs, rules, places.", exists=True)]


@app.command()
def up(
    demo: Annotated[bool, typer.Option("--demo", help="Submit sample referrals the first time.")] = False,
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1.")] = 8000,
    data: Annotated[Path, typer.Option(help="Where the database files and the key file live.")] = Path("var"),
    directory: Directory = COUNTY,
    feed_port: Annotated[int | None, typer.Option(help="Also serve the public directory, on this port.")] = None,
) -> None:
    """Serve all three services in one process, with SQLite files and no broker."""
    asyncio.run(embedded.up(data=data, port=port, demo=demo, directory=directory, feed_port=feed_port))


@app.command()
def serve(
    service: ServiceName,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8000,
) -> None:
    """Serve one service against PostgreSQL, Kafka and Redis, by the WAYMARK_ settings (.env.example)."""
    asyncio.run(serving.serve(service, host=host, port=port))


@app.command()
def migrate() -> None:
    """Bring the three databases to this version's schema."""
    for name in admin.migrate():
        typer.echo(f"{name}: up to date")


@app.command()
def topics() -> None:
    """Create the Kafka topics that are missing, and check the others."""
    for line in asyncio.run(admin.topics()):
        typer.echo(line)


@app.command()
def load_directory(
    directory: Annotated[Path, typer.Argument(exists=True, file_okay=False)],
    by: Annotated[
        str | None,
        typer.Option(callback=rules_cli.person, help="Who puts it in force although versions are published."),
    ] = None,
    reason: Annotated[str | None, typer.Option(help="And why.")] = None,
    data: Data = None,
) -> None:
    """Check a county's folder and make it the one in force: partners, needs, rules, places. Where people publish
    versions of the rules it becomes a draft, unless --by and --reason are given."""
    if (by is None) != (reason is None):
        raise typer.BadParameter("--by and --reason go together.")
    word = Word(by, reason) if by and reason else None
    for line in asyncio.run(admin.load_directory(directory, word, data)):
        typer.echo(line)


@app.command()
def check_rules(directory: Annotated[Path, typer.Argument(exists=True, file_okay=False)] = COUNTY) -> None:
    """Say what is wrong, doubtful or worth knowing in a county's folder. Ends with 1 if anything is wrong."""
    raise typer.Exit(not checking.check_rules(directory, Console()))


@app.command()
def load_postcodes(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    name: Annotated[str | None, typer.Option(help="What to call the release; as the file when not given.")] = None,
    fewer: Annotated[bool, typer.Option("--fewer", help="Also if it has far fewer than the last file.")] = False,
    data: Data = None,
) -> None:
    """Replace the unit postcodes by those of an ONS Postcode Directory: its CSV (any layout since 2018, also .gz), or
    the quarterly zip. Referrals go on meanwhile."""
    typer.echo(asyncio.run(admin.load_postcodes(file, file.stat().st_size, name, data, fewer=fewer)))


@app.command()
def route(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Scenarios, one JSON object a line.")],
    directory: Directory = COUNTY,
    places: Annotated[Path | None, typer.Option(help="Unit postcodes, in an ONSPD layout.", exists=True)] = None,
    out: Annotated[Path | None, typer.Option(help="Where the results go; standard output when not given.")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Add why each service was or was not chosen.")] = False,
) -> None:
    """Decide a file of scenarios without storing anything, by the very code that routes live."""
    scenarios.route_file(file, directory=directory, places=places, out=out, explain=explain)


@app.command()
def explain(
    reference: str,
    why_not: Annotated[str | None, typer.Option(help="A service's id: say why it does not have the needs.")] = None,
    need: Annotated[str | None, typer.Option(help="Only this need, for --why-not.")] = None,
    data: Data = None,
) -> None:
    """Say why a referral went where it went: rules, services looked at, and what nearly happened."""
    story = asyncio.run(admin.explain(reference, data))
    if why_not is None:
        explaining.print_story(story, Console())
    else:
        explaining.print_why_not(story.why_not(why_not, need), Console())


@app.command()
def simulate_month(
    days: Annotated[int, typer.Option(min=1, help="Days on which people ask for help.")] = 30,
    referrals: Annotated[int, typer.Option(min=1, help="How many ask; some do so again.")] = 300,
    seed: Annotated[int | None, typer.Option(help="Repeats an earlier run; drawn when not given.")] = None,
    start: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The first day.")] = FIRST_DAY,
    data: Annotated[Path | None, typer.Option(help="An empty folder that keeps the data; else it is removed.")] = None,
    directory: Directory = COUNTY,
) -> None:
    """Play a month of calls, answers, silence and faults on the real services, and check that nobody is forgotten."""
    plan = Plan(start.date(), days, referrals, draw_seed() if seed is None else seed)
    raise typer.Exit(not run(plan, data=data, directory=directory))


@app.command()
def bounce(data: Data = None) -> None:
    """Take one mail from standard input and note what it says of a message of ours; for a mail server's pipe.

    Any other mail is left alone. Exit code 75 asks the mail server to come again later.
    """
    try:
        asyncio.run(admin.keep_bounce(sys.stdin.buffer.read(MAIL_MAX), data))
    except (OSError, SQLAlchemyError) as away:
        typer.echo(f"The notifier's database cannot be reached ({type(away).__name__}).", err=True)
        raise typer.Exit(COME_AGAIN) from None


@dead_letters.command("list")
def list_dead_letters(service: ServiceName, data: Data = None) -> None:
    """One line for each event that was given up: id, type, consumer, tries, first and last time, why."""
    for line in asyncio.run(admin.dead_letter_list(service, data)):
        typer.echo(line)


@dead_letters.command("show")
def show_dead_letter(service: ServiceName, event_id: UUID, data: Data = None) -> None:
    """One event that was given up, whole."""
    typer.echo(asyncio.run(admin.dead_letter_show(service, event_id, data)))


@dead_letters.command("replay")
def replay_dead_letters(
    service: ServiceName,
    event_id: Annotated[UUID | None, typer.Argument(help="One event; all of them when not given.")] = None,
    data: Data = None,
) -> None:
    """Hand events that were given up out again, in their order."""
    count = asyncio.run(admin.dead_letter_replay(service, event_id, data))
    typer.echo(f"{count} handed out again")


@keys.command("create")
def create_keys(file: Path) -> None:
    """Draw new keys into a file that only its owner can read. An existing file is left as it is."""
    Vault.create_file(file)
    typer.echo(f"{file} created. Keep a copy apart from the database: without it nothing can be read again.")


@keys.command("rotate")
def rotate_keys(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]) -> None:
    """Add a new key for whatever is stored from now on; old ones still open what they sealed."""
    rotate_file(file)
    typer.echo(f"{file} has a new active key. Restart intake, then run: waymark keys reseal {file}")


@keys.command("reseal")
def reseal(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    data: Data = None,
) -> None:
    """Seal everything stored under the active key, while the system runs."""
    typer.echo(f"{asyncio.run(admin.reseal(file, data))} referrals sealed anew")


def main() -> None:
    """Run the command; an expected failure is one sentence, not a traceback."""
    try:
        app()
    except WaymarkError as error:
        typer.echo(error.detail, err=True)
        raise SystemExit(1) from None
    except (ConnectionError, DBAPIError, KafkaError) as error:
        # Not the text: a driver's may quote the address with its password.
        typer.echo(
            f"A server it needs cannot be reached or refused us ({type(error).__name__}). Check WAYMARK_ settings.",
            err=True,
        )
        raise SystemExit(1) from None
