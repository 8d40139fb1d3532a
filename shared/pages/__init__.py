"""The frame of every page: one layout, one stylesheet, a renderer that escapes whatever it is given, and forms."""

from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined

HERE = Path(__file__).parent
FIELDS_MAX = 200
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


async def form_of(request: Request) -> Mapping[str, str]:
    """The fields of a form as a browser sends it, the last of a name; what is no such form has none."""
    try:
        fields = parse_qsl((await request.body()).decode(), max_num_fields=FIELDS_MAX)
    except ValueError:
        return {}
    return dict(fields)
