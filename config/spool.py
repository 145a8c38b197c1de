"""The message queue in files, as Celery brings it, with one repair: a message appears whole or not at all."""

import os
import uuid
from time import monotonic
from typing import Any

from kombu.transport import filesystem
from kombu.utils.encoding import str_to_bytes
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    """Kombu opens a message's file under its final name and then fills it: a worker that looks in between dies of it."""

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:
        name = f"{round(monotonic() * 1000)}_{uuid.uuid4()}"
        unfinished = os.path.join(self.data_folder_out, f"{name}.part")
        with open(unfinished, "wb") as file:
            file.write(str_to_bytes(dumps(payload)))
        os.replace(unfinished, os.path.join(self.data_folder_out, f"{name}.{queue}.msg"))


class Transport(filesystem.Transport):
    """The transport whose messages are whole."""

    Channel = Channel
