"""`make bench`: every benchmark at small size, on SQLite and, where it is installed, on PostgreSQL.

Each database is measured in a process of its own (``--inside``), on a fresh database in a temporary directory.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests import servers


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="the names to run, as in P2,P15")
    parser.add_argument("--inside", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        return _measure(options)
    with tempfile.TemporaryDirectory(prefix="lineside-bench-") as directory:
        failed = _in_process(options, "SQLite", f"sqlite:///{directory}/bench.sqlite3", directory)
        programs = servers.postgres_programs()
        if programs is None:
            print(f"\nPostgreSQL is not on this machine; it installs with: {servers.INSTALL['PostgreSQL']}")
            return failed
        cluster = servers.PrivatePostgres(programs, durable=True)
        try:
            return failed | _in_process(options, "PostgreSQL", cluster.url, directory)
        finally:
            cluster.stop()


def _in_process(options: argparse.Namespace, name: str, url: str, directory: str) -> int:
    environment = os.environ | {
        "DATABASE_URL": url, "LINESIDE_VAR": str(Path(directory) / name), "DEBUG": "0", "LOG_LEVEL": "ERROR",
        "SECRET_KEY": "bench-" * 12, "DJANGO_SETTINGS_MODULE": "config.settings",
    }  # fmt: skip
    command = [
        sys.executable,
        "-m",
        "benchmarks",
        "--inside",
        name,
        "--rounds",
        str(options.rounds),
        "--only",
        options.only,
    ]
    return subprocess.run(command, env=environment, check=False).returncode


def _measure(options: argparse.Namespace) -> int:
    import django  # noqa: PLC0415 - the environment must be set first

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    from benchmarks import arrival, first_action, genealogy, harness, outbox, report, sync  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    (Path(os.environ["LINESIDE_VAR"]) / "static").mkdir(exist_ok=True)
    wanted = set(filter(None, options.only.split(",")))
    rows = []
    modules = (report, outbox, sync, genealogy, first_action, arrival)
    for name, measure in {name: measure for module in modules for name, measure in module.BENCHMARKS.items()}.items():
        if not wanted or name in wanted:
            rows += measure(options.rounds)
    print(f"\n{options.inside}: {harness.machine()}, medians of {options.rounds} interleaved rounds\n")
    print(harness.table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
