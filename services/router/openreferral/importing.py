"""An import from beginning to end: a county's folder and what a source publishes, into a folder that may be checked."""

import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

from services.router.configuration import load_county_documents
from services.router.configuration.documents import PARTNERS, read_documents, tree_of
from services.router.openreferral.changes import Changes
from services.router.openreferral.merging import Merge
from services.router.openreferral.source import read_source
from shared.errors import Refused

WIDTH = 140
TIME = re.compile(r"\d\d:\d\d")


@dataclass(frozen=True, slots=True)
class Draft:
    """A county's file on partners after an import, and what is different in it."""

    partners: str
    changes: Changes


def draft(folder: Path, rows: Iterable[object], *, name: str | None, today: date, many_gone: bool = False) -> Draft:
    """Merge `rows` into the county of `folder`, which stays as it is. Raises Refused when the result could not go into
    force, for instance because a rule names a service that is gone."""
    documents = read_documents(folder)
    source = read_source(documents)
    tree = tree_of(PARTNERS, documents[PARTNERS])
    changes = Merge(source, tree, name, today)(rows, many_gone=many_gone)
    if not changes.any:
        return Draft(documents[PARTNERS], changes)
    merged = _heading(documents[PARTNERS]) + _dumped(tree)
    load_county_documents({**documents, PARTNERS: merged})
    return Draft(merged, changes)


def write(result: Draft, folder: Path, into: Path) -> None:
    """The county's folder with the new file on partners, as a folder of its own. Raises Refused when there is one."""
    if into.exists() and any(into.iterdir()):
        raise Refused("folder-not-empty", f"{into} is not empty. Name a folder that is new.")
    shutil.copytree(folder, into, dirs_exist_ok=True)
    (into / PARTNERS).write_text(result.partners, encoding="utf-8")


class _Dumper(yaml.CSafeDumper):
    """YAML in which times of day stand in quotes, as the files have them: 10:00 alone would be a number. Nothing in it
    refers to another part."""

    def ignore_aliases(self, data: object) -> bool:
        """Everything is written out each time."""
        return True


def _quoted(dumper: yaml.CSafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="'" if TIME.fullmatch(value) else None)


_Dumper.add_representer(str, _quoted)


def _dumped(tree: object) -> str:
    return yaml.dump(tree, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH)


def _heading(text: str) -> str:
    """The comments at the top of a file, which a dump would lose."""
    lines = text.splitlines(keepends=True)
    end = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return "".join(lines[:end])
