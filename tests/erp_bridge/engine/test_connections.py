"""Settings, secrets, addresses, and what is kept of what was said."""

import json

import pytest
from cryptography.fernet import Fernet
from django.test import override_settings

from erp_bridge.engine import addresses, connections, vault
from erp_bridge.sdk.errors import Misconfigured
from mes.core.errors import InvalidInput
from tests.erp_bridge.engine.plant import Memory


class TestVault:
    def test_what_is_sealed_is_opened_and_not_readable(self):
        sealed = vault.seal({"password": "hunter2"}, owner="erp")
        assert "hunter2" not in sealed
        assert vault.unseal(sealed, owner="erp") == {"password": "hunter2"}
        assert vault.seal({}, owner="erp") == ""
        assert vault.unseal("", owner="erp") == {}

    def test_secrets_that_were_copied_to_another_row_do_not_open(self):
        with pytest.raises(vault.CannotOpen, match="another one"):
            vault.unseal(vault.seal({"password": "x"}, owner="erp"), owner="other")

    def test_keys_are_rotated_newest_first(self):
        old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
        with override_settings(LINESIDE_FIELD_KEYS=[old]):
            sealed = vault.seal({"password": "x"}, owner="erp")
        with override_settings(LINESIDE_FIELD_KEYS=[new, old]):
            resealed = vault.reseal(sealed)
        with override_settings(LINESIDE_FIELD_KEYS=[new]):
            assert vault.unseal(resealed, owner="erp") == {"password": "x"}
            with pytest.raises(vault.CannotOpen, match="another key"):
                vault.unseal(sealed, owner="erp")


class TestAddresses:
    @pytest.mark.parametrize("url", ["http://127.0.0.1:8069", "https://10.1.2.3/odata", "http://[::1]:8000"])
    def test_an_erp_may_be_in_the_building(self, url):
        addresses.check(url)

    @pytest.mark.parametrize(
        "url",
        [
            "http://169.254.169.254/latest/meta-data", "http://[fe80::1]/", "http://0.0.0.0/", "http://0/", "ftp://erp/",
            "file:///etc/passwd", "http://a@b/", "http://user:pw@erp/", "http://", "gopher://x", "http://[::ffff:169.254.169.254]/",
            "http://2852039166/", "http://x:99999/", "http://224.0.0.1/",
        ],
    )  # fmt: skip
    def test_the_machine_room_is_refused(self, url):
        with pytest.raises(Misconfigured):
            addresses.check(url)

    def test_a_name_that_does_not_resolve_is_left_to_the_call(self):
        addresses.check("http://no-such-host.invalid/")


@pytest.mark.django_db
class TestConnections:
    @pytest.fixture(autouse=True)
    def _plug(self, erp):
        pass

    def test_settings_and_secrets_go_where_they_belong(self):
        values = {"url": "http://127.0.0.1:1", "password": "s3cret"}
        connection = connections.create(name="a", site="MAIN", connector="memory", values=values)
        assert connection.settings == {"url": "http://127.0.0.1:1"}
        assert connections.open_connector(connection).settings["password"] == "s3cret"
        changed = connections.create(name="a", site="MAIN", connector="memory", values={"password": ""})
        assert connections.open_connector(changed).settings["password"] == "s3cret"

    def test_an_unknown_kind_of_erp_is_refused_with_those_that_there_are(self):
        with pytest.raises(InvalidInput, match="memory"):
            connections.create(name="a", site="MAIN", connector="sap9", values={})

    def test_an_address_that_is_not_allowed_never_gets_a_connector(self):
        connection = connections.create(name="a", site="MAIN", connector="memory", values={"url": "http://169.254.1.1"})
        with pytest.raises(Misconfigured, match="not allowed"):
            connections.open_connector(connection)


class TestWhatIsKept:
    def test_secrets_are_struck_out_and_long_answers_shortened(self):
        connector = Memory({"url": "x", "password": 'p"ss-word'})
        connector.exchanges.extend(
            {"request": "POST /x", "sent": json.dumps({"note": 'p"ss-word'}), "answer": "a" * 5000, "seconds": 0.1}
            for _ in range(5)
        )
        kept = connections.recorded(connector)
        assert len(kept.encode()) <= connections.KEPT_BYTES
        assert "ss-word" not in kept
        assert len(json.loads(kept)) == 5

    def test_nothing_said_is_nothing_kept(self):
        assert connections.recorded(Memory({})) == ""
