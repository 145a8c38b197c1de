"""Who may do what where, for apps that lie below the one that knows: ``mes.access`` answers (see its ``apps.py``)."""

from typing import Any, Protocol


class Knows(Protocol):
    """What ``mes.access`` tells: rights of signed-in people, site by site."""

    def may(self, user: Any, right: str, site: str) -> bool:
        """Say whether the person has the right at the site (by code)."""
        ...

    def sites_with(self, user: Any, right: str) -> frozenset[str] | None:
        """Return the codes of the sites at which the person has the right; None for every site there will ever be."""
        ...


class _Above:
    knows: Knows | None = None


def tell_rights(knows: Knows) -> None:
    """Let the apps below ask. From ``ready`` only."""
    _Above.knows = knows


def may(user: Any, right: str, site: str) -> bool:
    """Say whether the person has the right at the site (by code); nobody may anything where no app knows."""
    return _Above.knows is not None and _Above.knows.may(user, right, site)


def sites_with(user: Any, right: str) -> frozenset[str] | None:
    """Return the codes of the sites at which the person has the right, or None for every site."""
    return _Above.knows.sites_with(user, right) if _Above.knows is not None else frozenset()
