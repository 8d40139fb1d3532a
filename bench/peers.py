"""Other engines on the same rules, each in the fastest of the ways that it offers for whole rule sets."""

import importlib
import json
import shutil
from collections.abc import Callable, Sequence
from typing import Any

from bench.generated import Fired
from bench.workload import Record
from services.router.domain.conditions import AllOf, AnyOf, Condition, NoneOf, OneOf, Test, Truth, Within

Untyped = Any  # what these libraries give, which have no types


def zen_table(rules: Sequence[Condition]) -> Fired:
    """A decision table of zen-engine, hit policy "collect", loaded before; one condition a row."""
    rows = [{"_id": str(number), "when": zen(rule), "rule": str(number)} for number, rule in enumerate(rules)]
    table = {
        "hitPolicy": "collect",
        "inputs": [{"id": "when", "name": "when", "field": ""}],
        "outputs": [{"id": "rule", "name": "rule", "field": "rule"}],
        "rules": rows,
    }
    nodes: tuple[tuple[str, str, object], ...] = (
        ("in", "inputNode", {}),
        ("table", "decisionTableNode", table),
        ("out", "outputNode", {}),
    )
    decision = {
        "contentType": "application/vnd.gorules.decision",
        "nodes": [
            {"id": key, "type": kind, "name": key, "content": content, "position": {"x": 0, "y": 0}}
            for key, kind, content in nodes
        ],
        "edges": [
            {"id": "first", "sourceId": "in", "targetId": "table", "type": "edge"},
            {"id": "last", "sourceId": "table", "targetId": "out", "type": "edge"},
        ],
    }
    loader = {"type": "static", "content": {"triage": decision}}
    evaluate = importlib.import_module("zen").ZenEngine({"loader": loader}).evaluate
    return lambda record: [row["rule"] for row in evaluate("triage", record)["result"]]


def zen_list(rules: Sequence[Condition]) -> Fired:
    """One expression of zen-engine, a list with the truth of every rule."""
    text = f"[{', '.join(map(zen, rules))}]"
    evaluate = importlib.import_module("zen").compile_expression(text).evaluate
    return lambda record: [number for number, holds in enumerate(evaluate(record)) if holds]


def cel(rules: Sequence[Condition]) -> Fired:
    """One typed expression of Google's CEL in C++, a list with the truth of every rule."""
    library: Untyped = importlib.import_module("cel_expr_python.cel")
    kinds = library.Type
    types = {AnyOf: kinds.List(kinds.STRING), OneOf: kinds.STRING, Within: kinds.INT, Truth: kinds.BOOL}
    types |= {AllOf: types[AnyOf], NoneOf: types[AnyOf]}
    variables = {test.field: types[type(test)] for rule in rules for test in rule.tests}
    compiled = library.NewEnv(variables=variables).compile(f"[{', '.join(_cel(rule) for rule in rules)}]")

    def fired(record: Record) -> list[int]:
        answer = compiled.eval(data={name: record[name] for name in variables})
        if answer.type().name() == "ERROR":
            raise ValueError(str(answer.value()))
        return [number for number, holds in enumerate(answer.plain_value()) if holds]

    return fired


def regorus(rules: Sequence[Condition]) -> Fired:
    """A Rego policy in regorus, a set of the rules that hold."""
    lines = [line for number, rule in enumerate(rules) for line in _rego(number, rule)]
    engine = importlib.import_module("regorus").Engine()
    engine.add_policy("triage.rego", "\n".join(("package triage", "import rego.v1", *lines)))

    def fired(record: Record) -> list[int]:
        engine.set_input_json(json.dumps(record))
        return sorted(engine.eval_rule("data.triage.fired"))

    return fired


def drools(rules: Sequence[Condition]) -> Fired:
    """Drools as drools-jpy offers it: a rule book, events as JSON, and a call back for each rule that fires."""
    library: Untyped = importlib.import_module("drools.ruleset")
    callback: Untyped = importlib.import_module("drools.rule").Rule
    book = {
        "name": "triage",
        "hosts": ["all"],
        "sources": [],
        "rules": [_book(n, rule) for n, rule in enumerate(rules)],
    }
    running = library.Ruleset("triage", json.dumps(book | {"match_multiple_rules": True}))
    heard: list[int] = []
    for number in range(len(rules)):
        running.add_rule(callback(str(number), lambda _, number=number: heard.append(number)))

    def fired(record: Record) -> list[int]:
        heard.clear()
        running.assert_event(json.dumps(record))
        return sorted(heard)

    return fired


