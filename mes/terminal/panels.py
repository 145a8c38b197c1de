"""What apps plug into the terminal: panels it shows, taps it understands, and what the ERP says about a report.

An app writes its panels and actions in its own ``panels.py`` and registers them in ``apps.py: ready()``::

    class JobPanel(Panel):
        key = "job"
        zone = "job"
        template = "execution/terminal/job.html"

        def context(self, place): ...

    panels.add(JobPanel())
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.formats import date_format, get_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mes.core import gs1
from mes.core.errors import DomainError, InvalidInput, NotFound
from mes.core.registry import Registry
from mes.masterdata.models import Person, Site, WorkCenter

NUMBER = re.compile(r"[+-]?[0-9]+([.][0-9]*)?([eE][+]?[0-9]{1,3})?")

ZONES = ("bar", "job", "pad", "next", "side", "shift")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a terminal stands and what it looks at: ``job`` is the chosen job as the pad's owner writes it, or ""."""

    work_center: WorkCenter
    job: str
    now: datetime
    shared: dict[str, Any] = field(default_factory=dict, compare=False)
    """What one panel looked up and others show too, within one drawing of the terminal."""


class TextInvalid(InvalidInput):
    """What should be a text is none."""

    code = "text_invalid"


class TextTooLong(InvalidInput):
    """A text is longer than anybody writes."""

    code = "note_too_long"


class TextControl(InvalidInput):
    """A text holds signs that turn or hide what one reads."""

    code = "text_control"


class QuantityMissing(InvalidInput):
    """No quantity was entered."""

    code = "qty_missing"


class QuantityZero(InvalidInput):
    """An entry says something."""

    code = "qty_zero"


class QuantityNegative(InvalidInput):
    """An entry adds; undoing it takes away."""

    code = "qty_negative"


class QuantityAmbiguous(InvalidInput):
    """A comma that parts thousands for one reader and decimals for another."""

    code = "qty_ambiguous"


class QuantityFormat(InvalidInput):
    """What was entered is no number in digits."""

    code = "qty_format"


class BarcodeFormat(InvalidInput):
    """A label that is marked as GS1 breaks its rules."""

    code = "barcode_format"


class LabelExpired(DomainError):
    """By the label itself the material may not be used any more."""

    code = "lot_blocked"
    title = gettext_lazy("The lot may not be used")


@dataclass(frozen=True)
class Shortcut:
    """A button that always stands under the pad and opens a panel's sheet; ``why`` says why the sheet is not there just now."""

    key: str
    sheet: str
    icon: str
    words: str | Promise
    why: str | Promise = ""
    hotkey: str = ""


