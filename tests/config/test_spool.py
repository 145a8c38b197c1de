"""The file queue of the embedded mode: what a worker finds there is whole."""

import threading
from pathlib import Path

from kombu import Connection


def _queue_in(folder: Path) -> Connection:
    for name in ("messages", "processed", "control"):
        (folder / name).mkdir(exist_ok=True)
    options = {
        "data_folder_in": str(folder / "messages"),
        "data_folder_out": str(folder / "messages"),
        "processed_folder": str(folder / "processed"),
        "control_folder": str(folder / "control"),
    }
    return Connection("filesystem://", transport="config.spool:Transport", transport_options=options)


def test_a_reader_that_never_rests_finds_every_message_and_each_of_them_whole(tmp_path: Path) -> None:
    sent = [{"number": number, "filling": "x" * 2000} for number in range(300)]

    def write() -> None:
        with _queue_in(tmp_path) as connection, connection.SimpleQueue("nudges") as queue:
            for message in sent:
                queue.put(message)

    writer = threading.Thread(target=write)
    writer.start()
    found = []
    with _queue_in(tmp_path) as connection, connection.SimpleQueue("nudges") as queue:
        while len(found) < len(sent):
            message = queue.get(timeout=10)
            found.append(message.payload)
            message.ack()
    writer.join()
    assert sorted(each["number"] for each in found) == list(range(300))
    assert list((tmp_path / "messages").iterdir()) == []
