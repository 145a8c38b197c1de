"""Nobody may more than the table says: every address, every role, own site and another one, walked from the URLconf."""

import re
import uuid

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.template.backends.django import Template
from django.utils import timezone

from mes.access.models import ApiKey, FloorRole, Membership
from mes.access.rules import ROLE_RIGHTS, ROLES
from mes.core import live
from mes.core.by_site import BySite
from mes.masterdata.models import ReasonCode
from mes.terminal import services as terminal
from mes.terminal.models import Device, TerminalEntry
from mes.terminal.queries import forget_devices
from mes.terminal.views.caller import COOKIE
from tests import access_matrix, factories
from tests.api.callers import ApiClient, with_key
from tests.mes.documents.helpers import PDF, make_document, make_revision, picture

pytestmark = [pytest.mark.django_db, pytest.mark.once]

CALLERS = ["nobody", "device", "revoked", "key", "no-role", *ROLES, "ADMINISTRATOR"]
FREE = re.compile(
    r"^(login/|logout/|enroll/|healthz|readyz|t/worker\.js|admin/(login|logout|jsi18n)/|api/v1/(problems|schema/)?$|api/docs/)"
)
"""What is open to everybody: the ways in, and what describes the API."""


@pytest.fixture(autouse=True)
def nothing_is_drawn(monkeypatch):
    """Who may see a page is decided before it is drawn; drawing each of them for each role would take many minutes."""
    live.forget()
    monkeypatch.setattr(Template, "render", lambda *_what, **_more: "")


def caller(kind, site):
    """Return a browser (or program) of this kind, at home at the site."""
    client = ApiClient()
    if kind == "key":
        return with_key(site, *ROLE_RIGHTS["OPERATOR"])
    if kind in ("device", "revoked"):
        _, code = terminal.make_code(site=site, name=kind, by="test", now=timezone.now())
        device, token = terminal.enroll(code=code, now=timezone.now())
        client.cookies[COOKIE] = token
        if kind == "revoked":
            terminal.revoke(device_id=device.pk, by="test", now=timezone.now())
            forget_devices()  # the test's transaction never commits
    elif kind != "nobody":
        user = User.objects.create_user(f"{kind}-user", is_staff=True, is_superuser=kind == "ADMINISTRATOR")
        if kind in ROLES:
            Membership.objects.create(user=user, site=site, role=kind)
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