class Panel:
    """A part of the terminal, drawn by the server and swapped only when it changed.

    ``zone`` is where it stands: ``bar`` (state, one panel), ``job``, ``pad``, ``next``, ``side`` or ``shift`` (along the
    bottom). A template may hold
    ``<dialog id="sheet-NAME">``, which ``data-sheet="NAME"`` opens. Nothing in it may depend on who looks.
    """

    key: ClassVar[str] = ""
    zone: ClassVar[str] = "side"
    order: ClassVar[int] = 50
    template: ClassVar[str] = ""
    shortcut: ClassVar[Shortcut | None] = None

    def context(self, place: Place) -> dict[str, Any]:
        """Return what the template shows. ``bar_state`` in it colors the terminal's bar (run, setup, down, idle)."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Tap:
    """One thing a person did at a terminal, as it arrived. ``id`` was made there and is the same on every retry."""

    id: UUID
    work_center: WorkCenter
    payload: dict[str, Any]
    person: Person | None
    at: datetime
    """When it happened, by the terminal's claim; never later than now."""
    now: datetime
    approved_by: Person | None = None
    """Who allowed it with their PIN; None where nobody had to, or where a supervisor books it at a desk."""
    allowed: frozenset[str] = frozenset()
    """The rights of whoever allowed it, looked up now."""
    is_verified: bool = True
    """Whether ``person`` proved who they are; without network a terminal takes their word."""

    def approver(self, right: str) -> Person | None:
        """Return who allowed it and has the right to, or None."""
        return self.approved_by if right in self.allowed else None

    def second(self, right: str) -> Person | None:
        """Return who allowed it and has the right to, or None; where two must agree, one person is not two.

        :raises SecondPersonRequired: whoever entered it has also allowed it, or may have.
        """
        approver = self.approver(right)
        if approver is not None and not self.is_verified:
            raise SecondPersonRequired(
                _("Nobody has checked who entered this, so nobody can say that two agree. Sign on and enter it again."),
                right=right,
            )
        if approver is not None and self.person is not None and approver.pk == self.person.pk:
            raise SecondPersonRequired(
                _("%(name)s entered this, so somebody else must allow it.") % {"name": approver.name}, right=right
            )
        return approver

    def text(self, name: str, *, needed: bool = True, longest: int = 200) -> str:
        """Return a text of the payload.

        :raises InvalidInput: it is missing although needed, is no text, is too long, or holds what nobody can see.
        """
        value = self.payload.get(name, "")
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or "\x00" in value:
            raise TextInvalid(_("“%(name)s” must be a text.") % {"name": name}, field=name)
        if len(value) > longest:
            raise TextTooLong(_("This text has at most %(n)s signs.") % {"n": longest}, field=name)
        if any(unicodedata.category(sign) in ("Cc", "Cf") and sign not in "\n\t" for sign in value):
            raise TextControl(_("This text holds a sign that cannot be seen. Scan or enter it again."), field=name)
        if needed and not value.strip():
            raise InvalidInput(_("“%(name)s” is missing.") % {"name": name}, field=name)
        return value.strip()

    def lot(self, name: str = "lot", *, to_use: bool = False) -> str:
        """Return a lot's number as it was typed or scanned, read out of a GS1 label where it is one; "" for none.

        :raises BarcodeFormat: the label cannot be read, or names no lot.
        :raises LabelExpired: what is ``to_use`` was out of date when it happened, by its label.
        """
        value = self.payload.get(name, "")
        if not isinstance(value, str) or not gs1.is_gs1(value):
            return self.text(name, needed=False)
        day = self.at.astimezone(ZoneInfo(self.work_center.site.time_zone)).date()
        label = read_label(value, day)
        if to_use and label.expires_on and label.expires_on < day:
            raise LabelExpired(
                _("Lot %(lot)s: by its label it had to be used by %(day)s. Use another lot.")
                % {"lot": label.lot, "day": date_format(label.expires_on, "j M Y")},
                field=name,
            )
        return label.lot

    def quantity(self, name: str = "quantity") -> Decimal:
        """Return a quantity above zero, written with the decimal sign of the terminal's language or with a point.

        :raises QuantityMissing, QuantityZero, QuantityNegative: it says nothing, or less than nothing.
        :raises QuantityAmbiguous: its comma may part thousands or decimals.
        :raises QuantityFormat: it is no number, or not one that can be booked.
        """
        text = self.text(name, needed=False)
        if not text:
            raise QuantityMissing(_("Enter how many."), field=name)
        if "," in text:
            if text.count(",") > 1 or "." in text or get_format("DECIMAL_SEPARATOR") != ",":
                raise QuantityAmbiguous(
                    _("“%(text)s” can be read in two ways. Enter it without a comma.") % {"text": text}, field=name
                )
            text = text.replace(",", ".")
        if not NUMBER.fullmatch(text):
            raise QuantityFormat(_("“%(text)s” is not a number. Enter digits only.") % {"text": text}, field=name)
        value = Decimal(text)
        if value == 0:
            raise QuantityZero(_("Nothing to report. To stop without a quantity, use Pause."), field=name)
        if value < 0:
            raise QuantityNegative(_("Less than nothing cannot be entered. Undo the entry that was wrong."), field=name)
        if value >= Decimal(10) ** 12 or value != value.quantize(Decimal("0.000001")):
            raise QuantityFormat(_("A quantity has at most 12 digits before the point and 6 after."), field=name)
        return value

    def uuid(self, name: str) -> UUID:
        """Return an id.

        :raises InvalidInput: it is missing or no UUID.
        """
        try:
            return UUID(self.text(name))
        except ValueError as error:
            raise InvalidInput(_("“%(name)s” is not an id.") % {"name": name}, field=name) from error

    def number(self, name: str) -> int:
        """Return a whole number, such as the key of a row.

        :raises InvalidInput: it is missing or no whole number.
        """
        text = self.text(name)
        if not text.isascii() or not text.isdigit() or len(text) > 18:
            raise InvalidInput(_("“%(name)s” is not a number.") % {"name": name}, field=name)
        return int(text)


