"""Starts the practice ERP: ``python -m erp_bridge.sandbox --port 0 --database FILE --seed demo``."""

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence

from erp_bridge.sandbox import demo
from erp_bridge.sandbox.erp import Options, PracticeErp
from erp_bridge.sandbox.server import Handler
from erp_bridge.sandbox.store import Store


def parser() -> argparse.ArgumentParser:
    """Return what the command line understands."""
    made = argparse.ArgumentParser(prog="python -m erp_bridge.sandbox", description="An ERP to practise on.")
    made.add_argument("--database", required=True, help="the SQLite file of this ERP; made if it is not there")
    made.add_argument("--host", default="127.0.0.1")
    made.add_argument("--port", type=int, default=0, help="for the MES; 0 finds a free one")
    made.add_argument("--admin-port", type=int, default=0, help="fault panel and ledger; answers while it is offline")
    made.add_argument("--token", default="practice", help="what callers must send as Bearer token")
    made.add_argument("--recall", choices=["KEY", "LOOKUP", "NONE"], default="LOOKUP", help="how it remembers bookings")
    made.add_argument("--key-window", type=float, default=21600.0, help="seconds for which it remembers keys")
    made.add_argument("--unique-reference", action="store_true", help="refuse a reference that is booked already")
    made.add_argument("--seed", choices=["", "demo"], default="", help="fill an empty database with a small factory")
    made.add_argument("--seed-orders", type=int, default=12, help="how many orders the factory starts with")
    made.add_argument("--orders-per-minute", type=float, default=0.0, help="how fast the clerk makes new orders")
    made.add_argument(
        "--faults", default="", help="JSON of faults from the start, e.g. '{\"drop_after_commit\": 0.02}'"
    )
    made.add_argument("--log", action="store_true", help="print a line for each call")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Start, print one line of JSON with the addresses, and serve until told to stop."""
    options = parser().parse_args(arguments)
    store = Store(options.database)
    if options.seed == "demo":
        demo.seed(store, orders=options.seed_orders)
    try:
        erp = PracticeErp(store, Options(
            host=options.host, port=options.port, admin_port=options.admin_port, token=options.token,
            recall=options.recall, key_window=options.key_window, unique=options.unique_reference, log=options.log,
        ), Handler)  # fmt: skip
        erp.faults.change(json.loads(options.faults) if options.faults else {})
    except (OSError, ValueError) as error:
        print(f"The practice ERP cannot start: {error}", file=sys.stderr)
        return 1
    erp.clerk.pace(per_minute=options.orders_per_minute)
    erp.start()
    stop = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stop.set())
    print(json.dumps({
        "url": erp.url, "admin": erp.admin_url, "panel": f"{erp.admin_url}/fault-panel",
        "token": options.token, "recall": options.recall, "pid": os.getpid(),
    }), flush=True)  # fmt: skip
    stop.wait()
    erp.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
