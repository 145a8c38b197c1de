"""The folder of messages never shows half a message."""

import threading

import pytest
from kombu import Connection
from kombu.exceptions import ChannelError

from config.celery import app

PAYLOAD = {"ids": list(range(200))}


@pytest.fixture
def options(tmp_path):
    folders = {name: tmp_path / name for name in ("messages", "processed", "control")}
    for folder in folders.values():
        folder.mkdir()
    return {
        "data_folder_in": str(folders["messages"]), "data_folder_out": str(folders["messages"]),
        "processed_folder": str(folders["processed"]), "control_folder": str(folders["control"]),
    }  # fmt: skip


def test_a_consumer_that_looks_while_messages_are_written_gets_every_one_whole(options):
    def write():
        with Connection("filesystem://", transport_options=options) as connection:
            queue = connection.SimpleQueue("nudges")
            for _ in range(300):
                queue.put(PAYLOAD)
            queue.close()

    with Connection("filesystem://", transport_options=options) as connection:
        queue = connection.SimpleQueue("nudges")
        writer = threading.Thread(target=write)
        writer.start()
        for _ in range(300):
            message = queue.get(timeout=120)
            assert message.payload == PAYLOAD
            message.ack()
        writer.join()
        queue.close()


def test_a_message_that_could_not_be_finished_is_no_message(options, monkeypatch):
    def fail(*paths):
        raise OSError("no space left")

    with Connection("filesystem://", transport_options=options) as connection:
        queue = connection.SimpleQueue("unfinished")
        monkeypatch.setattr("config.broker.os.replace", fail)
        with pytest.raises(ChannelError, match="no space"):
            queue.put(PAYLOAD)
        monkeypatch.undo()
        with pytest.raises(queue.Empty):
            queue.get(block=False)
        queue.close()


def test_the_application_uses_it():
    assert app.connection_for_write("filesystem://").transport.__class__.__module__ == "config.broker"
