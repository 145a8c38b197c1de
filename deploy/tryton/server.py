#!/usr/bin/env python3
"""Install, seed and run a real Tryton on this machine, for the demo factory and for tests; needs no root and no services.

    python3 deploy/tryton/server.py --home var/tryton --port 0 --database demo

Progress goes to standard error. When the server answers, one line of JSON with its address and its users goes to standard
output, and the server runs until this process is told to stop (SIGTERM or Ctrl-C); on Linux it also ends with this process
when that is killed. Several servers may share one home.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import datetime as dt
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import seed
from rpc import Refused, Rpc, Unreachable

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "requirements.txt"
MODULES = (
    "attendance company_work_time product product_cost_history production production_routing production_work "
    "production_work_timesheet quality stock stock_lot timesheet timesheet_cost"
).split()
START_SECONDS = 90
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


class CannotStart(Exception):
    """The server cannot be started; the text says why and what to do."""


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def main() -> int:
    options = parse_options()
    signal.signal(signal.SIGTERM, _stop)
    try:
        serve(Home(options.home), options)
    except CannotStart as problem:
        say(str(problem))
        return 1
    except KeyboardInterrupt:
        say("Tryton is stopped.")
    return 0


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True, help="where everything is kept; may be deleted at any time")
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free one")
    parser.add_argument("--database", default="lineside", help="its name; each has its own file")
    parser.add_argument("--seed", choices=sorted(seed.SEEDS), default="demo")
    parser.add_argument("--fresh", action="store_true", help="start from a new copy of the seeded database")
    parser.add_argument("--prepare", action="store_true", help="install and seed, then leave without serving")
    return parser.parse_args()


class Home:
    """The directory that keeps the environment, the templates, the databases and the passwords."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.databases = self._directory("databases")
        self.templates = self._directory("templates")
        self.servers = self._directory("servers")

    def _directory(self, name: str) -> Path:
        directory = self.path / name
        directory.mkdir(parents=True, exist_ok=True)
        return directory

    def program(self, name: str) -> str:
        return str(self.path / "venv" / "bin" / name)

    def database(self, name: str) -> Path:
        return self.databases / f"{name}.sqlite"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep two starts at once from building the same thing twice."""
        with (self.path / "lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    @contextlib.contextmanager
    def claimed(self, database: str) -> Iterator[None]:
        """Keep two servers from one database: each would be blind to what the other writes or replaces."""
        with (self.servers / f"{database}.lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as taken:
                raise CannotStart(f"Another server has the database {database} open: choose another name.") from taken
            yield

    def passwords(self) -> dict[str, str]:
        """The passwords of this home, made up once; they are good for nothing but its own databases."""
        file = self.path / "passwords.json"
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(json.dumps({name: secrets.token_urlsafe(12) for name in ("admin", "lineside")}))
        return json.loads(file.read_text())


# --- what is made once ----------------------------------------------------------------------------------------------


def fingerprint(*parts: str | Path) -> str:
    """A short name for the content of these files and texts."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.read_bytes() if isinstance(part, Path) else part.encode())
    return digest.hexdigest()[:12]


