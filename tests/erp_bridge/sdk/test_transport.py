"""The one place that opens a socket: every way a call can end has its own name."""

import socket
import threading
import time

import pytest

from erp_bridge.sdk import errors
from erp_bridge.sdk.transport import Transport


@pytest.fixture
def erp():
    """A server on a socket whose every answer is written by the test."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answering(behave):
        def serve():
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                behave(connection)

        threading.Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield answering
    listener.close()


def http(body, headers=b""):
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n%s" % (len(body), headers, body)


def test_an_answer_is_returned_whole_with_its_status(erp):
    transport = Transport(erp(lambda line: line.sendall(http(b'{"id": 7}'))))
    assert transport.request("GET", "/x").json() == {"id": 7}


def test_a_refused_connection_was_not_sent():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(errors.NotSent):
        Transport(f"http://127.0.0.1:{port}").request("POST", "/x", content=b"{}")


def test_a_connection_that_is_dropped_after_the_request_is_in_doubt(erp):
    with pytest.raises(errors.OutcomeUnknown):
        Transport(erp(lambda line: None)).request("POST", "/x", content=b"{}")


def test_an_answer_cut_in_the_middle_is_in_doubt(erp):
    address = erp(lambda line: line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"))
    with pytest.raises(errors.OutcomeUnknown):
        Transport(address).request("POST", "/x", content=b"{}")


def test_an_erp_that_drips_bytes_is_given_up_on_at_the_total_deadline(erp):
    def drip(line):
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(900):
            try:
                line.sendall(b".")
            except OSError:
                return
            time.sleep(0.05)

    # "longer" is the deadline's own word: neither the silence between two bytes nor the end of the answer.
    with pytest.raises(errors.OutcomeUnknown, match="longer"):
        Transport(erp(drip), total_seconds=2).request("POST", "/x", content=b"{}")


def test_a_word_that_is_no_address_is_a_matter_of_configuration():
    with pytest.raises(errors.Misconfigured):
        Transport("ftp://erp.example").request("GET", "/x")


def test_what_is_not_json_breaks_the_contract(erp):
    answer = Transport(erp(lambda line: line.sendall(http(b"<html>")))).request("GET", "/x")
    with pytest.raises(errors.BrokenContract):
        answer.json()


def test_the_note_of_a_call_keeps_no_secrets(erp):
    transport = Transport(
        erp(lambda line: line.sendall(http(b'{"token": "s3cret", "ok": true}'))),
        headers={"Authorization": "Bearer s3cret"},
    )
    transport.request("POST", "/login", content=b'{"password": "s3cret", "user": "ana"}')

    (note,) = transport.exchanges
    assert note["status"] == 200
    assert "ana" in note["sent"]
    assert "s3cret" not in str(note)
