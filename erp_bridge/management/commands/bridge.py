"""Looks after the bridge from the command line."""

import json
import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import close_old_connections
from django.utils import timezone

from erp_bridge import queries
from erp_bridge.engine import connections, decisions, intake, registry, scheduler, wiring, worker
from erp_bridge.models import Connection, FlowState
from erp_bridge.sdk.errors import CallFailed
from mes.core.errors import DomainError


class Command(BaseCommand):
    help = "Look after the bridge: status, drain, pull, retry, dismiss, test, pause, resume, wiring, connect, run."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("status", help="how each connection and flow stands")
        verbs.add_parser("wiring", help="which flow each kind of ERP carries")
        drain = verbs.add_parser("drain", help="send what is due, until nothing is")
        drain.add_argument("--connection", default="")
        pull = verbs.add_parser("pull", help="run a flow that comes down, now")
        pull.add_argument("flow", help="its key, or 'all'")
        pull.add_argument("--connection", default="")
        pull.add_argument("--compare", action="store_true", help="compare all keys too, as every night")
        collect = verbs.add_parser("collect", help="write down roll-ups, now")
        collect.add_argument("--connection", default="")
        retry = verbs.add_parser("retry", help="send refused messages again")
        retry.add_argument("messages", nargs="*", type=int)
        retry.add_argument("--flow", default="", help="all refused messages of this flow")
        retry.add_argument("--reason", default="")
        dismiss = verbs.add_parser("dismiss", help="give messages up")
        dismiss.add_argument("messages", nargs="+", type=int)
        dismiss.add_argument("--reason", required=True)
        for verb, words in (("test", "ask the ERP who it is"), ("pause", "stop speaking to it"), ("resume", "go on")):
            each = verbs.add_parser(verb, help=words)
            each.add_argument("connection")
        connect = verbs.add_parser("connect", help="create or change a connection")
        connect.add_argument("name")
        connect.add_argument("connector")
        connect.add_argument("--site", required=True)
        connect.add_argument("--label", default="")
        connect.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
        run = verbs.add_parser("run", help="work without Celery: sweep, pull and collect until stopped")
        run.add_argument("--every", type=float, default=5.0, metavar="SECONDS")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"do_{options['verb']}")(options)
        except (DomainError, CallFailed) as error:
            raise CommandError(str(error)) from error

    def do_status(self, options: dict[str, Any]) -> None:
        flows = {flow.key: flow for flow in registry.flows}
        found = queries.overview(connections=Connection.objects.all(), flows=flows, carries={}, now=timezone.now())
        if not found:
            self.stdout.write(
                "No connection yet. Make one in the admin, or with: bridge connect NAME CONNECTOR --site SITE"
            )
        for each in found:
            self.stdout.write(f"{each.connection.name} ({each.connection.connector}): {each.sentence}")
            for row in each.flows:
                arrow = "up  " if row.goes_up else "down"
                last = f"{row.last_ok:%Y-%m-%d %H:%M:%S}" if row.last_ok else "-"
                self.stdout.write(
                    f"  {arrow} {row.state.flow:<18} {row.cadence:<12} waiting {row.waiting:>5}  doubt {row.doubt:>4}"
                    f"  review {row.review:>4}  refused {row.dead:>4}  parked {row.parked:>4}  last {last}"
                )
                if row.state.last_error:
                    self.stdout.write(f"       {row.state.last_error}")

    def do_wiring(self, options: dict[str, Any]) -> None:
        for connector in registry.connectors:
            self.stdout.write(f"{connector.key}: {connector.label} (recall {connector.recall})")
            for flow in registry.flows:
                mark = "carried" if registry.carries(connector, flow) else "no place for it"
                self.stdout.write(f"  {flow.key:<18} {flow.cadence!s:<12} {mark}")

    def do_drain(self, options: dict[str, Any]) -> None:
        only = [each.pk for each in self._connections(options)] if options["connection"] else None
        self.stdout.write(f"{worker.sweep(only=only)} calls made.")

    def do_pull(self, options: dict[str, Any]) -> None:
        wanted = options["flow"]
        keys = [flow.key for flow in registry.pulls()] if wanted == "all" else [intake.pull_flow(wanted).key]
        for connection in self._connections(options):
            wiring.enroll(connection)
            states = {state.flow: state for state in connection.flows.filter(flow__in=keys)}
            for key in keys:
                if key in states:
                    words = scheduler.run_now(states[key], compare=options["compare"])
                    self.stdout.write(f"{connection.name}: {words}")

    def do_collect(self, options: dict[str, Any]) -> None:
        for connection in self._connections(options):
            for state in FlowState.objects.filter(connection=connection, flow__in=scheduler.collecting_flows()):
                self.stdout.write(f"{connection.name}: {scheduler.run_now(state)}")

    def do_retry(self, options: dict[str, Any]) -> None:
        ids = options["messages"] or list(
            queries.messages(flow=options["flow"], state="DEAD").order_by("pk").values_list("pk", flat=True)
        )
        done, passed = decisions.retry_all(messages=ids, by=None, reason=options["reason"])
        self.stdout.write(f"{done} will be sent again; {passed} had moved on.")

    def do_dismiss(self, options: dict[str, Any]) -> None:
        for message_id in options["messages"]:
            decisions.dismiss(message_id=message_id, by=None, reason=options["reason"])
            self.stdout.write(f"{message_id} dismissed.")

    def do_test(self, options: dict[str, Any]) -> None:
        self.stdout.write(connections.test(self._connection(options["connection"])))

    def do_pause(self, options: dict[str, Any]) -> None:
        connections.pause(self._connection(options["connection"]), reason="Paused from the command line.")

    def do_resume(self, options: dict[str, Any]) -> None:
        connections.resume(self._connection(options["connection"]))

    def do_connect(self, options: dict[str, Any]) -> None:
        values = dict(pair.partition("=")[::2] for pair in options["set"])
        connection = connections.create(
            name=options["name"],
            site=options["site"],
            connector=options["connector"],
            values=values,
            label=options["label"],
        )
        flows = ", ".join(connection.flows.values_list("flow", flat=True))
        self.stdout.write(f"{connection.name} carries: {flows}. Shown settings: {json.dumps(connection.settings)}")

    def do_run(self, options: dict[str, Any]) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        while not stop.is_set():
            close_old_connections()
            worker.sweep(budget=options["every"] * 4)
            scheduler.run_due(down=True)
            scheduler.run_due(down=False)
            stop.wait(options["every"])

    def _connections(self, options: dict[str, Any]) -> list[Connection]:
        name = options.get("connection")
        return [self._connection(name)] if name else list(Connection.objects.filter(enabled=True))

    def _connection(self, name: str) -> Connection:
        found = Connection.objects.filter(name=name).first()
        if found is None:
            known = ", ".join(Connection.objects.values_list("name", flat=True)) or "none"
            raise CommandError(f"No connection is called {name!r}; known: {known}.")
        return found
