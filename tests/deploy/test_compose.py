"""The compose file: its promises about order, limits, secrets and what can be reached, checked without an engine."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
EXAMPLE = ROOT / ".env.example"
KAFKA_TEMPLATE = ROOT / "deploy" / "native" / "kafka.properties.template"
POM = ROOT / "deploy" / "native" / "pom.xml"

# A service of a compose file has too many shapes for a type of ours: it is the YAML, read.
Service = Mapping[str, Any]

DOCUMENT: Mapping[str, Any] = yaml.safe_load(COMPOSE.read_text())
SERVICES: Mapping[str, Service] = DOCUMENT["services"]
JOBS = {"topics", "migrate", "directory"}
OURS = {"intake", "router", "notifier"}
FEED = "feed"

# What a property may differ in between a container and the loopback: where it listens, and where it keeps its data.
PLACES = {
    "controller.quorum.voters",
    "listeners",
    "advertised.listeners",
    "log.dirs",
}


def settings(service: str) -> Mapping[str, str]:
    environment: Mapping[str, str] = SERVICES[service].get("environment", {})
    return environment


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_runs_for_ever_with_a_health_check_or_once_as_a_job(name: str) -> None:
    service = SERVICES[name]
    if name in JOBS:
        assert service["restart"] == "no"
        assert "healthcheck" not in service
    else:
        assert service["restart"] == "unless-stopped"
        assert {"test", "interval", "timeout", "retries"} <= service["healthcheck"].keys()


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_limited_and_stripped_of_privileges(name: str) -> None:
    service = SERVICES[name]
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged")
    # Kafka's image writes its settings into itself when it starts.
    assert service.get("read_only") is (None if name == "kafka" else True)


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_is_pinned_to_a_version(name: str) -> None:
    _, _, tag = SERVICES[name]["image"].rpartition(":")
    assert re.match(r"v?\d+\.\d+\.\d+|\d+\.\d+$", tag)


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - {"kafka"}))
def test_no_container_runs_as_root(name: str) -> None:
    if name in OURS | JOBS | {FEED}:
        # deploy/Dockerfile names its user.
        assert "user" not in SERVICES[name]
    else:
        assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", SERVICES[name]["user"])


def test_only_the_front_door_the_feed_and_the_mail_page_can_be_reached_and_only_from_this_machine() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {
        "front-door": ["127.0.0.1:8000:8000"],
        "feed": ["127.0.0.1:8010:8010"],
        "mail": ["127.0.0.1:8025:8025"],
    }
    assert all("network_mode" not in service for service in SERVICES.values())


def test_the_feed_knows_the_directory_and_nothing_else() -> None:
    assert settings(FEED).keys() == {"WAYMARK_ROUTER_DATABASE_URL", "WAYMARK_FEED_URL", "WAYMARK_LOG_LEVEL"}
    assert SERVICES[FEED]["depends_on"].keys() == {"postgres", "directory"}


def test_data_stores_stand_on_a_network_with_no_way_out() -> None:
    assert DOCUMENT["networks"]["data"] == {"internal": True}
    for name in ("postgres", "redis", "kafka", *JOBS):
        assert SERVICES[name]["networks"] == ["data"]


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_service_starts_after_its_stores_are_healthy_and_the_jobs_are_done(name: str) -> None:
    assert SERVICES[name]["depends_on"] == {
        "postgres": {"condition": "service_healthy"},
        "redis": {"condition": "service_healthy"},
        "kafka": {"condition": "service_healthy"},
        "topics": {"condition": "service_completed_successfully"},
        "directory": {"condition": "service_completed_successfully"},
    }


def test_the_jobs_follow_one_another_and_the_front_door_opens_last() -> None:
    waits = {name: SERVICES[name]["depends_on"] for name in ("migrate", "directory", "topics", "front-door")}
    assert waits == {
        "migrate": {"postgres": {"condition": "service_healthy"}},
        "directory": {"migrate": {"condition": "service_completed_successfully"}},
        "topics": {"kafka": {"condition": "service_healthy"}},
        "front-door": {name: {"condition": "service_healthy"} for name in ("intake", "router", "notifier")},
    }


def test_a_condition_is_one_that_the_awaited_container_can_meet() -> None:
    for service in SERVICES.values():
        for awaited, how in service.get("depends_on", {}).items():
            job = how["condition"] == "service_completed_successfully"
            assert job is (awaited in JOBS)


def test_no_secret_is_written_down_and_a_missing_one_stops_the_start() -> None:
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|AUTH$|TOKEN$", name):
                assert re.fullmatch(r"\$\{WAYMARK_[A-Z]+_(PASSWORD|TOKEN):\?.+\}", value)
            if name.endswith("LINK_KEYS"):
                assert value.startswith(f"${{{name}:?")
            for word in re.findall(r"://[^:/@]*:([^@]*)@", value):
                assert re.fullmatch(r"\$\{WAYMARK_[A-Z]+_PASSWORD:\?.+\}", word)
    assert DOCUMENT["secrets"]["keys"]["file"].startswith("${WAYMARK_KEYS_FILE:?")


def test_only_intake_is_given_the_key_file() -> None:
    assert [name for name, service in SERVICES.items() if "secrets" in service] == ["intake"]
    assert settings("intake")["WAYMARK_KEYS_FILE"] == "/run/secrets/keys"


def test_only_intake_and_the_notifier_know_the_secret_for_contacts() -> None:
    assert [name for name in SERVICES if "WAYMARK_CONTACTS_TOKEN" in settings(name)] == ["intake", "notifier"]


def test_only_who_writes_links_and_who_reads_them_are_given_their_keys() -> None:
    assert [name for name in SERVICES if "WAYMARK_LINK_KEYS" in settings(name)] == ["router", "notifier"]


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_service_knows_the_password_of_its_own_database_alone(name: str) -> None:
    known = {setting for setting in settings(name) if setting.endswith("_DATABASE_URL")}
    assert known == {f"WAYMARK_{name.upper()}_DATABASE_URL"}


def test_every_variable_is_explained_in_the_example_file() -> None:
    used = set(re.findall(r"\$\{(\w+)", COMPOSE.read_text()))
    explained = set(re.findall(r"^#? ?(WAYMARK_\w+)=", EXAMPLE.read_text(), re.MULTILINE))
    assert used <= explained


def test_the_container_runs_the_kafka_that_the_native_stack_runs() -> None:
    image = SERVICES["kafka"]["image"]
    assert f"<version>{image.rpartition(':')[2]}</version>" in POM.read_text()
    native = dict(
        line.split("=", 1) for line in KAFKA_TEMPLATE.read_text().splitlines() if line and not line.startswith("#")
    )
    contained = {
        name.removeprefix("KAFKA_").lower().replace("_", "."): value
        for name, value in settings("kafka").items()
        if name not in ("KAFKA_HEAP_OPTS", "CLUSTER_ID")
    }
    assert contained.keys() == native.keys()
    assert {name: contained[name] for name in native.keys() - PLACES} == {
        name: native[name] for name in native.keys() - PLACES
    }
