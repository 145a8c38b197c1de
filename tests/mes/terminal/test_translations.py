"""What planners translated is read in the language of the terminal; what they did not is the source, and says so calmly."""

import uuid

import pypdfium2
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from mes.access.models import Membership
from mes.core import live
from mes.equipment import services as equipment
from mes.execution.services import hold_work_order
from mes.masterdata.models import Site
from mes.terminal.views import shell
from tests.factories import make_reason
from tests.mes.documents.helpers import make_document, make_revision
from tests.words.floor import Floor

pytestmark = pytest.mark.django_db
DE = {"name": {"de": "Grat <b>"}}


@pytest.fixture
def floor(client):
    live.forget()
    shell._centers.kept.clear()
    made = Floor(client)
    Site.objects.update(language="en")
    return made


def panels(floor, language):
    """Return what the terminal shows, and how many questions it took."""
    live.forget()
    with CaptureQueriesContext(connection) as asked:
        answer = floor.client.get(
            reverse("terminal:state", args=[floor.center.code]) + f"?job={floor.operation.pk}",
            headers={"Accept-Language": language},
        )
    return answer.json()["panels"], len(asked)


def test_a_reason_is_read_in_the_terminal_s_language_and_else_says_in_which_it_is(floor):
    floor.run()
    make_reason(site=floor.order.site, code="DENT", name="Dent")
    before = panels(floor, "de")
    floor.reason.translations = DE
    floor.reason.save()
    said, asked = panels(floor, "de")
    shown = "".join(said.values())
    assert "<bdi>Grat &lt;b&gt;</bdi>" in shown and 'data-usual="Grat &lt;b&gt;"' in shown
    assert '<bdi>Dent</bdi></b> <span class="written-in">EN</span>' in shown
    assert "Burr" not in shown
    # It costs no question, and in the language of the source nothing is marked.
    assert asked == before[1]
    english = "".join(panels(floor, "en")[0].values())
    assert "Burr" in english and "written-in" not in english and "Grat" not in english
    assert "Burr" in "".join(panels(floor, "es")[0].values())


def test_where_nobody_said_what_language_the_site_writes_nothing_is_marked(floor):
    Site.objects.update(language="")
    shell._centers.kept.clear()
    floor.run()
    assert "written-in" not in "".join(panels(floor, "ko")[0].values())


def test_stops_holds_and_documents_are_told_in_the_terminal_s_language(floor):
    floor.run()
    site, unit = floor.order.site, floor.center.work_units.first()
    make_reason(site=site, kind="STOP", code="TOOL", name="Tool break", translations={"name": {"de": "Bruch"}})
    make_reason(site=site, kind="HOLD", code="ASK", name="Question open", translations={"name": {"de": "Frage offen"}})
    document = make_document(
        site, places=[floor.order.item], title="Clamping", translations={"title": {"de": "Spannen"}}
    )
    revision = make_revision(document, steps="Clamp it.\nTurn it.", released=True)
    type(revision).objects.filter(pk=revision.pk).update(
        translations={"steps": {"de": "Spannen.\nDrehen.", "es": "Fija."}}
    )
    now = timezone.now()
    equipment.report_stop(
        entry_id=uuid.uuid4(), work_unit_id=unit.pk, person=None, occurred_at=now,
        now=now, reason="TOOL",
    )  # fmt: skip
    hold_work_order(work_order_id=floor.order.pk, reason="ASK", note="", by="lead", now=now)
    said, _asked = panels(floor, "de")
    assert "<bdi>Bruch</bdi>" in said["machines"] and "Tool break" not in said["machines"]
    assert "<bdi>ASK</bdi> <bdi>Frage offen</bdi>" in said["job"]
    assert "Spannen" in said["documents"] and "<bdi>Drehen.</bdi>" in said["documents"]
    assert "Turn it." not in said["documents"] and "written-in" not in said["documents"]
    korean = panels(floor, "ko")[0]["documents"]
    assert korean.count('<span class="written-in">EN</span>') == 3  # the title twice, and the steps


def test_a_printed_sheet_of_reasons_is_in_the_language_that_is_asked_for(floor, client):
    lead = User.objects.create_user("lead", password="x")
    Membership.objects.create(user=lead, site=floor.order.site, role="SUPERVISOR")
    client.force_login(lead)
    floor.reason.translations = {"name": {"de": "Grat"}}
    floor.reason.save()
    make_reason(site=floor.order.site, code="DENT", name="Dent")
    sheet = reverse("terminal:reasons")
    page = client.get(sheet + "?language=de").content.decode()
    assert "<b><bdi>Grat</bdi></b>" in page and '<bdi>Dent</bdi> <span class="written-in">EN</span>' in page
    assert 'href="?form=pdf&amp;language=de"' in page
    source = client.get(sheet).content.decode()
    assert "<bdi>Burr</bdi>" in source and "written-in" not in source
    assert client.get(sheet + "?language=x%00y").status_code == 200
    paper = pypdfium2.PdfDocument(client.get(sheet + "?form=pdf&language=de").content)
    text = "".join(one.get_textpage().get_text_bounded() for one in paper)
    assert "Grat" in text and "Dent (EN)" in text


def test_a_planner_enters_translations_in_the_admin_also_of_a_reason_that_an_erp_owns(floor, client):
    planner = User.objects.create_user("planner", is_staff=True)
    Membership.objects.create(user=planner, site=floor.order.site, role="PLANNER")
    client.force_login(planner)
    floor.reason.owner, floor.reason.translations = "erp", {"name": {"ko": "버"}}
    floor.reason.save()
    page = reverse("admin:masterdata_reasoncode_change", args=[floor.reason.pk])
    form = client.get(page).content.decode()
    assert '<span class="text-xs">Name – Deutsch</span>' in form and 'value="버"' in form
    said = {"translations_name_de": " Grat ", "translations_name_ko": "", "translations_name_ar": "نتوء"}
    assert client.post(page, said).status_code == 302
    floor.reason.refresh_from_db()
    assert floor.reason.translations == {"name": {"de": "Grat", "ar": "نتوء"}}
    assert floor.reason.history.first().translations == floor.reason.translations
    answer = client.post(page, {"translations_name_de": "x" * 201})
    assert answer.status_code == 200 and "at most 200" in answer.content.decode()
    here = reverse("admin:masterdata_site_change", args=[floor.order.site.pk])
    site = client.get(here).context["adminform"].form.initial
    values = {name: value for name, value in site.items() if value is not None and value is not False}
    assert client.post(here, values | {"language": "tlh"}).status_code == 200
    assert client.post(here, values | {"language": "de"}).status_code == 302
    assert Site.objects.get().language == "de"