class World:
    """A site with one thing of every kind that addresses name; of what is missing here an id that does not exist."""

    def __init__(self, code):
        self.site = factories.make_site(code=code)
        self.order = factories.make_work_order(site=self.site, number=f"WO-{code}")
        self.operation = self.order.operations.first()
        self.person = factories.make_person(site=self.site)
        self.lot = factories.make_lot(item=factories.make_item(site=self.site, lot_tracked=True))
        self.things = {}
        self._make()

    def _make(self):
        from erp_bridge.models import Connection  # noqa: PLC0415
        from labor.models import AttendanceSegment, LaborSegment  # noqa: PLC0415
        from mes.execution.models import ChangeProposal, CounterReading, ProductionReport  # noqa: PLC0415

        site, now, order = self.site, factories.NOW, self.order
        report = ProductionReport.objects.create(
            pk=uuid.uuid4(), site=site, work_order=order, operation=self.operation, good_quantity=1, occurred_at=now,
            recorded_at=now, fingerprint="x",
        )  # fmt: skip
        proposal = ChangeProposal.objects.create(
            site=site, work_order=order, kind="CHANGE", owner="erp", created_at=now
        )
        shown = CounterReading.objects.create(
            site=site, operation=self.operation, value=7, occurred_at=now, recorded_at=now
        )
        segment = LaborSegment.objects.create(
            site=site, person=self.person, operation=self.operation, activity="RUN", started_at=now, recorded_at=now
        )
        present = AttendanceSegment.objects.create(site=site, person=self.person, started_at=now, recorded_at=now)
        device = Device.objects.create(
            site=site, name="A", digest=f"a-{site.code}", enrolled_at=now, enrolled_by="test"
        )
        entry = TerminalEntry.objects.create(
            id=uuid.uuid4(), site=site, work_center=self.operation.work_center, action="pause", state="REFUSED",
            occurred_at=now, recorded_at=now,
        )  # fmt: skip
        connection = Connection.objects.create(name=f"erp-{site.code.lower()}", site=site.code, connector="practice")
        bom, routing = factories.make_bom(item=order.item, lines=[]), factories.make_routing(item=order.item)
        reason = factories.make_reason(site=site)
        role = FloorRole.objects.create(person=self.person, role="SUPERVISOR")
        other = User.objects.create_user(f"someone-{site.code}")
        membership = Membership.objects.create(user=other, site=site, role="VIEWER")
        key = ApiKey.objects.create(
            name="k", site=site, prefix=f"p{site.code}", digest=f"d{site.code}", scopes=["orders:read"], created_at=now
        )
        for thing in (
            site, order, report, proposal, segment, present, device, entry, connection, bom, routing, reason, role,
            membership, key, other, order.item, self.operation.work_center, self.person, self.lot, order.uom,
        ):  # fmt: skip
            self.things[type(thing)] = thing
        self.pages = {}
        self._make_more()
        self.api |= {
            "items": order.item.pk, "boms": bom.pk, "routings": routing.pk, "work-orders": order.pk,
            "proposals": proposal.pk, "operations": self.operation.pk, "reports": report.pk, "labor": segment.pk,
            "erp": connection.name, "lots": self.lot.pk, "nonconformances": self.nonconformance.pk,
            "inspection-checks": self.check.pk, "reasons": reason.pk,
            "counter-readings": shown.pk,
        }  # fmt: skip
        self.pages |= {
            "code": self.operation.work_center.code, "number": order.number, "entry_id": entry.pk, "name": connection.name,
            "app_label": "masterdata", "url": "nothing", "devices": device.pk, "connection": connection.name, "trace": self.lot.pk, "site": site.code,
            "day": "2026-03-02", "nonconformances": self.nonconformance.pk, "lot-holds": self.lot_hold.pk,
            "check_id": self.check.pk, "occurrence": "first",
        }  # fmt: skip

    def _make_more(self):
        from mes.documents.models import Document, DocumentRevision, Photo, ReadConfirmation  # noqa: PLC0415
        from mes.documents.services import store_photo  # noqa: PLC0415
        from mes.material.models import LotHold  # noqa: PLC0415
        from mes.performance.models import LossAction  # noqa: PLC0415
        from quality.models import InspectionPlan, Nonconformance, OrderCheck  # noqa: PLC0415

        order, now = self.order, factories.NOW
        plan = InspectionPlan.objects.create(site=self.site, item=order.item, name="Plan")
        self.check = OrderCheck.objects.create(operation=self.operation, plan=plan, revision=1, trigger="FIRST")
        self.nonconformance = Nonconformance.objects.create(
            reported_as=uuid.uuid4(), site=self.site, work_order=order, operation=self.operation, item=order.item,
            quantity=1, uom=order.uom, reason=self.things[ReasonCode], occurred_at=now, recorded_at=now,
        )  # fmt: skip
        self.lot_hold = LotHold.objects.create(site=self.site, lot=self.lot, placed_at=now)
        self.things |= {InspectionPlan: plan, Nonconformance: self.nonconformance}
        file = store_photo(site=self.site, content=picture(), now=now)
        photo = Photo.objects.create(
            site=self.site, about="nonconformance", subject=uuid.uuid4(), file=file, occurred_at=now, recorded_at=now
        )
        document = make_document(self.site)
        revision = make_revision(document, content=PDF)
        read = ReadConfirmation.objects.create(
            site=self.site, revision=revision, person=self.person, occurred_at=now, recorded_at=now
        )
        self.things |= {Photo: photo, Document: document, DocumentRevision: revision, ReadConfirmation: read}
        action = LossAction.objects.create(
            site=self.site, reason=factories.make_reason(site=self.site, kind="STOP"), what="Order inserts",
            owned_by="Tooling", due_on=now.date(), created_at=now, created_by="test",
        )  # fmt: skip
        self.things[LossAction] = action
        self.pages |= {"actions": action.pk, "photos": photo.pk, "revisions": revision.pk}
        self.api = {
            "inspection-plans": plan.pk,
            "photos": photo.pk,
            "documents": document.pk,
            "document-revisions": revision.pk,
        }

    def address(self, route):
        """Return an address of the route for this site's things."""
        parts = route.split("/")

        def fill(found):
            name = found.group("name")
            if parts[0] == "admin" and name == "object_id":
                model = next((m for m in admin.site._registry if m._meta.label_lower == f"{parts[1]}.{parts[2]}"), None)
                thing = self.things.get(model)
                return str(thing.pk) if thing else "0"
            if parts[0] == "admin" and name == "history_id":
                thing = next(
                    (one for one in self.things.values() if one._meta.label_lower == f"{parts[1]}.{parts[2]}"), None
                )
                return str(thing.history.first().pk) if thing and hasattr(thing, "history") else "0"
            if parts[0] == "api":
                return str(self.api.get(parts[2], 0))
            missing = uuid.UUID(int=0) if "uuid" in found.group(0) else 0
            subject = next((part for part in reversed(parts) if part in self.pages), "")
            return str(self.pages.get(name, self.pages.get(subject, missing)))

        return "/" + re.sub(r"<(?:\w+:)?(?P<name>\w+)>", fill, route)