def ensure_environment(home: Home) -> None:
    """Give Tryton a Python environment of its own, unless it has this very one already."""
    stamp = home.path / "venv" / "installed"
    wanted = fingerprint(REQUIREMENTS, sys.version)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say("Installing Tryton into an environment of its own (about 100 MB, once).")
    shutil.rmtree(home.path / "venv", ignore_errors=True)
    run(
        [sys.executable, "-m", "venv", str(home.path / "venv")],
        home,
        "The environment cannot be made: is python3-venv installed?",
    )
    install = [home.program("python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run(
        [*install, "--require-hashes", "-r", str(REQUIREMENTS)],
        home,
        "Tryton cannot be installed: can pip reach its package index?",
    )
    stamp.write_text(wanted)


def ensure_modules(home: Home) -> Path:
    """The database file in which every module is installed and nothing is entered yet."""
    template = home.templates / f"modules-{fingerprint(REQUIREMENTS, *MODULES, home.passwords()['admin'])}.sqlite"
    if template.exists():
        return template
    say("Installing the modules of Tryton into an empty database (about half a minute, once).")
    name = f"building-{os.getpid()}"
    home.database(name).touch()
    configuration = write_configuration(home, name, port=0)
    password = home.servers / f"{name}.password"
    password.write_text(home.passwords()["admin"])
    command = [
        home.program("trytond-admin"),
        "-c",
        str(configuration),
        "-d",
        name,
        "--activate-dependencies",
        "--email",
        "admin@example.com",
        "-u",
        *MODULES,
    ]
    run(command, home, "The modules cannot be installed.", {"TRYTONPASSFILE": str(password)})
    password.unlink()
    keep(home.database(name), template)
    return template


def ensure_seeded(home: Home, kind: str) -> Path:
    """The database file of a factory as it is on the first morning; made anew each day, as its orders are due from today."""
    today = _today().isoformat()
    modules = ensure_modules(home)
    key = fingerprint(
        modules.name, *(HERE / f"{name}.py" for name in ("seed", "planner", "factory")), home.passwords()["lineside"]
    )
    template = home.templates / f"{kind}-{today}-{key}.sqlite"
    if template.exists():
        return template
    say(f"Entering the {kind} factory.")
    name = f"seeding-{os.getpid()}"
    shutil.copyfile(modules, home.database(name))
    with running(home, name, free_port()) as (_, url):
        passwords = home.passwords()
        try:
            rpc = Rpc(url, name, "admin", passwords["admin"])
            seed.plant(rpc, kind, _today(), passwords["lineside"])
            rpc.close()
        except (Refused, Unreachable) as problem:
            raise CannotStart(f"The factory cannot be entered. {problem}") from problem
    keep(home.database(name), template)
    for old in home.templates.glob(f"{kind}-*.sqlite"):
        if old != template:
            old.unlink()
    return template


def _today() -> dt.date:
    return dt.datetime.now().astimezone().date()


def keep(database: Path, template: Path) -> None:
    """Turn a database whose server was stopped into a template: one file, with everything in it."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        # What was written last stands in a file beside it until it is folded in.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.rename(template)
    remove(database)


def remove(database: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{database}{suffix}").unlink(missing_ok=True)


def run(command: list[str], home: Home, complaint: str, environment: dict[str, str] | None = None) -> None:
    """Run a program to its end; what it prints goes to the log of this home."""
    with (home.path / "install.log").open("ab") as log:
        done = subprocess.run(
            command,
            stdout=log,
            stderr=log,
            env={**os.environ, **(environment or {})},
            preexec_fn=_die_with_parent,
            check=False,
        )
    if done.returncode:
        raise CannotStart(f"{complaint} The details are in {home.path / 'install.log'}.")


# --- what runs ------------------------------------------------------------------------------------------------------


def serve(home: Home, options: argparse.Namespace) -> None:
    """Prepare what is missing, start the server, say where it is, and wait until told to stop."""
    with home.locked():
        ensure_environment(home)
        template = ensure_seeded(home, options.seed)
    if options.prepare:
        return
    with home.claimed(options.database):
        if options.fresh or not home.database(options.database).exists():
            remove(home.database(options.database))
            shutil.copyfile(template, home.database(options.database))
        with running(home, options.database, options.port or free_port()) as (process, url):
            print(json.dumps(description(home, options.database, url, process.pid)), flush=True)
            code = process.wait()
            log = log_file(home, options.database)
            raise CannotStart(f"Tryton stopped by itself with code {code}. Its log is {log}.")


def description(home: Home, database: str, url: str, pid: int) -> dict[str, str | int]:
    """Everything that a client needs to know; `user` is the one made for Lineside."""
    passwords = home.passwords()
    ours = Rpc(url, database, "lineside", passwords["lineside"])
    key = ours.read("res.user.application", [["state", "=", "validated"]], "key")[0]["key"]
    ours.close()
    return {
        "url": url,
        "database": database,
        "user": "lineside",
        "password": passwords["lineside"],
        "rest_key": key,
        "admin_user": "admin",
        "admin_password": passwords["admin"],
        "pid": pid,
    }


@contextlib.contextmanager
def running(home: Home, database: str, port: int) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A server for one database that answers; it is stopped on the way out."""
    configuration = write_configuration(home, database, port)
    with log_file(home, database).open("wb") as log:
        command = [home.program("trytond"), "-c", str(configuration), "-d", database]
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, preexec_fn=_die_with_parent)
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_it_answers(process, url, home, database)
            yield process, url
        finally:
            stop(process)


def wait_until_it_answers(process: subprocess.Popen[bytes], url: str, home: Home, database: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise CannotStart(
                f"Tryton did not start: is the port of {url} taken? Its log is {log_file(home, database)}."
            )
        try:
            Rpc(url, database, "admin", home.passwords()["admin"]).close()
        except Unreachable:
            time.sleep(0.1)
        except Refused as problem:
            raise CannotStart(f"Something else answers at {url}: choose another port. {problem}") from problem
        else:
            return
    raise CannotStart(f"Tryton did not answer within {START_SECONDS} s. Its log is {log_file(home, database)}.")


def _die_with_parent() -> None:
    """Ask Linux to end this program with ours, should ours be killed before it can stop anything itself."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_DIE_WITH_PARENT, signal.SIGKILL)


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def log_file(home: Home, database: str) -> Path:
    return home.servers / f"{database}.log"


def write_configuration(home: Home, database: str, port: int) -> Path:
    """The configuration file of one server: loopback only, one database, SQLite."""
    file = home.servers / f"{database}.conf"
    sections = {
        "database": {"uri": "sqlite://", "path": str(home.databases)},
        "web": {"listen": f"127.0.0.1:{port}"},
        "session": {"authentications": "password", "timeout": "3600"},
    }
    lines = [
        line for name, keys in sections.items() for line in (f"[{name}]", *(f"{k} = {v}" for k, v in keys.items()), "")
    ]
    file.write_text("\n".join(lines))
    return file


if __name__ == "__main__":
    sys.exit(main())
