"""A browser that trusts the plant's authority believes its server, and nobody else's."""

import http.client
import ssl
import stat
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from mes.core.tls import make_certificates


def make(folder, *hosts):
    return make_certificates(folder=folder, hosts=hosts, name="Lineside test", now=timezone.now())


@pytest.fixture
def served():
    """Serve one certificate after the other on the loopback address."""
    servers = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args):
            pass

    def serve(made):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(made.certificate, made.key)
        server = HTTPServer(("127.0.0.1", 0), Handler)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        servers.append(server)
        return server.server_address[1]

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def status(port, made, host):
    trust = ssl.create_default_context(cafile=made.authority)
    connection = http.client.HTTPSConnection(host, port, context=trust, timeout=60)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    finally:
        connection.close()


def test_who_trusts_the_authority_believes_the_server(tmp_path, served):
    made = make(tmp_path, "127.0.0.1", "localhost")
    port = served(made)
    assert status(port, made, "127.0.0.1") == status(port, made, "localhost") == 204


def test_a_name_that_is_not_in_the_certificate_is_not_believed(tmp_path, served):
    made = make(tmp_path, "mes.example")
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        status(served(made), made, "127.0.0.1")


def test_another_authority_is_not_believed(tmp_path, served):
    mine, other = make(tmp_path / "mine", "127.0.0.1"), make(tmp_path / "other", "127.0.0.1")
    with pytest.raises(ssl.SSLCertVerificationError):
        status(served(other), mine, "127.0.0.1")


def test_a_new_certificate_keeps_the_authority_that_tablets_trust(tmp_path, served):
    first, second = make(tmp_path, "old.example"), make(tmp_path, "127.0.0.1")
    assert (first.is_new_authority, second.is_new_authority) == (True, False)
    assert first.fingerprint == second.fingerprint
    assert status(served(second), first, "127.0.0.1") == 204


def test_private_keys_are_for_their_owner_only(tmp_path):
    make(tmp_path, "mes.example")
    for name in ("authority.key", "server.key"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_the_command_says_what_to_do_next(tmp_path, capsys):
    call_command("tls", "mes.example", "192.0.2.7", folder=tmp_path)
    said = capsys.readouterr().out
    assert "for mes.example, 192.0.2.7" in said and "--ssl-certificate" in said and "SHA-256" in said


def test_an_address_with_a_scheme_is_refused_in_words(tmp_path):
    with pytest.raises(CommandError, match="without https://"):
        call_command("tls", "https://mes.example", folder=tmp_path)
