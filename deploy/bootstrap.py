"""Makes the Python environment that a command needs, then becomes that command; needs nothing but Python itself.

    python3 deploy/bootstrap.py base -m deploy.demo --once

The first word is the set of requirements (requirements/<set>.txt); the rest goes to the environment's Python. What is
installed already is not touched: the hash of the requirement files is remembered.
"""

import fcntl
import hashlib
import importlib
import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = Path(os.environ.get("LINESIDE_VENV") or ROOT / ".venv")
NEEDED = (3, 11)
LARGER = {"base": ("base", "postgres", "dev"), "postgres": ("postgres", "dev"), "dev": ("dev",)}
"""Which sets contain a set."""


class Missing(Exception):
    """Something is not on this machine; the text says what, and the line that installs it."""


def check_python() -> None:
    """Refuse a Python that cannot make an environment, in one sentence."""
    if sys.version_info < NEEDED:
        version = ".".join(str(part) for part in sys.version_info[:2])
        raise Missing(
            f"Lineside needs Python 3.11 or newer and this is {version}. "
            "Name another one: make PYTHON=python3.11 (Debian 12 has it: sudo apt-get install -y python3 python3-venv)"
        )
    if not importlib.util.find_spec("venv") or not importlib.util.find_spec("ensurepip"):
        raise Missing(
            "This Python cannot make an environment of its own. Install what is missing with: "
            "sudo apt-get install -y python3-venv"
        )


def fingerprint(name: str) -> str:
    """Return a hash over the requirement files of a set and over the Python that runs them."""
    digest = hashlib.sha256(sys.version.encode())
    while name:
        text = (ROOT / "requirements" / f"{name}.txt").read_bytes()
        digest.update(text)
        first = next((line for line in text.decode().splitlines() if line.startswith("-r ")), "")
        name = first.removeprefix("-r ").strip().removesuffix(".txt")
    return digest.hexdigest()


def is_installed(name: str) -> bool:
    return any(
        (stamp := VENV / f"installed-{larger}").exists() and stamp.read_text() == fingerprint(larger)
        for larger in LARGER[name]
    )


def install(name: str) -> None:
    """Make the environment if there is none, and bring it to the locked versions of a set."""
    python = VENV / "bin" / "python"
    if not (VENV / "made").exists() or (VENV / "made").read_text() != sys.version:
        print(f"Making a Python environment in {VENV}.", flush=True)
        _run([sys.executable, "-m", "venv", "--clear", str(VENV)], "The environment cannot be made.")
        (VENV / "made").write_text(sys.version)
    print(f"Installing the packages of requirements/{name}.txt (once, about half a minute).", flush=True)
    started = time.monotonic()
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--require-hashes", "-r", str(ROOT / "requirements" / f"{name}.txt")]
    _run(command, "The packages cannot be installed: can pip reach its package index from here?")
    (VENV / f"installed-{name}").write_text(fingerprint(name))
    print(f"Installed in {time.monotonic() - started:.0f} s.", flush=True)


def _run(command: list[str], complaint: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.stderr.write(done.stdout[-2000:] + done.stderr[-2000:])
        raise Missing(complaint)


def main(name: str, arguments: list[str]) -> None:
    check_python()
    if name == "base" and os.environ.get("DATABASE_URL", "").startswith("postgres"):
        name = "postgres"
    if not is_installed(name):
        VENV.parent.mkdir(parents=True, exist_ok=True)
        with open(f"{VENV}.lock", "w") as lock:
            # Two commands started at once would install into one environment.
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not is_installed(name):
                install(name)
    # Beside this file, and like it in need of nothing but Python: so terminals speak all their languages from the start.
    importlib.import_module("translations").compile_all()
    python = str(VENV / "bin" / "python")
    os.environ["PATH"] = f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    os.chdir(ROOT)
    os.execv(python, [python, *arguments])


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2:])
    except Missing as problem:
        print(problem, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
