"""The kill -9 run: real worker processes are killed and frozen while they book in an ERP that fails in every way.

    python -m tests.faults.kill_run --profile smoke
    python -m tests.faults.kill_run --profile full --database postgresql --redis
    python -m tests.faults.kill_run --control resend_on_unknown      (must end with 1)

The reports go through the service that the terminal calls, and the ERP is the practice ERP with its faults on demand. Ends
with 0 if every report was booked exactly once, in order, and the dead letters are what the ERP refused.
"""

import argparse
import contextlib
import importlib
import json
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import django
import psycopg
from django.core.management import call_command

from tests import servers

SCALED = {
    "lease": 2.0, "call": 1.2, "absent_gap": 0.3, "backoff_base": 0.05, "backoff_cap": 1.0, "breaker_pause": 0.3,
    "breaker_cap": 1.0, "breaker_failures": 20, "sweep_budget": 5.0, "sweep_claims": 8, "wiring": 1.0, "crashes": 6,
}  # fmt: skip
"""The times of the product, divided by some sixty. ``crashes`` is higher: here every worker dies, not only unlucky ones."""

PROFILES = {
    "tiny": {"reports": 200, "orders": 16, "kills": 6, "pauses": 2, "workers": 3},
    "smoke": {"reports": 1000, "orders": 40, "kills": 20, "pauses": 3, "workers": 3},
    "crash-points": {"reports": 0, "orders": 0, "kills": 0, "pauses": 0, "workers": 0},
    "full": {"reports": 10000, "orders": 400, "kills": 200, "pauses": 10, "workers": 3},
}


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kill-run-")))
        database = stack.enter_context(_database(options.database, options.template, folder))
        _set_up_django(options, database, folder)
        # What follows needs models, which can be imported only now.
        importlib.import_module("tests.faults.plug").plug_in()
        if options.profile == "crash-points":
            return _crash_points(folder)
        findings = importlib.import_module("tests.faults.run").Run(options, folder).go()
    print(json.dumps(asdict(findings) | {"good": findings.good}, indent=1))
    return 0 if findings.good else 1


def _crash_points(folder: Path) -> int:
    rows = importlib.import_module("tests.faults.crash_run").run(folder)
    for row in rows:
        print(json.dumps(row))
    bad = [row for row in rows if not _converged(row)]
    print(f"{len(rows)} crash points, {len(bad)} did not end well")
    return 1 if bad else 0


def _converged(row: dict[str, Any]) -> bool:
    wrong = row["duplicates"] + row["missing"] + row["unknown"] + row["inversions"]
    return (
        row["died"]
        and not wrong
        and set(row["states"]) <= ({"DONE", "REVIEW", "PENDING"} if row["mode"] == "NONE" else {"DONE"})
    )


def _set_up_django(options: argparse.Namespace, database: str, folder: Path) -> None:
    os.environ |= {
        "DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": "tests.faults.settings", "LINESIDE_VAR": str(folder),
        "LINESIDE_BRIDGE": json.dumps(SCALED), "DEBUG": "1", "LOG_LEVEL": "CRITICAL",
    }  # fmt: skip
    if options.redis:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            options.redis_port = free.getsockname()[1]
        os.environ |= {"REDIS_URL": f"redis://127.0.0.1:{options.redis_port}/0", "LINESIDE_URGENT": "1"}
    if options.control:
        os.environ["LINESIDE_CONTROL"] = options.control
    django.setup()
    call_command("migrate", verbosity=0)


@contextlib.contextmanager
def _database(url: str, template: str, folder: Path) -> Iterator[str]:
    """Yield the URL of a database of the run's own, a copy of the template where there is one."""
    if url == "sqlite":
        if template:
            shutil.copy(template, folder / "kill.sqlite3")
        yield f"sqlite:///{folder / 'kill.sqlite3'}"
        return
    if url == "postgresql":
        server = servers.PrivatePostgres(servers.postgres_programs() or sys.exit(servers.INSTALL["PostgreSQL"]))
        try:
            with _database(server.url, template, folder) as own:
                yield own
        finally:
            server.stop()
        return
    base, _, _ = url.rpartition("/")
    own = f"kill_run_{os.getpid()}"
    with psycopg.connect(f"{base}/postgres", autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{own}"' + (f' TEMPLATE "{template}"' if template else ""))
    try:
        yield f"{base}/{own}"
    finally:
        with psycopg.connect(f"{base}/postgres", autocommit=True) as admin:
            admin.execute(f'DROP DATABASE "{own}" WITH (FORCE)')


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", choices=PROFILES, default="smoke")
    parser.add_argument(
        "--database",
        default="sqlite",
        help="sqlite, postgresql (a server of the run's own), or a PostgreSQL server's URL",
    )
    parser.add_argument(
        "--template", default="", help="a migrated database to copy: a file, or a name on that PostgreSQL server"
    )
    parser.add_argument("--control", default="", help="switch a protection off; the run must then fail")
    parser.add_argument("--recall", choices=["LOOKUP", "KEY"], default="LOOKUP")
    parser.add_argument("--redis", action="store_true", help="with a Redis that is wiped, hung and killed meanwhile")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, help="over which kills are spread")
    parser.add_argument("--timeout", type=float)
    for name in ("reports", "orders", "kills", "pauses", "workers"):
        parser.add_argument(f"--{name}", type=int)
    options = parser.parse_args(arguments)
    for name, value in PROFILES[options.profile].items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    options.seconds = options.seconds or {"tiny": 8, "smoke": 30, "full": 300}.get(options.profile, 1)
    options.timeout = options.timeout or {"tiny": 120, "smoke": 400, "full": 7200}.get(options.profile, 60)
    return options


if __name__ == "__main__":
    sys.exit(main())
