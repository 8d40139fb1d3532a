"""The frame of every page: one layout, one stylesheet, and a renderer that escapes whatever it is given."""

from collections.abc import Callable, Mapping
from pathlib import Path

from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined

HERE = Path(__file__).parent
Render = Callable[[str, Mapping[str, object]], HTMLResponse]


def renderer(templates: Path) -> Render:
    """Renders the templates of one service, which may extend this package's `layout.html`."""
    environment = Environment(
        loader=FileSystemLoader([templates, HERE / "templates"]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def render(name: str, values: Mapping[str, object]) -> HTMLResponse:
        return HTMLResponse(environment.get_template(name).render(**values))

    return render


def static_files() -> StaticFiles:
    """The stylesheet, to be mounted at /static."""
    return StaticFiles(directory=HERE / "static")
