"""PostgreSQL databases for whole systems: one of each service, made once, copied for each system, and searched."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from shared.clock import new_id
from tests.system.processes import run

SERVICES = ("intake", "router", "notifier")


@dataclass(frozen=True, slots=True)
class Cluster:
    """A PostgreSQL server, and the name that the roles and databases made there begin with."""

    admin_url: str
    name: str

    @contextmanager
    def connected(self, database: str = "postgres") -> Iterator[psycopg.Connection]:
        """A connection as superuser on which every statement commits."""
        url = make_url(self.admin_url).set(drivername="postgresql", database=database)
        with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
            yield connection

    def url(self, service: str, database: str) -> str:
        """The URL of `database` as the role of `service`."""
        role = self._role(service)
        url = make_url(self.admin_url).set(username=role, password=role, database=database)
        return url.render_as_string(hide_password=False)

    def create(self, service: str, database: str, template: str) -> None:
        """A database owned by the role of `service`, with what `template` holds."""
        with self.connected() as connection:
            names = (sql.Identifier(database), sql.Identifier(self._role(service)), sql.Identifier(template))
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(*names))
            connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(names[0]))

    def drop(self, database: str) -> None:
        """Delete a database, whoever is connected."""
        with self.connected() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))

    def create_role(self, service: str) -> None:
        """A role that may sign in. What it commits is kept even where the server is tuned to forget when killed."""
        role = self._role(service)
        with self.connected() as connection:
            name = sql.Identifier(role)
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(name, sql.Literal(role)))
            connection.execute(sql.SQL("ALTER ROLE {} SET synchronous_commit = on").format(name))

    def drop_role(self, service: str) -> None:
        """Delete a role that owns nothing any more."""
        with self.connected() as connection:
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(self._role(service))))

    def _role(self, service: str) -> str:
        return f"{self.name}_{service}"


@dataclass(frozen=True, slots=True)
class Databases:
    """The three databases of one system, by service."""

    cluster: Cluster
    names: Mapping[str, str]

    def environment(self) -> dict[str, str]:
        """The settings that name them."""
        return {f"WAYMARK_{each.upper()}_DATABASE_URL": self.cluster.url(each, self.names[each]) for each in SERVICES}

    def rows(self, service: str, query: str) -> list[tuple[object, ...]]:
        """What `query` finds."""
        with self.cluster.connected(self.names[service]) as connection:
            return connection.execute(query.encode()).fetchall()

    def execute(self, service: str, statement: str) -> None:
        """Change something behind the service's back."""
        with self.cluster.connected(self.names[service]) as connection:
            connection.execute(statement.encode())

    def tables(self, service: str) -> Sequence[str]:
        """The names of all its tables."""
        query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        return [str(name) for (name,) in self.rows(service, query)]

    def content(self, service: str, table: str) -> Sequence[str]:
        """Every row of a table, all columns as text."""
        with self.cluster.connected(self.names[service]) as connection:
            query = sql.SQL("SELECT row_to_json(whole)::text FROM {} AS whole").format(sql.Identifier(table))
            return [str(row) for (row,) in connection.execute(query)]


@contextmanager
def template(admin_url: str, folder: Path, county: Path) -> Iterator[Databases]:
    """Three databases with schema and county, made by the operator's commands. Whole systems get copies of them."""
    cluster = Cluster(admin_url, f"system_{new_id().hex[-12:]}")
    made = Databases(cluster, {each: f"{cluster.name}_{each}_template" for each in SERVICES})
    try:
        for each in SERVICES:
            cluster.create_role(each)
            cluster.create(each, made.names[each], "template0")
        keys = folder / "keys.json"
        environment = made.environment() | {"WAYMARK_KEYS_FILE": str(keys), "WAYMARK_DELIVERY": "dry-run"}
        run(("migrate",), folder, environment)
        run(("load-directory", str(county)), folder, environment)
        yield made
    finally:
        for each in SERVICES:
            cluster.drop(made.names[each])
            cluster.drop_role(each)


@contextmanager
def copies(of: Databases) -> Iterator[Databases]:
    """Three databases with all that `of` holds."""
    suffix = new_id().hex[-12:]
    made = Databases(of.cluster, {each: f"{of.cluster.name}_{each}_{suffix}" for each in SERVICES})
    try:
        for each in SERVICES:
            of.cluster.create(each, made.names[each], of.names[each])
        yield made
    finally:
        for each in SERVICES:
            of.cluster.drop(made.names[each])
