"""The image's recipe: rules that a linter for Dockerfiles would check, and that the build is sent nothing unnamed."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def instructions() -> list[tuple[str, str]]:
    """Each instruction and its argument, continued lines joined, comments dropped."""
    lines = [line for line in (ROOT / "deploy" / "Dockerfile").read_text().splitlines() if not line.startswith("#")]
    whole = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in whole.splitlines() if line)]


def arguments(word: str) -> list[str]:
    return [rest for name, rest in instructions() if name == word]


def test_each_stage_builds_on_a_versioned_python() -> None:
    images = [image.split()[0] for image in arguments("FROM")]
    assert len(images) == 2
    assert all(re.fullmatch(r"python:3\.11[\w.-]*slim[\w-]*", image) for image in images)


def test_the_program_runs_as_a_numbered_user_without_privileges() -> None:
    last_stage = [name for name, _ in instructions()[::-1]]
    assert last_stage.index("USER") < last_stage.index("FROM")
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", arguments("USER")[-1])
    # What comes after USER would belong to that user.
    assert not {"RUN", "COPY"} & set(last_stage[: last_stage.index("USER")])


def test_nothing_is_fetched_but_what_the_lock_file_names() -> None:
    assert arguments("ADD") == []
    assert not [run for run in arguments("RUN") if re.search(r"\b(curl|wget|git|apt-get)\b", run)]
    installs = [run for run in arguments("RUN") if "pip install" in run]
    assert "--require-hashes -r requirements.txt" in installs[0]
    assert all("--no-deps --no-build-isolation" in run for run in installs[1:])


def test_no_setting_and_no_secret_is_baked_in() -> None:
    assert arguments("ARG") == []
    assert not re.search(r"WAYMARK_|PASSWORD|SECRET|TOKEN", " ".join(rest for _, rest in instructions()))


def test_its_health_is_asked_and_its_commands_are_lists() -> None:
    assert len(arguments("HEALTHCHECK")) == 1
    assert all(command.startswith("[") for command in arguments("CMD") + arguments("ENTRYPOINT"))


def test_the_build_is_sent_only_what_it_needs() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    allowed = {line[1:] for line in lines if line.startswith("!")}
    assert allowed == {
        "LICENSE",
        "README.md",
        "alembic.ini",
        "pyproject.toml",
        "requirements.txt",
        "shared",
        "services",
        "waymark",
        "deploy/derbyshire",
        "deploy/migrations",
    }
    assert all((ROOT / path).exists() for path in allowed)
