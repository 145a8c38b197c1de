"""What every test stands on: the databases, private servers where a test asks for one, and what was missing for it."""

import math
import os
import uuid
from urllib.parse import urlsplit

import pytest
from django.conf import settings as site_settings
from django.db import connection
from django.utils import translation
from hypothesis import HealthCheck, settings

from mes.core import persons
from mes.core.actor import acting_as
from tests import numbering, servers

REQUIRED = os.environ.get("LINESIDE_REQUIRE_SERVICES") == "1"
"""In CI everything is installed first: what is missing there is a failure, not a skip."""

LONG = ("faults", "tryton", "browser", "once")
"""Marks of tests that take long."""

# A busy machine is no reason to fail: nothing is tested by how long it takes. Examples are drawn anew on a developer's
# machine, where a new failure is welcome, and are the same ones in every CI run, where it must be the change that fails.
settings.register_profile("lineside", deadline=None, derandomize=REQUIRED, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("lineside")


def pytest_collection_modifyitems(items):
    """In CI give a test in a real browser a second try, which the summary names; put the long ones first everywhere.

    A failure in the browser may be the machine's, and a developer wants to see it. Within a file the order stays.
    """
    for item in items:
        if REQUIRED and item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))
    long = {item.path for item in items if any(item.get_closest_marker(mark) for mark in LONG)}
    items.sort(key=lambda item: item.path not in long)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Let transactional tests on SQLite empty the journal between them (PostgreSQL truncates, which no row trigger sees)."""
    with django_db_blocker.unblock():
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("DROP TRIGGER IF EXISTS journal_never_shrinks")


@pytest.fixture(autouse=True)
def numbers_of_its_own(request):
    """Let a test's rows have the same numbers in every run, whichever tests its worker ran before."""
    asks = {"db", "transactional_db", "live_server"} & {*request.fixturenames}
    if asks or request.node.get_closest_marker("django_db"):
        request.getfixturevalue("db")
        numbering.begin(request.node.nodeid)


@pytest.fixture(autouse=True)
def nobody_acts():
    """Let no test inherit who acted in the one before it: what a request names, its thread remembers."""
    with acting_as(""):
        yield


@pytest.fixture(autouse=True)
def no_site_is_private(monkeypatch):
    """Let no test inherit the privacy policies of the one before it, nor ask for them anew because it takes long."""
    monkeypatch.setattr(persons, "BELIEVED_SECONDS", math.inf)
    monkeypatch.setattr(persons._Above, "private", (math.inf, {}))  # no test begins with a policy


@pytest.fixture(autouse=True)
def language_of_the_site():
    """Let no test inherit the language of the one before it: what a request activates, its thread keeps."""
    with translation.override(site_settings.LANGUAGE_CODE):
        yield


def _absent(name):
    reason = f"{name} is not on this machine; it installs with: {servers.INSTALL[name]}"
    if REQUIRED:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def _postgres_server():
    given = os.environ.get("LINESIDE_TEST_POSTGRES")
    if given:
        yield given
        return
    programs = servers.postgres_programs()
    if not programs:
        _absent("PostgreSQL")
    cluster = servers.PrivatePostgres(programs)
    yield cluster.url
    cluster.stop()


@pytest.fixture
def postgres_url(_postgres_server):
    """The DATABASE_URL of a new, empty PostgreSQL database, for tests that start processes of their own."""
    import psycopg  # noqa: PLC0415 - only where PostgreSQL is

    name = f"lineside_{uuid.uuid4().hex}"
    parts = urlsplit(_postgres_server)
    with psycopg.connect(_postgres_server, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
    yield parts._replace(path=f"/{name}").geturl()
    with psycopg.connect(_postgres_server, autocommit=True) as server:
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def redis_url():
    """The URL of an empty Redis server of the test's own."""
    program = servers.redis_program()
    if not program:
        _absent("Redis")
    server = servers.PrivateRedis(program)
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def chromium():
    """The path of the Chromium on this machine."""
    return servers.chromium_program() or _absent("Chromium")


def pytest_terminal_summary(terminalreporter):
    """Say what was not there to test with, and how to get it."""
    for name in servers.missing():
        terminalreporter.write_line(f"{name} is not on this machine; it installs with: {servers.INSTALL[name]}")


def pytest_addoption(parser):
    parser.addoption(
        "--write-access-matrix", default="", metavar="PATTERN", help="write these rows of tests/access_matrix.csv"
    )
