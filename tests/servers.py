"""PostgreSQL and Redis servers that belong to one test run: private, in a temporary directory, gone afterwards."""

import glob
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

INSTALL = {
    "PostgreSQL": "sudo apt-get install -y postgresql",
    "Redis": "sudo apt-get install -y redis-server",
    "Chromium": "sudo apt-get install -y chromium",
}
"""What the tests can use, and the line that installs it on Debian."""


def postgres_programs() -> Path | None:
    """Return the directory of the newest PostgreSQL server on this machine, or None."""
    found = sorted(
        (Path(path).parent for path in glob.glob("/usr/lib/postgresql/*/bin/initdb")),
        key=lambda directory: int(directory.parent.name),
    )
    if found:
        return found[-1]
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def redis_program() -> str | None:
    return shutil.which("redis-server")


def chromium_program() -> str | None:
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def missing() -> list[str]:
    """Name what is not on this machine."""
    present = {"PostgreSQL": postgres_programs(), "Redis": redis_program(), "Chromium": chromium_program()}
    return [name for name, found in present.items() if not found]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class PrivatePostgres:
    """A cluster of its own on a random loopback port; as root it runs as an ordinary user, which PostgreSQL insists on."""

    def __init__(self, programs: Path, *, durable: bool = False) -> None:
        """``durable``: commits reach the disk, as in a plant. Tests do without; a benchmark may not."""
        self._directory = Path(tempfile.mkdtemp(prefix="lineside-pg-"))
        self._programs = programs
        self._user = self._ordinary_user()
        password = secrets.token_hex(16)
        secret = self._directory / "password"
        secret.write_text(password)
        if self._user:
            shutil.chown(self._directory, self._user)
            shutil.chown(secret, self._user)
        data = str(self._directory / "data")
        self._run(
            "initdb", "-D", data, "-U", "lineside", "-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8",
            "--locale=C.UTF-8", "--no-sync",
        )  # fmt: skip
        port = free_port()
        options = (
            f"-p {port} -c listen_addresses=127.0.0.1 -k {self._directory} -c fsync={'on' if durable else 'off'} -c max_connections=200 "
            "-c shared_buffers=64MB -c jit=off"
        )
        self._run("pg_ctl", "-D", data, "-w", "-l", str(self._directory / "log"), "-o", options, "start")
        self.url = f"postgres://lineside:{password}@127.0.0.1:{port}/postgres"

    @staticmethod
    def _ordinary_user() -> str:
        if os.geteuid() != 0:
            return ""
        names = {entry.pw_name for entry in pwd.getpwall()}
        return next(name for name in ("postgres", "nobody") if name in names)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        if self._user:
            command = ["runuser", "-u", self._user, "--", *command]
        with tempfile.TemporaryFile("w+") as said:
            # A file and not a pipe: the server inherits it and would hold a pipe open for ever.
            done = subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, stdout=said, stderr=said, check=False)
            if done.returncode:
                said.seek(0)
                raise RuntimeError(f"{program} failed: {said.read()[-2000:]}")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self._directory / "data"), "-m", "immediate", "-w", "stop")
        shutil.rmtree(self._directory, ignore_errors=True)


class PrivateRedis:
    """A Redis on a random loopback port that keeps nothing on disk."""

    def __init__(self, program: str) -> None:
        self._directory = tempfile.mkdtemp(prefix="lineside-redis-")
        port = free_port()
        arguments = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            [program, *arguments, "--dir", self._directory], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise RuntimeError("redis-server did not start") from None
                time.sleep(0.02)
        self.url = f"redis://127.0.0.1:{port}/0"

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(60)
        shutil.rmtree(self._directory, ignore_errors=True)