PEERS: dict[str, Callable[[Sequence[Condition]], Fired]] = {
    "zen-engine table": zen_table,
    "zen-engine list": zen_list,
    "CEL in C++": cel,
    "regorus": regorus,
}
if shutil.which("java"):
    PEERS["Drools"] = drools


def zen(rule: Condition) -> str:
    """A rule as an expression of zen-engine."""
    return " and ".join(_words(test, " or ", "not ({0} in {1})") for test in rule.tests)


def _cel(rule: Condition) -> str:
    return " && ".join(_words(test, " || ", "!({0} in {1})", also=" && ", no="!") for test in rule.tests)


def _words(test: Test, either: str, absent: str, also: str = " and ", no: str = "not ") -> str:
    match test:
        case AnyOf():
            return f"({either.join(f'{_quoted(code)} in {test.field}' for code in sorted(test.codes))})"
        case AllOf():
            return also.join(f"({_quoted(code)} in {test.field})" for code in sorted(test.codes))
        case NoneOf():
            return also.join(absent.format(_quoted(code), test.field) for code in sorted(test.codes))
        case OneOf():
            return f"({test.field} in [{', '.join(map(_quoted, sorted(test.codes)))}])"
        case Truth():
            return test.field if test.value else f"{no}{test.field}"
    return also.join(f"({test.field} {sign} {limit})" for sign, limit in _bounds(test))


def _quoted(code: str) -> str:
    return f"'{code}'"


def _bounds(test: Within) -> list[tuple[str, int]]:
    least = [] if test.least is None else [(">=", test.least)]
    return least if test.below is None else [*least, ("<", test.below)]


def _rego(number: int, rule: Condition) -> list[str]:
    """A line for each way to meet the rule's one list of alternatives, if it has one."""
    alternatives = [""]
    common: list[str] = []
    for test in rule.tests:
        match test:
            case AnyOf():
                alternatives = [
                    f"{each}{json.dumps(code)} in input.{test.field}; "
                    for each in alternatives
                    for code in sorted(test.codes)
                ]
            case AllOf():
                common += [f"{json.dumps(code)} in input.{test.field}" for code in sorted(test.codes)]
            case NoneOf():
                common += [f"not {json.dumps(code)} in input.{test.field}" for code in sorted(test.codes)]
            case OneOf():
                common.append(f"input.{test.field} in {{{', '.join(map(json.dumps, sorted(test.codes)))}}}")
            case Truth():
                common.append(f"input.{test.field} == {json.dumps(test.value)}")
            case Within():
                common += [f"input.{test.field} {sign} {limit}" for sign, limit in _bounds(test)]
    return [f"fired contains {number} if {{ {each}{'; '.join(common) or 'true'} }}" for each in alternatives]


def _book(number: int, rule: Condition) -> dict[str, Untyped]:
    asked = [each for test in rule.tests for each in _asked(test)]
    condition = asked[0]
    for each in asked[1:]:
        condition = {"AndExpression": {"lhs": condition, "rhs": each}}
    action = {"Action": {"action": "none", "action_args": {}}}
    return {
        "Rule": {"name": str(number), "condition": {"AllCondition": [condition]}, "actions": [action], "enabled": True}
    }


def _asked(test: Test) -> list[dict[str, Untyped]]:
    field = {"Event": test.field}
    if isinstance(test, Within):
        signs = {">=": "GreaterThanOrEqualToExpression", "<": "LessThanExpression"}
        return [{signs[sign]: {"lhs": field, "rhs": {"Integer": limit}}} for sign, limit in _bounds(test)]
    if isinstance(test, Truth):
        return [{"EqualsExpression": {"lhs": field, "rhs": {"Boolean": test.value}}}]
    if isinstance(test, OneOf):
        return [{"ItemInListExpression": {"lhs": field, "rhs": [{"String": code} for code in sorted(test.codes)]}}]
    kind = "ListNotContainsItemExpression" if isinstance(test, NoneOf) else "ListContainsItemExpression"
    items = [{kind: {"lhs": field, "rhs": {"String": code}}} for code in sorted(test.codes)]
    if not isinstance(test, AnyOf):
        return items
    either = items[0]
    for item in items[1:]:
        either = {"OrExpression": {"lhs": either, "rhs": item}}
    return [either]
