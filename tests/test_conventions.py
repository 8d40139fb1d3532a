"""What everybody who changes this code relies on: how it logs, is configured, is written and is documented."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from services.intake.settings import IntakeSettings
from services.notifier.settings import NotifierSettings
from services.router.settings import FeedSettings, RouterSettings
from shared.log import KEYS
from shared.settings import CommonSettings

ROOT = Path(__file__).parents[1]
COUNTY = ROOT / "deploy" / "derbyshire"
EXAMPLE = ROOT / ".env.example"
COMPOSE = ROOT / "docker-compose.yml"
LEVELS = frozenset({"debug", "info", "warning", "error", "exception", "critical", "log"})
# Given to the logger and turned into `error` and `where`.
FOR_THE_LOGGER = frozenset({"exc_info"})
IRREGULAR = frozenset({"set_aside", "left_open", "got_stuck", "grown", "sent", "stale_found", "swept"})
LINES_MAX, FUNCTION_MAX = 300, 40

Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules(*folders: str) -> list[Path]:
    return sorted(
        path for folder in folders for path in (ROOT / folder).rglob("*.py") if "__pycache__" not in path.parts
    )


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


CODE = modules("shared", "services", "waymark")
ALL = [*CODE, *modules("bench", "deploy", "tests")]
in_code = pytest.mark.parametrize("path", CODE, ids=named)
everywhere = pytest.mark.parametrize("path", ALL, ids=named)


# -- logs --------------------------------------------------------------------------------------------------------------


def log_calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Calls on whatever came from `get_logger()`, bound or not."""
    loggers = {"get_logger()"} | {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and "get_logger()" in ast.unparse(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _root(node.func) in loggers:
            yield node


def _root(attribute: ast.Attribute) -> str:
    """`log` of `log.bind(a=1).info`, `get_logger()` of `get_logger().info`."""
    inner = attribute.value
    if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
        return _root(inner.func)
    return ast.unparse(inner)


def keys_of(call: ast.Call, tree: ast.AST) -> set[str]:
    """The keys that a call gives; those of `**name` where `name` is a dict written out, else "**"."""
    keys: set[str] = set()
    for keyword in call.keywords:
        if keyword.arg is not None:
            keys.add(keyword.arg)
        else:
            keys |= _written_out(ast.unparse(keyword.value), tree) or {"**"}
    return keys


def _written_out(name: str, tree: ast.AST) -> set[str]:
    values = [
        node.value for node in ast.walk(tree) if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name
    ]
    dicts = [node for value in values for node in ast.walk(value) if isinstance(node, ast.Dict)]
    return {ast.literal_eval(key) if isinstance(key, ast.Constant) else "**" for each in dicts for key in each.keys}


def faults_of_logging(source: str) -> list[str]:
    faults, tree = [], ast.parse(source)
    for call in log_calls(tree):
        assert isinstance(call.func, ast.Attribute)
        if call.func.attr in LEVELS:
            told = call.args[call.func.attr == "log" :]
            if len(told) != 1 or not _is_event(told[0]):
                faults.append(f"line {call.lineno}: the event must be one constant, noun.past_verb")
        strangers = keys_of(call, tree) - KEYS - FOR_THE_LOGGER
        if strangers:
            faults.append(f"line {call.lineno}: {', '.join(sorted(strangers))} is not in shared.log.KEYS")
    return faults


def _is_event(node: ast.expr) -> bool:
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return False
    matched = re.fullmatch(r"[a-z]+(?:_[a-z]+)*\.([a-z]+(?:_[a-z]+)*)", node.value)
    return matched is not None and (matched[1].endswith("ed") or matched[1] in IRREGULAR)


@in_code
def test_every_log_line_has_a_constant_event_and_known_keys(path: Path) -> None:
    assert faults_of_logging(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        'log.info(f"referral.{verb}")',
        'log.info("Referral submitted")',
        'log.info("referral.submit")',
        'log.info("referral.submitted", name=name)',
        'log.info("referral.submitted", **everything)',
        'keys = {"name": 1}; log.info("referral.submitted", **keys)',
        'log.bind(postcode=postcode).info("referral.submitted")',
        'get_logger().warning("referral.submitted", "and more")',
        'get_logger().log(level, "so it goes")',
    ],
)
def test_a_log_line_against_the_rules_would_be_found(line: str) -> None:
    assert len(faults_of_logging(f"log = get_logger()\n{line}\n")) == 1


# -- settings ----------------------------------------------------------------------------------------------------------


def fields() -> Mapping[str, FieldInfo]:
    """Every setting by the name of its variable."""
    kinds = (IntakeSettings, RouterSettings, FeedSettings, NotifierSettings)
    return {f"WAYMARK_{name.upper()}": field for kind in kinds for name, field in kind.model_fields.items()}


def example() -> Mapping[str, tuple[bool, str]]:
    """What .env.example says: for each variable whether it must be filled in, and the value shown."""
    found = re.findall(r"^(# )?(WAYMARK_\w+)=(.*)$", EXAMPLE.read_text(), re.MULTILINE)
    assert len({name for _, name, _ in found}) == len(found), "a variable is there twice"
    return {name: (not commented, value) for commented, name, value in found}


def used_by_compose() -> set[str]:
    return set(re.findall(r"\$\{(WAYMARK_\w+)", COMPOSE.read_text()))


def test_the_example_has_every_setting_and_no_other() -> None:
    assert example().keys() == fields().keys() | used_by_compose()


def test_what_must_be_set_is_not_commented_out() -> None:
    required = {name for name, field in fields().items() if field.is_required()}
    without_default = set(re.findall(r"\$\{(WAYMARK_\w+):\?", COMPOSE.read_text()))
    must = {name for name, (is_must, _) in example().items() if is_must}
    assert required | without_default <= must
    # `waymark serve` needs it, `waymark up` does not.
    assert must - required - without_default == {"WAYMARK_KAFKA_URL"}


@pytest.mark.parametrize("name", sorted(name for name, field in fields().items() if not field.is_required()))
def test_the_default_that_the_example_shows_is_the_one_in_force(name: str) -> None:
    default, (_, shown) = fields()[name].default, example()[name]
    if isinstance(default, int | float):
        assert float(shown) == default
    elif default is not None:
        assert shown == (",".join(default) if isinstance(default, tuple) else str(default))


def test_no_secret_has_a_default() -> None:
    for name, field in fields().items():
        assert not isinstance(field.default, SecretStr), name
    for name, (_, value) in example().items():
        if name.endswith(("_PASSWORD", "_FILE", "_KEYS")) and name in used_by_compose():
            assert value == "", name
        passwords = re.findall(r"://[^:/@]*:([^@]*)@", value)
        assert set(passwords) <= {"CHANGE-ME"}, name


def test_every_setting_of_the_containers_is_one_that_is_read() -> None:
    services = yaml.safe_load(COMPOSE.read_text())["services"]
    read: Mapping[str, type[CommonSettings]] = {
        "intake": IntakeSettings,
        "router": RouterSettings,
        "notifier": NotifierSettings,
    }
    for name, kind in read.items():
        given = {variable.removeprefix("WAYMARK_").lower() for variable in services[name]["environment"]}
        assert given <= kind.model_fields.keys(), name


# -- code --------------------------------------------------------------------------------------------------------------


@everywhere
def test_a_module_begins_with_one_sentence_that_says_what_it_knows(path: Path) -> None:
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert text, "there is no docstring"
    first, *_ = text.split("\n\n")
    assert "\n" not in first
    assert re.fullmatch(r".*[^.]\.", first)


# A migration is read from top to bottom, once.
READ_OFTEN = [path for path in (*CODE, *modules("deploy")) if "migrations" not in path.parts]


@pytest.mark.parametrize("path", READ_OFTEN, ids=named)
def test_files_and_functions_are_short(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= LINES_MAX
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, Function)]
    assert [function.name for function in functions if own_lines(function) > FUNCTION_MAX] == []


