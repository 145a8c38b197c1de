"""What this app plugs into the terminal: the documents that count for the job at hand, and photos of what was found."""

from typing import Any

from django.utils.translation import gettext as _

from mes.documents import queries, services
from mes.execution.panels import looked_at, operation_of
from mes.terminal.panels import Action, Panel, Place, Tap


class DocumentsPanel(Panel):
    """What the job is done by: each document in a sheet as large as the screen; what must be read says so."""

    key = "documents"
    zone = "side"
    order = 3
    template = "documents/terminal/documents.html"

    def context(self, place: Place) -> dict[str, Any]:
        job = looked_at(place)["job"]
        rows = queries.shown_at(place.work_center, job.operation if job else None)
        return {"rows": rows, "job": job}


class Read(Action):
    """Somebody has read a document."""

    key = "read"

    def apply(self, tap: Tap) -> str:
        assert tap.person is not None
        services.confirm_reading(
            confirmation_id=tap.id,
            revision_id=tap.number("revision"),
            operation=operation_of(tap) if tap.text("operation", needed=False) else None,
            work_center=tap.work_center,
            person=tap.person,
            occurred_at=tap.at,
            now=tap.now,
        )
        return _("saved")


class TakePhoto(Action):
    """A photo of something that was entered just before; its pixels were handed in first and are named by their digest."""

    key = "photo"

    def apply(self, tap: Tap) -> str:
        services.take_photo(
            photo_id=tap.id,
            about=tap.text("about"),
            subject=tap.uuid("of"),
            digest=tap.text("file", needed=False),
            work_center=tap.work_center,
            person=tap.person,
            occurred_at=tap.at,
            now=tap.now,
        )
        return _("photo saved")


PANELS = (DocumentsPanel,)
ACTIONS = (Read, TakePhoto)
