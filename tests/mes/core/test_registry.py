"""A registry refuses strangers and duplicates at the door."""

import pytest

from mes.core.registry import Registry


class Plug:
    key = ""


class Lamp(Plug):
    key = "lamp"


class OtherLamp(Plug):
    key = "lamp"


@pytest.fixture
def plugs():
    return Registry(Plug)


def test_entries_are_found_by_key_in_the_order_they_came(plugs):
    plugs.add(Lamp)
    plugs.add(Lamp)

    assert plugs["lamp"] is Lamp
    assert list(plugs) == [Lamp]
    assert "lamp" in plugs


@pytest.mark.parametrize(("entry", "complaint"), [(int, TypeError), (Plug, ValueError), (object(), TypeError)])
def test_strangers_and_the_nameless_are_refused(plugs, entry, complaint):
    with pytest.raises(complaint):
        plugs.add(entry)


def test_a_taken_key_is_refused(plugs):
    plugs.add(Lamp)
    with pytest.raises(ValueError, match="taken"):
        plugs.add(OtherLamp)
