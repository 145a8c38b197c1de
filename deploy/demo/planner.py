"""The ERP's planner: what was ordered before is ordered again whenever little is left to do, so that the plant is never idle.

    LINESIDE_API_KEY=... python -m deploy.demo.planner --url http://127.0.0.1:8000 --site TALBRUECK -- COMMAND {item} {quantity}

COMMAND makes an order in the ERP; ``{item}``, ``{quantity}``, ``{due}`` and ``{reference}`` among its words are filled in.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.demo.operators import Floor, Refused

FEWEST = 6
"""How many orders must be open for nothing more to be ordered."""
PAUSE = timedelta(minutes=15)
"""How long the planner of a real plant looks away."""
LEAST_SECONDS = 20.0
OPEN = ("PLANNED", "RELEASED", "RUNNING")


def next_order(orders: Sequence[Mapping[str, Any]], *, turn: int) -> Mapping[str, Any] | None:
    """Return the order to repeat, each in its turn; None while enough are open or nothing was ever ordered."""
    enough = sum(order["status"] in OPEN for order in orders) >= FEWEST
    return None if enough or not orders else orders[turn % len(orders)]


def filled_in(command: Iterable[str], order: Mapping[str, Any], *, turn: int, now: datetime) -> list[str]:
    """Return the words of the command with what is ordered in their places."""
    words = {
        "{item}": str(order["item"]),
        "{quantity}": str(order["order_quantity"]),
        "{due}": (now + timedelta(days=2)).date().isoformat(),
        "{reference}": f"AGAIN-{turn + 1}",
    }
    return [words.get(word, word) for word in command]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--site", required=True)
    parser.add_argument("--speed", type=float, default=30.0)
    parser.add_argument("command", nargs="+", metavar="COMMAND")
    options = parser.parse_args()
    floor = Floor(options.url, os.environ["LINESIDE_API_KEY"], options.site)
    turn = 0
    try:
        while True:
            time.sleep(max(LEAST_SECONDS, PAUSE.total_seconds() / options.speed))
            try:
                order = next_order(floor.get("work-orders", site=options.site), turn=turn)
            except Refused as refusal:
                print(f"Lineside did not say what is open: {refusal}", flush=True)
                continue
            if order is None:
                continue
            made = subprocess.run(
                filled_in(options.command, order, turn=turn, now=datetime.now(UTC)),
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            # An ERP that somebody stopped, to see what happens, is asked again the next time.
            print((made.stdout if made.returncode == 0 else made.stderr).strip()[-400:], flush=True)
            turn += 1
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
