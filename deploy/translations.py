"""Translations of what people read at a terminal: taken from the sources into ``locale/*/LC_MESSAGES/django.po`` and
compiled for Django, in Python alone, so that a machine without GNU gettext can do both.

    python -m deploy.translations             compile what is newer than its compiled form (bootstrap and tests do it too)
    python -m deploy.translations --update    take new texts into the .po files, drop those that are gone
    python -m deploy.translations --missing   list what is not translated yet
"""

import argparse
import ast
import os
import re
import struct
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "locale"

SOURCES = (
    "templates/terminal/terminal.html", "templates/terminal/close.html", "templates/terminal/keyboard.html", "templates/terminal/terminals.html",
    "templates/terminal/centers.html", "templates/terminal/scan_test.html", "templates/terminal/revoked.html", "templates/terminal/enroll.html",
    "templates/*/terminal/**/*.html", "templates/theme_toggle.html", "templates/base.html",
    "mes/terminal/views/*.py", "mes/terminal/services/*.py", "mes/execution/queries/terminal.py",
    "mes/documents/services/*.py", "mes/documents/gates.py", "mes/core/templatetags/lineside.py",
    "mes/*/panels.py", "mes/*/panels/*.py", "quality/models.py", "labor/panels.py", "labor/panels/*.py", "quality/panels.py",
    "quality/panels/*.py",
    "mes/execution/services/*.py", "mes/material/services/*.py", "mes/equipment/services/*.py", "mes/andon/services/*.py",
    "mes/masterdata/services/people.py", "mes/masterdata/queries.py", "mes/masterdata/rules.py", "mes/access/services.py",
    "mes/material/rules/numbering.py", "labor/services/*.py", "quality/services/*.py", "quality/gates.py",
    "quality/models.py", "quality/rules.py", "mes/andon/models.py",
)  # fmt: skip
"""Where a terminal's texts stand. Pages of the office are not translated yet."""

FUNCTIONS = {"_", "gettext", "gettext_lazy", "gettext_noop", "Words"}
_STRING = r"""u?('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")"""
_CALL = re.compile(rf"\b(?:_|gettext)\({_STRING}")


def sources() -> Iterator[Path]:
    """Return the files whose texts a terminal shows."""
    found = {path for pattern in SOURCES for path in ROOT.glob(pattern)}
    return iter(sorted(found))


def texts() -> dict[str, list[str]]:
    """Return each text with the files it stands in."""
    found: dict[str, list[str]] = {}
    for path in sources():
        read = _of_template if path.suffix == ".html" else _of_python
        for text in read(path):
            places = found.setdefault(text, [])
            name = path.relative_to(ROOT).as_posix()
            if name not in places:
                places.append(name)
    return found


def _of_template(path: Path) -> Iterable[str]:
    # Django's own reading of its tags, so that a text is here exactly what is looked up when the page is drawn.
    from django.utils.translation.template import templatize  # noqa: PLC0415 - compiling needs no Django

    return [ast.literal_eval(found) for found in _CALL.findall(templatize(path.read_text()))]


def _of_python(path: Path) -> Iterable[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS and node.args:
            if isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
                yield node.args[0].value


def read_po(path: Path) -> dict[str, str]:
    """Return text and translation of a .po file; "" is its header. Plural forms and contexts are not used here."""
    entries: dict[str, str] = {}
    key, value, field = "", "", ""
    for number, line in enumerate([*path.read_text().splitlines(), ""], 1):
        word, _, rest = line.partition(" ")
        if word in ("msgid", "msgstr"):
            field, text = word, ast.literal_eval(rest)
            key, value = (text, "") if word == "msgid" else (key, text)
        elif line.startswith('"'):
            key, value = (
                (key + ast.literal_eval(line), "") if field == "msgid" else (key, value + ast.literal_eval(line))
            )
        elif not line.strip() and field == "msgstr":
            entries[key], field = value, ""
        elif line.strip() and not line.startswith("#"):
            raise ValueError(f"{path}:{number}: “{line}” is not understood.")
    return entries


def write_po(path: Path, entries: dict[str, str], places: dict[str, list[str]]) -> None:
    """Write a .po file, in the order of the sources."""
    blocks = []
    for key, value in entries.items():
        note = [f"#: {' '.join(places[key])}"] if key in places else []
        blocks.append("\n".join([*note, f"msgid {_quoted(key)}", f"msgstr {_quoted(value)}"]))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n\n".join(blocks) + "\n")


def _quoted(text: str) -> str:
    lines = [
        line.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") for line in text.splitlines(keepends=True)
    ]
    if len(lines) < 2:
        return f'"{"".join(lines)}"'
    return "\n".join(['""', *(f'"{line}"' for line in lines)])


def write_mo(path: Path, entries: dict[str, str]) -> None:
    """Write the compiled form that gettext reads: a table of offsets, then all texts, each ended by a zero byte."""
    pairs = sorted((key.encode(), value.encode()) for key, value in entries.items() if value)
    start = 7 * 4 + 16 * len(pairs)
    keys = b"".join(key + b"\0" for key, _ in pairs)
    values = b"".join(value + b"\0" for _, value in pairs)
    tables, at = [], start
    for column in (0, 1):
        for pair in pairs:
            tables.append(struct.pack("<II", len(pair[column]), at))
            at += len(pair[column]) + 1
    head = struct.pack("<7I", 0x950412DE, 0, len(pairs), 7 * 4, 7 * 4 + 8 * len(pairs), 0, start)
    temporary = path.with_suffix(f".mo.{os.getpid()}")
    temporary.write_bytes(head + b"".join(tables) + keys + values)
    temporary.replace(path)


def catalogs() -> list[Path]:
    """Return the .po files, one a language."""
    return sorted(LOCALE.glob("*/LC_MESSAGES/django.po"))


def compile_all() -> int:
    """Compile every catalog whose compiled form is missing or older; return how many were."""
    done = 0
    for source in catalogs():
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            write_mo(target, read_po(source))
            done += 1
    return done


def update() -> None:
    """Bring the catalogs to the texts of the sources: what is known stays, what is new comes without a translation."""
    found = texts()
    for path in catalogs():
        known = read_po(path)
        write_po(path, {"": known.get("", "")} | {text: known.get(text, "") for text in found}, found)


def missing() -> dict[str, list[str]]:
    """Return the texts without a translation, by language; and those whose names in {} or %() differ from the source."""
    found = texts()
    lacking: dict[str, list[str]] = {}
    for path in catalogs():
        known = read_po(path)
        lacking[path.parts[-3]] = [
            text for text in found if not known.get(text) or names_in(text) != names_in(known[text])
        ]
    return lacking


def names_in(text: str) -> list[str]:
    """Return what is filled into a text."""
    return sorted(re.findall(r"%\(\w+\)[sd]|%\(\w+\)02d|\{\w+\}", text))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--update", action="store_true", help="take new texts into the .po files")
    parser.add_argument("--missing", action="store_true", help="list what is not translated")
    options = parser.parse_args()
    if options.update:
        update()
    if options.missing:
        lacking = missing()
        for language, lines in lacking.items():
            for text in lines:
                print(f"{language}: {text}")
        return 1 if any(lacking.values()) else 0
    print(f"{compile_all()} compiled.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
