"""Writes requirements/*.txt from the ranges in pyproject.toml: exact versions, every hash, no addresses (`make lock`)."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
SETS = (
    # file, extras of pyproject.toml, the set it stands on
    ("base", (), ""),
    ("postgres", ("postgres",), "base"),
    ("dev", ("postgres", "dev"), "postgres"),
)


def compile_set(name: str, extras: tuple[str, ...], stands_on: str) -> str:
    """Return the text of one locked file; what ``stands_on`` has already is not repeated."""
    command = [
        "uv",
        "pip",
        "compile",
        "pyproject.toml",
        "--universal",
        "--python-version",
        "3.11",
        "--fork-strategy",
        "fewest",
    ]
    command += ["--generate-hashes", "--no-header", "--no-emit-index-url", "--no-emit-find-links", "--quiet"]
    command += [part for extra in extras for part in ("--extra", extra)]
    target = REQUIREMENTS / f"{name}.txt"
    if stands_on:
        command += ["--constraints", str(REQUIREMENTS / "base.txt")]
    if target.exists() and "--upgrade" not in sys.argv:
        # What is locked already stays as it is, so that adding one package does not move all the others.
        command += ["--constraints", str(target)]
    text = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    blocks = _blocks(text)
    if stands_on:
        known = _everything_in(stands_on)
        blocks = {key: block for key, block in blocks.items() if key not in known}
    lines = [
        f"# Locked by `make lock` from pyproject.toml ({', '.join(('dependencies', *extras))}); do not edit by hand.\n"
    ]
    if stands_on:
        lines.append(f"-r {stands_on}.txt\n")
    return "".join([*lines, *blocks.values()])


def _everything_in(name: str) -> set[str]:
    found: set[str] = set()
    while name:
        found |= set(_blocks((REQUIREMENTS / f"{name}.txt").read_text()))
        name = {entry[0]: entry[2] for entry in SETS}[name]
    return found


def _blocks(text: str) -> dict[str, str]:
    """Split a locked file into one block a package, without the notes of who asked for it."""
    blocks: dict[str, str] = {}
    key = ""
    for line in text.splitlines(keepends=True):
        if line.startswith((" ", "\t")):
            if not line.lstrip().startswith("#"):
                blocks[key] += line
        elif line.strip() and not line.startswith(("#", "-")):
            key = line.split("\\")[0].strip()
            blocks[key] = line
    return blocks


if __name__ == "__main__":
    for entry in SETS:
        (REQUIREMENTS / f"{entry[0]}.txt").write_text(compile_set(*entry))
        print(f"requirements/{entry[0]}.txt")
