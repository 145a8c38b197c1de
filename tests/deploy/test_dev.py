"""What `make dev` runs answers, and one Ctrl-C ends all of it."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from deploy.processes import ROOT


def running_with(folder):
    """Return the processes whose environment names the folder: everything that the run has started."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder).encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except (PermissionError, FileNotFoundError, ProcessLookupError):
            continue
    return found


def test_it_answers_and_ctrl_c_leaves_nothing_behind(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    environment |= {"LINESIDE_VAR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "config.settings", "DEBUG": "1"}
    run = subprocess.Popen(
        [sys.executable, "-m", "deploy.dev"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True,
        # What a shell runs in the background does not hear Ctrl-C, nor do its children; the tests may run there.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    try:
        first = run.stdout.readline()
        assert first, (tmp_path / "logs" / "web.log").read_text()
        url = re.match(r"http://\S+/", first)[0]
        with urllib.request.urlopen(url + "login/", timeout=60) as page:
            assert "Sign in" in page.read().decode()
        assert any("celery" in command for command in running_with(tmp_path))
        run.send_signal(signal.SIGINT)
        assert run.wait(120) == 0
    finally:
        run.kill()
        run.communicate()
    assert running_with(tmp_path) == []
