"""Where in a county's file something stands: its line, its column, and the line itself with a caret."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

CELL = re.compile(r"(.*)\[(\d+)\]$")
STEP = re.compile(r"""\[(\d+)\]|'([^']*)'|([^.\[\]:' ]+)""")
DEEPEST = 50
LINE = re.compile(r"^line (\d+)(?:, column (\d+))?$")


@dataclass(frozen=True, slots=True)
class Position:
    """One place in a file; `line` and `column` count from 1, `text` is the whole line."""

    file: str
    line: int
    column: int
    text: str

    def __str__(self) -> str:
        """Such as "rules.yaml:51:30", as editors understand it."""
        return f"{self.file}:{self.line}:{self.column}"

    def shown(self) -> str:
        """The line, and under it a caret; long lines are cut around the place."""
        start = max(0, self.column - 81)
        return f"    {self.text[start : start + 120].rstrip()}\n    {' ' * (self.column - 1 - start)}^"


class Source:
    """One file of a county, in which places are found by their paths, such as "risk.actions[3].when.flags".

    A number after a line of text, such as "tracks.rows[3][2]", is a cell of a decision table. A part may also be
    "service 'id'" (also need, organisation): the mapping that has this id or code.
    """

    def __init__(self, file: str, text: str) -> None:
        """`text` may be broken: then only line numbers are found."""
        self.file = file
        self.lines = text.splitlines() or [""]
        self._root = None if file.endswith(".csv") else _composed(text)

    def find(self, path: str, code: str | None = None) -> Position:
        """The place of a path, as much of it as there is; of `code` within it, where it stands there."""
        numbered = LINE.match(path)
        if numbered:
            return self.on_line(int(numbered[1]), int(numbered[2]) if numbered[2] else None, code)
        if self._root is None:
            row = re.match(r"\[(\d+)\]", path)
            return self.on_line(int(row[1]) + 2 if row else 1, None, code)
        if code and path.endswith(code):
            path = path.removesuffix(code)
        cell = CELL.match(path)
        if cell:
            text = _walk(self._root, cell[1])
            if isinstance(text, yaml.ScalarNode) and text.start_mark.line == text.end_mark.line:
                return self._in_cell(text, int(cell[2]), code)
        node = _walk(self._root, path)
        named = next((each for each in _scalars(node) if each.value == code), node)
        return self.on_line(named.start_mark.line + 1, named.start_mark.column + 1)

    def _in_cell(self, row: yaml.ScalarNode, number: int, code: str | None) -> Position:
        """The place of a cell in a row of a table, whose cells are divided by "|", or of the code in that cell."""
        start = row.start_mark.column
        cells = self.lines[row.start_mark.line][start : row.end_mark.column].split("|")
        text = cells[number] if number < len(cells) else ""
        start += sum(len(each) + 1 for each in cells[:number])
        named = re.search(rf"(?<![\w.]){re.escape(code)}(?!\w)", text) if code else None
        within = named.start() if named else len(text) - len(text.lstrip())
        return self.on_line(row.start_mark.line + 1, start + within + 1)

    def on_line(self, line: int, column: int | None, code: str | None = None) -> Position:
        """The place on a line; without a column where `code` stands there, else where the line begins."""
        line = min(max(line, 1), len(self.lines))
        text = self.lines[line - 1]
        if column is None:
            column = max(text.find(code), 0) + 1 if code else 1
        return Position(self.file, line, column, text)


def check_nesting(text: str) -> None:
    """Raises a YAML error where lists and mappings lie too deep in each other, which would end the process, and for a
    part that is referred to from elsewhere, with which a few lines can grow without end."""
    depth = 0
    for event in yaml.parse(text, yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        problem = "a reference to another part is not allowed" if isinstance(event, yaml.AliasEvent) else None
        problem = f"this lies more than {DEEPEST} deep" if depth > DEEPEST else problem
        if problem:
            mark = event.start_mark
            raise yaml.constructor.ConstructorError(None, None, problem, mark)  # type: ignore[arg-type]  # C's own kind


def _composed(text: str) -> yaml.Node | None:
    try:
        check_nesting(text)
        return yaml.compose(text, yaml.CSafeLoader)
    except yaml.YAMLError:
        return None


def _walk(node: yaml.Node, path: str) -> yaml.Node:
    """The deepest node on the path; of a last key that names a mapping's entry, its value, or the key itself."""
    for number, name, key in STEP.findall(path):
        following = _named(node, name) if name else _item(node, int(number)) if number else _value(node, key)
        if following is not None:
            node = following
    return node


def _item(node: yaml.Node, number: int) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and number < len(node.value):
        item: yaml.Node = node.value[number]
        return item
    return None


def _value(node: yaml.Node, key: str) -> yaml.Node | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((value for name, value in pairs if name.value == key), None)


def _named(node: yaml.Node, name: str) -> yaml.Node | None:
    """The first mapping below this one whose id or code is the name."""
    for each in _nodes(node):
        for key in ("id", "code"):
            value = _value(each, key)
            if value is not None and value.value == name:
                return each
    return None


def _nodes(node: yaml.Node) -> Iterator[yaml.Node]:
    yield node
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key
            yield from _nodes(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _nodes(item)


def _scalars(node: yaml.Node) -> Iterator[yaml.Node]:
    """Keys of the mapping itself before whatever stands deeper."""
    if isinstance(node, yaml.MappingNode):
        yield from (key for key, _ in node.value)
    yield from (each for each in _nodes(node) if isinstance(each, yaml.ScalarNode))
