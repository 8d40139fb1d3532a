"""The frame of every page: what is put in is escaped, and what is missing is noticed."""

from pathlib import Path

import pytest
from jinja2 import UndefinedError

from shared.pages import HERE, Render, renderer


@pytest.fixture
def render(tmp_path: Path) -> Render:
    """Renders a page of one line in our frame."""
    (tmp_path / "page.html").write_text(
        '{% extends "layout.html" %}{% block title %}{{ title }}{% endblock %}'
        '{% block main %}<p id="said">{{ said }}</p>{% endblock %}'
    )
    return renderer(tmp_path)


def body_of(render: Render, **values: object) -> str:
    return bytes(render("page.html", values).body).decode()


def test_whatever_is_given_is_shown_as_text(render: Render) -> None:
    html = body_of(render, title="<b>", said='<script>alert("x")</script>')
    assert '<p id="said">&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;</p>' in html
    assert "<title>&lt;b&gt; – Waymark</title>" in html


def test_a_value_that_was_forgotten_is_an_error_not_a_gap(render: Render) -> None:
    with pytest.raises(UndefinedError):
        body_of(render, title="Page")


def test_the_frame_names_its_language_and_leads_past_itself(render: Render) -> None:
    html = body_of(render, title="Page", said="")
    assert '<html lang="en">' in html
    assert '<a class="skip" href="#main">' in html
    assert '<main id="main"' in html
    assert 'name="viewport"' in html


def test_what_the_frame_loads_is_there(render: Render) -> None:
    html = body_of(render, title="Page", said="")
    loaded = [part.split('"')[0] for part in html.split('href="/static/')[1:]]
    assert loaded
    assert all((HERE / "static" / name).is_file() for name in loaded)
    assert "http" not in html