def own_lines(function: Function) -> int:
    """Its length without the functions inside it: the routes of an API stand inside the function that makes them."""
    inner = {
        line
        for node in ast.walk(function)
        if isinstance(node, Function) and node is not function
        for line in range(_first_line(node), (node.end_lineno or node.lineno) + 1)
    }
    return len(set(range(function.lineno, (function.end_lineno or function.lineno) + 1)) - inner)


def _first_line(function: Function) -> int:
    return min((function.lineno, *(decorator.lineno for decorator in function.decorator_list)))


def ids_of_the_county() -> frozenset[str]:
    organisations = yaml.load((COUNTY / "partners.yaml").read_text(), yaml.CSafeLoader)["organizations"]
    services = [service for organisation in organisations for service in organisation["services"]]
    return frozenset(each["id"] for each in (*organisations, *services))


def constants_of(source: str) -> Iterator[str]:
    """Every text in the code that is not written for its reader."""
    tree = ast.parse(source)
    for_readers = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in for_readers:
            yield node.value


def test_the_county_is_named_in_its_own_folder_and_nowhere_in_the_code() -> None:
    ids = ids_of_the_county()
    assert len(ids) > 100
    county = re.compile(rf"{COUNTY.name}|{'|'.join(map(re.escape, ids))}", re.IGNORECASE)
    found = {named(path) for path in CODE for text in constants_of(path.read_text()) if county.search(text)}
    templates = [path for folder in ("shared", "services", "waymark") for path in (ROOT / folder).rglob("*.html")]
    templates += (ROOT / "services").rglob("*.txt")
    found |= {named(path) for path in templates if county.search(path.read_text())}
    # The folder that `waymark up` takes when none is given.
    assert found == {"waymark/cli.py"}


# -- documents ---------------------------------------------------------------------------------------------------------

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "deploy").rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    broken = [link for link in links if not (page.parent / link.partition("#")[0]).exists()]
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_target_of_make_that_a_page_names_is_there(page: Path) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named_there = set(re.findall(r"(?:^|`)make ([a-z][a-z-]*)", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert named_there <= targets


def test_the_first_page_leads_to_what_a_newcomer_needs() -> None:
    text = (ROOT / "README.md").read_text()
    for needed in ("make run", "make test", "docs/architecture.md", "CONTRIBUTING.md", "LICENSE"):
        assert needed in text
