"""Who may be told who did something: at a site in privacy mode nobody is. What is said instead is decided here, once.

The rule (docs/adr/0018): a fact names its person by foreign key or, where a desk or a PIN signed it, by text. Whoever
reads facts is told a pseudonym (where machines read) or “somebody” (where people read). Exceptions are made where they
are needed, and nowhere else: one's own entries at the terminal, and a supervisor who must put something right.
``mes.masterdata`` knows the people (see its ``apps.py``).
"""

import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, reduce
from typing import Any, Protocol

from django.apps import apps
from django.db.models import CharField, Model, Q
from django.utils.translation import gettext as _

from mes.core.event import Event

BELIEVED_SECONDS = 3.0
"""How long other processes may go on as before when a site's privacy policy was changed."""
_SIGNS = re.compile(r"person|by|\w+_by")
"""The fields that name a person, or an account."""


class Knows(Protocol):
    """What ``mes.masterdata`` tells: which sites are in privacy mode, who works there, and by what name they go."""

    def sites_in_privacy(self) -> Mapping[int, str]:
        """Return the codes of sites in privacy mode by their keys."""
        ...

    def is_personnel_number(self, *, site: str, text: str) -> bool:
        """Say whether it is, or was, somebody's number at the site (and not the name of an account)."""
        ...

    def is_pseudonym(self, text: str) -> bool:
        """Say whether it is a pseudonym."""
        ...

    def pseudonym_of(self, *, site: str, number: str) -> str:
        """Return by what name a person of a site in privacy mode is told of."""
        ...


class _Above:
    knows: Knows | None = None
    private: tuple[float, Mapping[int, str]] = (0.0, {})
    lock = threading.Lock()


def tell_persons(knows: Knows) -> None:
    """Let the apps below ask. From ``ready`` only."""
    _Above.knows = knows


def private_sites() -> Mapping[int, str]:
    """Return the codes of the sites in privacy mode by their keys; asked of the database every few seconds."""
    until, known = _Above.private
    if until > time.monotonic() or _Above.knows is None:
        return known
    known = dict(_Above.knows.sites_in_privacy())
    with _Above.lock:
        _Above.private = (time.monotonic() + BELIEVED_SECONDS, known)
    return known


def forget() -> None:
    """Ask anew in this process, since a policy was changed here."""
    with _Above.lock:
        _Above.private = (0.0, {})


def somebody() -> str:
    """Return what pages say in place of a name."""
    return _("Somebody")


def told_number(number: str, *, site_id: int) -> str:
    """Return under which number a person of the site is told of: their own, or in privacy mode their pseudonym."""
    site = private_sites().get(site_id)
    if site is None or _Above.knows is None:
        return number
    return _Above.knows.pseudonym_of(site=site, number=number)


def told_text(text: str, *, site: str) -> str:
    """Return what is told of who signed something at a site: in privacy mode a pseudonym for a personnel number.

    The name of an account stays: what is decided at a desk is signed.
    """
    if not text or _Above.knows is None or site not in private_sites().values():
        return text
    return _Above.knows.pseudonym_of(site=site, number=text) if _is_number(site, text) else text


def told_event(data: Mapping[str, Any], *, site: str) -> dict[str, Any]:
    """Return what an event says, with pseudonyms for the persons of a site in privacy mode.

    What is sealed or sent cannot be taken back, so it is written like this from the start.
    """
    told = dict(data)
    if site in private_sites().values():
        for name, value in data.items():
            if isinstance(value, str) and _SIGNS.fullmatch(name):
                told[name] = told_text(value, site=site)
    return told


def told_subject(subject: str, *, site: str, kind: str) -> str:
    """Return what is told of the subject of an event of this kind, where it may be somebody's number."""
    if site not in private_sites().values():
        return subject
    if subject.startswith("person/"):
        return f"person/{told_text(subject.removeprefix('person/'), site=site)}"
    return told_text(subject, site=site) if kind in _kinds_about_people() else subject


@cache
def _kinds_about_people() -> frozenset[str]:
    return frozenset(event.kind() for event in Event.__subclasses__() if event.about_a_person)


def _is_number(site: str, text: str) -> bool:
    return _Above.knows is not None and _Above.knows.is_personnel_number(site=site, text=text)


@dataclass(frozen=True)
class Naming:
    """What a model says, as ``NAMES``, of when the persons in its rows are forgotten; which fields name them is seen.

    ``at`` is the moment that makes a row old, ``site`` the way to its site. What is not ``settled`` is left until it is.
    ``stamp`` is a field that says when a row's persons were forgotten. A model of people, and not of what they did, has
    ``NAMES = None``.
    """

    at: str = "recorded_at"
    site: str = "site"
    settled: Q = Q()
    stamp: str = ""


@dataclass(frozen=True)
class Named:
    """Where the rows of a model name persons: by foreign key, and in texts that may hold a personnel number."""

    model: type[Model]
    persons: tuple[str, ...]
    texts: tuple[str, ...]
    rule: Naming


@cache
def named_in(model: type[Model]) -> Named | None:
    """Return where rows of the model name persons, or None where they name nobody."""
    rule = getattr(getattr(model, "instance_type", model), "NAMES", Naming())  # a history names whom its rows named
    fields = [field for field in model._meta.concrete_fields if _SIGNS.fullmatch(field.name)]
    texts = tuple(field.name for field in fields if isinstance(field, CharField))
    people = tuple(field.name for field in model._meta.concrete_fields if _is_person(field))
    if rule is None or not (people or texts):
        return None
    return Named(model, people, texts, rule)


def all_named() -> list[Named]:
    """Return every model whose rows name persons."""
    return [found for model in apps.get_models() if (found := named_in(model)) is not None]


def told_sign(row: Any, name: str) -> str:
    """Return what a row's text tells of who signed it: as it stands, or in privacy mode a pseudonym for a number."""
    text = str(getattr(row, name))
    if not text or not private_sites():
        return text
    return told_text(text, site=_site_of(row).code)


def shown(row: Any, name: str) -> str:
    """Return what a page shows of who is named in a row's field: a name, an account, “somebody”, or "" for nobody."""
    held = getattr(row, name)
    if not isinstance(held, str):
        return held.told_name if held is not None else ""
    return held if told_sign(row, name) == held and not _is_pseudonym(held) else somebody()


def veil(row: Any) -> Any:
    """Take the persons out of a row as it is in memory, for pages that show whatever a row holds; it must not be saved.

    Where the site is not in privacy mode the row stays as it is.
    """
    named = _named(row)
    if named is None or not private_sites() or _site_of(row).pk not in private_sites():
        return row
    for name in named.persons:
        if (person := getattr(row, name)) is not None:
            person.number, person.name = person.told_number, somebody()
    for name in named.texts:
        setattr(row, name, told_sign(row, name))
    return row


def _named(row: Any) -> Named | None:
    model: type[Model] = type(row)
    return named_in(model)


def _site_of(row: Any) -> Any:
    named = _named(row)
    return reduce(getattr, named.rule.site.split("__") if named else ["site"], row)


def _is_pseudonym(text: str) -> bool:
    return _Above.knows is not None and _Above.knows.is_pseudonym(text)


def _is_person(field: Any) -> bool:
    return field.is_relation and field.related_model._meta.label == "masterdata.Person"
