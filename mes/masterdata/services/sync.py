"""The one way in which records become rows: read key and hash once, write the differences in bulk, with history."""

import hashlib
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from mes.core.errors import DomainError
from mes.masterdata.models import Provenance, Site
from mes.masterdata.records import Applied

BATCH = 1000
FEW_KEYS = 500
"""Above so many keys it is cheaper to read the whole table's keys and hashes than to send the keys along."""
WRITTEN = ("owner", "external_ids", "synced_at", "content_hash")
"""What is written of every row beside its values."""
VANISH_AT_ONCE = 5
VANISH_SHARE = 5


class TooManyVanished(DomainError):
    """So much is missing on the other side that it looks like a fault there."""

    code = "too_many_vanished"
    title = "Too much would become inactive"


class Missing(LookupError):
    """A record names something that is not here yet: ``kind:key``."""


@dataclass
class Row:
    """A record that found everything it names. ``key`` is in the order of the model's key fields.

    What ``values`` does not say stays as it is stored; of a new row it is the model's default.
    """

    key: tuple[Hashable, ...]
    values: dict[str, Any]
    digest: str
    external_id: str = ""
    children: Any = field(default=None)


def digest(record: Any) -> str:
    """Return the hash by which an unchanged record is known."""
    return hashlib.sha256(repr(record).encode()).hexdigest()


def clock(now: datetime | None) -> datetime:
    """Return the caller's time, or the clock's for a caller that has none."""
    return now or timezone.now()


class Index:
    """Ids by key, read once for a page; asking for what is not there parks the record."""

    def __init__(self, kind: str, pairs: Iterable[tuple[Hashable, int]]) -> None:
        self.kind = kind
        self._ids = dict(pairs)

    def __getitem__(self, key: Any) -> int:
        """:raises Missing: naming what to wait for."""
        try:
            return self._ids[key]
        except KeyError:
            name = key[-1] if isinstance(key, tuple) else key
            raise Missing(f"{self.kind}:{name}") from None

    def __contains__(self, key: object) -> bool:
        return key in self._ids


def site_index(codes: Iterable[str]) -> Index:
    """Return the ids of sites by code."""
    return Index("site", Site.objects.filter(code__in=set(codes)).values_list("code", "id"))


def index_by_site(
    kind: str, model: type[Any], keys: Collection[tuple[str, str]], *, attribute: str = "number"
) -> Index:
    """Return the ids of a model's rows by (site code, number); ``keys`` are those that will be asked for."""
    rows = model.objects.filter(site__code__in={site for site, _ in keys})
    numbers = {number for _, number in keys}
    if len(numbers) <= FEW_KEYS:
        rows = rows.filter(**{f"{attribute}__in": numbers})
    return Index(kind, (((site, number), pk) for site, number, pk in rows.values_list("site__code", attribute, "pk")))


def sort_out(records: Sequence[Any], make_row: Callable[[Any], Row], *, key: str) -> tuple[list[Row], Applied]:
    """Return the rows of the records that found all they name, the last of each key, and what is parked."""
    applied = Applied()
    rows: dict[tuple[Hashable, ...], Row] = {}
    for record in records:
        try:
            row = make_row(record)
        except Missing as missing:
            applied.parked.append((getattr(record, key), str(missing)))
        else:
            rows[row.key] = row
    return list(rows.values()), applied


def write(
    model: type[Any], rows: Sequence[Row], *, key_fields: Sequence[str], owner: str, now: datetime
) -> tuple[Applied, list[tuple[Any, Row]]]:
    """Write what differs and return the counts, and each written object with its row (for its children).

    ``rows`` have distinct keys. Call in a transaction.
    """
    if not rows:
        return Applied(), []
    stored = _stored(model, rows, key_fields)
    new: list[tuple[Any, Row]] = []
    changed: list[tuple[Any, Row]] = []
    unchanged = 0
    for row in rows:
        known = stored.get(row.key)
        ids = dict(known[2]) if known else {}
        if owner and row.external_id:
            ids[owner] = row.external_id
        if known and known[0] not in ("", owner):
            unchanged += 1
            if ids != known[2]:
                _remember_id(model, key_fields, row, ids)
        elif known and known[0] == owner and known[1] == row.digest and ids == known[2]:
            unchanged += 1
        else:
            instance = model(
                **dict(zip(key_fields, row.key, strict=True)), **row.values,
                owner=owner, external_ids=ids, synced_at=now, content_hash=row.digest,
            )  # fmt: skip
            (changed if known else new).append((instance, row))
    written = [*new, *changed]
    if written:
        said = dict.fromkeys(name for _, row in written for name in row.values)
        whole = _whole(model, [row for _, row in changed], key_fields)
        _keep(changed, whole, said)
        model.objects.bulk_create(
            [instance for instance, _ in written],
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=list(key_fields),
            update_fields=[*said, *WRITTEN],
        )
        # History writes whole rows, and what is ours beside what the owner says belongs to them.
        columns = {field.attname for field in model._meta.concrete_fields if not field.primary_key}
        _keep(changed, whole, columns - set(said) - set(WRITTEN))
        for batch, update in ((new, False), (changed, True)):
            model.history.bulk_history_create(
                [instance for instance, _ in batch],
                batch_size=BATCH,
                update=update,
                default_change_reason=f"from {owner}" if owner else "",
                default_date=now,
            )
    return Applied(created=len(new), changed=len(changed), unchanged=unchanged), written


