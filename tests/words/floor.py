"""A terminal of a running operation, for the rows of the table."""

import json
import uuid

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from mes.access.models import Membership
from mes.execution.models import OrderComponent
from mes.masterdata import services as masterdata
from mes.material.models import Lot
from tests.factories import make_item, make_person, make_reason, make_work_order


class Floor:
    """A terminal of an operation that can be started, with Anna, who may use it; it answers as the server does."""

    def __init__(self, client):
        self.client = client
        self.order = make_work_order(number="WO-1042")
        self.operation = self.order.operations.get(position=1)
        self.center = self.operation.work_center
        self.anna = make_person(site=self.order.site, number="1007", name="Anna Krüger")
        masterdata.set_pin(person_id=self.anna.pk, pin="2580")
        self.reason = make_reason(site=self.order.site)
        user = User.objects.create_user("device", password="x")
        Membership.objects.create(user=user, site=self.order.site, role="OPERATOR")
        client.force_login(user)

    def post(self, name, body, client=None, **headers):
        url = reverse(f"terminal:{name}", args=[self.center.code])
        return (client or self.client).post(url, json.dumps(body), content_type="application/json", headers=headers)

    def sign_on(self, **proof):
        return self.post("sign-on", proof or {"number": "1007", "pin": "2580"})

    def step_up(self, subject, **proof):
        return self.post("step-up", {"right": "reports:over", "subject": subject} | proof)

    def hand_in(self, photo, **headers):
        url = reverse("documents:hand-in-photo", args=[self.center.code])
        return self.client.post(url, photo, content_type="image/jpeg", **headers)

    def tap(self, action, **payload):
        return {
            "id": str(uuid.uuid4()), "action": action, "payload": {"operation": self.operation.pk} | payload,
            "occurred_at": timezone.now().isoformat(), "person": self.sign_on().json()["token"],
        }  # fmt: skip

    def do(self, action, **payload):
        return self.post("entries", self.tap(action, **payload))

    def run(self):
        assert self.do("start", activity="RUN").status_code == 200

    def good(self, quantity, **payload):
        self.run()
        return self.do("report-good", quantity=quantity, **payload)

    def lot(self, number="S-1", item=None, **given):
        steel = item or make_item(site=self.order.site, number="STEEL", name="Steel", lot_tracked=True)
        values = {"site": steel.site, "item": steel, "number": number, "quantity": 50, "created_at": timezone.now()}
        return Lot.objects.create(**values | given)

    def issue(self, lot, needed=None):
        steel = needed or make_item(site=self.order.site, number="STEEL", name="Steel", lot_tracked=True)
        OrderComponent.objects.create(
            work_order=self.order, operation=self.operation, position=9, item=steel, uom=steel.uom,
            required_quantity=20, backflush=False,
        )  # fmt: skip
        self.run()
        return self.do("issue", item=steel.number, quantity="5", lot=lot)
