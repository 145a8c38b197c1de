"""What `make dev` runs: the web process with reload, the worker and beat, on var/ and at your own terminal."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from deploy.processes import ROOT, WORKER, Crew, Trouble, answers, celery_command, free_port, wait_until


def main() -> int:
    environment = {"DEBUG": "1", "LINESIDE_VAR": str(ROOT / "var" / "dev"), **os.environ}
    logs = Path(environment["LINESIDE_VAR"]) / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    crew = Crew(logs, environment)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    port = free_port(8000)
    try:
        subprocess.run([sys.executable, "manage.py", "migrate", "--no-input", "-v", "0"], env=environment, check=True)
        # Django's own server: it begins again when a file changes, and says where an error is.
        crew.start("web", [sys.executable, "manage.py", "runserver", f"127.0.0.1:{port}"])
        crew.start("worker", celery_command("worker", *WORKER))
        crew.start("beat", celery_command("beat", "--pidfile", ""))
        url = f"http://127.0.0.1:{port}"
        wait_until(
            lambda: answers(f"{url}/healthz"), seconds=180, complaint="The web process does not answer.", crew=crew
        )
        print(f"{url}/ with reload; logs in {crew.logs}. Ctrl-C stops everything. In another window:")
        print(f"    export DEBUG=1 LINESIDE_VAR={environment['LINESIDE_VAR']}")
        print(f"    {sys.executable} manage.py createsuperuser               # the first login")
        print(
            f"    {sys.executable} manage.py device_code 'My browser' --site CODE --url {url}     # a tablet",
            flush=True,
        )
        while not (sentence := crew.ended()):
            time.sleep(1)
        raise Trouble(sentence)
    except subprocess.CalledProcessError:
        print("The database could not be brought up to date; the reason stands above.", file=sys.stderr)
        return 1
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        crew.stop()


if __name__ == "__main__":
    sys.exit(main())