def read_label(text: str, day: date) -> gs1.Label:
    """Return what a scanned GS1 label says of a lot.

    :raises BarcodeFormat: it cannot be read, or names no lot.
    """
    try:
        label = gs1.read(text, today=day)
    except gs1.NotGs1 as error:
        words = (
            _("The label has a field (%(ai)s) that GS1 does not know. Scan it again, or enter the lot.")
            if error.why == "unknown"
            else _("Field (%(ai)s) of the label is not written as it must be. Scan it again, or enter the lot.")
        )
        raise BarcodeFormat(words % {"ai": _visible(error.ai)}, field="lot", why=error.why) from error
    if not label.lot:
        raise BarcodeFormat(_("The label names no lot and no serial number. Enter the lot."), field="lot")
    return label


def _visible(text: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in text)


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """Something else that a refused tap can be booked on: another job at the same work center, for example."""

    key: str
    label: str
    payload: dict[str, Any]


class StepUpNeeded(DomainError):
    """More than the person's own right is needed: somebody who has it may allow it with their PIN."""

    code = "step_up_needed"
    title = gettext_lazy("A supervisor must allow this")
    status = 403

    def __init__(self, detail: str, *, right: str) -> None:
        super().__init__(detail)
        self.step_up = right


class SecondPersonRequired(StepUpNeeded):
    """Two people must agree, and one has signed twice."""

    code = "second_person_required"
    title = gettext_lazy("A second person is needed")
    status = 409


class Action:
    """A kind of tap. ``apply`` makes one call into a service, in the transaction that also stores the tap."""

    key: ClassVar[str] = ""
    needs_person: ClassVar[bool] = True
    turns: ClassVar[bool] = False
    """It changes what can be done next, so that a terminal without network can follow (``data-after`` in a panel)."""

    def alternatives(self, payload: dict[str, Any], work_center: WorkCenter) -> list[Alternative]:
        """Return on what else a supervisor may book such a tap, once it was refused."""
        return []

    def apply(self, tap: Tap) -> str:
        """Do it and return what the terminal says when it is saved, or "".

        :raises DomainError: it cannot be done; the words are shown to the person who tapped.
        """
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class ErpAnswer:
    """What one ERP says about one fact. ``state`` is ``waiting``, ``sent``, ``booked``, ``doubt`` or ``rejected``."""

    system: str
    state: str
    reference: str = ""
    words: str = ""
    url: str = ""


ErpAnswers = Callable[[Iterable[UUID]], dict[UUID, list[ErpAnswer]]]


@dataclass(frozen=True, kw_only=True)
class Command:
    """Something a terminal does when its code is scanned from the command sheet: ``key`` stands as ``data-scan`` on a
    button of a panel. C, then at least three signs of A-Z and 0-9, so that it is told from typing."""

    key: str
    words: str | Promise
    order: int = 50


