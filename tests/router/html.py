"""A page as its reader gets it: title, headings, facts, tables and links."""

from html.parser import HTMLParser
from typing import Self

VOID = frozenset({"meta", "link", "br", "hr", "img", "input"})


class Page(HTMLParser):
    """The text of each element by its tag, in order; rows of tables; addresses of all that is loaded or linked."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: dict[str, list[str]] = {}
        self.rows: list[list[str]] = []
        self.addresses: list[str] = []
        self.open: list[str] = []

    @classmethod
    def read(cls, html: str) -> Self:
        page = cls()
        page.feed(html)
        page.close()
        assert page.open == [], "an element is not closed"
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value for name, value in attrs if name in ("href", "src", "action") and value]
        if tag in VOID:
            return
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag == "td":
            self.rows[-1].append("")
        else:
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        # What is said inside an element is also said by those around it.
        for tag in {tag for tag in self.open if tag in self.texts}:
            self.texts[tag][-1] = " ".join(f"{self.texts[tag][-1]} {data}".split())
        if "td" in self.open:
            self.rows[-1][-1] = " ".join(f"{self.rows[-1][-1]} {data}".split())

    @property
    def facts(self) -> dict[str, str]:
        """What the page's lists of facts say, the first of a name."""
        pairs = zip(self.texts.get("dt", ()), self.texts.get("dd", ()), strict=True)
        return dict(reversed(list(pairs)))

    def row_of(self, text: str) -> list[str]:
        """The one row of a table that says this."""
        [row] = [row for row in self.rows if any(text in cell for cell in row)]
        return row
