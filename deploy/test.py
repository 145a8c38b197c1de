"""What `make test` runs: every test on SQLite, then on PostgreSQL what a database can tell apart; options go to pytest.

A PostgreSQL that is installed is enough: a private server is started for the run. `--full` runs the long profiles.
"""

import os
import subprocess
import sys
import tempfile

from tests import servers

ON_POSTGRES = "not browser and not tryton and not faults and not once"
"""Tests that start processes of their own choose their database themselves; some are long and the same on any."""
WORKERS = "3"
"""One more than the two processors of a small machine: a third of the time tests wait for a server, a browser, a lease."""


def main(arguments: list[str]) -> int:
    """Run pytest once or twice and return the first failure's exit code."""
    full = "--full" in arguments
    arguments = [word for word in arguments if word != "--full"]
    chosen = any(word.endswith(".py") or "::" in word or word == "-k" for word in arguments)
    with tempfile.TemporaryDirectory(prefix="lineside-test-") as var:
        environment = {**os.environ, "LINESIDE_VAR": var}
        for name in ("REDIS_URL", "DATABASE_URL", "SECRET_KEY", "LINESIDE_BRIDGE"):
            environment.pop(name, None)
        if full:
            environment["LINESIDE_PROFILE"] = "full"
            return _pytest("The long profiles", ["-m", "faults", *arguments], environment)
        programs = servers.postgres_programs()
        cluster = servers.PrivatePostgres(programs) if programs else None
        try:
            if cluster:
                environment["LINESIDE_TEST_POSTGRES"] = cluster.url
            # In the order in which they were collected: long files first, so that no worker ends with one alone.
            spread = ["-n", WORKERS, "--dist", "loadfile", "--no-loadscope-reorder", "--durations", "15"]
            workers = [] if chosen else spread
            on_sqlite = _pytest("On SQLite", [*workers, *arguments], environment)
            if not cluster or on_sqlite == 2:
                return on_sqlite
            environment["DATABASE_URL"] = cluster.url
            on_postgres = _pytest("On PostgreSQL", [*workers, "-m", ON_POSTGRES, *arguments], environment)
            if on_sqlite:
                print("On PostgreSQL see above; on SQLite there were failures: see further up.")
            # 5 is pytest's word for nothing selected, which a choice of tests may come to on one database.
            return on_sqlite or (0 if chosen and on_postgres == 5 else on_postgres)
        finally:
            if cluster:
                cluster.stop()


def _pytest(title: str, arguments: list[str], environment: dict[str, str]) -> int:
    print(f"\n{title}", flush=True)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