EMPTY = {"", "andon/", "admin/", "admin/search/", "board/", "entries/", "t/"}
"""Pages that say to somebody without a role that there is nothing yet, and why."""


def names_a_thing(route):
    return "<" in route


def outcome(client, method, path):
    body = None if method == "GET" else {"?": 1} if path.startswith("/api/") else None
    answer = client.send(method, path, body)
    where = answer.headers.get("Location", "")
    if answer.status_code in (301, 302):
        return "login" if "/login/" in where else "302"
    return str(answer.status_code)


def cells(kind, own, other, *, wanted=lambda method, route: True):
    """Return what this kind of caller gets at every address that is wanted."""
    client, found = caller(kind, own.site), {}
    for route, callback in access_matrix.routes():
        if "logout" in route or "password" in route:
            continue
        for method in access_matrix.methods_of(route, callback):
            if not wanted(method, route):
                continue
            mine = outcome(client, method, own.address(route))
            cell = f"{mine}/{outcome(client, method, other.address(route))}" if names_a_thing(route) else mine
            found[method, route] = cell
    return found


@pytest.mark.parametrize("kind", CALLERS)
def test_nobody_may_more_or_less_than_the_table_says(kind, request):
    own, other = World("P1"), World("P2")
    if pattern := request.config.getoption("--write-access-matrix"):
        _write(kind, own, other, pattern, request.config.stash.setdefault(COLLECTED, {}))
        return
    found = cells(kind, own, other)
    table = access_matrix.read()
    new = sorted(found.keys() - table.keys())
    gone = sorted(table.keys() - found.keys())
    assert new == [], f"Addresses without a row. {access_matrix.HOW}"
    assert gone == [], f"Rows without an address. {access_matrix.HOW}"
    off = {key: f"{cell} and not {table[key][kind]}" for key, cell in found.items() if cell != table[key][kind]}
    assert off == {}, access_matrix.HOW


COLLECTED = pytest.StashKey()


def _write(kind, own, other, pattern, by_kind):
    """Try what matches the pattern or has no row, and write the table when the last kind of caller has tried."""
    table = access_matrix.read() if access_matrix.TABLE.exists() else {}
    by_kind[kind] = cells(
        kind, own, other, wanted=lambda method, route: (method, route) not in table or re.search(pattern, route)
    )
    if len(by_kind) < len(CALLERS):
        return
    here = {(m, route) for route, callback in access_matrix.routes() for m in access_matrix.methods_of(route, callback)}
    rows = {key: row for key, row in table.items() if key in here}
    for method, route in by_kind["nobody"]:
        rows[method, route] = {"method": method, "address": route} | {k: by_kind[k][method, route] for k in CALLERS}
    access_matrix.write(list(rows.values()), CALLERS)


def test_the_table_itself_lets_nobody_see_another_site_and_strangers_nothing():
    """Whatever is committed: the columns hold to what no difference may change."""
    for (method, address), row in access_matrix.read().items():
        if FREE.match(address):
            continue
        for kind in ("nobody", "no-role", "revoked"):
            if kind == "no-role" and address in EMPTY:
                continue
            own, _, other = row[kind].partition("/")
            assert own != "200" and other != "200", (method, address, kind, row[kind])
        for kind in ("device", "key", *ROLES):
            own, _, other = row[kind].partition("/")
            assert other != "200" or is_common(address), (method, address, kind, row[kind])


def is_common(address):
    """Say whether an address names what belongs to no site, or to whoever asks."""
    return address.startswith(("admin/masterdata/uom/", "admin/<app_label>", "admin/autocomplete"))


def test_every_page_of_the_admin_follows_role_and_site_or_is_for_administrators():
    loose = {model._meta.label for model, one in admin.site._registry.items() if not isinstance(one, BySite)}
    assert loose == {"auth.Group", "auth.User", "axes.AccessAttempt", "axes.AccessFailureLog", "axes.AccessLog"}