@dataclass(frozen=True, kw_only=True)
class Hotkey:
    """A key of a keyboard, as ``KeyboardEvent.key`` names it: ``key`` stands as ``aria-keyshortcuts`` on a button of the
    page, which shows it as a hint; the help lists ``words``."""

    key: str
    words: str | Promise
    order: int = 50


panels: Registry[Panel] = Registry(Panel)
actions: Registry[Action] = Registry(Action)
commands: Registry[Command] = Registry(Command)
hotkeys: Registry[Hotkey] = Registry(Hotkey)

HOTKEYS = (
    Hotkey(key="F1", words=gettext_lazy("Help"), order=1),
    Hotkey(key="F9", words=gettext_lazy("Sign on, or choose who reports"), order=9),
    Hotkey(key="Enter", words=gettext_lazy("What stands out: the next step, or what the open sheet is for"), order=20),
    Hotkey(key="Escape", words=gettext_lazy("Close what is open"), order=21),
)
"""The page's own; Enter and Escape stand on no button."""


ScanLookup = Callable[[str, WorkCenter], str]
"""Takes what was scanned and where; returns the job to look at as the pad's owner writes it, or raises a DomainError."""


class ScannedElsewhere(NotFound):
    """What was scanned is known, and is worked at another work center; ``detail`` names it."""

    code = "scanned_elsewhere"


@dataclass(frozen=True, kw_only=True)
class Standstill:
    """That a work unit stands still, since when, and why as far as anybody has said."""

    since: datetime
    reason: str = ""


StandstillLookup = Callable[[int, datetime], Standstill | None]
"""Takes a work unit's key and the moment; returns its standstill, or None where it does not stand still."""


ShiftEndLookup = Callable[[Site, datetime], datetime | None]
"""Takes a site and a moment; returns when the shift that runs then ends, or None where none does."""


class _Above:
    """What layers above plug in, of which there is at most one."""

    shift_ends: ShiftEndLookup | None = None
    standstills: StandstillLookup | None = None
    answers: ErpAnswers | None = None
    scans: ScanLookup | None = None


def tell_scans(lookup: ScanLookup) -> None:
    """Let codes of jobs and orders be scanned that no button of the page stands for. From ``ready`` only."""
    _Above.scans = lookup


def job_scanned(text: str, work_center: WorkCenter) -> str:
    """Return the job that a scanned text means at this work center.

    :raises DomainError: it means none, or one elsewhere; the words say which.
    """
    if _Above.scans is None:
        raise NotFound(_("“%(text)s” is not known here.") % {"text": text})
    return _Above.scans(text, work_center)


def tell_shift_ends(lookup: ShiftEndLookup) -> None:
    """Let who signs on be signed off after the shift. From ``ready`` only."""
    _Above.shift_ends = lookup


def shift_end(site: Site, at: datetime) -> datetime | None:
    """Return when the shift that runs at that moment ends; None where none runs, or nobody knows."""
    return _Above.shift_ends(site, at) if _Above.shift_ends else None


def tell_standstills(lookup: StandstillLookup) -> None:
    """Let the bar of a terminal say that the machine of its job stands still. From ``ready`` only."""
    _Above.standstills = lookup


def standstill_of(work_unit_id: int, now: datetime) -> Standstill | None:
    """Return how the work unit stands still; None where it does not, or where nobody knows."""
    return _Above.standstills(work_unit_id, now) if _Above.standstills else None


def tell_erp_answers(provider: ErpAnswers) -> None:
    """Let terminal and order pages show what ERPs say: ``provider`` takes ids of facts (a report's id) and returns the
    answers to each that an ERP is told of. One call per page, so it should be one query. From ``ready`` only."""
    _Above.answers = provider


def erp_answers(ids: Iterable[UUID]) -> dict[UUID, list[ErpAnswer]]:
    """Return what ERPs say about these facts; nothing where no ERP is connected."""
    wanted = list(ids)
    return _Above.answers(wanted) if _Above.answers and wanted else {}
