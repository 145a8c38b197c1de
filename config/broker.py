"""The broker of one machine: kombu's folder of messages, in which a message appears only when it is whole."""

import os
import uuid
from time import monotonic
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.encoding import str_to_bytes
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    """Kombu's channel writes a message where consumers look, and one that looks in that moment dies of an empty file."""

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]  # kombu has none
        """Write the message under a name that no consumer takes, then give it its own in one step."""
        name = f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        path = os.path.join(self.data_folder_out, name)
        try:
            with open(f"{path}.part", "wb") as file:
                file.write(str_to_bytes(dumps(payload)))
            os.replace(f"{path}.part", path)
        except OSError as error:
            raise ChannelError(f"Cannot add {name!r} to the folder of messages: {error}") from error


class Transport(filesystem.Transport):
    """Kombu's ``filesystem://`` with whole messages."""

    Channel = Channel


def install() -> None:
    """Let ``filesystem://`` mean this transport, in every process that has the Celery application."""
    TRANSPORT_ALIASES["filesystem"] = "config.broker:Transport"
