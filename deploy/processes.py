"""Starts programs together, and stops them together: nothing is left behind, however the end comes."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
STOP_SECONDS = 15
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


class Trouble(Exception):
    """Something did not work; the text is one sentence for whoever started it."""


def free_port(wanted: int) -> int:
    """Return the wanted port of this machine, or the next free one above it; 0 takes any."""
    for port in range(wanted, wanted + 50) if wanted else [0]:
        with socket.socket() as probe:
            # A server that was stopped a moment ago leaves its port in a state that only this option looks past.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Trouble(f"None of the ports {wanted} to {wanted + 49} is free; choose another with --port.")


def web_command(port: int, *, host: str = "127.0.0.1") -> list[str]:
    """Return the command of the one web process with its threads."""
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)]
    command += ["--workers", "1", "--blocking-threads", "8", "--no-ws", "--log-level", "warning"]
    return [*command, "config.wsgi:application"]


def celery_command(part: str, *options: str) -> list[str]:
    return [sys.executable, "-m", "celery", "--app", "config", "--quiet", part, "--loglevel", "warning", *options]


WORKER = ("--pool", "threads", "--concurrency", "4", "--without-gossip", "--without-mingle")


class Crew:
    """The processes of one run, each with a log of its own."""

    def __init__(self, logs: Path, environment: Mapping[str, str]) -> None:
        self.logs = logs
        self.environment = dict(environment)
        self._members: list[tuple[str, subprocess.Popen[bytes]]] = []
        logs.mkdir(parents=True, exist_ok=True)

    def start(
        self, name: str, command: Sequence[str], *, stdout: int | IO[bytes] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start one program; its words go to ``<name>.log`` (its standard output too, unless ``stdout`` says otherwise)."""
        with (self.logs / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log if stdout is None else stdout,
                stderr=log,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        self._members.append((name, process))
        return process

    def run(self, name: str, command: Sequence[str]) -> str:
        """Run a program to its end and return what it printed.

        :raises Trouble: it failed; the last thing it said is in the sentence.
        """
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        with (self.logs / f"{name}.log").open("a") as log:
            log.write(done.stdout + done.stderr)
        if done.returncode:
            said = (done.stderr.strip() or done.stdout.strip() or "It said nothing.").splitlines()[-1]
            raise Trouble(f"The step {name!r} failed: {said} (The whole story is in {self.logs / name}.log.)")
        return done.stdout

    def ended(self) -> str:
        """Return a sentence about a program that ended by itself, or nothing."""
        for name, process in self._members:
            if process.poll() is not None:
                return f"{name} stopped by itself (code {process.returncode}); its words are in {self.logs / name}.log."
        return ""

    def forget(self, process: subprocess.Popen[bytes]) -> None:
        """Let a program end without that being news."""
        self._members = [member for member in self._members if member[1] is not process]

    def stop(self) -> None:
        """Stop everything, last started first; who does not listen is killed."""
        for _, process in reversed(self._members):
            _signal(process, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for _, process in reversed(self._members):
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal(process, signal.SIGKILL)
                process.wait()
        self._members.clear()


def wait_until(is_so: Callable[[], bool], *, seconds: float, complaint: str, crew: Crew | None = None) -> None:
    """Return when something is so.

    :raises Trouble: it is not so in time, or a program of the crew ended meanwhile.
    """
    deadline = time.monotonic() + seconds
    while not is_so():
        if crew and (sentence := crew.ended()):
            raise Trouble(sentence)
        if time.monotonic() > deadline:
            raise Trouble(complaint)
        time.sleep(0.1)


def answers(url: str) -> bool:
    """Say whether an address answers well."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    if process.poll() is None:
        os.killpg(process.pid, number)


def _die_with_parent() -> None:
    """Ask Linux to end this program when its parent is killed without a chance to clean up."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_DIE_WITH_PARENT, signal.SIGTERM)
