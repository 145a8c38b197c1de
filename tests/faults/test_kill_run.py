"""The kill -9 run, small enough for every build; ``make full`` makes it long (see ``tests/faults/kill_run.py``)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

ROOT = Path(__file__).resolve().parents[2]
PROFILE = os.environ.get("LINESIDE_PROFILE", "smoke")
PATIENCE = 7500 if PROFILE == "full" else 900
"""Seconds until a run is given up: far more than it takes on a busy machine."""

pytestmark = [pytest.mark.faults, pytest.mark.timeout(4 * PATIENCE)]

on_both = pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])


@pytest.fixture(scope="module")
def templates():
    """Migrated databases to copy, by kind, made when they are first asked for."""
    return {}


@pytest.fixture
def kill_run(request, templates, tmp_path_factory):
    """Return a function that runs the program on a database and returns its exit code and what it found."""

    def run(database, *arguments):
        server = request.getfixturevalue("_postgres_server") if database == "postgresql" else "sqlite"
        if database not in templates:
            templates[database] = _migrated(server, tmp_path_factory.mktemp("template"))
        command = [sys.executable, "-m", "tests.faults.kill_run", "--database", server, *arguments]
        command += ["--template", templates[database]]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)
        found = done.stdout[done.stdout.find("{\n") :]
        if done.returncode not in (0, 1) or not found.startswith("{\n"):
            return done.returncode, done.stdout + done.stderr[-3000:]
        return done.returncode, json.loads(found)

    return run


def _migrated(server, folder):
    if server == "sqlite":
        template = str(folder / "template.sqlite3")
        url = f"sqlite:///{template}"
    else:
        template = f"kill_run_template_{os.getpid()}"
        with psycopg.connect(server, autocommit=True) as admin:
            admin.execute(f'CREATE DATABASE "{template}"')
        url = f"{server.rpartition('/')[0]}/{template}"
    environment = os.environ | {"DATABASE_URL": url, "LINESIDE_VAR": str(folder), "DEBUG": "1"}
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=environment, timeout=PATIENCE, check=True)
    return template


@on_both
def test_every_report_is_booked_once_and_in_order(kill_run, database):
    code, found = kill_run(database, "--profile", PROFILE, *(["--redis"] if PROFILE == "full" else []))
    assert code == 0, found
    assert (found["duplicates"], found["missing"], found["extra"], found["inversions"]) == (0, 0, 0, 0)
    assert found["died_while_sending"] > 0, "nobody was killed at work, so nothing was shown"
    assert found["found_by_looking"] > 0


def test_an_erp_that_honors_keys_books_once_too(kill_run):
    code, found = kill_run("sqlite", "--profile", "tiny", "--recall", "KEY")
    assert code == 0, found


@pytest.mark.redis
def test_a_redis_that_is_wiped_hung_and_killed_loses_nothing(kill_run, redis_url):
    code, found = kill_run("sqlite", "--profile", "tiny", "--redis")
    assert code == 0, found
    assert set(found["redis"]) == {"wiped", "hung", "killed"}


@on_both
@pytest.mark.parametrize("control", ["resend_on_unknown", "no_settle", "no_fencing", "no_order"])
def test_without_its_protection_the_run_goes_red(kill_run, database, control):
    # A race that is lost only now and then is looked for more than once: one red run shows what the protection is for.
    for seed in ("7", "8", "9", "10"):
        code, found = kill_run(
            database, "--profile", "tiny", "--reports", "400", "--pauses", "6", "--seed", seed, "--control", control
        )
        assert code in (0, 1), found
        wrong = found["inversions" if control == "no_order" else "duplicates"]
        if code == 1 and wrong:
            break
    assert code == 1, found
    assert wrong > 0, found


@on_both
def test_a_worker_that_dies_at_any_named_point_is_made_up_for(kill_run, database):
    code, found = kill_run(database, "--profile", "crash-points")
    assert code == 0, found
