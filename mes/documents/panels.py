"""What this app plugs into the terminal: photos of what was found or left."""

from django.utils.translation import gettext as _

from mes.documents import services
from mes.terminal.panels import Action, Tap


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


ACTIONS = (TakePhoto,)
