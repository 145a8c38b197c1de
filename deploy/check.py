"""What `make check` runs: style, types, import contracts, templates, Django's own checks, migrations."""

import os
import secrets
import subprocess
import sys
import tempfile
import time

STEPS = (
    ("style", ("ruff", "check", "--quiet", "."), {}),
    ("format", ("ruff", "format", "--check", "--quiet", "."), {}),
    ("import contracts", ("lint-imports", "--no-cache"), {}),
    ("types", ("mypy", "config", "mes", "labor", "quality", "erp_bridge"), {"DEBUG": "1"}),
    ("templates", ("djlint", "--lint", "--quiet", "templates"), {}),
    ("settings", ("python", "manage.py", "check"), {"DEBUG": "1"}),
    (
        "settings of production",
        ("python", "manage.py", "check", "--deploy", "--fail-level", "WARNING"),
        {"DEBUG": "0", "SECRET_KEY": secrets.token_urlsafe(60), "LINESIDE_HTTPS": "1", "ALLOWED_HOSTS": "mes.example"},
    ),
    ("migrations", ("python", "manage.py", "makemigrations", "--check", "--dry-run"), {"DEBUG": "1"}),
)


def main() -> int:
    """Run every step, print what a failed one said, and return how many failed."""
    failed = []
    with tempfile.TemporaryDirectory(prefix="lineside-check-") as var:
        for name, command, environment in STEPS:
            started = time.monotonic()
            plain = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "REDIS_URL")}
            done = subprocess.run(
                command, env={**plain, "LINESIDE_VAR": var, **environment}, capture_output=True, text=True
            )
            verdict = "ok" if done.returncode == 0 else "FAILED"
            print(f"{name:<24}{verdict:<8}{time.monotonic() - started:5.1f} s", flush=True)
            if done.returncode:
                failed.append(name)
                print(done.stdout[-6000:] + done.stderr[-6000:], flush=True)
    if failed:
        print(f"Not clean: {', '.join(failed)}.")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