def _whole(model: type[Any], rows: Sequence[Row], key_fields: Sequence[str]) -> dict[tuple[Hashable, ...], Any]:
    """Return what is stored of these rows, locked, by key."""
    found: dict[tuple[Hashable, ...], Any] = {}
    for start in range(0, len(rows), FEW_KEYS):
        names = {row.key[-1] for row in rows[start : start + FEW_KEYS]}
        some = model.objects.select_for_update().filter(**{f"{key_fields[-1]}__in": names}).order_by("pk")
        found |= {tuple(getattr(each, name) for name in key_fields): each for each in some}
    return found


def _keep(changed: Sequence[tuple[Any, Row]], whole: dict[tuple[Hashable, ...], Any], columns: Iterable[str]) -> None:
    """Give the instances these columns as they are stored, where their row does not say them."""
    for name in columns:
        for instance, row in changed:
            if name not in row.values:
                setattr(instance, name, getattr(whole[row.key], name))


def _stored(
    model: type[Any], rows: Sequence[Row], key_fields: Sequence[str]
) -> dict[tuple[Hashable, ...], tuple[str, str, dict[str, str]]]:
    found = model.objects.all()
    if len(rows) <= FEW_KEYS:
        found = found.filter(**{f"{key_fields[-1]}__in": {row.key[-1] for row in rows}})
    width = len(key_fields)
    values = found.values_list(*key_fields, "owner", "content_hash", "external_ids")
    return {tuple(value[:width]): value[width:] for value in values.iterator(chunk_size=5000)}


def _remember_id(model: type[Any], key_fields: Sequence[str], row: Row, ids: dict[str, str]) -> None:
    instance = model.objects.get(**dict(zip(key_fields, row.key, strict=True)))
    instance.external_ids = ids
    instance.save(update_fields=["external_ids"])


def replace_children(model: type[Any], *, parent: str, wanted: dict[int, list[Any]], values: Sequence[str]) -> None:
    """Make the child rows of each parent id equal the wanted ones; a parent whose children are equal is not touched."""
    existing: dict[int, list[tuple[Any, ...]]] = {pk: [] for pk in wanted}
    for pk, *stored in model.objects.filter(**{f"{parent}__in": list(wanted)}).values_list(parent, *values):
        existing[pk].append(_comparable(stored))
    differing = [
        pk
        for pk, children in wanted.items()
        if sorted(existing[pk]) != sorted(_comparable(getattr(child, v) for v in values) for child in children)
    ]
    model.objects.filter(**{f"{parent}__in": differing}).delete()
    model.objects.bulk_create([child for pk in differing for child in wanted[pk]], batch_size=BATCH)


def _comparable(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(f"{v.normalize():f}" if isinstance(v, Decimal) else str(v) for v in values)


@transaction.atomic
def vanish(
    model: type[Provenance], present: Collection[Any], *, key_fields: Sequence[str], owner: str, now: datetime
) -> int:
    """Make inactive what ``owner`` owns and no longer has, and return how many; nothing is ever deleted.

    :raises TooManyVanished: more than a fifth, and more than five, would go at once; nothing was changed.
    """
    present = set(present)
    active = model.objects.filter(owner=owner, active=True)  # type: ignore[attr-defined]
    keyed = {
        value[0]: "/".join(map(str, value[1:]))
        for value in active.values_list("pk", *key_fields).iterator(chunk_size=5000)
    }
    gone = [pk for pk, key in keyed.items() if key not in present]
    check_vanishing(len(gone), of=len(keyed), what=str(model._meta.verbose_name_plural), owner=owner)
    instances = []
    for start in range(0, len(gone), FEW_KEYS):
        instances += list(model.objects.filter(pk__in=gone[start : start + FEW_KEYS]))  # type: ignore[attr-defined]
    for instance in instances:
        instance.active = False
        instance.content_hash = ""
        instance.synced_at = now
    if instances:
        model.objects.bulk_create(  # type: ignore[attr-defined]
            instances, batch_size=BATCH, update_conflicts=True, unique_fields=["pk"],
            update_fields=["active", "content_hash", "synced_at"],
        )  # fmt: skip
        model.history.bulk_history_create(  # type: ignore[attr-defined]
            instances, batch_size=BATCH, update=True, default_change_reason=f"gone from {owner}", default_date=now
        )
    return len(instances)


def check_vanishing(gone: int, *, of: int, what: str, owner: str) -> None:
    """Refuse when so much is missing that it looks like a fault on the other side.

    :raises TooManyVanished: more than a fifth, and more than five.
    """
    if gone > max(VANISH_AT_ONCE, of // VANISH_SHARE):
        raise TooManyVanished(
            f"{gone} of {of} {what} are missing in {owner}. That looks like a fault there, so nothing was changed. "
            "Check the ERP, then deactivate them by hand."
        )
